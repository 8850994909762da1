#pragma once

#include <optional>

#include "kernels/cuda/row_selection.hpp"
#include "kernels/engines.hpp"
#include "kernels/math/row_side.hpp"

/// What the host's part of the cross-entropy engine knows of its kernels.
namespace kullback::cuda {

/// A call as its kernels see it.
struct LossLaunch {
  CrossEntropyJob job;
  Scale<float> scale;
  Scale<double> wide_scale;
  const std::int64_t* valid_rows;  ///< on the device: what Reduction::mean divides by; null: 1
  double* row_loss;                ///< one per row, for the reductions; may be null
  int row_threads;                 ///< of one row: some lanes of a warp, or a block
  bool resident;                   ///< the row fits shared memory
  std::uint32_t ring_bytes;        ///< shared memory of a row
  RowSelection selection;
};

struct LossKernel {
  void (*kernel)(LossLaunch launch);
  int large_block_threads;
  int chunk_columns;
};
extern const LossKernel kLossF32, kLossF16, kLossBf16, kLossF64, kLossWide;

/// Before and after the rows: labels that are not ignored are counted, losses of rows are reduced in a fixed order.
struct LossReduction {
  const double* row_loss;
  std::int64_t rows;
  double* partial;  ///< two doubles for every kReducedRows rows
  const std::int64_t* valid_rows;
  bool mean;
  MutableVectorView loss;
};
inline constexpr std::int64_t kReducedRows = 8192;  ///< of a block
inline constexpr int kReduceThreads = 256;
extern void (*const kCountValid)(VectorView labels, std::optional<std::int64_t> ignored, std::int64_t* count);
extern void (*const kReduceLosses)(LossReduction reduction);
extern void (*const kFinishLoss)(LossReduction reduction);

}  // namespace kullback::cuda
