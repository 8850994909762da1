#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Total variation distance: 1/2 sum |p - q|.
struct Tv {
  static constexpr Measure kId = Measure::tv;
  static constexpr MeasureInfo kInfo = {"tv", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return T(0.5) * abs(x.diff);
  }
};

}  // namespace kullback
