#pragma once

#include <cstdint>
#include <initializer_list>

#include "kernels/cuda/launch.hpp"
#include "kullback/matrix_view.hpp"

namespace kullback::cuda {

/// How rows of one length are laid out over threads, blocks and shared memory.
struct RowShape {
  LaunchShape launch;
  int row_threads;              ///< of one row: lanes of a warp, a power of two, or all of the block
  bool resident;                ///< the row's sides fit shared memory
  std::uint32_t ring_bytes[2];  ///< shared memory of each side of one row
};

/// How a row is summed depends on its length, the types and the kind of device, never on the batch. `sides`: those that
/// are read, null for one that is not. `chunk_columns`: of a thread in a chunk.
RowShape row_shape(std::initializer_list<const MatrixView*> sides, std::int64_t rows, std::int64_t cols,
                   std::int64_t most_blocks, int large_block_threads, int chunk_columns, const DeviceLimits& limits);

}  // namespace kullback::cuda
