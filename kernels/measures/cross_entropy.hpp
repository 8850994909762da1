#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Cross-entropy with soft labels: -sum p log q; +inf where q = 0 < p.
struct CrossEntropy {
  static constexpr Measure kId = Measure::cross_entropy;
  static constexpr MeasureInfo kInfo = {"cross_entropy", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsLogP | kNeedsLogQ;
  static constexpr bool kReadsQ = false;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    const bool missed = x.log_q == -kInf<T> && x.log_p > -kInf<T>;  // q = 0 < p, also for a p that underflows
    const T term = x.p > 0 ? -x.p * x.log_q : T(0);
    return missed ? kInf<T> : term;
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsLogP | kNeedsLogQ;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) { return -x.diff; }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) { return term(x, w); }
};

}  // namespace kullback
