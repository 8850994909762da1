#pragma once

#include <cstdint>

#include "kernels/math/hd.hpp"
#include "kullback/dtype.hpp"

/// Between the types in memory and the types that are computed in.
namespace kullback {

KULLBACK_HD float to_float(bfloat16 x) { return __builtin_bit_cast(float, std::uint32_t{x.bits} << 16); }

/// Exponent and mantissa move into place; the multiplication by 2^112 rebiases normal and subnormal numbers alike.
KULLBACK_HD float to_float(float16 x) {
  const std::uint32_t magnitude = std::uint32_t(x.bits & 0x7fff) << 13;
  const std::uint32_t finite = __builtin_bit_cast(std::uint32_t, __builtin_bit_cast(float, magnitude) * 0x1p112f);
  const std::uint32_t bits = magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : finite;
  return __builtin_bit_cast(float, bits | std::uint32_t(x.bits & 0x8000) << 16);
}
template <class S> KULLBACK_HD S to_float(S x) { return x; }

/// Round to nearest even; NaN stays NaN.
KULLBACK_HD void from_float(float x, bfloat16& to) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x);
  const std::uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
  to.bits = static_cast<std::uint16_t>(x == x ? rounded : 0x7fc0u);
}
KULLBACK_HD void from_float(float x, float16& to) {
  const std::uint32_t bits = __builtin_bit_cast(std::uint32_t, x), magnitude = bits & 0x7fffffffu;
  const float absolute = __builtin_bit_cast(float, magnitude);
  // Adding 1/2 aligns a subnormal half's last bit with the sum's.
  const std::uint32_t subnormal = __builtin_bit_cast(std::uint32_t, absolute + 0.5f) - 0x3f000000u;
  const std::uint32_t normal = (magnitude + 0xfff + ((magnitude >> 13) & 1) - (112u << 23)) >> 13;
  std::uint32_t half = absolute < 0x1p-14f ? subnormal : normal;
  half = absolute >= 65520.0f ? 0x7c00u : half;
  half = x == x ? half : 0x7e00u;
  to.bits = static_cast<std::uint16_t>(half | (bits >> 16 & 0x8000u));
}
KULLBACK_HD void from_float(float x, float& to) { to = x; }

/// One result, float32 or float64.
KULLBACK_HD void store_value(void* data, DType dtype, std::int64_t at, double value) {
  if (dtype == DType::f64) {
    static_cast<double*>(data)[at] = value;
  } else {
    static_cast<float*>(data)[at] = static_cast<float>(value);
  }
}

}  // namespace kullback
