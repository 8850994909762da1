#pragma once

#include "kernels/cuda/row_feed.cuh"
#include "kernels/cuda/row_selection.hpp"

/// Short rows, a tile of them to a block: where they lie one after the other they are one span, else one each.
namespace kullback::cuda {

/// All of a block's rows, whatever the kernel.
extern __shared__ __align__(kWordBytes) char row_memory[];

class TileSide {
 public:
  /// `slot_bytes`: shared memory of a row: its words and one more.
  __device__ TileSide(const RowSelection& selection, const MatrixView& view, std::int64_t first, int rows, char* memory,
                      std::uint32_t slot_bytes)
      : selection_(selection),
        view_(view),
        first_(first),
        rows_(rows),
        memory_(memory),
        slot_bytes_(slot_bytes),
        bytes_(static_cast<int>(view.cols) * element_bytes()),
        together_(view.rows != 1 && view.row_stride == view.cols && !selection.only_beyond_float) {}

  /// Starts the copies; the caller commits and waits.
  __device__ void load() const {
    for_each_span([&](std::int64_t row, int bytes, char* place, int rank, int size) {
      const WordSpan span(row_data(view_, row), bytes, element_bytes());
      span.load(0, span.words(), place, rank, size);
    });
  }
  /// Whether the rows of `other`, of the same shape and type, can take the tile word by word.
  __device__ bool fits(const MutableMatrixView& other) const {
    const bool same_row = misalignment(view_.data) == misalignment(other.data);
    const std::int64_t apart = (view_.row_stride - other.row_stride) * element_bytes();
    return same_row && (together_ ? apart == 0 : apart % kWordBytes == 0);
  }
  __device__ void store(const MutableMatrixView& other) const {
    for_each_span([&](std::int64_t row, int bytes, char* place, int rank, int size) {
      const WordSpan span(static_cast<char*>(other.data) + row * other.row_stride * element_bytes(), bytes,
                          element_bytes());
      span.store(0, span.words(), place, rank, size);
    });
  }

  /// The word that holds the first byte of row r of the tile.
  __device__ char* row(int r) const {
    if (!together_) return memory_ + r * slot_bytes_;
    return memory_ + (misalignment(row_data(view_, first_)) + r * bytes_) / kWordBytes * kWordBytes;
  }
  __device__ int element_bytes() const { return static_cast<int>(size_of(view_.dtype)); }

 private:
  /// body(its first row, bytes, place, rank, size) with the threads that share the span.
  template <class Body> __device__ void for_each_span(const Body& body) const {
    const int rank = static_cast<int>(threadIdx.x), size = static_cast<int>(blockDim.x);
    if (together_) return body(first_, bytes_ * rows_, memory_, rank, size);
    for (int r = rank / 32; r < rows_; r += size / 32) {
      body(selection_.row(first_ + r), bytes_, memory_ + r * slot_bytes_, rank % 32, 32);
    }
  }

  const RowSelection& selection_;
  const MatrixView& view_;
  std::int64_t first_;
  int rows_;
  char* memory_;
  std::uint32_t slot_bytes_;
  int bytes_;
  bool together_;
};

}  // namespace kullback::cuda
