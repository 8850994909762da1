/// Cross-entropy of hard labels and its gradient on the CPU: groups of rows go to the threads; the reduced loss adds
/// the rows' losses in order, so it does not depend on the threads.
#include "kernels/cpu/loss_reduction.hpp"
#include "kernels/cpu/row_engines.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {

std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job) {
  return reduces(job.output.loss, job.options.reduction) ? static_cast<std::size_t>(job.logits.rows) * sizeof(double)
                                                         : 0;
}

void cross_entropy(const CrossEntropyJob& job) {
  const std::int64_t valid = count_valid(job.labels, job.options.ignore_index, job.logits.rows);
  const bool reduced = reduces(job.output.loss, job.options.reduction);
  CrossEntropyPlan plan{};
  plan.smoothing = job.options.label_smoothing;
  plan.gradient_factor = job.options.gradient_scale / job.options.temperature;
  if (job.options.reduction == Reduction::mean && valid > 0) plan.gradient_factor /= static_cast<double>(valid);
  if (reduced) plan.row_loss = static_cast<double*>(job.workspace);
  const RowEngines& engines = row_engines();
  const RowTasks tasks(job.logits.rows, job.logits.cols);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    engines.cross_entropy(job, plan, tasks.first(task), tasks.last(task));
  }
  if (job.output.valid_rows != nullptr) *job.output.valid_rows = valid;
  if (reduced) store_reduced(job.output.loss, job.options.reduction, plan.row_loss, job.logits.rows, valid);
}

}  // namespace kullback::cpu
