#pragma once

#include <cstdint>

#include "kernels/math/hd.hpp"

namespace kullback {

/// What exp and log need to know about a binary floating type.
template <class T> struct Real;

template <> struct Real<float> {
  using Bits = std::int32_t;
  static constexpr int kMantissaBits = 23, kBias = 127;
  static constexpr float kRoundMagic = 0x1.8p23f;  // x + magic rounds x to an integer in the low bits
  static constexpr float kLn2Hi = 0x1.62e43p-1f;   // ln 2 = hi + lo
  static constexpr float kLn2Lo = -0x1.05c610p-29f;
  static constexpr float kExpMin = -104.0f, kExpMax = 89.0f;  // beyond: 0 and inf
  static constexpr float kMinNormal = 0x1p-126f;
  static constexpr float kSubnormalScale = 0x1p32f;
  static constexpr int kSubnormalShift = 32;
  static constexpr Bits kSqrtHalfBits = 0x3f3504f3;
  static constexpr int kExpTerms = 7;       // of (e^r - 1 - r)/r^2 on |r| <= ln2/2
  static constexpr int kLogTerms = 5;       // of the atanh series on m in [sqrt 1/2, sqrt 2]
  static constexpr int kArtanhTerms = 6;    // of (artanh s - s)/s^3 on |s| <= 1/2
  static constexpr int kJsTerms = 6;        // of the Jensen-Shannon series on |s| <= 1/2
  static constexpr int kUnitExpTerms = 11;  // of (e^x - 1 - x)/x^2 on |x| <= 1
};

template <> struct Real<double> {
  using Bits = std::int64_t;
  static constexpr int kMantissaBits = 52, kBias = 1023;
  static constexpr double kRoundMagic = 0x1.8p52;
  static constexpr double kLn2Hi = 0x1.62e42fefa39efp-1;
  static constexpr double kLn2Lo = 0x1.abc9e3b39803fp-56;
  static constexpr double kExpMin = -746.0, kExpMax = 710.0;
  static constexpr double kMinNormal = 0x1p-1022;
  static constexpr double kSubnormalScale = 0x1p64;
  static constexpr int kSubnormalShift = 64;
  static constexpr Bits kSqrtHalfBits = 0x3fe6a09e667f3bcd;
  static constexpr int kExpTerms = 13;
  static constexpr int kLogTerms = 11;
  static constexpr int kArtanhTerms = 14;
  static constexpr int kJsTerms = 26;
  static constexpr int kUnitExpTerms = 18;
};

// CUDA has the same builtins for both types; these names keep the formulas free of suffixes.
KULLBACK_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
KULLBACK_HD double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
KULLBACK_HD float abs(float x) { return __builtin_fabsf(x); }
KULLBACK_HD double abs(double x) { return __builtin_fabs(x); }
KULLBACK_HD float sqrt(float x) { return __builtin_sqrtf(x); }
KULLBACK_HD double sqrt(double x) { return __builtin_sqrt(x); }

template <class T> inline constexpr T kInf = static_cast<T>(__builtin_huge_val());
template <class T> inline constexpr T kNaN = static_cast<T>(__builtin_nan(""));

}  // namespace kullback
