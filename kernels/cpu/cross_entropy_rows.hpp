#pragma once

#include "kernels/cpu/row_side.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/loss.hpp"

/// The cross-entropy engine: rows [first, last) of a job on one thread. Each row is read from memory once, its gradient
/// written once.
namespace kullback::cpu {

template <class T> struct alignas(64) CrossEntropyBlock {
  BlockArray<T> x, term, gradient;
  BlockArray<double> remainder;
};

/// sum of -log q over the columns, whose terms are all >= 0.
template <class T> static double sum_of_nll(const Side<T>& side, CrossEntropyBlock<T>& b) {
  const std::int64_t cols = side.view.cols;
  const Shift<T> shift(side);
  CompensatedSum<double> sum;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.max, b.x);
#pragma omp simd
    for (std::int64_t i = 0; i < padded(n); ++i) b.term[i] = -shift(b.x[i]).hi;
    sum.add(block_sum(b.term, padded(n)));
  }
  return sum.value() + static_cast<double>(cols) * side.log_sum;
}

/// dL/dx_j = factor (q_j - t_j).
template <class T>
static void write_gradient(const CrossEntropyJob& job, const CrossEntropyPlan& plan, const Side<T>& side,
                           std::int64_t label, CrossEntropyBlock<T>& b) {
  const std::int64_t cols = side.view.cols;
  const T factor = static_cast<T>(plan.gradient_factor);
  const T uniform = static_cast<T>(plan.smoothing / static_cast<double>(cols));
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.pad(), b.x);
    fill_side(side, b.x, b.remainder, padded(n), false, b.gradient, b.term);
    const T q_label = label >= c && label < c + n ? b.gradient[label - c] : T(0);
    for (std::int64_t i = 0; i < n; ++i) b.gradient[i] = factor * (b.gradient[i] - uniform);
    if (label >= c && label < c + n) {
      const double entry = label_gradient(side, b.x[label - c], static_cast<double>(q_label), plan.smoothing, cols);
      b.gradient[label - c] = static_cast<T>(plan.gradient_factor * entry);
    }
    for (std::int64_t i = 0; i < n; ++i) b.gradient[i] = b.x[i] > -kInf<T> ? b.gradient[i] : T(0);
    store_block(job.output.gradient, side.row, c, n, b.gradient);
  }
}

/// False, with nothing written, for a row that needs a wider type.
template <class T>
static bool one_loss(const CrossEntropyJob& job, const CrossEntropyPlan& plan, Side<T>& side, std::int64_t row,
                     CrossEntropyBlock<T>& b) {
  const Label label = read_label(job.labels, row, job.logits.cols, job.options.ignore_index);
  std::uint8_t status = label.status;
  double loss = 0;
  if (status == status_ignored) {
    fill_row(job.output.gradient, row, T(0));
  } else {
    if (job.logits.cols > 0) {
      prepare_row(side, row, b.x, b.term, b.remainder);
      status |= side.status;
      if (leaves_float(side)) return false;
    }
    if (status != status_ok) {
      loss = kNaN<double>;
      fill_row(job.output.gradient, row, kNaN<T>);
    } else {
      if (plan.smoothing < 1) loss = (1 - plan.smoothing) * (0.0 - log_probability_at(side, label.index));
      if (plan.smoothing > 0 && job.output.loss.data != nullptr) {
        loss += plan.smoothing * (sum_of_nll(side, b) / static_cast<double>(job.logits.cols));
      }
      if (job.output.gradient.data != nullptr) write_gradient(job, plan, side, label.index, b);
    }
  }
  if (job.output.status != nullptr) job.output.status[row] = status;
  if (plan.row_loss != nullptr) plan.row_loss[row] = loss;
  if (job.output.loss.data != nullptr && job.options.reduction == Reduction::none) {
    store_value(job.output.loss.data, job.output.loss.dtype, row, loss);
  }
  return true;
}

template <class T>
static void cross_entropy_range_as(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first,
                                   std::int64_t last) {
  CrossEntropyBlock<T> block;
  Side<T> side = side_of<T>(job.logits, Form::softmax, job.options.temperature, false);
  for (std::int64_t row = first; row < last; ++row) {
    if (!one_loss(job, plan, side, row, block)) cross_entropy_range_as<double>(job, plan, row, row + 1);
  }
}

static void cross_entropy_range(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first,
                                std::int64_t last) {
  const bool gradient = job.output.gradient.data != nullptr;
  if (job.logits.dtype == DType::f64 || (gradient && gradient_leaves_float(plan.gradient_factor))) {
    cross_entropy_range_as<double>(job, plan, first, last);
  } else {
    cross_entropy_range_as<float>(job, plan, first, last);
  }
}

}  // namespace kullback::cpu
