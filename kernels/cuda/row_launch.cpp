#include "kernels/cuda/row_launch.hpp"

#include <algorithm>

#include "kernels/policy.hpp"

namespace kullback::cuda {
namespace {

std::int64_t element_bytes(const MatrixView& view) { return static_cast<std::int64_t>(size_of(view.dtype)); }

/// Shared memory of a row that stays on chip: its words, one more for its misalignment.
std::int64_t image_bytes(const MatrixView& view) {
  return (view.cols * element_bytes(view) + kWordBytes - 1) / kWordBytes * kWordBytes + kWordBytes;
}

}  // namespace

RowShape row_shape(std::initializer_list<const MatrixView*> sides, std::int64_t rows, std::int64_t cols,
                   std::int64_t most_blocks, int large_block_threads, int chunk_columns, const DeviceLimits& limits) {
  constexpr std::int64_t kReserved = 8 << 10;              // for the kernels' own reductions
  most_blocks = std::min(most_blocks, kMostBlocksOfGrid);  // the kernels stride over the rows that are left
  const std::int64_t most_shared = limits.shared_bytes_per_block - kReserved;
  RowShape shape{};
  const auto fill = [&](auto bytes_of) {
    std::int64_t total = 0;
    std::size_t k = 0;
    for (const MatrixView* view : sides) {
      const std::int64_t bytes = view == nullptr ? 0 : bytes_of(*view);
      shape.ring_bytes[k++] = static_cast<std::uint32_t>(bytes);
      total += bytes;
    }
    return total;
  };
  std::int64_t shared = fill(image_bytes);
  shape.row_threads = lanes_for(cols);
  const std::int64_t tile_rows = kRowPolicy.warp_block_threads / shape.row_threads;
  if (cols <= kRowPolicy.warp_columns && shared * tile_rows <= most_shared) {
    shape.resident = true;
    const std::int64_t tiles = (rows + tile_rows - 1) / tile_rows;
    shape.launch = {std::min(tiles, most_blocks), kRowPolicy.warp_block_threads,
                    static_cast<std::size_t>(shared * tile_rows)};
    return shape;
  }
  shape.resident = shared <= most_shared;
  const auto ring = [&](int threads) {
    const std::int64_t chunk = std::int64_t{chunk_columns} * threads;
    return fill(
        [&](const MatrixView& view) { return (element_bytes(view) * chunk + kWordBytes) * kRowPolicy.ring_chunks; });
  };
  bool small = cols <= kRowPolicy.small_block_columns;
  if (!shape.resident) {
    shared = ring(small ? kSmallBlock : large_block_threads);
    // Devices of 64 or 99 KiB do not hold the chunks of so many threads.
    if (shared > most_shared) small = true, shared = ring(kSmallBlock);
  }
  shape.row_threads = small ? kSmallBlock : large_block_threads;
  shape.launch = {std::min(rows, most_blocks), shape.row_threads, static_cast<std::size_t>(shared)};
  return shape;
}

}  // namespace kullback::cuda
