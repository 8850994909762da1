#pragma once

#include "kernels/math/row_side.hpp"
#include "kernels/measures/pair.hpp"

/// One column of a pair of rows: p - q and log p - log q free of cancellation, whatever the forms of the two sides.
namespace kullback {

/// How the two sides of a row are paired.
enum class Pairing {
  single,  ///< only one side is read, or no measure pairs columns
  logs,    ///< both softmax at one temperature, or both log-probabilities
  probs,   ///< both as given
  shares,  ///< both divided by their totals (1 for probabilities as given)
  mixed,   ///< different forms or temperatures, one of them logarithmic
};

/// log of the ratio of P's normaliser to Q's, as two doubles: log p - log q = (a - b) / temperature - offset.
struct LogOffset {
  DoubleDouble value = {0, 0};

  KULLBACK_HD void add(double x) {
    const DoubleDouble s = two_sum(value.hi, x);
    value = two_sum(s.hi, value.lo + s.lo);
  }
};

template <class T> KULLBACK_HD LogOffset softmax_offset(const RowSide<T>& p, const RowSide<T>& q) {
  const DoubleDouble d = two_sum(static_cast<double>(p.max), -static_cast<double>(q.max));
  const Scale<double> scale = {static_cast<double>(p.scale.hi), static_cast<double>(p.scale.lo)};
  LogOffset offset;
  offset.value = scale(d);
  offset.add(p.log_sum - q.log_sum);
  return offset;
}

/// The offset in three parts of T, and its subtraction in an order that keeps the residual of d = hi + lo.
template <class T> struct SplitOffset {
  T first, second, third;

  KULLBACK_HD explicit SplitOffset(const LogOffset& offset) {
    first = static_cast<T>(offset.value.hi);
    const double rest = offset.value.hi - static_cast<double>(first);
    second = static_cast<T>(rest);
    third = static_cast<T>((rest - static_cast<double>(second)) + offset.value.lo);
  }
  KULLBACK_HD T subtract_from(TwoTerms<T> d) const { return (((d.hi - first) + d.lo) - second) - third; }
};

/// Normalised rows have sum(p - q) = 0; what it is instead tells the error of the offset, which matters where the rows
/// are nearly equal. True if the offset was corrected, so that the row must be summed again.
template <class T> KULLBACK_HD bool refine(LogOffset& offset, double sum_of_diff, double sum_of_absolute_diff) {
  constexpr double kUnit = sizeof(T) == sizeof(float) ? 0x1p-24 : 0x1p-53;
  const double tv = 0.5 * sum_of_absolute_diff, error = sum_of_diff / (1 - tv);
  if (!(tv < 0.25 && abs(error) > 8 * kUnit * tv)) return false;
  offset.add(error);
  return true;
}
/// One correction is usually enough; rows that are far apart need none.
inline constexpr int kMaxRefinements = 4;

/// What two columns differ by.
template <class T> struct Difference {
  T diff;       ///< p - q
  T log_ratio;  ///< log p - log q
};

/// From d = log p - log q: diff = +-max(p,q) expm1(-|d|) (relative error a few u however close the rows are).
template <class T> KULLBACK_HD Difference<T> from_log_ratio(T p, T q, T d) {
  const bool nothing = !(d == d);  // both sides -inf
  const T e = -expm1_nonpositive(-abs(d));
  const T signed_larger = d >= 0 ? p : -q;
  return {nothing ? T(0) : signed_larger * e, nothing ? T(0) : d};
}

/// Both sides in the same log form: the difference of the inputs is exact, the normalisers enter once.
template <class T>
KULLBACK_HD Difference<T> pair_logs(T x_p, T x_q, T p, T q, const Scale<T>& scale, const SplitOffset<T>& offset) {
  return from_log_ratio(p, q, offset.subtract_from(scale(two_sum(x_p, -x_q))));
}

/// log(p / q), exactly -log(q / p), so that a pair of rows and the same pair swapped give the same bits.
template <class T> KULLBACK_HD T antisymmetric_log_ratio(T p, T q) {
  const T ratio = log_ratio(p > q ? p : q, p > q ? q : p);
  return p > q ? ratio : -ratio;
}

/// log p - log q of probabilities as given. (Their difference rounds once, and exactly cancels where they are close:
/// Sterbenz.)
template <class T> KULLBACK_HD T log_ratio_of_probs(T p, T q) {
  const T both = antisymmetric_log_ratio(p, q);
  return p > 0 ? (q > 0 ? both : kInf<T>) : (q > 0 ? -kInf<T> : T(0));
}

/// Shares of totals: p - q = (x_p total_q - x_q total_p) / (total_p total_q), the products exact, so that rows that are
/// multiples of one another differ by exactly 0.
struct SharePair {
  DoubleDouble total_p, total_q;
  double scale_p, scale_q, inverse_p, inverse_q;
  double totals;  // log of the ratio of the totals

