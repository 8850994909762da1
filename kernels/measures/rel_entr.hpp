#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Relative entropy, plain: sum p log(p/q); terms of both signs; +inf where q = 0 < p.
struct RelEntr {
  static constexpr Measure kId = Measure::rel_entr;
  static constexpr MeasureInfo kInfo = {"rel_entr", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    const T product = x.p > 0 ? x.p * accurate_log_ratio(x) : T(0);
    return x.log_ratio < kInf<T> ? product : x.log_ratio;  // also for a p that underflows
  }
};

}  // namespace kullback
