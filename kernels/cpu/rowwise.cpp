/// Row-wise measures on the CPU: groups of rows go to the threads. Rows are independent and one thread does a whole
/// row, so bits do not depend on the batch or the threads.
#include "kernels/cpu/row_engines.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {

void rows(const RowsJob& job) {
  const RowsPlan plan = plan_of(job);
  const RowEngines& engines = row_engines();
  const RowTasks tasks(job.rows, job.cols);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    engines.rows(job, plan, tasks.first(task), tasks.last(task));
  }
}

}  // namespace kullback::cpu
