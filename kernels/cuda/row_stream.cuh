#pragma once

#include <cuda_pipeline_primitives.h>

#include <cstdint>
#include <type_traits>

#include "kernels/math/convert.hpp"
#include "kernels/policy.hpp"
#include "kullback/matrix_view.hpp"

/// Rows on their way between device memory and shared memory: 16-byte copies whatever the row's alignment. In shared
/// memory they are read by column, so that which thread sums which column does not depend on where the row lies.
namespace kullback::cuda {

/// Bytes in memory -> a value, for an element type that is known at compile time, or (AnyElement) at run time.
struct AnyElement {};

template <class Element> struct Reader {
  __device__ explicit Reader(DType) {}
  static constexpr __device__ int bytes() { return sizeof(Element); }
  template <class T> __device__ T read(const char* at) const {
    return static_cast<T>(to_float(*reinterpret_cast<const Element*>(at)));
  }
};

template <> struct Reader<AnyElement> {
  DType dtype;

  __device__ explicit Reader(DType t) : dtype(t) {}
  __device__ int bytes() const { return static_cast<int>(size_of(dtype)); }
  template <class T> __device__ T read(const char* at) const {
    switch (dtype) {
      case DType::f32: return static_cast<T>(*reinterpret_cast<const float*>(at));
      case DType::f16: return static_cast<T>(to_float(*reinterpret_cast<const float16*>(at)));
      case DType::bf16: return static_cast<T>(to_float(*reinterpret_cast<const bfloat16*>(at)));
      case DType::f64: return static_cast<T>(*reinterpret_cast<const double*>(at));
      case DType::u8: return static_cast<T>(*reinterpret_cast<const std::uint8_t*>(at));
      case DType::u16: return static_cast<T>(*reinterpret_cast<const std::uint16_t*>(at));
      case DType::i32: return static_cast<T>(*reinterpret_cast<const std::int32_t*>(at));
      case DType::i64: return static_cast<T>(*reinterpret_cast<const std::int64_t*>(at));
    }
    return T(0);
  }
};

/// What reading an element as T took away: only counts beyond 2^53 lose something.
template <class T, class Element> __device__ double remainder_of(const Reader<Element>& reader, const char* at) {
  if constexpr (std::is_same_v<Element, AnyElement> && sizeof(T) == sizeof(double)) {
    if (reader.dtype == DType::i64) {
      const std::int64_t n = *reinterpret_cast<const std::int64_t*>(at);
      return static_cast<double>(static_cast<__int128>(n) - static_cast<__int128>(static_cast<double>(n)));
    }
  }
  return 0;
}

__device__ inline void copy_element(char* to, const char* from, int bytes) {
  switch (bytes) {
    case 1: *to = *from; break;
    case 2: *reinterpret_cast<std::uint16_t*>(to) = *reinterpret_cast<const std::uint16_t*>(from); break;
    case 4: *reinterpret_cast<std::uint32_t*>(to) = *reinterpret_cast<const std::uint32_t*>(from); break;
    default: *reinterpret_cast<std::uint64_t*>(to) = *reinterpret_cast<const std::uint64_t*>(from); break;
  }
}

/// Row `row` of a view; its only row if there is one.
__device__ inline const char* row_data(const MatrixView& view, std::int64_t row) {
  const std::int64_t first = view.rows == 1 ? 0 : row * view.row_stride;
  return static_cast<const char*>(view.data) + first * static_cast<std::int64_t>(size_of(view.dtype));
}

__device__ inline int misalignment(const void* data) {
  return static_cast<int>(reinterpret_cast<std::uintptr_t>(data) % kWordBytes);
}

/// Adjacent bytes of device memory as words. Byte 0 is the start of the word that holds the first byte; the bytes of
/// the first and the last word that are somebody else's are neither read nor written.
struct WordSpan {
  char* origin;  // aligned
  int begin;     // the first byte that is the span's own
  std::int64_t end;
  int element_bytes;

  __device__ WordSpan(const void* data, std::int64_t bytes, int element)
      : origin(static_cast<char*>(const_cast<void*>(data)) - misalignment(data)),
        begin(misalignment(data)),
        end(begin + bytes),
        element_bytes(element) {}

  __device__ std::int64_t words() const { return (end + kWordBytes - 1) / kWordBytes; }

  /// Starts copying words [first, last), the first of them to `shared`, by `size` threads. The caller commits and
  /// waits.
  __device__ void load(std::int64_t first, std::int64_t last, char* shared, int rank, int size) const {
    const std::int64_t whole = first_whole(first);
    const auto count = static_cast<int>(last_whole(last) - whole);
    const char* from = origin + whole * kWordBytes;
    char* to = shared + (whole - first) * kWordBytes;
    for (int w = rank - past_line(from); w < count; w += size) {
      if (w >= 0) __pipeline_memcpy_async(to + w * kWordBytes, from + w * kWordBytes, kWordBytes);
    }
    for_each_broken(first, last, rank, size, [&](std::int64_t byte) {
      copy_element(shared + (byte - first * kWordBytes), origin + byte, element_bytes);
    });
  }
  /// Copies words [first, last) back from `shared`.
  __device__ void store(std::int64_t first, std::int64_t last, const char* shared, int rank, int size) const {
    const std::int64_t whole = first_whole(first);
    const auto count = static_cast<int>(last_whole(last) - whole);
    char* to = origin + whole * kWordBytes;
    const char* from = shared + (whole - first) * kWordBytes;
    for (int w = rank - past_line(to); w < count; w += size) {
      if (w < 0) continue;
      *reinterpret_cast<uint4*>(to + w * kWordBytes) = *reinterpret_cast<const uint4*>(from + w * kWordBytes);
    }
    for_each_broken(first, last, rank, size, [&](std::int64_t byte) {
      copy_element(origin + byte, shared + (byte - first * kWordBytes), element_bytes);
    });
  }

 private:
  /// Words since the last cache line began: threads start there, so that a warp's request does not split a line.
  static __device__ int past_line(const char* at) {
    constexpr int kLineBytes = 128;
    return static_cast<int>(reinterpret_cast<std::uintptr_t>(at) % kLineBytes) / kWordBytes;
  }
  __device__ std::int64_t first_whole(std::int64_t first) const { return first == 0 && begin > 0 ? 1 : first; }
  __device__ std::int64_t last_whole(std::int64_t last) const { return min(last, end / kWordBytes); }

  /// body(byte) for the elements of the first and the last word if they are not whole.
  template <class Body>
  __device__ void for_each_broken(std::int64_t first, std::int64_t last, int rank, int size, const Body& body) const {
    const bool head = first == 0 && begin > 0, tail = last > end / kWordBytes && !(head && last == 1);
    if (!head && !tail) return;
    for (int i = rank * element_bytes; i < kWordBytes; i += size * element_bytes) {
      if (head && i >= begin && i < end) body(i);
      const std::int64_t byte = (last - 1) * kWordBytes + i;
      if (tail && byte < end) body(byte);
    }
  }
};

}  // namespace kullback::cuda
