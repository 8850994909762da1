#pragma once

#include <cstddef>
#include <cstdint>

namespace kullback {

/// Element type of a view. Floating types hold logits, log-probabilities and probabilities;
/// integer types hold labels, codes and counts.
enum class DType : std::uint8_t { f32, f16, bf16, f64, u8, u16, i32, i64 };

/// Storage-only 16-bit floats: the bits as they lie in memory. Conversion is the library's business.
struct float16 {
  std::uint16_t bits;
};
struct bfloat16 {
  std::uint16_t bits;
};

constexpr bool is_floating(DType t) noexcept { return t <= DType::f64; }

constexpr std::size_t size_of(DType t) noexcept {
  switch (t) {
    case DType::u8: return 1;
    case DType::f16:
    case DType::bf16:
    case DType::u16: return 2;
    case DType::f32:
    case DType::i32: return 4;
    case DType::f64:
    case DType::i64: return 8;
  }
  return 0;
}

constexpr const char* name_of(DType t) noexcept {
  switch (t) {
    case DType::f32: return "float32";
    case DType::f16: return "float16";
    case DType::bf16: return "bfloat16";
    case DType::f64: return "float64";
    case DType::u8: return "uint8";
    case DType::u16: return "uint16";
    case DType::i32: return "int32";
    case DType::i64: return "int64";
  }
  return "?";
}

/// dtype_of<T>: the DType of a C++ element type. An unsupported T does not compile.
template <class T> inline constexpr DType dtype_of = T::unsupported_element_type;
template <> inline constexpr DType dtype_of<float> = DType::f32;
template <> inline constexpr DType dtype_of<double> = DType::f64;
template <> inline constexpr DType dtype_of<float16> = DType::f16;
template <> inline constexpr DType dtype_of<bfloat16> = DType::bf16;
template <> inline constexpr DType dtype_of<std::uint8_t> = DType::u8;
template <> inline constexpr DType dtype_of<std::uint16_t> = DType::u16;
template <> inline constexpr DType dtype_of<std::int32_t> = DType::i32;
template <> inline constexpr DType dtype_of<std::int64_t> = DType::i64;

}  // namespace kullback
