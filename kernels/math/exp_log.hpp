#pragma once

#include <type_traits>

#include "kernels/math/real.hpp"
#include "kernels/math/series.hpp"

/// exp and log from IEEE additions, multiplications, divisions and fused multiply-adds alone: the same bits from every
/// instruction set and on every device, about 1 ulp, no branches, so that loops over them vectorise.
/// Reductions after Cody & Waite 1980 (exp) and fdlibm (log); the polynomials are truncated Taylor series.
namespace kullback {

template <class T> KULLBACK_HD typename Real<T>::Bits bits_of(T x) {
  return __builtin_bit_cast(typename Real<T>::Bits, x);
}

/// 2^k for a k whose power is a normal number. (Unsigned: a NaN's exponent is any number.)
template <class T> KULLBACK_HD T power_of_two(typename Real<T>::Bits k) {
  using Unsigned = std::make_unsigned_t<typename Real<T>::Bits>;
  return __builtin_bit_cast(T, static_cast<Unsigned>(k + Real<T>::kBias) << Real<T>::kMantissaBits);
}

template <class T> struct ReducedExponent {
  typename Real<T>::Bits k;  // x = k ln 2 + r
  T tail;                    // e^r - 1, |r| <= ln2 / 2
};

template <class T> KULLBACK_HD ReducedExponent<T> reduce_exponent(T x) {
  using R = Real<T>;
  constexpr T kLog2E = static_cast<T>(1.44269504088896340736);
  const T shifted = fma(x, kLog2E, R::kRoundMagic);
  const T k = shifted - R::kRoundMagic;
  const T r = fma(-k, R::kLn2Lo, fma(-k, R::kLn2Hi, x));
  return {bits_of(shifted) - bits_of(R::kRoundMagic), fma(r * r, horner<ExpSeries, R::kExpTerms>(r), r)};
}

/// e^x; 0 below the smallest subnormal, inf above the largest number.
template <class T> KULLBACK_HD T exp(T x) {
  using R = Real<T>;
  x = x < R::kExpMin ? R::kExpMin : x;  // a NaN passes both comparisons
  x = x > R::kExpMax ? R::kExpMax : x;
  const ReducedExponent<T> e = reduce_exponent(x);
  const auto half = e.k >> 1;  // two steps: 2^k itself may be subnormal or overflow
  return (1 + e.tail) * power_of_two<T>(half) * power_of_two<T>(e.k - half);
}

/// e^x - 1 without cancellation, for x <= 0.
template <class T> KULLBACK_HD T expm1_nonpositive(T x) {
  constexpr T kMinusOneBelow = -40;  // e^-40 < 2^-54
  x = x < kMinusOneBelow ? kMinusOneBelow : x;
  const ReducedExponent<T> e = reduce_exponent(x);
  const T scale = power_of_two<T>(e.k);
  return fma(scale, e.tail, scale - 1);
}

template <class T> struct Decomposed {
  T m;  // x = m 2^k, sqrt(1/2) <= m < sqrt(2)
  typename Real<T>::Bits k;
};

/// For finite x > 0, subnormal ones included.
template <class T> KULLBACK_HD Decomposed<T> decompose(T x) {
  using R = Real<T>;
  const bool subnormal = x < R::kMinNormal;
  const auto bits = bits_of(subnormal ? x * R::kSubnormalScale : x);
  const auto k = (bits - R::kSqrtHalfBits) >> R::kMantissaBits;
  const T m = __builtin_bit_cast(T, bits - k * (typename R::Bits{1} << R::kMantissaBits));
  return {m, k - (subnormal ? R::kSubnormalShift : 0)};
}

/// log(m 2^k) for m in [sqrt(1/2), sqrt(2)).
template <class T> KULLBACK_HD T log_of_decomposed(T m, typename Real<T>::Bits k) {
  using R = Real<T>;
  const T kt = static_cast<T>(k);
  const T f = m - 1;
  const T s = f / (2 + f);
  const T z = s * s;
  const T half_f2 = T(0.5) * f * f;
  const T tail = 2 * z * horner<ArtanhSeries, R::kLogTerms>(z);
  return fma(kt, R::kLn2Hi, f - (half_f2 - fma(kt, R::kLn2Lo, s * (half_f2 + tail))));
}

/// Natural logarithm: -inf at 0, NaN below.
template <class T> KULLBACK_HD T log(T x) {
  const Decomposed<T> d = decompose(x);
  const T y = log_of_decomposed(d.m, d.k);
  return x > 0 ? (x < kInf<T> ? y : x) : (x == 0 ? -kInf<T> : kNaN<T>);
}

/// log(1 + x) for x > -1: the rounding error of 1 + x is put back.
template <class T> KULLBACK_HD T log1p(T x) {
  const T u = 1 + x;
  const T v = u - 1;
  const T lost = (1 - (u - v)) + (x - v);
  const T y = log(u) + lost / u;
  return u < kInf<T> ? y : u;
}

/// log(p / q 2^k) for finite p, q > 0 whose quotient may leave the range of T. Its error is absolute (about u), so it
/// is for ratios well away from 1.
KULLBACK_HD double log_ratio(double p, double q, Real<double>::Bits k = 0) {
  const Decomposed<double> a = decompose(p), b = decompose(q);
  const Decomposed<double> r = decompose(a.m / b.m);
  return log_of_decomposed(r.m, r.k + (a.k - b.k) + k);
}
/// Of floats 2 artanh of the mantissas' own s, which is below 1/3, does with one division.
KULLBACK_HD float log_ratio(float p, float q) {
  const Decomposed<float> a = decompose(p), b = decompose(q);
  const float exponent = static_cast<float>(a.k - b.k);
  const float s = (a.m - b.m) / (a.m + b.m), z = s * s, twice = 2 * s;
  const float tail = fma(exponent, Real<float>::kLn2Lo, twice * (z * artanh_tail(z)));
  return fma(exponent, Real<float>::kLn2Hi, twice + tail);
}

}  // namespace kullback
