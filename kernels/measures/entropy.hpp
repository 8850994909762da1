#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Shannon entropy of P: -sum p log p (Shannon 1948).
struct Entropy {
  static constexpr Measure kId = Measure::entropy;
  static constexpr MeasureInfo kInfo = {"entropy", true, false, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsLogP;
  static constexpr bool kReadsQ = false;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return x.p > 0 ? -x.p * x.log_p : T(0);
  }

  static constexpr unsigned kSlopeFields = kNeedsLogP;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>&, const TermParameters<T>&) { return 0; }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) { return term(x, w); }
};

}  // namespace kullback