  KULLBACK_HD SharePair(const RowSide<double>& p, const RowSide<double>& q)
      : total_p(p.total),
        total_q(q.total),
        scale_p(p.share_scale),
        scale_q(q.share_scale),
        inverse_p(1 / p.total.hi),
        inverse_q(1 / q.total.hi),
        totals(log_ratio(p.total.hi, q.total.hi, q.share_exponent - p.share_exponent)) {}

  KULLBACK_HD double diff(double x_p, double x_q, double remainder_p, double remainder_q) const {
    const double scaled_p = x_p * scale_p, scaled_q = x_q * scale_q;
    const DoubleDouble u = two_product(scaled_p, total_q.hi), v = two_product(scaled_q, total_p.hi);
    const double low_u = fma(scaled_p, total_q.lo, remainder_p * total_q.hi);
    const double low_v = fma(scaled_q, total_p.lo, remainder_q * total_p.hi);
    return ((u.hi - v.hi) + ((u.lo - v.lo) + (low_u - low_v))) * inverse_p * inverse_q;
  }
  /// Where one of the shares underflows, from the entries and the totals.
  KULLBACK_HD double log_ratio_of(double x_p, double x_q, double p, double q) const {
    const bool underflow = p < Real<double>::kMinNormal || q < Real<double>::kMinNormal;
    const double both = underflow ? log_ratio(x_p, x_q) - totals : antisymmetric_log_ratio(p, q);
    return x_p > 0 ? (x_q > 0 ? both : kInf<double>) : (x_q > 0 ? -kInf<double> : 0.0);
  }
};

/// log p of a column as two doubles, whatever the side's form; `log_normaliser` of softmax rows and shares.
KULLBACK_HD DoubleDouble precise_log(const RowSide<double>& side, DoubleDouble log_normaliser, double x,
                                     double remainder) {
  DoubleDouble log_x = {x, 0};
  if (side.form == Form::softmax) log_x = Shift<double>(side)(x);
  if (!side.is_log()) log_x = log(two_sum(x, remainder));
  if (!(abs(log_x.hi) < kInf<double>)) return log_x;
  return add(log_x, {-log_normaliser.hi, -log_normaliser.lo});
}

/// log of what each side is divided by; 0 for what is taken as given. For softmax rows the engines sum
/// exp((x - max) / T) in double-double: their logarithms are compared with another form's, so that there is no second
/// normaliser whose error would cancel.
struct MixedNormalisers {
  DoubleDouble log_p = {0, 0}, log_q = {0, 0};
};

/// Sides in different forms, one of them logarithmic.
KULLBACK_HD Difference<double> pair_mixed(const RowSide<double>& side_p, const RowSide<double>& side_q,
                                          const MixedNormalisers& normalisers, double x_p, double x_q,
                                          double remainder_p, double remainder_q, double p, double q) {
  const DoubleDouble a = precise_log(side_p, normalisers.log_p, x_p, remainder_p);
  const DoubleDouble b = precise_log(side_q, normalisers.log_q, x_q, remainder_q);
  const DoubleDouble d = two_sum(a.hi, -b.hi);
  return from_log_ratio(p, q, d.hi + (d.lo + (a.lo - b.lo)));
}

/// s = (p - q) / (p + q), 0 where both are 0.
template <class T> KULLBACK_HD T relative_difference(T diff, T p, T q) {
  const T w = p + q;
  return w > 0 ? diff / w : T(0);
}

}  // namespace kullback
