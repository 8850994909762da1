#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Triangular discrimination (Le Cam 1986): sum (p-q)^2/(p+q).
struct Triangular {
  static constexpr Measure kId = Measure::triangular;
  static constexpr MeasureInfo kInfo = {"triangular", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS;
  static constexpr bool kReadsQ = false;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return x.diff * x.s;
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsS;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) {
    return -x.q * x.s * (2 + x.s);
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    return slope_q(x.swapped(), w);
  }
};

}  // namespace kullback
