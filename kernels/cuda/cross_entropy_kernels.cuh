#pragma once

#include "kernels/cuda/cross_entropy.cuh"
#include "kernels/cuda/row_tile.cuh"

namespace kullback::cuda {

/// Long rows: one block each, of up to kThreads threads.
template <class T, class Element, int kThreads>
__global__ void __launch_bounds__(kThreads, 1) loss_block_kernel(const __grid_constant__ LossLaunch launch) {
  const MatrixView& logits = launch.job.logits;
  using Feed = BlockFeed<Element>;
  const std::int64_t rows = launch.selection.count(logits.rows);
  for (std::int64_t i = blockIdx.x; i < rows; i += gridDim.x) {
    const std::int64_t row = launch.selection.row(i);
    const char* data = row_data(logits, row);
    const StreamedSide side(data, logits.dtype, logits.cols, Feed::chunk_columns(), row_memory, launch.resident);
    const StreamedSide none(nullptr, logits.dtype, 0, Feed::chunk_columns(), row_memory, launch.resident);
    Feed feed(logits.cols, side, none, launch.resident);
    char* gradient = gradient_row(launch, row);
    const bool in_place = misalignment(gradient) == misalignment(data);
    LossWorker<T, Element, Feed>(launch, feed).run(row, true, gradient, in_place);
    __syncthreads();  // the next row takes this one's place
  }
}

/// Short rows: several to a warp, a tile of them to a block.
template <class T, class Element>
__global__ void __launch_bounds__(kRowPolicy.warp_block_threads, 1)
    loss_warp_kernel(const __grid_constant__ LossLaunch launch, int lanes) {
  const MatrixView& logits = launch.job.logits;
  const MutableMatrixView& gradient = launch.job.output.gradient;
  const int tile_rows = kRowPolicy.warp_block_threads / lanes;
  const std::int64_t rows = launch.selection.count(logits.rows);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile_rows; first < rows;
       first += static_cast<std::int64_t>(gridDim.x) * tile_rows) {
    const int here = static_cast<int>(min(rows - first, static_cast<std::int64_t>(tile_rows)));
    const TileSide tile(launch.selection, logits, first, here, row_memory, launch.ring_bytes);
    tile.load();
    __pipeline_commit();
    __pipeline_wait_prior(0);
    __syncthreads();
    // Groups without a row go along for the others' shuffles.
    const int own = static_cast<int>(threadIdx.x) / lanes, r = min(own, here - 1);
    const int cols = own < here ? static_cast<int>(logits.cols) : 0;
    WarpFeed<Element> feed{WarpGroup(lanes), cols, tile.row(r), nullptr};
    const std::int64_t row = launch.selection.row(first + r);
    const bool in_place = gradient.data != nullptr && tile.fits(gradient);
    LossWorker<T, Element, WarpFeed<Element>>(launch, feed).run(row, own < here, gradient_row(launch, row), in_place);
    __syncthreads();
    if (in_place) tile.store(gradient);
    __syncthreads();
  }
}

template <class T, class Element> constexpr LossKernels loss_kernels() {
  return {loss_warp_kernel<T, Element>, loss_block_kernel<T, Element, kLargeLossBlock<T>>, kLargeLossBlock<T>,
          kChunkColumns<Element>};
}

}  // namespace kullback::cuda
