#pragma once

#include "kernels/cuda/code_tiles.hpp"
#include "kernels/math/sum.hpp"

/// What the host's part knows of the kernels that turn joint tables into mutual information.
namespace kullback::cuda {

/// Tables of one shape that are finished together: those that tiles were counted into, or the one that a call gave.
struct Tables {
  const void* cells;
  DType dtype;
  std::int64_t rows, cols, row_step, col_step;  ///< steps in cells
  bool counted;
  Tiling tiling;  ///< counted: of tiles [first_tile, first_tile + tiles), each of tile_cells
  std::int64_t first_tile, tiles, tile_cells;
  std::int64_t samples;  ///< counted: a table with fewer has met a code out of range
  double* out;
  std::int64_t out_stride;
  double unit_scale;

  KULLBACK_HD std::int64_t size() const { return counted ? tiles * tiling.pairs_per_tile() : 1; }
};

/// What is known of a table as a whole.
struct TableTotals {
  unsigned long long low, high;  ///< the sums of its counts' low 32 bits and of the others
  unsigned long long largest;    ///< the bits of its largest entry as a double
  unsigned long long refused;    ///< it has an entry that is negative or not finite
  TwoTerms<double> total;        ///< of its entries, scaled
};

/// Memory for tables that are finished in steps.
struct TableWork {
  TableTotals* totals;              ///< of each table
  unsigned long long* margins;      ///< of each table, of its rows, then of its columns
  CompensatedSum<double>* shares;   ///< the same for probabilities
  CompensatedSum<double>* squares;  ///< of each table
};

inline constexpr int kFinishThreads = 256;

/// Counted tables of at most kSquare rows and columns: `lanes` lanes each.
extern void (*const kFinishSmall)(Tables tables, int lanes);

/// Others in steps. A warp to a square: its counts into the margins and the totals, which have been cleared.
extern void (*const kScanSquares)(Tables tables, TableWork work);
/// Margins and total of probabilities, and of counts whose total is beyond 64 bits: a thread to a margin; one block.
extern void (*const kSumShares)(Tables tables, TableWork work);
extern void (*const kSumTotal)(Tables tables, TableWork work);
/// The terms, a warp to a square; the results, a block to a table.
extern void (*const kSumSquares)(Tables tables, TableWork work);
extern void (*const kFinish)(Tables tables, TableWork work);

}  // namespace kullback::cuda
