/// Measures whose columns are distributions of their own, on the GPU: one kernel does all rows.
#include <algorithm>

#include "kernels/cuda/column_kernels.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/policy.hpp"

namespace kullback::cuda {
namespace {

template <class Job>
void launch_rows(void (*kernel)(Job, int), const Job& job, std::int64_t terms_of_row, Stream stream) {
  const std::int64_t rows = job.values.size;
  if (rows == 0) return;
  const int row_threads = terms_of_row > kRowPolicy.warp_columns ? kColumnThreads : lanes_for(terms_of_row);
  const std::int64_t rows_of_block = kColumnThreads / row_threads;
  const std::int64_t blocks = std::min((rows + rows_of_block - 1) / rows_of_block, kMostBlocksOfGrid);
  launch(kernel, {blocks, kColumnThreads}, stream, job, row_threads);
}

}  // namespace

void gaussian_kl(const GaussianKlJob& job, Stream stream) { launch_rows(kGaussianKl, job, job.p.cols / 2, stream); }

void binary_cross_entropy(const BinaryCrossEntropyJob& job, Stream stream) {
  launch_rows(kBinaryCrossEntropy, job, job.q.cols, stream);
}

}  // namespace kullback::cuda
