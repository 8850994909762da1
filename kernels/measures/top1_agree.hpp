#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Whether the largest entries of P and Q (lowest index on ties) are the same column: 1 or 0.
struct Top1Agree {
  static constexpr Measure kId = Measure::top1_agree;
  static constexpr MeasureInfo kInfo = {"top1_agree", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return row.top1_p == row.top1_q ? 1.0 : 0.0; }
};

}  // namespace kullback
