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

/// A vector's elements as the columns of a row.
static MatrixView row_of(const VectorView& v) { return {v.data, v.dtype, 1, v.size, v.size}; }

/// sum of -w log q over the columns, whose terms are all >= 0.
template <class T>
static double sum_of_nll(const CrossEntropyJob& job, const CrossEntropyPlan& plan, const Side<T>& side,
                         CrossEntropyBlock<T>& b) {
  const std::int64_t cols = side.view.cols;
  const MatrixView weights = row_of(job.options.class_weights);
  const Shift<T> shift(side);
  CompensatedSum<double> sum;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.max, b.x);
#pragma omp simd
    for (std::int64_t i = 0; i < padded(n); ++i) b.term[i] = -shift(b.x[i]).hi;
    if (weights.data != nullptr) {
      load_block(weights, 0, c, n, T(0), b.gradient);
      for (std::int64_t i = 0; i < n; ++i) b.term[i] = b.gradient[i] == 0 ? T(0) : b.term[i] * b.gradient[i];
    }
    sum.add(block_sum(b.term, padded(n)));
  }
  return sum.value() + (weights.data != nullptr ? plan.class_weights.hi : static_cast<double>(cols)) * side.log_sum;
}

/// dL/dx_j = factor ((total + pull) q_j - a_j) dy_j/dx_j.
template <class T>
static void write_gradient(const CrossEntropyJob& job, const CrossEntropyPlan& plan, const Side<T>& side,
                           std::int64_t row, std::int64_t label, const RowLoss& loss, CrossEntropyBlock<T>& b) {
  const std::int64_t cols = side.view.cols;
  const MatrixView weights = row_of(job.options.class_weights);
  const bool weighted = weights.data != nullptr && loss.everywhere > 0;
  const T factor = static_cast<T>(plan.gradient_factor * (loss.total + loss.pull));
  const T uniform = static_cast<T>(plan.gradient_factor * loss.everywhere);
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.pad(), b.x);
    fill_side(side, b.x, b.remainder, padded(n), false, b.gradient, b.term);
    const T q_label = label >= c && label < c + n ? b.gradient[label - c] : T(0);
    if (weighted) {
      load_block(weights, 0, c, n, T(0), b.term);
      for (std::int64_t i = 0; i < n; ++i) b.gradient[i] = factor * b.gradient[i] - uniform * b.term[i];
    } else {
      for (std::int64_t i = 0; i < n; ++i) b.gradient[i] = factor * b.gradient[i] - uniform;
    }
    if (label >= c && label < c + n) {
      const double entry = label_gradient(side, b.x[label - c], static_cast<double>(q_label), loss);
      b.gradient[label - c] = static_cast<T>(plan.gradient_factor * entry);
    }
    if constexpr (sizeof(T) == sizeof(double)) {
      if (job.options.softcap > 0) {
        const Softcap softcap(job.options.softcap);
        load_block(job.logits, row, c, n, T(0), b.term);
#pragma omp simd
        for (std::int64_t i = 0; i < n; ++i) b.gradient[i] *= softcap.slope(b.term[i]);
      }
    }
    for (std::int64_t i = 0; i < n; ++i) b.gradient[i] = b.x[i] > -kInf<T> ? b.gradient[i] : T(0);
    store_block(job.output.gradient, row, c, n, b.gradient);
  }
}

/// False, with nothing written, for a row that needs a wider type.
template <class T>
static bool one_loss(const CrossEntropyJob& job, const CrossEntropyPlan& plan, Side<T>& side, std::int64_t row,
                     CrossEntropyBlock<T>& b) {
  const CrossEntropyOptions& options = job.options;
  const Label label = read_label(job.labels, row, job.logits.cols, options.ignore_index);
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
      const bool gradient = job.output.gradient.data != nullptr;
      RowLoss parts(options.label_smoothing, job.logits.cols);
      if (options.class_weights.data != nullptr) {
        parts.set_weights(class_weight(options.class_weights, label.index), plan.class_weights);
      }
      if (options.z_loss > 0) parts.set_z_loss(options.z_loss, side.log_mass);
      const double factor = plan.gradient_factor * (parts.total + parts.pull);
      if (sizeof(T) == sizeof(float) && gradient && gradient_leaves_float(factor)) return false;
      loss = parts.z_loss;
      if (parts.at_label != 0) loss += parts.at_label * (0.0 - log_probability_at(side, label.index));
      if (parts.everywhere > 0 && job.output.loss.data != nullptr) {
        loss += parts.everywhere * sum_of_nll(job, plan, side, b);
      }
      if (gradient) write_gradient(job, plan, side, row, label.index, parts, b);
    }
  }
  if (job.output.status != nullptr) job.output.status[row] = status;
  if (plan.row_loss != nullptr) plan.row_loss[row] = loss;
  if (job.output.loss.data != nullptr && options.reduction == Reduction::none) {
    store_value(job.output.loss.data, job.output.loss.dtype, row, loss);
  }
  return true;
}

template <class T>
static void cross_entropy_range_as(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first,
                                   std::int64_t last) {
  CrossEntropyBlock<T> block;
  Side<T> side = side_of<T>(job.logits, Form::softmax, job.options.temperature, false, job.options.z_loss > 0);
  for (std::int64_t row = first; row < last; ++row) {
    if (!one_loss(job, plan, side, row, block)) cross_entropy_range_as<double>(job, plan, row, row + 1);
  }
}

/// Each row's capped logits, in `capped`, are the row that everything else is of.
static void capped_cross_entropy_range(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first,
                                       std::int64_t last, double* capped) {
  const std::int64_t cols = job.logits.cols;
  const MatrixView view = {capped, DType::f64, 1, cols, cols};
  const Softcap softcap(job.options.softcap);
  CrossEntropyBlock<double> block;
  Side<double> side = side_of<double>(view, Form::softmax, job.options.temperature, false, job.options.z_loss > 0);
  for (std::int64_t row = first; row < last; ++row) {
    for (std::int64_t c = 0; c < cols; c += kBlock) {
      const std::int64_t n = block_columns(cols, c);
      load_block(job.logits, row, c, n, 0.0, block.x);
#pragma omp simd
      for (std::int64_t i = 0; i < n; ++i) capped[c + i] = softcap(block.x[i]);
    }
    one_loss(job, plan, side, row, block);
  }
}

static void cross_entropy_range(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first,
                                std::int64_t last, double* capped) {
  const bool gradient = job.output.gradient.data != nullptr;
  if (capped != nullptr) {
    capped_cross_entropy_range(job, plan, first, last, capped);
  } else if (job.logits.dtype == DType::f64 || (gradient && gradient_leaves_float(plan.gradient_factor))) {
    cross_entropy_range_as<double>(job, plan, first, last);
  } else {
    cross_entropy_range_as<float>(job, plan, first, last);
  }
}

}  // namespace kullback::cpu
