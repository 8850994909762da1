#pragma once

#include <cstdint>

#include "kernels/cuda/histogram_kernels.hpp"
#include "kernels/policy.hpp"

/// A block's part of a launch, and its counters in shared memory.
namespace kullback::cuda {

/// Of a block: its counters, then the chunks of codes.
extern __shared__ __align__(kWordBytes) char code_memory[];

/// What a block of a launch does.
struct CountTask {
  std::int64_t tile_index;  ///< in the workspace
  CodeTile tile;
  std::int64_t first, last;              ///< samples
  std::uint32_t first_line, band_lines;  ///< classes of x

  __device__ explicit CountTask(const CountLaunch& launch) {
    const unsigned rest = blockIdx.x / launch.bands, band = blockIdx.x % launch.bands, part = rest / launch.tiles;
    tile_index = rest % launch.tiles;
    tile = launch.tiling.tile(launch.first_tile + tile_index);
    first = std::int64_t{part} * launch.part_samples;
    last = min(first + launch.part_samples, launch.samples);
    first_line = band * launch.band_lines;
    band_lines = min(launch.band_lines, launch.x.lines - first_line);
  }
};

/// A block's counters in shared memory: [line of x][line of y][pair of a lane's block][slot].
template <int kX, int kY> class BlockTable {
 public:
  __device__ BlockTable(const CountLaunch& launch, const CountTask& task)
      : first_line_(task.first_line),
        lines_(task.band_lines),
        last_x_(launch.x.lines - 1),
        last_y_(launch.y.lines - 1),
        slots_(launch.slots),
        column_bytes_(kX * kY * launch.slots * kCounterBytes),
        row_bytes_(launch.y.lines * column_bytes_) {}

  /// In whole words.
  __device__ std::uint32_t bytes() const { return (lines_ * row_bytes_ + kWordBytes - 1) / kWordBytes * kWordBytes; }
  __device__ void clear() const {
    for (std::uint32_t at = threadIdx.x * kWordBytes; at < bytes(); at += blockDim.x * kWordBytes) {
      *reinterpret_cast<uint4*>(code_memory + at) = {};
    }
  }

  /// Where the counters of a slot for column x of its block begin, and how much further those of column y lie, in
  /// bytes.
  __device__ std::uint32_t start_x(int x, int slot) const { return (x * slots_ + slot) * kCounterBytes; }
  __device__ std::uint32_t start_y(int y) const { return y * kX * slots_ * kCounterBytes; }

  /// Counts the pairs of codes of one sample. A code out of range is counted in the spare line.
  template <bool kBanded>
  __device__ void count(const std::uint32_t (&x)[kX], const std::uint32_t (&y)[kY], const std::uint32_t (&start_x)[kX],
                        const std::uint32_t (&start_y)[kY]) const {
    std::uint32_t column[kY];
#pragma unroll
    for (int j = 0; j < kY; ++j) column[j] = min(y[j], last_y_) * column_bytes_ + start_y[j];
#pragma unroll
    for (int i = 0; i < kX; ++i) {
      const std::uint32_t line = kBanded ? min(x[i], last_x_) - first_line_ : min(x[i], last_x_);
      if (kBanded && line >= lines_) continue;
      std::uint32_t row = line * row_bytes_ + start_x[i];
      asm("" : "+r"(row));  // or the compiler adds up its parts anew for every column
#pragma unroll
      for (int j = 0; j < kY; ++j) atomicAdd(counter(row + column[j]), 1u);
    }
  }

  /// Adds the counters to the tile's in the workspace. A block that has them for itself writes also what is 0, so that
  /// nobody clears them before.
  __device__ void flush(const CountLaunch& launch, const CountTask& task) const {
    const std::int64_t first = task.tile_index * launch.tile_counters +
                               std::int64_t{first_line_} * launch.y.lines * (kX * kY) * launch.tiling.slots;
    auto* const narrow = static_cast<std::uint32_t*>(launch.counters) + first;
    auto* const wide = static_cast<unsigned long long*>(launch.counters) + first;
    if (launch.wide) {
      for_each_sum(launch, task, [&](std::uint32_t at, std::uint32_t sum) {
        if (sum != 0) atomicAdd(wide + at, static_cast<unsigned long long>(sum));
      });
    } else if (launch.parts > 1) {
      for_each_sum(launch, task, [&](std::uint32_t at, std::uint32_t sum) {
        if (sum != 0) atomicAdd(narrow + at, sum);
      });
    } else {
      for_each_sum(launch, task, [&](std::uint32_t at, std::uint32_t sum) { narrow[at] = sum; });
    }
  }

 private:
  static constexpr std::uint32_t kCounterBytes = sizeof(std::uint32_t);

  static __device__ std::uint32_t* counter(std::uint32_t byte) {
    return reinterpret_cast<std::uint32_t*>(code_memory + byte);
  }
  /// body(counter in the workspace, sum of its copies) for every counter that is this thread's.
  template <class Body>
  __device__ void for_each_sum(const CountLaunch& launch, const CountTask& task, Body body) const {
    const std::uint32_t tile_slots = task.tile.slots(), counters = lines_ * row_bytes_ / kCounterBytes;
    if (tile_slots == slots_ && slots_ == launch.tiling.slots) {  // as they lie
      for (std::uint32_t at = threadIdx.x; at < counters; at += blockDim.x) body(at, *counter(at * kCounterBytes));
      return;
    }
    const std::uint32_t groups = counters / slots_;
    const bool one_slot = tile_slots == 1 && slots_ >= 4 && (slots_ & (slots_ - 1)) == 0;
    std::uint32_t slot = threadIdx.x % tile_slots;
    for (std::uint32_t group = threadIdx.x / tile_slots; group < groups;) {
      body(group * launch.tiling.slots + slot, one_slot ? sum_of_slots(group) : sum_of_copies(group, slot, tile_slots));
      group += blockDim.x / tile_slots, slot += blockDim.x % tile_slots;
      if (slot >= tile_slots) slot -= tile_slots, ++group;
    }
  }
  /// Neighbouring threads begin with different words, which lie in different banks.
  __device__ std::uint32_t sum_of_slots(std::uint32_t group) const {
    const auto* words = reinterpret_cast<const uint4*>(code_memory + group * slots_ * kCounterBytes);
    const std::uint32_t size = slots_ / 4;
    std::uint32_t sum = 0;
    for (std::uint32_t k = 0; k < size; ++k) {
      const uint4 four = words[(k + group) & (size - 1)];
      sum += four.x + four.y + four.z + four.w;
    }
    return sum;
  }
  __device__ std::uint32_t sum_of_copies(std::uint32_t group, std::uint32_t slot, std::uint32_t tile_slots) const {
    std::uint32_t sum = 0;
    for (std::uint32_t at = slot; at + tile_slots <= slots_ + slot; at += tile_slots) {
      sum += *counter((group * slots_ + at) * kCounterBytes);
    }
    return sum;
  }

  std::uint32_t first_line_, lines_, last_x_, last_y_, slots_, column_bytes_, row_bytes_;
};

}  // namespace kullback::cuda
