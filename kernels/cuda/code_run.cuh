#pragma once

#include <cstdint>

#include "kullback/dtype.hpp"

/// Reading codes: bytes of memory -> class numbers, four at a time where they lie next to each other.
namespace kullback::cuda {

/// Codes of one byte, four in a register.
struct ByteCodes {
  /// Codes that lie one after the other in shared memory, from any address on.
  class Run {
   public:
    /// The codes from number `end` <= 4 on may not be there.
    __device__ Run(const char* at, DType, int end) {
      const auto misaligned = static_cast<unsigned>(reinterpret_cast<std::uintptr_t>(at) % 4);
      words_ = at - misaligned;
      shift_ = 8 * misaligned;
      two_words_ = static_cast<int>(misaligned) + end > 4;
    }
    /// By a multiple of 4.
    __device__ void advance(std::uint32_t bytes) { words_ += bytes; }
    /// The codes with the numbers `column`.
    template <int kCodes> __device__ void read(const int (&column)[kCodes], std::uint32_t (&codes)[kCodes]) const {
      const auto* words = reinterpret_cast<const std::uint32_t*>(words_);
      const std::uint32_t low = words[0], high = two_words_ ? words[1] : 0;
      const std::uint32_t four = __funnelshift_r(low, high, shift_);
#pragma unroll
      for (int k = 0; k < kCodes; ++k) codes[k] = __byte_perm(four, 0, 0x4440 | column[k]);
    }

   private:
    const char* words_;
    unsigned shift_;
    bool two_words_;
  };

  static __device__ std::uint32_t read(const char* at, DType) { return *reinterpret_cast<const std::uint8_t*>(at); }
};

/// Codes of any type. A negative code, and one beyond 32 bits, becomes the largest.
struct AnyCodes {
  class Run {
   public:
    __device__ Run(const char* at, DType dtype, int) : at_(at), dtype_(dtype) {}
    __device__ void advance(std::uint32_t bytes) { at_ += bytes; }
    template <int kCodes> __device__ void read(const int (&column)[kCodes], std::uint32_t (&codes)[kCodes]) const {
      switch (dtype_) {
        case DType::u8: return read_as<std::uint8_t>(column, codes);
        case DType::u16: return read_as<std::uint16_t>(column, codes);
        case DType::i32: return read_as<std::int32_t>(column, codes);
        default: return read_as<std::int64_t>(column, codes);
      }
    }

   private:
    template <class T, int kCodes>
    __device__ void read_as(const int (&column)[kCodes], std::uint32_t (&codes)[kCodes]) const {
#pragma unroll
      for (int k = 0; k < kCodes; ++k) codes[k] = narrow(reinterpret_cast<const T*>(at_)[column[k]]);
    }

    const char* at_;
    DType dtype_;
  };

  static __device__ std::uint32_t read(const char* at, DType dtype) {
    switch (dtype) {
      case DType::u8: return narrow(*reinterpret_cast<const std::uint8_t*>(at));
      case DType::u16: return narrow(*reinterpret_cast<const std::uint16_t*>(at));
      case DType::i32: return narrow(*reinterpret_cast<const std::int32_t*>(at));
      default: return narrow(*reinterpret_cast<const std::int64_t*>(at));
    }
  }
  template <class T> static __device__ std::uint32_t narrow(T code) {
    if constexpr (sizeof(T) == 8) return code >> 32 == 0 ? static_cast<std::uint32_t>(code) : ~0u;
    return static_cast<std::uint32_t>(code);
  }
};

}  // namespace kullback::cuda
