#include <cstddef>
#include <cstdint>
#include <vector>

#include "real.hpp"
#include "reference.hpp"
#include "side.hpp"

namespace kullback::reference {
namespace {

bool is_ignored(const CrossEntropyOptions& options, std::int64_t label) {
  return options.ignore_index && label == *options.ignore_index;
}

/// q_j - t_j. The label's entry is -(sum of the other q) + e - e/n: q - 1 would cancel. The magnitude is that of the
/// terms of the way to write the entry that has the smaller ones.
template <class Real>
Estimate<Real> gradient_entry(const Side<Real>& side, std::size_t j, std::size_t label, Real smoothing, Real others,
                              Real others_error) {
  if (!(side.log_p[j] > -Real(kInfinity))) return {};
  const Real each = smoothing / Real(side.p.size());
  const Real q = j == label ? -others : side.p[j];
  const Real target = j == label ? each - smoothing : each;
  const Real terms = fabs(q) + fabs(target);
  const Real as_given = side.p[j] + fabs(each + (j == label ? 1 - smoothing : 0));
  const Real magnitude = terms < as_given ? terms : as_given;
  const Real q_error = j == label ? others_error : side.p[j] * side.log_error[j];
  return {q - target, q_error + kRoundings * kUnit<Real> * terms, magnitude};
}

template <class Real>
std::vector<Estimate<Real>> gradient_row(const Side<Real>& side, std::size_t label, Real smoothing, Real scale) {
  std::vector<Real> others = side.p, others_error(side.p.size());
  others[label] = 0;
  for (std::size_t j = 0; j < others.size(); ++j) {
    others_error[j] = others[j] * (side.log_error[j] + kRoundings * kUnit<Real>);
  }
  const Real rest = sum(others), rest_error = sum(others_error) + sum_error<Real>(others.size()) * rest;
  std::vector<Estimate<Real>> gradient;
  for (std::size_t j = 0; j < others.size(); ++j) {
    const Estimate<Real> e = gradient_entry(side, j, label, smoothing, rest, rest_error);
    const Real size = fabs(scale);
    gradient.push_back(
        {e.value * scale, size * (e.error + kRoundings * kUnit<Real> * e.magnitude), e.magnitude * size});
  }
  return gradient;
}

}  // namespace

std::int64_t count_valid_rows(VectorView labels, const CrossEntropyOptions& options) {
  std::int64_t valid = 0;
  for (std::int64_t row = 0; row < labels.size; ++row) {
    if (!is_ignored(options, read_integer(labels.data, labels.dtype, row))) ++valid;
  }
  return valid;
}

template <class Real>
LossEstimates<Real> cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOptions& options,
                                  std::int64_t row, std::int64_t valid_rows, bool with_gradient) {
  LossEstimates<Real> result;
  const std::size_t gradient_size = with_gradient ? static_cast<std::size_t>(logits.cols) : 0;
  if (is_ignored(options, read_integer(labels.data, labels.dtype, row))) {
    result.gradient.assign(gradient_size, {});
    result.status = status_ignored;
    return result;
  }

  RowsInput input;
  input.q = logits;
  input.labels = labels;
  RowsOptions rows_options;
  rows_options.temperature = options.temperature;
  rows_options.label_smoothing = options.label_smoothing;
  const RowEstimates<Real> loss = rows<Real>({Measure::nll}, input, rows_options, row);
  result.loss = loss.values[0];
  result.status = loss.status;
  if (!with_gradient) return result;
  if (result.status != status_ok) {
    result.gradient.assign(gradient_size, {Real(kNaN), 0, 0});
    return result;
  }
  const Side<Real> side = load_side<Real>(logits, row, Input::logits, options.temperature, Normalize::never);
  Real scale = Real(options.gradient_scale) / Real(options.temperature);
  if (options.reduction == Reduction::mean) scale /= Real(valid_rows);
  const auto label = static_cast<std::size_t>(read_integer(labels.data, labels.dtype, row));
  result.gradient = gradient_row(side, label, Real(options.label_smoothing), scale);
  return result;
}

template <class Real>
Estimate<Real> reduce_losses(const std::vector<Estimate<Real>>& losses, Reduction reduction, std::int64_t valid_rows) {
  std::vector<Real> values, errors, magnitudes;
  for (const Estimate<Real>& loss : losses) {
    values.push_back(loss.value);
    errors.push_back(loss.error);
    magnitudes.push_back(loss.magnitude);
  }
  Estimate<Real> total{sum(values), 0, sum(magnitudes)};
  if (!(fabs(total.value) < Real(kInfinity))) return total;
  total.error = sum(errors) + sum_error<Real>(losses.size()) * total.magnitude;
  if (reduction != Reduction::mean || valid_rows == 0) return total;
  const Real count = valid_rows;
  return {total.value / count, total.error / count + kRoundings * kUnit<Real> * total.magnitude / count,
          total.magnitude / count};
}

template LossEstimates<double> cross_entropy(MatrixView, VectorView, const CrossEntropyOptions&, std::int64_t,
                                             std::int64_t, bool);
template LossEstimates<Binary128> cross_entropy(MatrixView, VectorView, const CrossEntropyOptions&, std::int64_t,
                                                std::int64_t, bool);
template Estimate<double> reduce_losses(const std::vector<Estimate<double>>&, Reduction, std::int64_t);
template Estimate<Binary128> reduce_losses(const std::vector<Estimate<Binary128>>&, Reduction, std::int64_t);

}  // namespace kullback::reference
