/// Row-wise measures on the GPU: what a call asks is planned once, then one kernel does all rows, and a second one
/// those that turned out to need double.
#include <algorithm>

#include "kernels/cuda/row_kernels.hpp"
#include "kernels/cuda/row_launch.hpp"

namespace kullback::cuda {
namespace {

const RowKernels& kernels_for(const RowsJob& job, const RowsPlan& plan) {
  const DType p = plan.p ? job.p.dtype : job.q.dtype, q = plan.q ? job.q.dtype : job.p.dtype;
  const bool float64 = p == DType::f64 && q == DType::f64;
  // Kernels of float64's own would save a tenth of the issue slots, of computations that are bound by arithmetic.
  if (plan.wide && (plan.terms || !float64)) return kRowsWide;
  if (p != q) return kRowsNarrow;
  switch (p) {
    case DType::f16: return plan.terms ? kRowsF16 : kFactsF16;
    case DType::bf16: return plan.terms ? kRowsBf16 : kFactsBf16;
    case DType::f64: return kFactsF64;
    default: return plan.terms ? kRowsF32 : kFactsF32;
  }
}

void launch_rows(const RowKernels& kernels, RowsLaunch launch, std::int64_t most_blocks, Stream stream) {
  const RowsJob& job = launch.job;
  const RowShape shape =
      row_shape({launch.plan.p ? &job.p : nullptr, launch.plan.q ? &job.q : nullptr}, job.rows, job.cols, most_blocks,
                kernels.large_block_threads, kernels.chunk_columns, device_limits());
  launch.row_threads = shape.row_threads;
  launch.resident = shape.resident;
  launch.ring_bytes_p = shape.ring_bytes[0];
  launch.ring_bytes_q = shape.ring_bytes[1];
  const bool block = shape.row_threads == shape.launch.threads;
  cuda::launch(block ? kernels.block : kernels.lanes, shape.launch, stream, launch);
}

}  // namespace

std::size_t rows_workspace_bytes(const RowsJob& job) {
  return plan_of(job).wide ? 0 : static_cast<std::size_t>(job.rows + 1) * sizeof(std::int64_t);
}

void rows(const RowsJob& job, Stream stream) {
  RowsLaunch launch{};
  launch.job = job;
  launch.plan = plan_of(job);
  const RowsPlan& plan = launch.plan;
  launch.scale_p = Scale<float>::reciprocal(plan.temperature_p);
  launch.scale_q = Scale<float>::reciprocal(plan.temperature_q);
  launch.wide_scale_p = Scale<double>::reciprocal(plan.temperature_p);
  launch.wide_scale_q = Scale<double>::reciprocal(plan.temperature_q);
  launch.check = job.options.normalize == Normalize::check;
  RowSelection& selection = launch.selection;
  if (!plan.wide) selection.beyond_float = static_cast<std::int64_t*>(job.workspace);
  if (!plan.wide) set_zero(selection.beyond_float, sizeof(std::int64_t), stream);
  launch_rows(kernels_for(job, plan), launch, job.rows, stream);
  if (plan.wide) return;
  selection.only_beyond_float = true;
  const int multiprocessors = device_limits().multiprocessors;  // there are hardly ever any
  launch_rows(kRowsWide, launch, multiprocessors, stream);
}

}  // namespace kullback::cuda
