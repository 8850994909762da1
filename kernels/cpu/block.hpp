#pragma once

#include "kernels/math/convert.hpp"
#include "kernels/math/sum.hpp"
#include "kernels/policy.hpp"
#include "kullback/matrix_view.hpp"

/// Blocks of a row: `policy.block` columns in the row's type, padded to whole lanes, so that every loop over a block
/// has a fixed assignment of columns to lanes and no tail.
namespace kullback::cpu {

inline constexpr std::int64_t kLanes = kRowPolicy.lanes;
inline constexpr std::int64_t kBlock = kRowPolicy.block;

template <class T> using BlockArray = T[kBlock];

/// Columns of the block that starts at column c.
KULLBACK_HD std::int64_t block_columns(std::int64_t cols, std::int64_t c) {
  return cols - c < kBlock ? cols - c : kBlock;
}

/// n rounded up to whole lanes.
KULLBACK_HD std::int64_t padded(std::int64_t n) { return (n + kLanes - 1) / kLanes * kLanes; }

template <class T, class S> static void convert_block(const S* from, std::int64_t n, T* to) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) to[i] = static_cast<T>(to_float(from[i]));
}

template <class S> KULLBACK_HD const S* element(const MatrixView& v, std::int64_t row, std::int64_t col) {
  return static_cast<const S*>(v.data) + row * v.row_stride + col;
}

/// Columns [col, col + n) of a row, as T, then `pad` up to whole lanes.
template <class T>
static void load_block(const MatrixView& v, std::int64_t row, std::int64_t col, std::int64_t n, T pad, T* to) {
  switch (v.dtype) {
    case DType::f32: convert_block(element<float>(v, row, col), n, to); break;
    case DType::f16: convert_block(element<float16>(v, row, col), n, to); break;
    case DType::bf16: convert_block(element<bfloat16>(v, row, col), n, to); break;
    case DType::f64: convert_block(element<double>(v, row, col), n, to); break;
    case DType::u8: convert_block(element<std::uint8_t>(v, row, col), n, to); break;
    case DType::u16: convert_block(element<std::uint16_t>(v, row, col), n, to); break;
    case DType::i32: convert_block(element<std::int32_t>(v, row, col), n, to); break;
    case DType::i64: convert_block(element<std::int64_t>(v, row, col), n, to); break;
  }
  for (std::int64_t i = n; i < padded(n); ++i) to[i] = pad;
}

template <class T> static T load_element(const MatrixView& v, std::int64_t row, std::int64_t col) {
  T x[kLanes];
  load_block(v, row, col, 1, T(0), x);
  return x[0];
}

template <class T, class S> static void convert_back(const T* from, std::int64_t n, S* to) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) from_float(static_cast<float>(from[i]), to[i]);
}

/// Writes columns [col, col + n) of a floating row.
template <class T>
static void store_block(const MutableMatrixView& v, std::int64_t row, std::int64_t col, std::int64_t n, const T* from) {
  const std::int64_t at = row * v.row_stride + col;
  switch (v.dtype) {
    case DType::f16: convert_back(from, n, static_cast<float16*>(v.data) + at); break;
    case DType::bf16: convert_back(from, n, static_cast<bfloat16*>(v.data) + at); break;
    case DType::f32: convert_back(from, n, static_cast<float*>(v.data) + at); break;
    default:
      for (std::int64_t i = 0; i < n; ++i) static_cast<double*>(v.data)[at + i] = static_cast<double>(from[i]);
  }
}

/// Writes one value to all columns of a row, if there is one.
template <class T> static void fill_row(const MutableMatrixView& v, std::int64_t row, T value) {
  if (v.data == nullptr) return;
  alignas(64) BlockArray<T> block;
  for (std::int64_t i = 0; i < kBlock; ++i) block[i] = value;
  for (std::int64_t c = 0; c < v.cols; c += kBlock) store_block(v, row, c, block_columns(v.cols, c), block);
}

/// What rounding a count beyond 2^53 to double took away; 0 for every other type.
static inline void load_block_remainder(const MatrixView& v, std::int64_t row, std::int64_t col, std::int64_t n,
                                        double* to) {
  for (std::int64_t i = 0; i < padded(n); ++i) to[i] = 0;
  if (v.dtype != DType::i64) return;
  const std::int64_t* from = element<std::int64_t>(v, row, col);
  for (std::int64_t i = 0; i < n; ++i) {
    to[i] = static_cast<double>(static_cast<__int128>(from[i]) - static_cast<__int128>(static_cast<double>(from[i])));
  }
}

/// Columns [col, col + n) of a row: where they lie if they are whole lanes of T, else in the buffer, padded.
template <class T>
static const T* block_at(const MatrixView& v, std::int64_t row, std::int64_t col, std::int64_t n, T pad, T* buffer) {
  constexpr DType kSame = sizeof(T) == sizeof(float) ? DType::f32 : DType::f64;
  if (v.dtype == kSame && n % kLanes == 0) return element<T>(v, row, col);
  load_block(v, row, col, n, pad, buffer);
  return buffer;
}

/// The sum over kWidth lanes by a binary tree, into the first. (A loop over halves would not be unrolled in time for
/// the vectoriser.)
template <std::int64_t kWidth = kLanes, class T> KULLBACK_HD void fold_lanes(T* lane) {
  if constexpr (kWidth > 1) {
#pragma omp simd
    for (std::int64_t l = 0; l < kWidth / 2; ++l) lane[l] += lane[l + kWidth / 2];
    fold_lanes<kWidth / 2>(lane);
  }
}

/// A block's partial sums: column i goes into lane i % kLanes, then the tree over the lanes.
template <class T> struct alignas(64) LaneSums {
  T lane[kLanes];

  KULLBACK_HD LaneSums() {
    for (std::int64_t l = 0; l < kLanes; ++l) lane[l] = T(-0.0);  // to which anything adds exactly
  }
  KULLBACK_HD T total() {
    fold_lanes(lane);
    return lane[0];
  }
};

/// Sum of f(i) over a padded block.
template <class T, class F> KULLBACK_HD T lane_sum(std::int64_t n, F&& f) {
  LaneSums<T> sums;
  for (std::int64_t i = 0; i < n; i += kLanes) {
#pragma omp simd
    for (std::int64_t l = 0; l < kLanes; ++l) sums.lane[l] += f(i + l);
  }
  return sums.total();
}

template <class T> static T block_sum(const T* x, std::int64_t n) {
  return lane_sum<T>(n, [x](std::int64_t i) { return x[i]; });
}

}  // namespace kullback::cpu
