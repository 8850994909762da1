/// Cross-entropy of hard labels and its gradient on the GPU: the valid rows are counted, their weights added up where
/// something is divided by them, one kernel does all rows, a second one those that need double, and two small ones
/// reduce the losses.
#include <algorithm>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/loss_kernels.hpp"
#include "kernels/cuda/row_launch.hpp"
#include "kernels/math/loss.hpp"
#include "kernels/policy.hpp"

namespace kullback::cuda {
namespace {

/// Where the parts of the workspace begin, in units of 8 bytes.
struct Layout {
  std::int64_t valid = 0, row_weights = 1, class_weights = 3, row_loss, partial, beyond_float, end;

  explicit Layout(const CrossEntropyJob& job) {
    const std::int64_t rows = job.logits.rows;
    const bool reduces = job.output.loss.data != nullptr && job.options.reduction != Reduction::none;
    const bool weighted = job.options.class_weights.data != nullptr;
    const std::int64_t terms = weighted ? std::max(rows, job.logits.cols) : reduces ? rows : 0;
    row_loss = weighted ? 5 : 1;
    partial = row_loss + (reduces ? rows : 0);
    beyond_float = partial + 2 * ((terms + kReducedRows - 1) / kReducedRows);
    end = beyond_float + (job.logits.dtype == DType::f64 ? 0 : rows + 1);
  }
};

/// Whether all rows are computed in double whatever their type. (A mean's divisor only makes the factor smaller, and
/// what gets too small for float is less than its smallest normal number; with weights each row looks for itself.)
bool all_wide(const CrossEntropyJob& job) {
  const bool gradient = job.output.gradient.data != nullptr;
  return has_column_options(job.options) ||
         (gradient && job.logits.dtype != DType::f64 &&
          gradient_leaves_float(job.options.gradient_scale / job.options.temperature));
}

const LossKernel& kernel_for(const CrossEntropyJob& job) {
  if (all_wide(job)) return kLossWide;
  switch (job.logits.dtype) {
    case DType::f16: return kLossF16;
    case DType::bf16: return kLossBf16;
    case DType::f64: return kLossF64;
    default: return kLossF32;
  }
}

void launch_rows(const LossKernel& kernel, LossLaunch launch, std::int64_t most_blocks, Stream stream) {
  const MatrixView& logits = launch.job.logits;
  const RowShape shape = row_shape({&logits}, logits.rows, logits.cols, most_blocks, kernel.large_block_threads,
                                   kernel.chunk_columns, device_limits());
  launch.row_threads = shape.row_threads;
  launch.resident = shape.resident;
  launch.ring_bytes = shape.ring_bytes[0];
  cuda::launch(kernel.kernel, shape.launch, stream, launch);
}

void launch_sum(const LossReduction& reduction, Stream stream) {
  cuda::launch(kReduceLosses, {(reduction.count() + kReducedRows - 1) / kReducedRows, kReduceThreads}, stream,
               reduction);
  cuda::launch(kFinishLoss, {1, kReduceThreads}, stream, reduction);
}

/// The sums of weights that the rows need, before them.
void launch_weights(LossLaunch& launch, double* workspace, const Layout& layout, Stream stream) {
  const CrossEntropyOptions& options = launch.job.options;
  LossReduction sum{};
  sum.terms = options.class_weights;
  sum.partial = workspace + layout.partial;
  if (options.label_smoothing > 0) {
    launch.class_weights = sum.sum = workspace + layout.class_weights;
    launch_sum(sum, stream);
  }
  if (options.reduction == Reduction::mean) {
    launch.row_weights = sum.sum = workspace + layout.row_weights;
    sum.labels = launch.job.labels;
    sum.ignored = options.ignore_index;
    launch_sum(sum, stream);
  }
}

}  // namespace

std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job) {
  return static_cast<std::size_t>(Layout(job).end) * sizeof(double);
}

void cross_entropy(const CrossEntropyJob& job, Stream stream) {
  const Layout layout(job);
  auto* counts = static_cast<std::int64_t*>(job.workspace);
  auto* losses = static_cast<double*>(job.workspace);  // and other sums
  const bool mean = job.options.reduction == Reduction::mean;
  const bool reduces = job.output.loss.data != nullptr && job.options.reduction != Reduction::none;
  std::int64_t* valid = job.output.valid_rows != nullptr ? job.output.valid_rows : counts + layout.valid;
  if (mean || job.output.valid_rows != nullptr) {
    set_zero(valid, sizeof(std::int64_t), stream);
    const std::int64_t blocks = std::min<std::int64_t>((job.labels.size + kReducedRows - 1) / kReducedRows,
                                                       4 * device_limits().multiprocessors);
    cuda::launch(kCountValid, {blocks, kReduceThreads}, stream, job.labels, job.options.ignore_index, valid);
  }

  LossLaunch launch{};
  launch.job = job;
  launch.scale = Scale<float>::reciprocal(job.options.temperature);
  launch.wide_scale = Scale<double>::reciprocal(job.options.temperature);
  if (mean) launch.valid_rows = valid;
  if (job.options.class_weights.data != nullptr) launch_weights(launch, losses, layout, stream);
  if (reduces) launch.row_loss = losses + layout.row_loss;
  RowSelection& selection = launch.selection;
  const bool narrow = job.logits.dtype != DType::f64 && !all_wide(job);
  if (narrow) selection.beyond_float = counts + layout.beyond_float;
  if (narrow) set_zero(selection.beyond_float, sizeof(std::int64_t), stream);
  launch_rows(kernel_for(job), launch, job.logits.rows, stream);
  if (narrow) {
    selection.only_beyond_float = true;
    launch_rows(kLossWide, launch, device_limits().multiprocessors, stream);
  }

  if (!reduces) return;
  LossReduction reduction{};
  reduction.terms = vector_view(launch.row_loss, job.logits.rows);
  reduction.partial = losses + layout.partial;
  reduction.valid_rows = launch.valid_rows;
  reduction.row_weights = launch.row_weights;
  reduction.loss = job.output.loss;
  launch_sum(reduction, stream);
}

}  // namespace kullback::cuda
