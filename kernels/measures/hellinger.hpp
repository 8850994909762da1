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

  /// (q - sqrt(pq)) / 2
  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsLogs;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) {
    if (x.log_ratio == 0 && x.diff == 0) return 0;
    if (is_lost(x.p, w) || is_lost(x.q, w)) return T(0.5) * (x.q - exp(T(0.5) * (x.log_p + x.log_q)));
    const T roots = sqrt(x.p) + sqrt(x.q);
    return roots > 0 ? T(-0.5) * sqrt(x.q) * (x.diff / roots) : T(0);
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    return slope_q(x.swapped(), w);
  }
  static KULLBACK_HD double far_q(const Pair<double>& x, const TermParameters<double>&, double log_sum) {
    return -0.5 * exp(0.5 * (x.log_p + x.log_q) - log_sum);
  }
  static KULLBACK_HD double far_p(const Pair<double>& x, const TermParameters<double>& w, double log_sum) {
    return far_q(x, w, log_sum);
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

  using SlopeOf = HellingerSq;
  static KULLBACK_HD double chain(double value, const RowFacts&) { return value > 0 ? 0.5 / value : 0; }
};

}  // namespace kullback
