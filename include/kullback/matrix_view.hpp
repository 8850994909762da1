#pragma once

#include <cstdint>

#include "kullback/dtype.hpp"

namespace kullback {

/// Non-owning view of `rows` rows of `cols` elements. Row r starts at element r * row_stride;
/// elements of a row are adjacent. `row_stride` counts elements and is >= cols (checked by every call).
/// The pointer needs the alignment of one element (checked), no more. Zero rows or columns are legal.
struct MatrixView {
  const void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;
};

/// The same, writable.
struct MutableMatrixView {
  void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t row_stride = 0;

  operator MatrixView() const noexcept { return {data, dtype, rows, cols, row_stride}; }
};

/// Non-owning view of `size` adjacent elements, aligned like a matrix.
struct VectorView {
  const void* data = nullptr;
  DType dtype = DType::i64;
  std::int64_t size = 0;
};

/// The same, writable.
struct MutableVectorView {
  void* data = nullptr;
  DType dtype = DType::f32;
  std::int64_t size = 0;
};

template <class T>
MatrixView view(const T* data, std::int64_t rows, std::int64_t cols, std::int64_t row_stride) noexcept {
  return {data, dtype_of<T>, rows, cols, row_stride};
}
template <class T> MatrixView view(const T* data, std::int64_t rows, std::int64_t cols) noexcept {
  return {data, dtype_of<T>, rows, cols, cols};
}
template <class T>
MutableMatrixView mutable_view(T* data, std::int64_t rows, std::int64_t cols, std::int64_t row_stride) noexcept {
  return {data, dtype_of<T>, rows, cols, row_stride};
}
template <class T> MutableMatrixView mutable_view(T* data, std::int64_t rows, std::int64_t cols) noexcept {
  return {data, dtype_of<T>, rows, cols, cols};
}
template <class T> VectorView vector_view(const T* data, std::int64_t size) noexcept {
  return {data, dtype_of<T>, size};
}
template <class T> MutableVectorView mutable_vector_view(T* data, std::int64_t size) noexcept {
  return {data, dtype_of<T>, size};
}

}  // namespace kullback
