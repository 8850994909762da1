/// Correctly rounded results of all formats and roundings, from MPFR, including subnormal numbers and overflow.
#pragma once
#include <mpfr.h>

#include <cmath>

#include "tests/unit/instruction.hpp"

namespace ptxsim::test {

/// Precision with the hidden bit, and the exponents of the least and the greatest normal number.
template <class T> struct FormatOf;
template <> struct FormatOf<F16> { static constexpr int kPrecision = 11, kMinExponent = -14, kMaxExponent = 15; };
template <> struct FormatOf<BF16> { static constexpr int kPrecision = 8, kMinExponent = -126, kMaxExponent = 127; };
template <> struct FormatOf<float> { static constexpr int kPrecision = 24, kMinExponent = -126, kMaxExponent = 127; };
template <> struct FormatOf<double> {
  static constexpr int kPrecision = 53, kMinExponent = -1022, kMaxExponent = 1023;
};

/// The value of a number; exact, every format's numbers are doubles.
template <class T> double value_of(T number) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<double>(number);
  } else {
    using Format = FormatOf<T>;
    constexpr int kFractionBits = Format::kPrecision - 1;
    const int field = (number.bits & 0x7fff) >> kFractionBits;
    const int fraction = number.bits & ((1 << kFractionBits) - 1);
    const double sign = (number.bits & 0x8000) != 0 ? -1 : 1;
    if (is_nan(number)) return NAN;
    if (field > Format::kMaxExponent - Format::kMinExponent + 1) return sign * INFINITY;
    const double significand = fraction + (field != 0 ? std::ldexp(1.0, kFractionBits) : 0.0);
    return sign * std::ldexp(significand, Format::kMinExponent - kFractionBits + (field != 0 ? field - 1 : 0));
  }
}

/// The number with a value that the format has.
template <class T> T number_with(double value) {
  if constexpr (std::is_floating_point_v<T>) {
    return static_cast<T>(value);
  } else {
    using Format = FormatOf<T>;
    constexpr int kFractionBits = Format::kPrecision - 1;
    const unsigned sign = std::signbit(value) ? 0x8000 : 0;
    const double magnitude = std::fabs(value);
    const unsigned infinity = static_cast<unsigned>(Format::kMaxExponent - Format::kMinExponent + 2) << kFractionBits;
    if (std::isnan(value)) return T{0x7fff};
    if (std::isinf(value)) return T{static_cast<std::uint16_t>(sign | infinity)};
    int exponent = Format::kMinExponent;
    while (magnitude >= std::ldexp(2.0, exponent)) ++exponent;
    const auto units = static_cast<unsigned>(std::ldexp(magnitude, kFractionBits - exponent));
    const auto shift = static_cast<unsigned>(exponent - Format::kMinExponent) << kFractionBits;
    return T{static_cast<std::uint16_t>(sign | (shift + units))};
  }
}

/// A number of arbitrary precision.
class Real {
 public:
  explicit Real(double value, mpfr_prec_t precision = 53) {
    mpfr_init2(value_, precision);
    mpfr_set_d(value_, value, MPFR_RNDN);
  }
  ~Real() { mpfr_clear(value_); }
  Real(const Real&) = delete;
  Real& operator=(const Real&) = delete;
  operator mpfr_ptr() { return value_; }

 private:
  mpfr_t value_;
};

/// compute(result, rounding) sets the result, and returns the sign of its error as MPFR's functions do.
template <class T, class F> T rounded(mpfr_rnd_t rounding, F compute) {
  using Format = FormatOf<T>;
  mpfr_set_emin(Format::kMinExponent - Format::kPrecision + 2);
  mpfr_set_emax(Format::kMaxExponent + 1);
  Real result(0, Format::kPrecision);
  int error = compute(static_cast<mpfr_ptr>(result), rounding);
  error = mpfr_check_range(result, error, rounding);
  mpfr_subnormalize(result, error, rounding);
  mpfr_set_emin(mpfr_get_emin_min());
  mpfr_set_emax(mpfr_get_emax_max());
  return number_with<T>(mpfr_get_d(result, MPFR_RNDN));
}

/// Operands are set with all exponents allowed, so that they are what they are.
template <class T, class F> T rounded_of(mpfr_rnd_t rounding, F function, double a) {
  Real x(a);
  return rounded<T>(rounding, [&](mpfr_ptr result, mpfr_rnd_t r) { return function(result, x, r); });
}
template <class T, class F> T rounded_of(mpfr_rnd_t rounding, F function, double a, double b) {
  Real x(a), y(b);
  return rounded<T>(rounding, [&](mpfr_ptr result, mpfr_rnd_t r) { return function(result, x, y, r); });
}
template <class T, class F> T rounded_of(mpfr_rnd_t rounding, F function, double a, double b, double c) {
  Real x(a), y(b), z(c);
  return rounded<T>(rounding, [&](mpfr_ptr result, mpfr_rnd_t r) { return function(result, x, y, z, r); });
}

template <class T> bool is_subnormal(T number) {
  const double value = value_of(number);
  return value != 0 && std::fabs(value) < std::ldexp(1.0, FormatOf<T>::kMinExponent);
}

/// .ftz
template <class T> T flushed(T number) {
  return is_subnormal(number) ? number_with<T>(std::copysign(0.0, value_of(number))) : number;
}

/// .sat
template <class T> T saturated(T number) {
  const double value = value_of(number);
  return number_with<T>(value > 0 ? std::fmin(value, 1.0) : 0.0);
}

/// .relu: NaN stays.
template <class T> T rectified(T number) { return value_of(number) <= 0 ? number_with<T>(0.0) : number; }

/// A pair of 16-bit numbers from one function of them.
template <class Pair, class T, class F, class... More> Pair by_halves(F function, Pair a, More... more) {
  const auto half = [](Pair pair, int shift) { return T{static_cast<std::uint16_t>(pair.bits >> shift)}; };
  const std::uint32_t low = function(half(a, 0), half(more, 0)...).bits;
  const std::uint32_t high = function(half(a, 16), half(more, 16)...).bits;
  return Pair{high << 16 | low};
}

struct NamedRounding {
  const char* name;
  mpfr_rnd_t mode;
};
constexpr NamedRounding kRoundings[] = {{".rn", MPFR_RNDN}, {".rz", MPFR_RNDZ}, {".rm", MPFR_RNDD}, {".rp", MPFR_RNDU}};

}  // namespace ptxsim::test
