#pragma once

#include "kernels/math/real.hpp"

namespace kullback {

/// An unevaluated sum hi + lo.
template <class T> struct TwoTerms { T hi, lo; };

/// a + b exactly (Knuth's TwoSum, any magnitudes), if it is finite.
template <class T> KULLBACK_HD TwoTerms<T> two_sum_of_finite(T a, T b) {
  const T s = a + b;
  const T v = s - a;
  return {s, (a - (s - v)) + (b - v)};
}

/// The same of any: lo is 0 when hi is not finite.
template <class T> KULLBACK_HD TwoTerms<T> two_sum(T a, T b) {
  const TwoTerms<T> sum = two_sum_of_finite(a, b);
  return {sum.hi, abs(sum.hi) < kInf<T> ? sum.lo : T(0)};
}

/// a * b exactly, barring underflow.
template <class T> KULLBACK_HD TwoTerms<T> two_product(T a, T b) {
  const T p = a * b;
  return {p, fma(a, b, -p)};
}

/// Compensated sum (Neumaier 1974, with Knuth's branch-free TwoSum). Identity: {}. NaN and infinities add as in IEEE.
template <class T> struct CompensatedSum {
  T sum = 0, lost = 0;

  KULLBACK_HD void add(T x) {
    const TwoTerms<T> s = two_sum(sum, x);
    sum = s.hi;
    lost += s.lo;
  }
  KULLBACK_HD void merge(const CompensatedSum& other) {
    add(other.sum);
    lost += other.lost;
  }
  KULLBACK_HD T value() const { return sum + lost; }
  /// The sum as hi + lo with |lo| <= ulp(hi)/2.
  KULLBACK_HD TwoTerms<T> two_terms() const { return two_sum(sum, lost); }
};

}  // namespace kullback
