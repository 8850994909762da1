/// Row-wise measures on the CPU: groups of rows go to the threads. Rows are independent and one thread does a whole
/// row, so bits do not depend on the batch or the threads.
#include <omp.h>

#include "kernels/cpu/block.hpp"
#include "kernels/cpu/row_engines.hpp"
#include "kernels/policy.hpp"

namespace kullback::cpu {
namespace {

bool is_smoothed(const RowsJob& job, const MatrixView& side, Input form) {
  return job.options.smooth > 0 && side.rows > 0 && (form == Input::probs || form == Input::counts);
}

/// Of a thread: a row of doubles for each side.
std::int64_t smoothed_columns(const RowsJob& job) { return job.options.smooth > 0 ? 2 * job.cols : 0; }

MatrixView row_of(const MatrixView& side, std::int64_t row) {
  if (side.rows <= 1) return side;
  const std::int64_t bytes = row * side.row_stride * static_cast<std::int64_t>(size_of(side.dtype));
  return {static_cast<const char*>(side.data) + bytes, side.dtype, 1, side.cols, side.row_stride};
}

/// x + smooth as a row of counts, which are normalised. Negative entries stay, and are noticed.
MatrixView smoothed_row(const RowsJob& job, const MatrixView& side, std::int64_t row, double* to) {
  const double smooth = job.options.smooth;
  alignas(64) BlockArray<double> x;
  for (std::int64_t c = 0; c < side.cols; c += kBlock) {
    const std::int64_t n = block_columns(side.cols, c);
    load_block(side, side.rows == 1 ? 0 : row, c, n, 0.0, x);
    for (std::int64_t i = 0; i < n; ++i) to[c + i] = x[i] < 0 ? x[i] : x[i] + smooth;
  }
  return {to, DType::f64, 1, side.cols, side.cols};
}

/// The rows of a job with smoothing, one at a time.
class SmoothedRows {
 public:
  SmoothedRows(const RowsJob& job, double* rows) : job_(job), one_(job) {
    p_ = is_smoothed(job, job.p, job.options.input_p);
    q_ = is_smoothed(job, job.q, job.options.input_q);
    if (p_) one_.options.input_p = Input::counts, one_.p = {rows, DType::f64, 1, job.cols, job.cols};
    if (q_) one_.options.input_q = Input::counts, one_.q = {rows + job.cols, DType::f64, 1, job.cols, job.cols};
    one_.rows = one_.values.rows = 1;
    rows_ = rows;
  }

  RowsPlan plan() const { return plan_of(one_); }
  const RowsJob& at(std::int64_t row) {
    one_.p = p_ ? smoothed_row(job_, job_.p, row, rows_) : row_of(job_.p, row);
    one_.q = q_ ? smoothed_row(job_, job_.q, row, rows_ + job_.cols) : row_of(job_.q, row);
    const auto label_bytes = static_cast<std::int64_t>(size_of(job_.labels.dtype));
    if (job_.labels.data != nullptr) one_.labels.data = static_cast<const char*>(job_.labels.data) + row * label_bytes;
    const auto value_bytes = static_cast<std::int64_t>(size_of(job_.values.dtype)) * job_.values.row_stride;
    one_.values.data = static_cast<char*>(job_.values.data) + row * value_bytes;
    if (job_.status != nullptr) one_.status = job_.status + row;
    return one_;
  }

 private:
  const RowsJob& job_;
  RowsJob one_;
  double* rows_;
  bool p_, q_;
};

}  // namespace

std::size_t rows_workspace_bytes(const RowsJob& job) {
  return static_cast<std::size_t>(smoothed_columns(job) * job.threads) * sizeof(double);
}

void rows(const RowsJob& job) {
  const RowEngines& engines = row_engines();
  const RowTasks tasks(job.rows, job.cols);
  auto* smoothed = static_cast<double*>(job.workspace);
  const RowsPlan plan = job.options.smooth > 0 ? SmoothedRows(job, smoothed).plan() : plan_of(job);
#pragma omp parallel for schedule(dynamic) num_threads(job.threads) if (tasks.count > 1)
  for (std::int64_t task = 0; task < tasks.count; ++task) {
    if (job.options.smooth > 0) {
      SmoothedRows rows(job, smoothed + omp_get_thread_num() * smoothed_columns(job));
      for (std::int64_t row = tasks.first(task); row < tasks.last(task); ++row) engines.rows(rows.at(row), plan, 0, 1);
    } else {
      engines.rows(job, plan, tasks.first(task), tasks.last(task));
    }
  }
}

}  // namespace kullback::cpu
