#pragma once

#include "kernels/measures/kl.hpp"

namespace kullback {

/// Jensen-Shannon divergence (Lin 1991): beta KL(p,m) + (1-beta) KL(q,m), m = beta p + (1-beta) q.
/// At beta = 1/2 a term is even in s, hence symmetric bit for bit: w/4 ((1+s) log(1+s) + (1-s) log(1-s)), a series in
/// s^2 up to |s| = 1/2; beyond, with e = min/max of p and q, (w (ln 2 - log1p e) - min |log p/q|) / 2.
struct Js {
  static constexpr Measure kId = Measure::js;
  static constexpr MeasureInfo kInfo = {"js", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio | kNeedsBeta;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters& parameters) {
    return parameters.beta == T(0.5) ? half(x) : weighted(x, parameters);
  }

  template <class T> static KULLBACK_HD T half(const Pair<T>& x) {
    constexpr T kLn2 = T(0.69314718055994530942);
    const T larger = x.p > x.q ? x.p : x.q, smaller = x.p > x.q ? x.q : x.p, w = x.p + x.q;
    const T r = smaller / (w + larger);  // log1p(e) = 2 artanh(r)
    const T log1p_e = 2 * r * fma(r * r, artanh_tail(r * r), T(1));
    const T cross = smaller > 0 ? smaller * abs(x.log_ratio) : T(0);
    const T far = T(0.5) * (w * (kLn2 - log1p_e) - cross);
    return abs(x.s) <= T(0.5) ? near(x) : far;
  }

  /// At beta = 1/2.
  template <class T> static KULLBACK_HD T near(const Pair<T>& x) {
    return T(0.25) * (x.diff * x.s) * jensen_shannon(x.s * x.s);
  }

  /// Both KL terms against m, whose differences to p and q are exact multiples of p - q.
  template <class T, class Parameters> static KULLBACK_HD T weighted(const Pair<T>& x, const Parameters& w) {
    const T m = fma(w.beta, x.p, w.beta_q * x.q);
    return w.beta * kl_to_mixture(x.p, m, w.beta_q * x.diff) + w.beta_q * kl_to_mixture(x.q, m, -w.beta * x.diff);
  }

  template <class T> static KULLBACK_HD T kl_to_mixture(T p, T m, T diff) {
    const T s = p + m > 0 ? diff / (p + m) : T(0);
    const T ratio = p > 0 && m > 0 ? log_ratio(p, m) : T(0);
    return Kl::term(Pair<T>{p, m, diff, s, 0, 0, ratio}, EvenParameters<T>{});
  }

  static constexpr unsigned kSlopeFields = kNeedsDiff;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) {
    return slope(x, w.beta, w.beta_q);
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    return slope(x.swapped(), w.beta_q, w.beta);
  }
  /// own q log(q/m), where q/m - 1 is an exact multiple of p - q.
  template <class T> static KULLBACK_HD T slope(const Pair<T>& x, T other, T own) {
    const T m = fma(other, x.p, own * x.q);
    const T apart = m > 0 ? -other * x.diff / m : T(0);
    const T near = log1p(apart > T(-0.5) ? apart : T(0)), far = x.q > 0 && m > 0 ? log_ratio(x.q, m) : T(0);
    return own * x.q * (apart > T(-0.5) ? near : far);
  }
};

}  // namespace kullback
