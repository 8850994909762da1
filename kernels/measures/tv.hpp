#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Total variation distance: 1/2 sum |p - q|.
struct Tv {
  static constexpr Measure kId = Measure::tv;
  static constexpr MeasureInfo kInfo = {"tv", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff;
  static constexpr bool kReadsQ = false;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return T(0.5) * abs(x.diff);
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) {
    return x.diff == 0 ? T(0) : T(x.diff > 0 ? -0.5 : 0.5) * x.q;
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    return slope_q(x.swapped(), w);
  }
};

}  // namespace kullback
