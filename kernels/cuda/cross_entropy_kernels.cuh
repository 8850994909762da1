#pragma once

#include "kernels/cuda/cross_entropy.cuh"
#include "kernels/cuda/row_tile.cuh"

namespace kullback::cuda {

/// A block does one long row, or a tile of short ones with some lanes each.
template <class T, class Element>
__global__ void __launch_bounds__(kLargeLossBlock<T>, 1) loss_kernel(const __grid_constant__ LossLaunch launch) {
  const MatrixView& logits = launch.job.logits;
  const MutableMatrixView& gradients = launch.job.output.gradient;
  using Feed = RowFeed<Element>;
  const RowGroup<> group(launch.row_threads);
  const bool tiled = !group.is_block();
  const int tile_rows = static_cast<int>(blockDim.x) / group.size();
  const std::int64_t rows = launch.selection.count(logits.rows);
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * tile_rows; first < rows;
       first += static_cast<std::int64_t>(gridDim.x) * tile_rows) {
    const int here = static_cast<int>(min(rows - first, static_cast<std::int64_t>(tile_rows)));
    const TileSide tile(launch.selection, logits, first, here, row_memory, launch.ring_bytes);
    if (tiled) {
      tile.load();
      __pipeline_commit();
      __pipeline_wait_prior(0);
      __syncthreads();
    }
    // Groups without a row go along for the others' shuffles.
    const int own = static_cast<int>(threadIdx.x) / group.size(), r = min(own, here - 1);
    const std::int64_t row = launch.selection.row(first + r), cols = own < here ? logits.cols : 0;
    const char* data = row_data(logits, row);
    const StreamedSide side(data, logits.dtype, logits.cols, Feed::chunk_columns(), tiled ? tile.row(r) : row_memory,
                            launch.resident);
    const StreamedSide none(nullptr, logits.dtype, 0, Feed::chunk_columns(), row_memory, launch.resident);
    Feed feed(group, cols, side, none, launch.resident, tiled);
    char* gradient = gradient_row(launch, row);
    const bool in_place =
        tiled ? gradient != nullptr && tile.fits(gradients) : misalignment(gradient) == misalignment(data);
    LossWorker<T, Element>(launch, feed).run(row, own < here, gradient, in_place);
    __syncthreads();
    if (!tiled || !in_place) continue;
    tile.store(gradients);
    __syncthreads();  // the next rows take the place of these
  }
}

template <class T, class Element> constexpr LossKernel loss_kernel_of() {
  return {loss_kernel<T, Element>, kLargeLossBlock<T>, kChunkColumns<Element>};
}

}  // namespace kullback::cuda
