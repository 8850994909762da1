/// Weighted sums of measures and their gradients on the CPU: groups of rows go to the threads.
#include <omp.h>

#include "kernels/cpu/loss_reduction.hpp"
#include "kernels/cpu/row_engines.hpp"
#include "kernels/measures/slopes.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t bytes_of_losses(const DivergenceLossJob& job) {
  const std::size_t bytes = static_cast<std::size_t>(job.rows.rows) * sizeof(double);
  return reduces(job.output.loss, job.reduction) ? (bytes + kAlignment - 1) / kAlignment * kAlignment : 0;
}

bool has_gradients(const DivergenceLossJob& job) {
  return job.output.gradient_p.data != nullptr || job.output.gradient_q.data != nullptr;
}

/// Of one thread: the slopes of two rows.
std::size_t bytes_of_slopes(const DivergenceLossJob& job) {
  constexpr std::int64_t kLanes = kRowPolicy.lanes;
  const std::int64_t padded = (job.rows.cols + kLanes - 1) / kLanes * kLanes;
  return has_gradients(job) ? 2 * static_cast<std::size_t>(padded) * sizeof(double) : 0;
}

unsigned slope_fields(const DivergenceLossJob& job) {
  unsigned fields = 0;
  for (Measure m : job.rows.measures) {
    with_measure(AllMeasures{}, m, [&](auto measure) {
      using M = SlopeOf<decltype(measure)>;
      if constexpr (kHasSlope<M>) fields |= M::kSlopeFields;
    });
  }
  return has_gradients(job) ? fields : 0;
}

}  // namespace

std::size_t divergence_loss_workspace_bytes(const DivergenceLossJob& job) {
  return bytes_of_losses(job) + bytes_of_slopes(job) * static_cast<std::size_t>(job.rows.threads);
}

void divergence_loss(const DivergenceLossJob& job) {
  const RowsJob& rows = job.rows;
  const std::int64_t valid = count_valid(rows.labels, rows.options.ignore_index, rows.rows);
  const bool reduced = reduces(job.output.loss, job.reduction);
  const double divisor = loss_divisor(job.reduction, valid, static_cast<double>(valid));
  DivergenceLossPlan plan{plan_of(rows, slope_fields(job)), job.gradient_scale / divisor, nullptr};
  if (reduced) plan.row_loss = static_cast<double*>(job.workspace);
  char* slopes = static_cast<char*>(job.workspace) + bytes_of_losses(job);
  const std::size_t own = bytes_of_slopes(job);
  const RowEngines& engines = row_engines();
  const RowTasks tasks(rows.rows, rows.cols);
#pragma omp parallel for schedule(dynamic) num_threads(rows.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    engines.divergence_loss(job, plan, tasks.first(task), tasks.last(task),
                            slopes + own * static_cast<std::size_t>(omp_get_thread_num()));
  }
  if (job.output.valid_rows != nullptr) *job.output.valid_rows = valid;
  if (reduced) store_reduced(job.output.loss, plan.row_loss, rows.rows, divisor);
}

}  // namespace kullback::cpu
