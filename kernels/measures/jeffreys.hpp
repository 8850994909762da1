#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Jeffreys divergence (Jeffreys 1946), on binned data the population stability index: sum (p-q) log(p/q), whose
/// factors have one sign. +inf where one of the two is 0.
struct Jeffreys {
  static constexpr Measure kId = Measure::jeffreys;
  static constexpr MeasureInfo kInfo = {"jeffreys", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return abs(x.log_ratio) < kInf<T> ? x.diff * accurate_log_ratio(x) : kInf<T>;
  }
  template <class T> static KULLBACK_HD T near(const Pair<T>& x) { return x.diff * near_log_ratio(x); }

  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) {
    return p_log_ratio(x.swapped()) - x.diff;
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>&) {
    return p_log_ratio(x) + x.diff;
  }
};

}  // namespace kullback
