#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Negative log-likelihood of the label under Q: -log q[label].
struct Nll {
  static constexpr Measure kId = Measure::nll;
  static constexpr MeasureInfo kInfo = {"nll", false, true, true, true};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return 0.0 - row.log_q_label; }  // never -0
};

/// The same under P.
struct NllP {
  static constexpr Measure kId = Measure::nll_p;
  static constexpr MeasureInfo kInfo = {"nll_p", true, false, true, true};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return 0.0 - row.log_p_label; }
};

}  // namespace kullback
