/// f16 and bf16 as numbers. Results are computed in double, where products are exact and sums are rounded to odd, and
/// then rounded once (Boldo and Melquiond, 2008: rounding to odd first does no harm).
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

#include "machine/lanes.hpp"

namespace ptxsim {

struct Half {
  static constexpr int kExponentBits = 5, kFractionBits = 10;
  std::uint16_t bits;
};

struct BFloat16 {
  static constexpr int kExponentBits = 8, kFractionBits = 7;
  std::uint16_t bits;
};

/// The two halves of .f16x2, .bf16x2, .u16x2 and .s16x2; the first is in the low bits.
template <class T> struct Pair { T low, high; };

constexpr std::uint16_t kHalfNan = 0x7fff;  // canonical, of both formats

inline double to_double(Half value) { return static_cast<double>(bit_cast<_Float16>(value.bits)); }

inline float to_float(BFloat16 value) { return bit_cast<float>(static_cast<std::uint32_t>(value.bits) << 16); }

inline double to_double(BFloat16 value) { return static_cast<double>(to_float(value)); }

inline double power_of_two(int exponent) { return bit_cast<double>(static_cast<std::uint64_t>(1023 + exponent) << 52); }

/// Rounds to nearest even, or towards zero.
template <class H> H from_double(double value, bool towards_zero = false) {
  constexpr int kMinExponent = 2 - (1 << (H::kExponentBits - 1));
  constexpr std::uint32_t kInfinity = ((1u << H::kExponentBits) - 1) << H::kFractionBits;
  if (std::isnan(value)) return H{kHalfNan};
  const auto sign = static_cast<std::uint16_t>(std::signbit(value) ? 0x8000 : 0);
  const double magnitude = std::fabs(value);
  std::uint32_t bits = kInfinity;
  if (!std::isinf(magnitude)) {
    const int own = static_cast<int>(bit_cast<std::uint64_t>(magnitude) >> 52) - 1023;
    const int exponent = own < kMinExponent ? kMinExponent : own;
    const double units = magnitude * power_of_two(H::kFractionBits - exponent);  // exact
    const double rounded = towards_zero ? std::trunc(units) : std::nearbyint(units);
    // The hidden bit of a normal number, and a carry out of the fraction, add one to the exponent field.
    const std::uint64_t wide =
        (static_cast<std::uint64_t>(exponent - kMinExponent) << H::kFractionBits) + static_cast<std::uint64_t>(rounded);
    const std::uint32_t largest = kInfinity - (towards_zero ? 1 : 0);
    bits = wide < largest ? static_cast<std::uint32_t>(wide) : largest;
  }
  return H{static_cast<std::uint16_t>(bits | sign)};
}

inline BFloat16 bfloat16_from_float(float value) {
  if (value != value) return BFloat16{kHalfNan};
  const auto bits = bit_cast<std::uint32_t>(value);
  return BFloat16{static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}

/// a + b, and if that is not exact, the one of the two neighbouring doubles whose last bit is 1.
inline double add_to_odd(double a, double b) {
  const double sum = a + b;
  if (!std::isfinite(sum)) return sum;
  const double b_part = sum - a;
  const double error = (a - (sum - b_part)) + (b - b_part);  // TwoSum: exact
  if (error == 0) return sum;
  auto bits = bit_cast<std::uint64_t>(sum);
  if (std::signbit(error) != std::signbit(sum)) --bits;  // towards zero
  return bit_cast<double>(bits | 1);
}

}  // namespace ptxsim
