/// Cross-entropy of hard labels and its gradient on the CPU: groups of rows go to the threads; the reduced loss adds
/// the rows' losses in order, so it does not depend on the threads.
#include <omp.h>

#include "kernels/cpu/loss_reduction.hpp"
#include "kernels/cpu/row_engines.hpp"
#include "kernels/math/loss.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {
namespace {

std::int64_t losses_of(const CrossEntropyJob& job) {
  return reduces(job.output.loss, job.options.reduction) ? job.logits.rows : 0;
}
std::int64_t capped_of(const CrossEntropyJob& job) { return job.options.softcap > 0 ? job.logits.cols : 0; }

DoubleDouble sum_of_class_weights(const VectorView& weights) {
  CompensatedSum<double> sum;
  if (weights.data == nullptr) return {0, 0};
  for (std::int64_t j = 0; j < weights.size; ++j) sum.add(class_weight(weights, j));
  return sum.two_terms();
}

/// Of the classes of the rows whose label is a class.
double sum_of_row_weights(const CrossEntropyJob& job) {
  CompensatedSum<double> sum;
  for (std::int64_t row = 0; row < job.logits.rows; ++row) {
    const Label label = read_label(job.labels, row, job.logits.cols, job.options.ignore_index);
    if (label.status == status_ok) sum.add(class_weight(job.options.class_weights, label.index));
  }
  return sum.value();
}

}  // namespace

std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job) {
  return static_cast<std::size_t>(losses_of(job) + capped_of(job) * job.threads) * sizeof(double);
}

void cross_entropy(const CrossEntropyJob& job) {
  const std::int64_t valid = count_valid(job.labels, job.options.ignore_index, job.logits.rows);
  const bool weighted = job.options.class_weights.data != nullptr;
  const double weights = weighted ? sum_of_row_weights(job) : static_cast<double>(valid);
  const double divisor = loss_divisor(job.options.reduction, valid, weights);
  CrossEntropyPlan plan{};
  plan.gradient_factor = job.options.gradient_scale / job.options.temperature / divisor;
  plan.class_weights = sum_of_class_weights(job.options.class_weights);
  auto* workspace = static_cast<double*>(job.workspace);
  if (losses_of(job) > 0) plan.row_loss = workspace;
  double* capped = workspace + losses_of(job);
  const RowEngines& engines = row_engines();
  const RowTasks tasks(job.logits.rows, job.logits.cols);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    engines.cross_entropy(job, plan, tasks.first(task), tasks.last(task),
                          capped_of(job) > 0 ? capped + omp_get_thread_num() * capped_of(job) : nullptr);
  }
  if (job.output.valid_rows != nullptr) *job.output.valid_rows = valid;
  if (reduces(job.output.loss, job.options.reduction)) {
    store_reduced(job.output.loss, plan.row_loss, job.logits.rows, divisor);
  }
}

}  // namespace kullback::cpu
