#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Pearson's chi-square divergence (Pearson 1900): sum (p-q)^2/q; +inf where q = 0 < p.
struct Chi2 {
  static constexpr Measure kId = Measure::chi2;
  static constexpr MeasureInfo kInfo = {"chi2", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsLogs;

  template <class T> static KULLBACK_HD T term(const Pair<T>& x, const TermParameters<T>& w) {
    return x.q < w.smallest ? by_logarithms(x, w) : by_quotient(x.diff, x.q);
  }

  /// (p-q)/q may overflow where its product with p-q does not.
  template <class T> static KULLBACK_HD T by_quotient(T diff, T q) {
    constexpr T kScale = Real<T>::kSubnormalScale;
    const T ratio = diff / q;
    const T product = abs(ratio) < kInf<T> ? diff * ratio : diff * (diff / (q * kScale)) * kScale;
    return diff != 0 ? product : T(0);
  }

  /// With d = log p - log q: p e^d (1 - e^-d)^2 or q (1 - e^d)^2, for a q that underflows.
  template <class T> static KULLBACK_HD T by_logarithms(const Pair<T>& x, const TermParameters<T>& w) {
    const T apart = expm1_nonpositive(-abs(x.log_ratio)), root = exp(T(0.5) * x.log_ratio);
    const T grown = x.p < w.smallest ? growing_exp(two_sum(x.log_p, x.log_ratio)) : x.p * root * root;
    const T larger = x.log_ratio > 0 ? grown : x.q;
    return x.log_ratio < kInf<T> ? larger * apart * apart : kInf<T>;
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff | kNeedsLogs;
  /// q - p^2 / q
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) {
    if (x.log_ratio == 0 && x.diff == 0) return 0;
    if (is_lost(x.q, w)) return x.q - square_over_q(x);
    return x.diff == 0 ? T(0) : -x.diff * ((x.p + x.q) / x.q);
  }
  /// 2 (p^2 / q - p)
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    if (x.log_ratio == 0 && x.diff == 0) return 0;
    if (is_lost(x.q, w)) return 2 * (square_over_q(x) - x.p);
    return x.diff == 0 ? T(0) : 2 * x.diff * (x.p / x.q);
  }
  template <class T> static KULLBACK_HD T square_over_q(const Pair<T>& x) {
    if (!(x.log_p > -kInf<T>)) return 0;
    return x.log_ratio < kInf<T> ? growing_exp(two_sum(x.log_p, x.log_ratio)) : kInf<T>;
  }
};

/// Neyman's (Neyman 1949): the roles swapped.
struct Chi2Reverse {
  static constexpr Measure kId = Measure::chi2_reverse;
  static constexpr MeasureInfo kInfo = {"chi2_reverse", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = Chi2::kFields;

  template <class T> static KULLBACK_HD T term(const Pair<T>& x, const TermParameters<T>& w) {
    return Chi2::term(x.swapped(), w);
  }

  static constexpr unsigned kSlopeFields = Chi2::kSlopeFields;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) {
    return Chi2::slope_p(x.swapped(), w);
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    return Chi2::slope_q(x.swapped(), w);
  }
};

}  // namespace kullback
