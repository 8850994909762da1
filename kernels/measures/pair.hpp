#pragma once

#include "kernels/math/row_side.hpp"
#include "kullback/rows.hpp"

namespace kullback {

/// One column of a pair of rows. Engines fill the fields without cancellation: from probabilities `diff` is p - q
/// (cross-multiplied where rows are normalised), from logits it is +-max(p,q) expm1(-|log p - log q|).
template <class T> struct Pair {
  T p, q;
  T diff;          ///< p - q
  T s;             ///< (p - q) / (p + q), 0 where both are 0
  T log_p, log_q;  ///< filled if the measure needs them
  T log_ratio;     ///< log p - log q; finite where p or q underflowed but its logit did not

  KULLBACK_HD Pair swapped() const { return {q, p, -diff, -s, log_q, log_p, -log_ratio}; }
};

/// Columns whose p and q are within a factor of 3. There some measures are a short series in s, their `near`, which
/// reads p, diff and s alone: engines that know that columns are near spare them log_ratio. (Where both underflow s
/// is 0.)
template <class T> KULLBACK_HD bool is_near(T s, T log_ratio) { return abs(s) <= T(0.5) && abs(log_ratio) < 2; }

/// log p - log q of near columns, to a few u of itself however close they are.
template <class T> KULLBACK_HD T near_log_ratio(const Pair<T>& x) {
  const T z = x.s * x.s;
  return 2 * x.s * fma(z, artanh_tail(z), T(1));
}

/// The same of any: `log_ratio` is only as good as u.
template <class T> KULLBACK_HD T accurate_log_ratio(const Pair<T>& x) {
  return is_near(x.s, x.log_ratio) ? near_log_ratio(x) : x.log_ratio;
}

/// Of rows of logarithms: what is so small that it may be 0 or have lost digits, its logarithm not.
template <class T, class Parameters> KULLBACK_HD bool is_lost(T p, const Parameters& w) { return p < 4 * w.smallest; }

/// p log(p/q): 0 where p = 0, +inf where q = 0 < p, also for a p that underflows.
template <class T> KULLBACK_HD T p_log_ratio(const Pair<T>& x) {
  const T product = x.p > 0 ? x.p * accurate_log_ratio(x) : T(0);
  return x.log_ratio < kInf<T> ? product : x.log_ratio;
}

/// What a term reads beyond p and q. The first three exist only where P and Q are paired.
enum PairField : unsigned {
  kNeedsDiff = 1,
  kNeedsS = 2,
  kNeedsLogRatio = 4,
  kNeedsLogP = 8,
  kNeedsLogQ = 16,
  kNeedsBeta = 32,
  kNeedsMass = 64,  ///< of a measure, not of a term: the sums of p and q
  kNeedsLogs = 128  ///< log_p, log_q and log_ratio if they exist already, see TermParameters::smallest
};
inline constexpr unsigned kNeedsPairing = kNeedsDiff | kNeedsS | kNeedsLogRatio;

/// The order alpha of renyi and tsallis. Below 1/2 the roles of P and Q are swapped: with D the tsallis divergence,
/// D_alpha(p, q) = alpha / (1 - alpha) D_(1-alpha)(q, p), whose terms have no cancellation.
struct Order {
  double alpha = 1;
  DoubleDouble excess = {0, 0};  ///< of the order that terms are computed at, over 1; at least -1/2
  bool swapped = false;
  double factor = 1;  ///< alpha / (1 - alpha) where swapped
};

inline Order order_of(double alpha) {
  Order order;
  order.alpha = alpha;
  order.swapped = alpha < 0.5;
  if (order.swapped) {
    order.excess.hi = -alpha;
    order.factor = alpha / (1 - alpha);
  } else {
    order.excess = two_sum(alpha, -1.0);
  }
  return order;
}

/// Options that reach a term, in the row's type.
template <class T> struct TermParameters {
  T beta = T(0.5);    ///< js: weight of P
  T beta_q = T(0.5);  ///< 1 - beta, rounded on its own
  T smallest = 0;     ///< of rows of logarithms: p and q below it have lost digits, log_p and log_q have not; else 0
  bool swapped = false;
  TwoTerms<T> excess = {0, 0};  ///< Order::excess
  T inverse_excess = 0;         ///< 1 / excess, of no use at 0
  TwoTerms<T> alpha = {1, 0};   ///< Order::alpha, for slopes
  TwoTerms<T> beyond = {0, 0};  ///< alpha - 1
};

/// The same at beta = 1/2, known to the compiler: a loop over terms that branch on beta does not vectorise.
template <class T> struct EvenParameters { static constexpr T beta = T(0.5), beta_q = T(0.5); };

/// What a row tells without pairing its columns: the expected log-probability of its (smoothed) label on each side, the
/// index of each side's largest entry, and the sides' masses.
struct RowFacts {
  double log_p_label, log_q_label;
  std::int64_t top1_p, top1_q;
  double max_q;                 ///< the largest q
  DoubleDouble mass_p, mass_q;  ///< sums of p and q
  double lse_q;                 ///< log of Q's mass before it is normalised
  Order order;
};

/// Slopes, from which gradients with respect to logits are made: `slope_q` is q dD/dq, `slope_p` is p dD/dp, each up to
/// a multiple of q or p, which the gradient q (g - sum q g) does not see, chosen so that equal rows have slope 0. They
/// read kSlopeFields. Measures that are functions of a sum name the one whose slope theirs is a multiple of
/// (`SlopeOf`), and the factor (`chain`). A measure that is a function of the logarithm of a sum (`log_sum`) has, where
/// the sum is far from 1, the slopes `far_q` and `far_p`: of the terms as shares of the sum, in double, without the
/// multiple. A measure of the label alone is a multiple of nll.

/// How a measure is computed: a sum of terms over the columns (`term`), a function of such sums of others and of facts
/// (`Terms`, `value`), or from the facts of the row alone (`value`).
enum class MeasureKind { term, function, facts };

template <class... Ms> struct MeasureList {};

/// exp(hi + lo) for |lo| << 1, inf where it overflows.
template <class T> KULLBACK_HD T growing_exp(TwoTerms<T> x) {
  const T e = exp(x.hi);
  return e < kInf<T> ? fma(e, x.lo, e) : e;
}

/// log of a number that is given, or of one whose logarithm is.
template <class T> KULLBACK_HD double precise_log(T x, T log_x, const TermParameters<T>& w) {
  return w.smallest > 0 ? static_cast<double>(log_x) : log(static_cast<double>(x));
}

}  // namespace kullback
