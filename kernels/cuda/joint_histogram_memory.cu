#include "kernels/cuda/code_run.cuh"
#include "kernels/cuda/histogram_kernels.hpp"

/// Joint histograms whose tables do not fit shared memory: counted in the workspace, a pair of columns to a tile.
namespace kullback::cuda {
namespace {

constexpr int kAtOnce = 4;  // samples of a thread whose loads are under way together

/// Adds one to the cell of every lane; lanes that have a cell in common do it together, since the memory would take
/// them one by one. All lanes of the warp call, those without a sample with a `cell` beyond the table.
__device__ void add_cells(const CountLaunch& launch, std::int64_t table, std::uint32_t cells, std::uint32_t cell) {
  const unsigned same = __match_any_sync(~0u, cell);
  if (cell >= cells || __ffs(static_cast<int>(same)) - 1 != static_cast<int>(threadIdx.x % 32)) return;
  const unsigned count = __popc(same);
  if (launch.wide) {
    atomicAdd(static_cast<unsigned long long*>(launch.counters) + table + cell, static_cast<unsigned long long>(count));
  } else {
    atomicAdd(static_cast<std::uint32_t*>(launch.counters) + table + cell, count);
  }
}

__global__ void __launch_bounds__(kCountThreads) count_in_memory_kernel(const __grid_constant__ CountLaunch launch) {
  const unsigned tile_index = blockIdx.x % launch.tiles, part = blockIdx.x / launch.tiles;
  const CodeTile tile = launch.tiling.tile(launch.first_tile + tile_index);
  const bool batch = launch.tiling.call == Call::pairs;
  const auto data = [&](const CodeSide& side, std::int64_t at) {
    return side.data + at * (batch ? side.batch_bytes : side.element_bytes);
  };
  const char *x = data(launch.x, tile.first.x), *y = data(launch.y, tile.first.y);
  const std::int64_t first = part * launch.part_samples, last = min(first + launch.part_samples, launch.samples);
  const std::uint32_t classes_x = launch.x.classes, classes_y = launch.y.classes, cells = classes_x * classes_y;
  const std::int64_t table = tile_index * launch.tile_counters, step = blockDim.x;
  for (std::int64_t s = first + threadIdx.x; s - threadIdx.x < last; s += kAtOnce * step) {
    std::uint32_t cell[kAtOnce];
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) {
      const std::int64_t sample = s + k * step;
      cell[k] = ~0u;
      if (sample >= last) continue;
      const std::uint32_t code_x = AnyCodes::read(x + sample * launch.x.sample_bytes, launch.x.dtype);
      const std::uint32_t code_y = AnyCodes::read(y + sample * launch.y.sample_bytes, launch.y.dtype);
      // A sample with a code out of range is missing from the table's total.
      if (code_x < classes_x && code_y < classes_y) cell[k] = code_x * classes_y + code_y;
    }
#pragma unroll
    for (int k = 0; k < kAtOnce; ++k) add_cells(launch, table, cells, cell[k]);
  }
}

}  // namespace

void (*const kCountInMemory)(CountLaunch) = count_in_memory_kernel;

}  // namespace kullback::cuda
