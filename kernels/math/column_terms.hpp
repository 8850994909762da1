#pragma once

#include "kernels/math/row_side.hpp"

/// The terms of measures whose columns are distributions of their own, in double: none is negative, none cancels.
namespace kullback {

/// e^d - 1 - d.
KULLBACK_HD double excess_of_exp(double d) {
  const double near = abs(d) <= 1 ? d : 0;
  const double series = near * near * horner<ExpSeries, Real<double>::kUnitExpTerms>(near);
  const double below = expm1_nonpositive(d < 0 ? d : 0) - d, above = (exp(d) - 1) - d;
  return abs(d) <= 1 ? series : d < 0 ? below : above;
}

/// Twice KL(N(m, e^a) || N(n, e^b)).
KULLBACK_HD double gaussian_term(double m, double a, double n, double b) {
  const TwoTerms<double> d = two_sum(a, -b);
  const double rounded = excess_of_exp(d.hi);
  const double ratio = rounded < kInf<double> ? fma(rounded + d.hi, d.lo, rounded) : rounded;
  const double distance = m - n, e = exp(-0.25 * b);  // by quarters: e^-b alone may overflow beside a small distance
  const double shift = distance == 0 ? 0 : (distance * e) * e;
  return fma(shift, shift, ratio);
}

/// log(1 + e^y) where y = hi + lo.
KULLBACK_HD double softplus(TwoTerms<double> y) {
  const bool positive = y.hi > 0;
  const TwoTerms<double> away = {positive ? -y.hi : y.hi, positive ? -y.lo : y.lo};
  const double tail = log1p(exp_two_terms(away));
  return positive ? y.hi + (tail + y.lo) : tail;
}

/// -log q and -log(1 - q) of a probability.
KULLBACK_HD double surprisal(double q) { return 0.0 - log(q); }
KULLBACK_HD double surprisal_of_rest(double q) {
  const double small = q <= 0.5 ? q : 0, rest = q <= 0.5 ? 1 : 1 - q;  // 1 - q is exact
  return 0.0 - (q <= 0.5 ? log1p(-small) : log(rest));
}

/// -t log q - (1-t) log(1-q), given the two logarithms.
KULLBACK_HD double binary_term(double t, double surprisal, double surprisal_of_rest) {
  return (t == 0 ? 0 : t * surprisal) + (t == 1 ? 0 : (1 - t) * surprisal_of_rest);
}

}  // namespace kullback
