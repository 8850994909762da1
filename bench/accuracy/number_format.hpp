#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "kullback/dtype.hpp"

/// Numbers of any element type as doubles and back, from the definitions of the formats.
namespace kullback::accuracy {

/// The nearest number with that many bits in its fraction and that least exponent, ties to even. The inputs here stay
/// far below the largest ones.
inline double rounded(double x, int fraction_bits, int least_exponent) {
  if (x == 0 || !std::isfinite(x)) return x;
  const int exponent = std::max(std::ilogb(x), least_exponent);
  return std::ldexp(std::nearbyint(std::ldexp(x, fraction_bits - exponent)), exponent - fraction_bits);
}

inline std::uint16_t half_bits(double x) {
  if (std::isinf(x)) return x < 0 ? 0xfc00 : 0x7c00;
  const double y = rounded(std::fabs(x), 10, -14);
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000 : 0);
  if (y < 0x1p-14) return static_cast<std::uint16_t>(sign | static_cast<int>(std::ldexp(y, 24)));
  const int exponent = std::ilogb(y);
  const int fraction = static_cast<int>(std::ldexp(y, 10 - exponent)) - 1024;
  return static_cast<std::uint16_t>(sign | (exponent + 15) << 10 | fraction);
}

inline double from_half_bits(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double size = exponent == 31  ? (fraction == 0 ? INFINITY : NAN)
                      : exponent == 0 ? std::ldexp(fraction, -24)
                                      : std::ldexp(1024 + fraction, exponent - 25);
  return bits >> 15 ? -size : size;
}

/// bfloat16 is the upper half of a float32, which holds the rounded value exactly.
inline std::uint16_t bfloat16_bits(double x) {
  const auto y = static_cast<float>(rounded(x, 7, -126));
  std::uint32_t word;
  std::memcpy(&word, &y, sizeof word);
  return static_cast<std::uint16_t>(word >> 16);
}

inline double from_bfloat16_bits(std::uint16_t bits) {
  const std::uint32_t word = static_cast<std::uint32_t>(bits) << 16;
  float y;
  std::memcpy(&y, &word, sizeof y);
  return static_cast<double>(y);
}

template <class T> void put(void* data, std::int64_t at, T x) {
  std::memcpy(static_cast<char*>(data) + at * static_cast<std::int64_t>(sizeof x), &x, sizeof x);
}
template <class T> T get(const void* data, std::int64_t at) {
  T x;
  std::memcpy(&x, static_cast<const char*>(data) + at * static_cast<std::int64_t>(sizeof x), sizeof x);
  return x;
}

inline void store(DType dtype, void* data, std::int64_t at, double x) {
  switch (dtype) {
    case DType::f32: return put(data, at, static_cast<float>(x));
    case DType::f64: return put(data, at, x);
    case DType::f16: return put(data, at, half_bits(x));
    case DType::bf16: return put(data, at, bfloat16_bits(x));
    case DType::u8: return put(data, at, static_cast<std::uint8_t>(x));
    case DType::u16: return put(data, at, static_cast<std::uint16_t>(x));
    case DType::i32: return put(data, at, static_cast<std::int32_t>(x));
    case DType::i64: return put(data, at, static_cast<std::int64_t>(x));
  }
}

inline double load(DType dtype, const void* data, std::int64_t at) {
  switch (dtype) {
    case DType::f32: return static_cast<double>(get<float>(data, at));
    case DType::f64: return get<double>(data, at);
    case DType::f16: return from_half_bits(get<std::uint16_t>(data, at));
    case DType::bf16: return from_bfloat16_bits(get<std::uint16_t>(data, at));
    case DType::u8: return get<std::uint8_t>(data, at);
    case DType::u16: return get<std::uint16_t>(data, at);
    case DType::i32: return get<std::int32_t>(data, at);
    case DType::i64: return static_cast<double>(get<std::int64_t>(data, at));
  }
  return NAN;
}

}  // namespace kullback::accuracy
