#pragma once

#include "kernels/cuda/row_tile.cuh"
#include "kernels/cuda/rowwise.cuh"

namespace kullback::cuda {

/// Long rows: one block each, of up to kThreads threads.
template <class T, class Element, bool kTerms, int kThreads>
__global__ void __launch_bounds__(kThreads, 1) rows_block_kernel(const __grid_constant__ RowsLaunch launch) {
  const RowsJob& job = launch.job;
  const RowsPlan& plan = launch.plan;
  using Feed = BlockFeed<Element>;
  const std::int64_t rows = launch.selection.count(job.rows);
  for (std::int64_t i = blockIdx.x; i < rows; i += gridDim.x) {
    const std::int64_t row = launch.selection.row(i);
    const auto side = [&](bool read, const MatrixView& view, char* memory) {
      return StreamedSide(read ? row_data(view, row) : nullptr, view.dtype, job.cols, Feed::chunk_columns(), memory,
                          launch.resident);
    };
    Feed feed(job.cols, side(plan.p, job.p, row_memory), side(plan.q, job.q, row_memory + launch.ring_bytes_p),
              launch.resident);
    RowWorker<T, Element, kTerms, Feed>(launch, feed).run(row, true);
    __syncthreads();  // the next row takes this one's place
  }
}

/// Short rows: several to a warp, a tile of them to a block.
template <class T, class Element, bool kTerms>
__global__ void __launch_bounds__(kRowPolicy.warp_block_threads, 1)
    rows_warp_kernel(const __grid_constant__ RowsLaunch launch, int lanes) {
  const RowsJob& job = launch.job;
  const RowsPlan& plan = launch.plan;
  const int tile_rows = kRowPolicy.warp_block_threads / lanes;
  const std::int64_t rows = launch.selection.count(job.rows);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile_rows; first < rows;
       first += static_cast<std::int64_t>(gridDim.x) * tile_rows) {
    const int here = static_cast<int>(min(rows - first, static_cast<std::int64_t>(tile_rows)));
    const TileSide p(launch.selection, job.p, first, here, row_memory, launch.ring_bytes_p);
    const TileSide q(launch.selection, job.q, first, here, row_memory + tile_rows * launch.ring_bytes_p,
                     launch.ring_bytes_q);
    if (plan.p) p.load();
    if (plan.q) q.load();
    __pipeline_commit();
    __pipeline_wait_prior(0);
    __syncthreads();
    // Groups without a row go along for the others' shuffles.
    const int own = static_cast<int>(threadIdx.x) / lanes, r = min(own, here - 1);
    const int cols = own < here ? static_cast<int>(job.cols) : 0;
    WarpFeed<Element> feed{WarpGroup(lanes), cols, p.row(r), q.row(r)};
    RowWorker<T, Element, kTerms, WarpFeed<Element>>(launch, feed).run(launch.selection.row(first + r), own < here);
    __syncthreads();
  }
}

/// kTerms: with measures that are sums of terms; without, a row's label and normaliser are all that is asked.
template <class T, class Element, bool kTerms> constexpr RowKernels row_kernels() {
  return {rows_warp_kernel<T, Element, kTerms>, rows_block_kernel<T, Element, kTerms, kLargeRowsBlock>, kLargeRowsBlock,
          kChunkColumns<Element>};
}

}  // namespace kullback::cuda
