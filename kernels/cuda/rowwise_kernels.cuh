#pragma once

#include "kernels/cuda/row_tile.cuh"
#include "kernels/cuda/rowwise.cuh"

namespace kullback::cuda {

/// A block does one long row, or a tile of short ones with some lanes each.
template <class T, class Element, bool kTerms, Threads kThreads>
__global__ void __launch_bounds__(kLargeRowsBlock, 1) rows_kernel(const __grid_constant__ RowsLaunch launch) {
  const RowsJob& job = launch.job;
  const RowsPlan& plan = launch.plan;
  using Feed = RowFeed<Element, kThreads>;
  const RowGroup<kThreads> group(launch.row_threads);
  const bool tiled = !group.is_block();
  const int tile_rows = static_cast<int>(blockDim.x) / group.size();
  char* const memory_q = row_memory + tile_rows * launch.ring_bytes_p;
  const std::int64_t rows = launch.selection.count(job.rows);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile_rows; first < rows;
       first += static_cast<std::int64_t>(gridDim.x) * tile_rows) {
    const int here = static_cast<int>(min(rows - first, static_cast<std::int64_t>(tile_rows)));
    const TileSide tile_p(launch.selection, job.p, first, here, row_memory, launch.ring_bytes_p);
    const TileSide tile_q(launch.selection, job.q, first, here, memory_q, launch.ring_bytes_q);
    if (tiled) {
      if (plan.p) tile_p.load();
      if (plan.q) tile_q.load();
      __pipeline_commit();
      __pipeline_wait_prior(0);
      __syncthreads();
    }
    // Groups without a row do the last one along, for the others' shuffles.
    const int own = static_cast<int>(threadIdx.x) / group.size(), r = min(own, here - 1);
    const std::int64_t row = launch.selection.row(first + r);
    const auto side = [&](bool read, const MatrixView& view, const TileSide& tile, char* memory) {
      return StreamedSide(read ? row_data(view, row) : nullptr, view.dtype, job.cols, Feed::chunk_columns(),
                          tiled ? tile.row(r) : memory, launch.resident);
    };
    Feed feed(group, job.cols, side(plan.p, job.p, tile_p, row_memory), side(plan.q, job.q, tile_q, memory_q),
              launch.resident, tiled);
    RowWorker<T, Element, kTerms, Feed>(launch, feed).run(row, own < here);
    __syncthreads();  // the next rows take the place of these
  }
}

/// kTerms: with measures that are sums of terms; without, a row's label and normaliser are all that is asked.
template <class T, class Element, bool kTerms> constexpr RowKernels row_kernels() {
  // In double the registers do not suffice for both.
  constexpr bool kBoth = sizeof(T) == sizeof(float);
  constexpr Threads kLanes = kBoth ? Threads::either : Threads::lanes,
                    kBlock = kBoth ? Threads::either : Threads::block;
  return {rows_kernel<T, Element, kTerms, kLanes>, rows_kernel<T, Element, kTerms, kBlock>, kLargeRowsBlock,
          kChunkColumns<Element>};
}

}  // namespace kullback::cuda
