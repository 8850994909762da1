/// Cross-entropy of hard labels and its gradient on the CPU: groups of rows go to the threads; the reduced loss adds
/// the rows' losses in order, so it does not depend on the threads.
#include "kernels/cpu/row_engines.hpp"
#include "kernels/math/convert.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/sum.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {
namespace {

bool reduces(const CrossEntropyJob& job) {
  return job.output.loss.data != nullptr && job.options.reduction != Reduction::none;
}

std::int64_t count_valid(const CrossEntropyJob& job) {
  if (!job.options.ignore_index) return job.logits.rows;
  std::int64_t valid = 0;
  for (std::int64_t row = 0; row < job.logits.rows; ++row) {
    valid += label_value(job.labels, row) != *job.options.ignore_index;
  }
  return valid;
}

}  // namespace

std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job) {
  return reduces(job) ? static_cast<std::size_t>(job.logits.rows) * sizeof(double) : 0;
}

void cross_entropy(const CrossEntropyJob& job) {
  const std::int64_t valid = count_valid(job);
  const bool mean = job.options.reduction == Reduction::mean;
  CrossEntropyPlan plan{};
  plan.smoothing = job.options.label_smoothing;
  plan.gradient_factor = job.options.gradient_scale / job.options.temperature;
  if (mean && valid > 0) plan.gradient_factor /= static_cast<double>(valid);
  if (reduces(job)) plan.row_loss = static_cast<double*>(job.workspace);
  const RowEngines& engines = row_engines();
  const RowTasks tasks(job.logits.rows, job.logits.cols);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    engines.cross_entropy(job, plan, tasks.first(task), tasks.last(task));
  }
  if (job.output.valid_rows != nullptr) *job.output.valid_rows = valid;
  if (!reduces(job)) return;
  CompensatedSum<double> total;
  for (std::int64_t row = 0; row < job.logits.rows; ++row) total.add(plan.row_loss[row]);
  const double divisor = mean && valid > 0 ? static_cast<double>(valid) : 1.0;
  store_value(job.output.loss.data, job.output.loss.dtype, 0, total.value() / divisor);
}

}  // namespace kullback::cpu
