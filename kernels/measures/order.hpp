#pragma once

#include "kernels/measures/pair.hpp"

/// Divergences of order alpha. With c = alpha - 1 >= -1/2 and d = log p - log q a term of tsallis is
/// p (e^cd - 1)/c + p (e^-d - 1), anchored at the larger of p and q and, near p = q, written with
/// psi(x) = (e^x - 1 - x) / x^2. All forms pass through c = 0, where they are those of kl.
namespace kullback {

struct OrderTerm {
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio | kNeedsLogs;

  template <class T> static KULLBACK_HD T term(const Pair<T>& pair, const TermParameters<T>& w) {
    const Pair<T> y = w.swapped ? pair.swapped() : pair;
    const T d = accurate_log_ratio(y);
    const TwoTerms<T> x = exponent(y, d, w.excess);
    const bool small = abs(x.hi) <= 1;
    const T psi = horner<ExpSeries, Real<T>::kUnitExpTerms>(small ? x.hi : T(0));
    const T finite = abs(d) <= 1 && small ? near(y.p, d, psi, w.excess.hi)
                     : d > 0              ? above(y, d, x, psi, w)
                                          : below(y, d, x, psi, w);
    const T missed = w.excess.hi < 0 ? -y.p * (1 + w.excess.hi) * w.inverse_excess : kInf<T>;  // q = 0 < p
    return abs(d) < kInf<T> ? finite : d > 0 ? missed : y.q;
  }

  /// c d in two parts. Far out, where a rounding of d would be multiplied, its error comes from p, q and e^-d.
  template <class T> static KULLBACK_HD TwoTerms<T> exponent(const Pair<T>& y, T d, TwoTerms<T> c) {
    const T hi = c.hi * d;
    const bool correct = d > 8 && y.q >= Real<T>::kMinNormal;
    const T error = correct ? y.p * exp(-d) / y.q - 1 : T(0);
    return {hi, fma(c.hi, d, -hi) + fma(c.lo, d, c.hi * error)};
  }

 private:
  template <class T> static KULLBACK_HD T near(T p, T d, T psi, T c) {
    const T psi_of_d = horner<ExpSeries, Real<T>::kUnitExpTerms>(-d);
    return p * d * d * fma(c, psi, psi_of_d);
  }
  template <class T>
  static KULLBACK_HD T above(const Pair<T>& y, T d, TwoTerms<T> x, T psi, const TermParameters<T>& w) {
    const T lost = expm1_nonpositive(-d);
    const T root = growing_exp(TwoTerms<T>{T(0.5) * x.hi, T(0.5) * x.lo});  // e^cd itself may overflow
    const TwoTerms<T> sum = two_sum(y.log_p, x.hi);
    const T grown = y.p < w.smallest ? growing_exp(TwoTerms<T>{sum.hi, sum.lo + x.lo}) : y.p * root * root;
    return abs(x.hi) <= 1 ? y.p * fma(d, fma(x.hi, psi, T(1)), lost) : fma(y.p, lost, (grown - y.p) * w.inverse_excess);
  }
  template <class T>
  static KULLBACK_HD T below(const Pair<T>& y, T d, TwoTerms<T> x, T psi, const TermParameters<T>& w) {
    const T e = exp(d);
    const T of_kl = fma(d, e, -expm1_nonpositive(d));
    const TwoTerms<T> sum = two_sum(x.hi, d);
    const T power = (growing_exp(TwoTerms<T>{sum.hi, sum.lo + x.lo}) - e * (1 + x.hi)) * w.inverse_excess;
    const T rest = abs(x.hi) <= 1 ? e * w.excess.hi * d * d * psi : power;
    return y.q * (of_kl + rest);
  }
};

/// sum p^alpha q^(1-alpha), whose logarithm is asked for where no double holds it.
struct OrderSum {
  static constexpr unsigned kFields = OrderTerm::kFields;
  static constexpr bool kLogarithmic = true;

