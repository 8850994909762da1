/// What .ftz and .sat do, and the rules of minimum and maximum (PTX ISA 9.7.3). NaN payloads of f64 pass; of f32 there
/// is one NaN, as on the device, so that a result does not depend on the order in which a host compiler adds.
#pragma once
#include <cmath>
#include <limits>

#include "machine/lanes.hpp"

namespace ptxsim {

constexpr std::uint32_t kFloatNan = 0x7fff'ffff;  // canonical

/// Subnormal numbers become zero of the same sign.
inline float flush(float x) {
  const auto bits = bit_cast<std::uint32_t>(x);
  return bit_cast<float>((bits & 0x7f80'0000) == 0 ? bits & 0x8000'0000 : bits);
}

template <bool kFlush> float flush_if(float x) { return kFlush ? flush(x) : x; }

inline float canonical(float x) { return bit_cast<float>(x != x ? kFloatNan : bit_cast<std::uint32_t>(x)); }

/// Clamped to [0, 1], NaN and -0 become +0.
template <class T> T saturate(T x) { return x > 0 ? (x < 1 ? x : T(1)) : T(0); }

template <bool kFlush, bool kSaturate> float finish(float x) {
  x = canonical(flush_if<kFlush>(x));
  return kSaturate ? saturate(x) : x;
}

/// -0 is less than +0. If one is NaN the result is the other, or with .NaN it is NaN.
template <bool kMaximum, bool kPropagateNan, class T> T min_max(T a, T b) {
  if (a != a || b != b)
    return kPropagateNan || (a != a && b != b) ? std::numeric_limits<T>::quiet_NaN() : a != a ? b : a;
  const bool a_is_less = a < b || (a == b && std::signbit(a));
  return a_is_less != kMaximum ? a : b;
}

/// .xorsign.abs: of the absolute values, with the product of the signs.
template <bool kMaximum, bool kPropagateNan, bool kXorSign, class T> T min_max_signed(T a, T b) {
  if (!kXorSign) return min_max<kMaximum, kPropagateNan>(a, b);
  const T result = min_max<kMaximum, kPropagateNan>(std::fabs(a), std::fabs(b));
  return std::copysign(result, std::signbit(a) != std::signbit(b) ? T(-1) : T(1));
}

}  // namespace ptxsim
