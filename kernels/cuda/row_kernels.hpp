#pragma once

#include "kernels/cuda/row_selection.hpp"
#include "kernels/math/row_side.hpp"
#include "kernels/row_plan.hpp"

/// What the host's part of the row-wise engine knows of its kernels.
namespace kullback::cuda {

/// A call as its kernels see it.
struct RowsLaunch {
  RowsJob job;
  RowsPlan plan;
  Scale<float> scale_p, scale_q;
  Scale<double> wide_scale_p, wide_scale_q;
  bool check;                                ///< Normalize::check
  int row_threads;                           ///< of one row: some lanes of a warp, or a block
  bool resident;                             ///< the rows fit shared memory
  std::uint32_t ring_bytes_p, ring_bytes_q;  ///< shared memory of a side of one row
  RowSelection selection;
};

/// The kernels for one type of computation and one element type: for rows of some lanes and of a block, one and the
/// same where the registers suffice for both.
struct RowKernels {
  void (*lanes)(RowsLaunch launch);
  void (*block)(RowsLaunch launch);
  int large_block_threads;
  int chunk_columns;  ///< of a thread in a chunk
};
/// In float: rows of that type, or of any two 16- or 32-bit types. In double: rows of any types.
extern const RowKernels kRowsF32, kRowsF16, kRowsBf16, kRowsNarrow, kRowsWide;
/// The same for calls that ask for no sum of terms.
extern const RowKernels kFactsF32, kFactsF16, kFactsBf16, kFactsF64;

}  // namespace kullback::cuda
