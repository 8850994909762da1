#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// sum p log(p/q) - p + q >= 0 (Kullback & Leibler 1951; generalised as in Bregman 1967).
/// With w = p+q and s = (p-q)/w a term is w ((1+s) artanh(s) - s): near s = 0 a series that starts at s^2, beyond 1/2
/// the plain form, which has lost its cancellation there.
struct Kl {
  static constexpr Measure kId = Measure::kl;
  static constexpr MeasureInfo kInfo = {"kl", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    // +inf where q = 0 < p, also for a p that underflows: its logit is finite.
    const T product = x.log_ratio < kInf<T> ? x.p * x.log_ratio : x.log_ratio;
    const T far = (x.p > 0 || product == kInf<T> ? product : T(0)) - x.diff;
    return abs(x.s) <= T(0.5) && x.log_ratio < kInf<T> ? near(x) : far;
  }

  template <class T> static KULLBACK_HD T near(const Pair<T>& x) {
    return x.diff * x.s * fma((1 + x.s) * x.s, artanh_tail(x.s * x.s), T(1));
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) { return -x.diff; }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>&) { return p_log_ratio(x); }
};

}  // namespace kullback
