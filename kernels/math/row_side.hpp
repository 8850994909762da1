#pragma once

#include "kernels/math/double_double.hpp"
#include "kernels/math/exp_log.hpp"
#include "kullback/rows.hpp"

/// One side (P or Q) of a row, column by column: what its numbers mean, its normaliser, its probabilities and their
/// logarithms. The engines find the normaliser and move the data.
namespace kullback {

/// What numbers in a row mean, once `normalize` is taken into account.
enum class Form {
  softmax,   ///< p = exp((x - max) / T) / sum
  log_prob,  ///< p = exp(x)
  prob,      ///< p = x
  share,     ///< p = x / total
};

constexpr bool is_logarithmic(Form form) { return form == Form::softmax || form == Form::log_prob; }

/// x / T as x * hi + x * lo, with hi + lo = 1/T to twice the precision. Exact for T = 1.
template <class T> struct Scale {
  T hi = 1, lo = 0;

  KULLBACK_HD static Scale reciprocal(double temperature) {
    const double hi = 1 / temperature;
    const double lo = fma(-hi, temperature, 1.0) / temperature;
    const T first = static_cast<T>(hi);
    return {first, static_cast<T>((hi - static_cast<double>(first)) + lo)};
  }
  KULLBACK_HD TwoTerms<T> operator()(TwoTerms<T> x) const {
    const T product = x.hi * hi;
    const T rest = fma(x.hi, hi, -product) + fma(x.hi, lo, x.lo * hi);
    return {product, abs(product) < kInf<T> ? rest : T(0)};
  }
};

template <class T> struct RowSide {
  Form form;
  Scale<T> scale;  // softmax only

  // Of the row at hand:
  std::uint8_t status;
  T max, min;           // min: of the entries but -inf where they are logarithms
  std::int64_t argmax;  // lowest index of the maximum
  DoubleDouble total;   // share: sum of the entries times 2^share_exponent; prob: 1
  int share_exponent;   // share: keeps products with the other side's total in range; 0 for ordinary totals
  double share_scale;   // 2^share_exponent
  double rest;          // softmax: sum of exp((x - max) / T) over all columns but argmax
  double log_sum;       // softmax: log(1 + rest)
  T inverse_sum;        // softmax: 1 / (1 + rest)
  DoubleDouble mass;    // where it is asked for: the sum of p
  double log_mass;      // and the logarithm of the sum before p was divided by it

  KULLBACK_HD bool is_log() const { return is_logarithmic(form); }
  /// The entry of a column that is not there.
  KULLBACK_HD T pad() const { return is_log() ? -kInf<T> : T(0); }

  /// The status that range checks give; `nan`: there is one among the entries.
  KULLBACK_HD void set_status(bool nan) {
    int bits = (nan ? status_nan : 0) | (max == kInf<T> ? status_infinite : 0);
    if (is_log()) {
      if (!nan && max == -kInf<T>) bits |= status_zero_mass;
    } else {
      if (min < 0) bits |= status_negative;
      if (!nan && max <= 0 && !(min < 0)) bits |= status_zero_mass;
    }
    status = static_cast<std::uint8_t>(bits);
  }
  KULLBACK_HD void set_no_normaliser() { rest = 0, log_sum = 0, inverse_sum = 1, share_exponent = 0, share_scale = 1; }
  KULLBACK_HD void set_rest(double sum_of_others) {
    rest = sum_of_others;
    log_sum = log1p(rest);
    inverse_sum = static_cast<T>(1 / (1 + rest));
  }
  /// Shares do not depend on a common factor: totals beyond 2^+-300 are brought near 1. `scanned` is the exponent of
  /// the factor that the total has already.
  KULLBACK_HD void scale_share(int scanned) {
    const auto k = static_cast<int>(decompose(total.hi).k);
    if (k > -300 && k < 300) return;
    const int exponent = k < -1000 ? 1000 : k > 1000 ? -1000 : -k;
    const double factor = power_of_two<double>(exponent);
    total = {total.hi * factor, total.lo * factor};
    share_exponent = scanned + exponent;
    share_scale = factor * power_of_two<double>(scanned);
  }
};

/// (x - max) / T as two terms: the second carries what rounding the difference and the product lost.
/// A value, so that loops keep it in registers.
template <class T> struct Shift {
  T max;
  Scale<T> scale;

  KULLBACK_HD explicit Shift(const RowSide<T>& side) : max(side.max), scale(side.scale) {}
  KULLBACK_HD TwoTerms<T> operator()(T x) const { return scale(two_sum(x, -max)); }
};

/// exp(hi + lo) for |lo| << 1.
template <class T> KULLBACK_HD T exp_two_terms(TwoTerms<T> x) {
  const T e = exp(x.hi);
  return fma(e, x.lo, e);
}

/// log of the share of an entry x of the row, from the other entries' sum where x is most of the total.
template <class T> KULLBACK_HD double log_of_share(const RowSide<T>& side, double x, double remainder) {
  const DoubleDouble total = side.total;
  const double scaled = x * side.share_scale, p = scaled / total.hi;
  const double others = ((total.hi - scaled) + (total.lo - remainder)) / total.hi;
  const double apart = x > 0 ? log_ratio(x, total.hi, side.share_exponent) : -kInf<double>;  // p itself may underflow
  return p > 0.5 ? log1p(-others) : apart;
}

/// log of what a share is divided by.
KULLBACK_HD DoubleDouble log_of_total(DoubleDouble total, int share_exponent) {
  const DoubleDouble scale = times_ln2(share_exponent);
  return add(log(total), {-scale.hi, -scale.lo});
}

/// Sets the mass; its logarithm in two doubles, as it may be the difference of larger ones. `rest`: of logarithms, the
/// sum of exp((x - max) / T) but for one of the largest; `total`: of others, the sum of the entries.
template <class T> KULLBACK_HD void set_mass(RowSide<T>& side, double rest, DoubleDouble total) {
  side.mass = {1, 0};
  switch (side.form) {
    case Form::softmax: {
      const Scale<double> scale = {static_cast<double>(side.scale.hi), static_cast<double>(side.scale.lo)};
      side.log_mass = add(scale(DoubleDouble{static_cast<double>(side.max), 0}), log(two_sum(1.0, rest))).hi;
      break;
    }
    case Form::log_prob:
      side.mass = {exp(static_cast<double>(side.max)) * (1 + rest), 0};
      side.log_mass = add(DoubleDouble{static_cast<double>(side.max), 0}, log(two_sum(1.0, rest))).hi;
      break;
    case Form::prob:
      side.mass = total;
      side.log_mass = log(total.hi);
      break;
    case Form::share: side.log_mass = log_of_total(side.total, side.share_exponent).hi; break;
  }
}

/// Whether a row's probabilities, sums of two of them, or differences of its logits overflow float32. Such a row is
/// computed in double.
template <class T> KULLBACK_HD bool leaves_float(const RowSide<T>& side) {
  if (sizeof(T) != sizeof(float) || side.status != status_ok) return false;
  switch (side.form) {
    case Form::softmax: return side.max > T(0x1p125) || side.min < -T(0x1p125);
    case Form::log_prob: return side.max > 80 || side.min < -T(0x1p125);
    case Form::prob: return side.max > T(0x1p100);
    case Form::share: return false;
  }
  return false;
}

/// exp of anything above overflows float64.
inline constexpr double kMaxLogProbability = 709.78271289338397;

KULLBACK_HD double check_tolerance(DType t) { return size_of(t) == 2 ? 1e-3 : size_of(t) == 4 ? 1e-5 : 1e-12; }

/// p of an entry of a row of form F.
template <Form F, class T> KULLBACK_HD T probability(const RowSide<T>& side, T x) {
  if constexpr (F == Form::softmax) return exp_two_terms(Shift<T>(side)(x)) * side.inverse_sum;
  if constexpr (F == Form::log_prob) return exp(x);
  if constexpr (F == Form::prob) return x;
  if constexpr (F == Form::share) return static_cast<T>(x * side.share_scale / side.total.hi);
}

/// log p of the same. `remainder`: what rounding a large count took away.
template <Form F, class T>
KULLBACK_HD T log_probability(const RowSide<T>& side, T x, [[maybe_unused]] double remainder) {
  if constexpr (F == Form::softmax) return Shift<T>(side)(x).hi - static_cast<T>(side.log_sum);
  if constexpr (F == Form::log_prob) return x;
  if constexpr (F == Form::prob) return log(x);
  if constexpr (F == Form::share) return static_cast<T>(log_of_share(side, x, remainder));
}

/// The largest p, in double whatever T.
template <class T> KULLBACK_HD double largest_probability(const RowSide<T>& side) {
  switch (side.form) {
    case Form::softmax: return 1 / (1 + side.rest);
    case Form::log_prob: return exp(static_cast<double>(side.max));
    case Form::prob: return static_cast<double>(side.max);
    case Form::share: return static_cast<double>(side.max) * side.share_scale / side.total.hi;
  }
  return kNaN<double>;
}

/// log p of one entry, in double whatever T.
template <class T> KULLBACK_HD double precise_log_probability(const RowSide<T>& side, T x, double remainder) {
  switch (side.form) {
    case Form::softmax: {
      const TwoTerms<T> d = Shift<T>(side)(x);
      return (static_cast<double>(d.hi) + static_cast<double>(d.lo)) - side.log_sum;
    }
    case Form::log_prob: return x;
    case Form::prob: return log(static_cast<double>(x));
    case Form::share: return log_of_share(side, x, remainder);
  }
  return kNaN<double>;
}

}  // namespace kullback
