#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Squared Hellinger distance (Hellinger 1909): 1/2 sum (sqrt p - sqrt q)^2, a root's difference as
/// (p-q) / (sqrt p + sqrt q).
struct HellingerSq {
  static constexpr Measure kId = Measure::hellinger_sq;
  static constexpr MeasureInfo kInfo = {"hellinger_sq", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    const T roots = sqrt(x.p) + sqrt(x.q);
    const T apart = roots > 0 ? x.diff / roots : T(0);
    return T(0.5) * apart * apart;
  }
};

/// Its root.
struct Hellinger {
  static constexpr Measure kId = Measure::hellinger;
  static constexpr MeasureInfo kInfo = {"hellinger", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::function;
  static constexpr unsigned kFields = 0;
  using Terms = MeasureList<HellingerSq>;

  template <class Sum> static KULLBACK_HD double value(const Sum& sum, const RowFacts&) {
    return sqrt(sum(HellingerSq{}));
  }
};

}  // namespace kullback
