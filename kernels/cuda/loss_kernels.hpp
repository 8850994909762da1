#pragma once

#include <optional>

#include "kernels/cuda/row_selection.hpp"
#include "kernels/engines.hpp"
#include "kernels/math/loss.hpp"

/// What the host's part of the cross-entropy engine knows of its kernels.
namespace kullback::cuda {

/// A call as its kernels see it.
struct LossLaunch {
  CrossEntropyJob job;
  Scale<float> scale;
  Scale<double> wide_scale;
  // On the device, two doubles for each sum:
  const std::int64_t* valid_rows;  ///< for Reduction::mean: their number, null otherwise; 0: nothing is divided
  const double* row_weights;       ///< what it divides by if not by that: the sum of their classes' weights, or null
  const double* class_weights;     ///< the sum of all classes', where labels are smoothed, or null
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

/// Before and after the rows: labels that are not ignored are counted, their classes' weights, all classes' weights and
/// the rows' losses are added up in a fixed order.
struct LossReduction {
  VectorView terms;   ///< losses, or the weights of classes, float32 or float64
  VectorView labels;  ///< if there are any, each adds its term, if it has one
  std::optional<std::int64_t> ignored;
  double* partial;  ///< two doubles for every kReducedRows terms
  double* sum;      ///< two doubles; null if it is a loss:
  const std::int64_t* valid_rows;
  const double* row_weights;  ///< both as in LossLaunch
  MutableVectorView loss;

  KULLBACK_HD std::int64_t count() const { return labels.data != nullptr ? labels.size : terms.size; }
};
/// What the sum of the losses is divided by.
KULLBACK_HD double loss_divisor(const std::int64_t* valid_rows, const double* row_weights) {
  if (valid_rows == nullptr || *valid_rows == 0) return 1;
  return mean_divisor(row_weights != nullptr ? *row_weights : static_cast<double>(*valid_rows));
}
inline constexpr std::int64_t kReducedRows = 8192;  ///< of a block
inline constexpr int kReduceThreads = 256;
extern void (*const kCountValid)(VectorView labels, std::optional<std::int64_t> ignored, std::int64_t* count);
extern void (*const kReduceLosses)(LossReduction reduction);
extern void (*const kFinishLoss)(LossReduction reduction);

}  // namespace kullback::cuda