  template <class T> static KULLBACK_HD double term(const Pair<T>& pair, const TermParameters<T>& w) {
    const Pair<T> y = w.swapped ? pair.swapped() : pair;
    const double d = accurate_log_ratio(y), c = w.excess.hi, x = fma(c, d, w.excess.lo * d);
    const double above = precise_log(y.p, y.log_p, w) + x, below = precise_log(y.q, y.log_q, w) + (x + d);
    const double missed = d < 0 || c < 0 ? -kInf<double> : kInf<double>;
    return abs(d) < kInf<double> ? (d > 0 ? above : below) : missed;
  }
};

/// Tsallis divergence (Tsallis 1998), the alpha-divergence of information geometry times alpha:
/// (sum p^alpha q^(1-alpha) - W) / (alpha-1).
struct Tsallis {
  static constexpr Measure kId = Measure::tsallis;
  static constexpr MeasureInfo kInfo = {"tsallis", true, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::function;
  static constexpr unsigned kFields = 0;
  using Terms = MeasureList<OrderTerm>;

  template <class Sum> static KULLBACK_HD double value(const Sum& sum, const RowFacts& row) {
    return sum(OrderTerm{}) * row.order.factor;
  }

  static constexpr unsigned kSlopeFields = OrderTerm::kFields;
  /// q - p^alpha q^(1-alpha)
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) {
    const T d = accurate_log_ratio(x);
    const TwoTerms<T> e = OrderTerm::exponent(x, d, w.alpha);
    if (!(d > 0)) return -x.q * expm1_nonpositive(e.hi);
    if (!(d < kInf<T>)) return w.beyond.hi < 0 ? T(0) : w.beyond.hi > 0 ? -kInf<T> : -x.p;  // q = 0 < p
    return power(x, w) * expm1_nonpositive(-e.hi);
  }
  /// alpha (p^alpha q^(1-alpha) - p) / (alpha - 1)
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>& w) {
    const T d = accurate_log_ratio(x);
    const TwoTerms<T> e = OrderTerm::exponent(x, d, w.beyond);
    if (d == kInf<T> && !(w.beyond.hi < 0)) return kInf<T>;  // q = 0 < p
    if (!(x.log_p > -kInf<T>)) return 0;
    const T series = d * fma(e.hi, horner<ExpSeries, Real<T>::kUnitExpTerms>(abs(e.hi) <= 1 ? e.hi : T(0)), T(1));
    if (abs(e.hi) <= 1) return w.alpha.hi * x.p * series;
    const T change = e.hi < 0 && !(x.p < w.smallest) ? x.p * expm1_nonpositive(e.hi) : power(x, w) - x.p;
    return w.alpha.hi * (change / w.beyond.hi);
  }
  static KULLBACK_HD double far_q(const Pair<double>& x, const TermParameters<double>& w, double log_sum) {
    return -share(x, w, log_sum);
  }
  static KULLBACK_HD double far_p(const Pair<double>& x, const TermParameters<double>& w, double log_sum) {
    return w.alpha.hi * (share(x, w, log_sum) / w.beyond.hi);
  }
  /// p^alpha q^(1-alpha) over the sum of these.
  static KULLBACK_HD double share(const Pair<double>& x, const TermParameters<double>& w, double log_sum) {
    if (!(x.log_p > -kInf<double>)) return 0;
    if (x.log_ratio == kInf<double>) return w.beyond.hi < 0 ? 0.0 : kInf<double>;
    return growing_exp(two_sum(fma(w.beyond.hi, accurate_log_ratio(x), x.log_p), -log_sum));
  }
  /// p^alpha q^(1-alpha), anchored at the larger of the two: the other may underflow.
  template <class T> static KULLBACK_HD T power(const Pair<T>& x, const TermParameters<T>& w) {
    const T d = accurate_log_ratio(x);
    if (!(x.log_p > -kInf<T>)) return 0;
    if (d == kInf<T>) return w.beyond.hi < 0 ? T(0) : kInf<T>;
    if (d > 0) return grown(x.p, x.log_p, OrderTerm::exponent(x, d, w.beyond), w);
    return d > -kInf<T> ? grown(x.q, x.log_q, OrderTerm::exponent(x, d, w.alpha), w) : T(0);
  }
  /// x e^e, whose factors may leave the range where their product does not.
  template <class T> static KULLBACK_HD T grown(T x, T log_x, TwoTerms<T> e, const TermParameters<T>& w) {
    const TwoTerms<T> sum = two_sum(log_x, e.hi);
    const T lo = abs(e.hi) < kInf<T> ? e.lo : T(0), root = growing_exp(TwoTerms<T>{T(0.5) * e.hi, T(0.5) * lo});
    return x < w.smallest ? growing_exp(TwoTerms<T>{sum.hi, sum.lo + lo}) : x * root * root;
  }
};

/// Renyi divergence (Renyi 1961; van Erven & Harremoes 2014): log(sum p^alpha q^(1-alpha) / W) / (alpha-1), from
/// tsallis where the sum is near W.
struct Renyi {
  static constexpr Measure kId = Measure::renyi;
  static constexpr MeasureInfo kInfo = {"renyi", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::function;
  static constexpr unsigned kFields = kNeedsMass;
  using Terms = MeasureList<OrderTerm, OrderSum>;

  template <class Sum> static KULLBACK_HD double value(const Sum& sum, const RowFacts& row) {
    const double alpha = row.order.alpha, c = row.order.swapped ? alpha - 1 : row.order.excess.hi;
    const double mass_p = row.mass_p.hi, mass_q = row.mass_q.hi, mass = fma(alpha, mass_p - mass_q, mass_q);
    const double tsallis = Tsallis::value(sum, row) / mass, x = c * tsallis;
    const double near = x != 0 ? log1p(x) / x * tsallis : tsallis;
    const double far = (sum(OrderSum{}) - log(mass)) / c;
    return x > -0.5 && x < 1 && mass > 0 ? near : far;
  }

  /// The slope is tsallis's over the sum that renyi is the logarithm of.
  using SlopeOf = Tsallis;
  static KULLBACK_HD double chain(double value, const RowFacts& row) { return exp(-log_sum(value, row)); }
  static KULLBACK_HD double log_sum(double value, const RowFacts& row) {
    const double mass = fma(row.order.alpha, row.mass_p.hi - row.mass_q.hi, row.mass_q.hi);
    return (row.order.alpha - 1) * value + log(mass);
  }
};

}  // namespace kullback
