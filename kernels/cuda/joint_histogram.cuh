#pragma once

#include <type_traits>

#include "kernels/cuda/block_table.cuh"
#include "kernels/cuda/code_run.cuh"
#include "kernels/cuda/code_stage.cuh"

/// Counting joint histograms: a block counts some samples of a tile into counters in shared memory, then adds them to
/// the tile's in the workspace. Which lane counts what is in code_tiles.hpp; counts are integers, so it does not show.
namespace kullback::cuda {

/// A lane's share of a tile of vectors: four samples at a time, into one of the copies of the table.
template <class Codes> class PairLane {
 public:
  using X = StagedVector;
  using Y = StagedVector;
  static constexpr int kX = 1, kY = 1;

  __device__ PairLane(const CountLaunch& launch, const CountTask&, const BlockTable<1, 1>& table)
      : x_(launch.x.dtype),
        y_(launch.y.dtype),
        start_{table.start_x(0, static_cast<int>(threadIdx.x) % launch.slots)} {}

  template <bool kBanded>
  __device__ void count(const BlockTable<1, 1>& table, const StagedChunk& x, const StagedChunk& y, int samples) const {
    constexpr int kAtOnce = 4, kColumns[kAtOnce] = {0, 1, 2, 3};
    const int rank = static_cast<int>(threadIdx.x), step = static_cast<int>(blockDim.x);
    const int whole = samples / kAtOnce * kAtOnce;
    typename Codes::Run run_x(x.at(kAtOnce * rank), x_, kAtOnce), run_y(y.at(kAtOnce * rank), y_, kAtOnce);
    const std::uint32_t step_x = kAtOnce * step * x.pitch, step_y = kAtOnce * step * y.pitch;
    for (int s = kAtOnce * rank; s < whole; s += kAtOnce * step) {
      std::uint32_t codes_x[kAtOnce], codes_y[kAtOnce];
      run_x.read(kColumns, codes_x), run_x.advance(step_x);
      run_y.read(kColumns, codes_y), run_y.advance(step_y);
#pragma unroll
      for (int k = 0; k < kAtOnce; ++k) table.count<kBanded>({codes_x[k]}, {codes_y[k]}, start_, {0});
    }
    for (int s = whole + rank; s < samples; s += step) {
      table.count<kBanded>({Codes::read(x.at(s), x_)}, {Codes::read(y.at(s), y_)}, start_, {0});
    }
  }

 private:
  DType x_, y_;
  std::uint32_t start_[1];
};

/// A lane's share of a tile of a table: one block of columns of every so many samples. Lanes of a warp that are at
/// different samples of one block take its columns in different order, so that they too meet different banks.
template <class Codes, int kBlockX, int kBlockY> class TableLane {
 public:
  using X = StagedTable;
  using Y = std::conditional_t<kBlockY == 1, StagedVector, StagedTable>;
  static constexpr int kX = kBlockX, kY = kBlockY;

  __device__ TableLane(const CountLaunch& launch, const CountTask& task, const BlockTable<kX, kY>& table)
      : x_(launch.x.dtype), y_(launch.y.dtype) {
    const int tile_slots = task.tile.slots(), copies = launch.slots / tile_slots, used = copies * tile_slots;
    const int slot = static_cast<int>(threadIdx.x) % used, round = static_cast<int>(threadIdx.x) / used;
    first_ = static_cast<int>(threadIdx.x) / tile_slots;
    step_ = static_cast<int>(blockDim.x) / used * copies;
    const BlockPosition block = Tiling::block(task.tile, slot % tile_slots);
    offset_x_ = block.x * kX * launch.x.element_bytes;
    offset_y_ = block.y * kY * launch.y.element_bytes;
    columns_x_ = min(kX, task.tile.x_cols - block.x * kX);
    columns_y_ = min(kY, task.tile.y_cols - block.y * kY);
    // Columns beyond the edge are counted as the last one, into tables that nobody reads.
#pragma unroll
    for (int i = 0; i < kX; ++i) {
      const int column = (round + i) % kX;
      column_x_[i] = min(column, columns_x_ - 1);
      start_x_[i] = table.start_x(column, slot);
    }
#pragma unroll
    for (int j = 0; j < kY; ++j) {
      const int column = (round / kX + j) % kY;
      column_y_[j] = min(column, columns_y_ - 1);
      start_y_[j] = table.start_y(column);
    }
  }

  /// Samples whose codes begin at the same place of a word go together: how to align them is found once.
  template <bool kBanded>
  __device__ void count(const BlockTable<kX, kY>& table, const StagedChunk& x, const StagedChunk& y,
                        int samples) const {
    if (first_ >= step_) return;  // threads left over
    const int period = kY == 1 ? x.period(step_) : max(x.period(step_), y.period(step_));
    for (int k = 0; k < period; ++k) {
      const int first = first_ + k * step_, step = period * step_;
      const std::uint32_t step_x = step * x.pitch, step_y = step * y.pitch;
      typename Codes::Run run_x(x.at(first) + offset_x_, x_, columns_x_);
      if constexpr (kY == 1) {
        const char* code_y = y.at(first);
        for (int s = first; s < samples; s += step) {
          std::uint32_t codes_x[kX];
          run_x.read(column_x_, codes_x), run_x.advance(step_x);
          table.template count<kBanded>(codes_x, {Codes::read(code_y, y_)}, start_x_, start_y_);
          code_y += step_y;
        }
      } else {
        typename Codes::Run run_y(y.at(first) + offset_y_, y_, columns_y_);
        for (int s = first; s < samples; s += step) {
          std::uint32_t codes_x[kX], codes_y[kY];
          run_x.read(column_x_, codes_x), run_x.advance(step_x);
          run_y.read(column_y_, codes_y), run_y.advance(step_y);
          table.template count<kBanded>(codes_x, codes_y, start_x_, start_y_);
        }
      }
    }
  }

 private:
  DType x_, y_;
  int first_, step_, offset_x_, offset_y_, columns_x_, columns_y_;
  int column_x_[kX], column_y_[kY];
  std::uint32_t start_x_[kX], start_y_[kY];
};

template <class Lane>
__global__ void __launch_bounds__(kCountThreads, 1) count_kernel(const __grid_constant__ CountLaunch launch) {
  constexpr int kAhead = kHistogramPolicy.chunks_ahead, kChunks = kAhead + 1;
  const CountTask task(launch);
  const BlockTable<Lane::kX, Lane::kY> table(launch, task);
  const bool one_side = task.tile.triangle;
  const typename Lane::X x(launch.x, launch.stage_x, task.tile.first.x, task.tile.x_cols, launch.samples);
  const typename Lane::Y y(launch.y, launch.stage_y, task.tile.first.y, task.tile.y_cols, launch.samples);
  const int chunk_bytes = launch.stage_x.bytes + launch.stage_y.bytes, chunk = launch.chunk_samples;
  const auto size_at = [&](std::int64_t first) {
    return static_cast<int>(min(task.last - first, std::int64_t{chunk}));
  };
  // A ring of chunks: where the next one goes, where the one at hand lies.
  char *const ring = code_memory + table.bytes(), *const ring_end = ring + kChunks * chunk_bytes;
  char *next = ring, *here = ring;
  std::int64_t loaded = task.first;
  const auto load_next = [&] {
    if (loaded < task.last) {
      x.load(next, loaded, size_at(loaded));
      if (!one_side) y.load(next + launch.stage_x.bytes, loaded, size_at(loaded));
    }
    __pipeline_commit();
    loaded += chunk;
    next = next + chunk_bytes == ring_end ? ring : next + chunk_bytes;
  };

  table.clear();
  const Lane lane(launch, task, table);
  for (std::int64_t first = task.first - kAhead * chunk; first < task.last; first += chunk) {
    if (first >= task.first) {
      __pipeline_wait_prior(kAhead - 1);
      __syncthreads();  // this chunk is here, the one before is done with
    }
    load_next();
    if (first < task.first) continue;
    const StagedChunk x_codes = x.chunk(here, first);
    const StagedChunk y_codes = one_side ? x_codes : y.chunk(here + launch.stage_x.bytes, first);
    if (launch.bands == 1) {
      lane.template count<false>(table, x_codes, y_codes, size_at(first));
    } else {
      lane.template count<true>(table, x_codes, y_codes, size_at(first));
    }
    here = here + chunk_bytes == ring_end ? ring : here + chunk_bytes;
  }
  __syncthreads();
  table.flush(launch, task);
}

template <class Codes> constexpr CountKernels count_kernels() {
  return {count_kernel<PairLane<Codes>>, count_kernel<TableLane<Codes, 4, 1>>, count_kernel<TableLane<Codes, 4, 4>>};
}

}  // namespace kullback::cuda
