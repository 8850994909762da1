#include "kernels/cuda/joint_table.hpp"

#include <algorithm>

#include "kernels/engines.hpp"
#include "kernels/math/mutual_information.hpp"

namespace kullback::cuda {
namespace {

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }
std::int64_t squares_of(const Tables& tables) {
  return ceil_div(tables.rows, kSquare) * ceil_div(tables.cols, kSquare);
}
std::int64_t blocks_for(std::int64_t threads) { return ceil_div(threads, kFinishThreads); }

/// Tables whose margins and terms may be those of probabilities.
bool may_need_shares(const Tables& tables) {
  return !tables.counted && (is_floating(tables.dtype) || tables.dtype == DType::i64);
}

}  // namespace

TableFinish::TableFinish(const Tables& tables)
    : small_(tables.counted && std::max(tables.rows, tables.cols) <= kSquare) {
  if (small_) return;
  const auto size = static_cast<std::size_t>(tables.size());
  const auto margins = static_cast<std::size_t>(tables.rows + tables.cols);
  margins_ = size * sizeof(TableTotals);
  cleared_bytes_ = shares_ = margins_ + size * margins * sizeof(std::uint64_t);
  squares_ = shares_ + (may_need_shares(tables) ? margins * sizeof(CompensatedSum<double>) : 0);
  bytes_ = squares_ + size * static_cast<std::size_t>(squares_of(tables)) * sizeof(CompensatedSum<double>);
}

void TableFinish::run(const Tables& tables, void* memory, Stream stream) const {
  if (small_) {
    int lanes = 1;
    while (lanes < std::max(tables.rows, tables.cols)) lanes *= 2;
    launch(kFinishSmall, {blocks_for(tables.size() * lanes), kFinishThreads}, stream, tables, lanes);
    return;
  }
  auto* at = static_cast<char*>(memory);
  const TableWork work = {reinterpret_cast<TableTotals*>(at), reinterpret_cast<unsigned long long*>(at + margins_),
                          reinterpret_cast<CompensatedSum<double>*>(at + shares_),
                          reinterpret_cast<CompensatedSum<double>*>(at + squares_)};
  const LaunchShape squares = {blocks_for(tables.size() * squares_of(tables) * 32), kFinishThreads};
  launch(kScanSquares, squares, stream, tables, work);
  if (may_need_shares(tables)) {
    launch(kSumShares, {blocks_for(tables.rows + tables.cols), kFinishThreads}, stream, tables, work);
    launch(kSumTotal, {1, 1}, stream, tables, work);
  }
  launch(kSumSquares, squares, stream, tables, work);
  launch(kFinish, {tables.size(), kFinishThreads}, stream, tables, work);
}

namespace {

Tables tables_of(const JointJob& job) {
  Tables tables{};
  tables.cells = job.joint.data;
  tables.dtype = job.joint.dtype;
  tables.rows = job.joint.rows, tables.cols = job.joint.cols;
  tables.row_step = job.joint.row_stride, tables.col_step = 1;
  tables.out = job.out;
  tables.unit_scale = job.unit_scale;
  return tables;
}

bool is_empty(const JointJob& job) { return job.joint.rows == 0 || job.joint.cols == 0; }

}  // namespace

std::size_t joint_workspace_bytes(const JointJob& job) {
  return is_empty(job) ? 0 : TableFinish(tables_of(job)).bytes();
}

void mutual_information_joint(const JointJob& job, Stream stream) {
  if (is_empty(job)) return set_zero(job.out, sizeof(double), stream);
  const Tables tables = tables_of(job);
  const TableFinish finish(tables);
  set_zero(job.workspace, finish.cleared_bytes(), stream);
  finish.run(tables, job.workspace, stream);
}

}  // namespace kullback::cuda
