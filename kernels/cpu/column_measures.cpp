/// Measures whose columns are distributions of their own, on the CPU: groups of rows go to the threads.
#include "kernels/cpu/column_engines.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {
namespace {

const ColumnEngines& column_engines() {
#if defined(KULLBACK_DISPATCH)
  if (detect_isa() == Isa::avx512) return kAvx512ColumnEngines;
  if (detect_isa() == Isa::avx2) return kAvx2ColumnEngines;
#endif
  return kBaselineColumnEngines;
}

template <class Job>
void run(const Job& job, std::int64_t cols, void (*engine)(const Job&, std::int64_t, std::int64_t)) {
  const RowTasks tasks(job.values.size, cols);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) engine(job, tasks.first(task), tasks.last(task));
}

}  // namespace

void gaussian_kl(const GaussianKlJob& job) { run(job, job.p.cols, column_engines().gaussian_kl); }

void binary_cross_entropy(const BinaryCrossEntropyJob& job) {
  run(job, job.q.cols, column_engines().binary_cross_entropy);
}

}  // namespace kullback::cpu
