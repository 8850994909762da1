#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/math/hd.hpp"
#include "kullback/matrix_view.hpp"

/// How the pairs of columns of a call are laid out over thread blocks, lanes and tables: what the planner on the host
/// and the kernels agree on.
///
/// A tile is a group of columns of x against a group of columns of y. A lane does a block of kX x kY pairs of columns,
/// so that a code that it has read serves several tables; each block of a tile has a slot. The counters of a tile are
/// ordered [class of x][class of y][pair of the block][slot]: the lanes of a warp, one after the other in the slots,
/// then count in different banks of shared memory whatever the codes are.
namespace kullback::cuda {

/// Codes in device memory, sample by sample.
struct CodeSide {
  const char* data;
  DType dtype;
  int element_bytes;
  std::int64_t sample_bytes;  ///< from a sample to the next
  std::int64_t batch_bytes;   ///< from a pair of a batch to the next
  std::int64_t cols;          ///< 1 for a vector
  std::uint32_t classes;      ///< that can occur and are in range
  std::uint32_t lines;        ///< of a table in shared memory: the classes, and a spare one for codes out of range
};

enum class Call : std::uint8_t { pairs, label, all_pairs };

/// Column `x` of the x side with column `y` of the y side; in a batch, its pair x.
struct ColumnPair {
  std::int64_t x, y;
};

struct CodeTile {
  ColumnPair first;
  int x_cols, y_cols;      ///< at the edge fewer than a tile's
  int x_blocks, y_blocks;  ///< that they make
  bool triangle;           ///< x and y are the same columns: only blocks on and above the diagonal have slots

  KULLBACK_HD int slots() const { return triangle ? x_blocks * (x_blocks + 1) / 2 : x_blocks * y_blocks; }
};

struct BlockPosition {
  int x, y;
};

struct Tiling {
  Call call;
  int block_x, block_y;  ///< columns of a block
  int side;              ///< blocks along a tile's side that has columns to choose from
  int slots;             ///< of a tile in the workspace
  std::int64_t cols;     ///< to choose from; pairs: of the batch
  std::int64_t groups, tiles;

  KULLBACK_HD int pairs_per_block() const { return block_x * block_y; }
  KULLBACK_HD int pairs_per_tile() const { return pairs_per_block() * slots; }
  KULLBACK_HD int group_cols() const { return side * block_x; }
  KULLBACK_HD int cols_of(std::int64_t group) const {
    const std::int64_t left = cols - group * group_cols();
    return left < group_cols() ? static_cast<int>(left) : group_cols();
  }

  KULLBACK_HD CodeTile tile(std::int64_t t) const {
    if (call == Call::pairs) return {{t, t}, 1, 1, 1, 1, false};
    const ColumnPair group = call == Call::label ? ColumnPair{t, 0} : groups_of(t);
    const int x_cols = cols_of(group.x), y_cols = call == Call::label ? 1 : cols_of(group.y);
    return {{group.x * group_cols(), group.y * group_cols()},
            x_cols,
            y_cols,
            (x_cols + block_x - 1) / block_x,
            (y_cols + block_y - 1) / block_y,
            call == Call::all_pairs && group.x == group.y};
  }

  KULLBACK_HD static BlockPosition block(const CodeTile& tile, int slot) {
    if (!tile.triangle) return {slot / tile.y_blocks, slot % tile.y_blocks};
    int x = 0;
    for (int row = tile.x_blocks; slot >= row; --row) slot -= row, ++x;
    return {x, x + slot};
  }

  /// The pair whose table is the `index`-th of a tile; false where the tile has none there.
  KULLBACK_HD bool pair(const CodeTile& tile, int index, ColumnPair* pair) const {
    const int slot = index % slots, in_block = index / slots;
    if (slot >= tile.slots()) return false;
    const BlockPosition at = block(tile, slot);
    const int x = at.x * block_x + in_block % block_x, y = at.y * block_y + in_block / block_x;
    *pair = {tile.first.x + x, tile.first.y + y};
    return x < tile.x_cols && y < tile.y_cols && !(tile.triangle && y < x);
  }

 private:
  /// Tile t of the upper triangle of groups x groups: row x has groups - x of them.
  KULLBACK_HD ColumnPair groups_of(std::int64_t t) const {
    const double n = static_cast<double>(groups) + 0.5;
    auto x = static_cast<std::int64_t>(n - std::sqrt(n * n - 2 * static_cast<double>(t)));  // up to its rounding
    while (x > 0 && first_of_row(x) > t) --x;
    while (first_of_row(x + 1) <= t) ++x;
    return {x, x + t - first_of_row(x)};
  }
  KULLBACK_HD std::int64_t first_of_row(std::int64_t x) const { return x * groups - x * (x - 1) / 2; }
};

}  // namespace kullback::cuda
