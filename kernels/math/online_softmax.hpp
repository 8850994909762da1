#pragma once

#include "kernels/math/row_side.hpp"

/// The normaliser of a softmax row in one pass, as a monoid over its entries (Milakov & Gimelshein 2018) that keeps
/// small losses: one of the largest entries stays out of the sum.
namespace kullback {

/// Entries are at most this far above the reference: e^64 times 2^31 columns is inside float32.
inline constexpr int kReferenceWindow = 64;

/// exp((x - reference) / T). At temperature 1 the reference is an integer, from which the difference is nearly always
/// exact, and 0 serves most rows; else it is an entry, and the difference's rounding error is carried along.
template <class T, bool kUnitTemperature> struct ReferredExp {
  Scale<T> scale;

  template <class Exp> KULLBACK_HD T operator()(T x, T reference, Exp exp) const {
    if constexpr (kUnitTemperature) {
      return exp(x - reference);
    } else {
      const TwoTerms<T> y = scale(two_sum(x, -reference));
      const T e = exp(y.hi);
      return fma(e, y.lo, e);
    }
  }
  /// Whether the reference serves a row with this maximum. (An infinite one has no sum.)
  KULLBACK_HD bool serves(T reference, T max) const {
    const T above = kUnitTemperature ? max - reference : (max - reference) * scale.hi;
    return (above > (kUnitTemperature ? -1 : T(-0.5)) && above <= kReferenceWindow) || !(abs(max) < kInf<T>);
  }
  KULLBACK_HD T reference_for(T max) const {
    if constexpr (!kUnitTemperature) return max;
    // Beyond 2^30 every float32 is an integer, and no float64 row needs its sum that exactly.
    if (abs(max) > T(1 << 30)) return max;
    const T down = static_cast<T>(static_cast<int>(max));  // towards 0
    if (max < 0) return down;
    return max <= kReferenceWindow ? T(0) : down + 1 - kReferenceWindow;
  }
};

template <class T> struct OnlineSoftmax {
  T max = -kInf<T>, min = kInf<T>;  // min: of the entries but -inf
  T reference = 0;
  double sum = 0;  // of exp((x - reference) / T) over all entries but one of the largest
  bool nan = false;

  /// The state of both parts. Symmetric bit for bit; a state without entries changes nothing.
  template <bool kUnitTemperature, class Exp>
  KULLBACK_HD static OnlineSoftmax merge(const OnlineSoftmax& a, const OnlineSoftmax& b,
                                         const ReferredExp<T, kUnitTemperature>& referred, Exp exp) {
    OnlineSoftmax c;
    c.nan = a.nan || b.nan;
    c.min = a.min < b.min ? a.min : b.min;
    const bool a_larger = a.max > b.max || (a.max == b.max && a.reference > b.reference);
    c.max = a_larger ? a.max : b.max;
    c.reference = a_larger ? a.reference : b.reference;
    const T smaller = a_larger ? b.max : a.max, other = a_larger ? b.reference : a.reference;
    const double sum = a_larger ? a.sum : b.sum, other_sum = a_larger ? b.sum : a.sum;
    c.sum = sum;
    if (other_sum > 0) {  // an empty state's reference may be so far above that the factor overflows
      const T factor = other == c.reference ? T(1) : referred(other, c.reference, exp);
      c.sum += other_sum * static_cast<double>(factor);
    }
    if (smaller > -kInf<T>) c.sum += static_cast<double>(referred(smaller, c.reference, exp));
    return c;
  }

  /// The sum relative to the largest entry, which is what RowSide::set_rest takes.
  KULLBACK_HD double rest(const Scale<T>& scale) const {
    const TwoTerms<T> y = scale(two_sum(reference, -max));
    return sum * exp_two_terms(DoubleDouble{static_cast<double>(y.hi), static_cast<double>(y.lo)});
  }
};

/// log of a sum from the logarithms of its terms, as a monoid. Identity: {}.
struct LogSum {
  double max = -kInf<double>, sum = 0;  // of exp(x - max)

  KULLBACK_HD void add(double x) { merge({x, 1}); }
  KULLBACK_HD void merge(const LogSum& other) {
    const bool larger = other.max > max;
    const double top = larger ? other.max : max, factor = exp((larger ? max : other.max) - top);
    const double scaled = larger ? fma(sum, factor, other.sum) : fma(other.sum, factor, sum);
    sum = top > -kInf<double> ? scaled : 0;  // of nothing but zeros
    max = other.max != other.max ? other.max : top;
  }
  KULLBACK_HD double value() const { return abs(max) < kInf<double> ? max + log(sum) : max; }
};

}  // namespace kullback
