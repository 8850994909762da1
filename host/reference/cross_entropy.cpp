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

template <class Real> Real weight_of(const CrossEntropyOptions& options, std::int64_t label) {
  const VectorView& w = options.class_weights;
  return w.data ? read_real<Real>(w.data, w.dtype, label) : Real(1);
}

/// A row's logits and what is made of them.
template <class Real> struct Row {
  std::vector<Real> x;
  Side<Real> side;
  std::vector<Real> targets;  ///< w_j ((1 - e) [j is the label] + e / n)
  std::size_t label = 0;
};

/// With a softcap c, the side is that of c tanh(x / c), whose rounding moves each logarithm by twice what it moves one
/// logit.
template <class Real>
Row<Real> load_row(const MatrixView& logits, const CrossEntropyOptions& options, std::int64_t row) {
  Row<Real> result;
  result.x = read_row<Real>(logits, row);
  std::vector<Real> y = result.x;
  const Real cap = options.softcap;
  for (Real& v : y) {
    if (cap > 0 && fabs(v) < Real(kInfinity)) v = cap * tanh(v / cap);
  }
  result.side = side_of(y, logits.dtype, Input::logits, options.temperature, Normalize::never);
  const Real moved = kRoundings * kUnit<Real> * cap / Real(options.temperature);
  for (Real& error : result.side.log_error) error += 2 * moved;
  result.side.log_mass_error += moved;
  return result;
}

template <class Real> void set_targets(Row<Real>& row, const CrossEntropyOptions& options) {
  const Real smoothing = options.label_smoothing, each = smoothing / Real(row.x.size());
  for (std::size_t j = 0; j < row.x.size(); ++j) {
    const Real target = j == row.label ? 1 - smoothing + each : each;
    row.targets.push_back(target * weight_of<Real>(options, static_cast<std::int64_t>(j)));
  }
}

template <class Real> void add(Estimate<Real>& to, const Estimate<Real>& part) {
  to.value += part.value;
  to.error += part.error + kUnit<Real> * fabs(to.value);
  to.magnitude += part.magnitude;
}

/// z lse^2: an error of lse counts 2 abs(lse) times, and lse itself is known to parts of max(1, abs(lse)).
template <class Real> Estimate<Real> z_loss_term(const Side<Real>& side, Real z) {
  const Real lse = side.log_mass, size = fabs(lse), error = side.log_mass_error;
  return {z * lse * lse, z * (2 * size * error + error * error + kRoundings * kUnit<Real> * lse * lse),
          z * size * (size > 1 ? size : 1)};
}

template <class Real> Estimate<Real> loss_of(const Row<Real>& row, Real z) {
  std::vector<Real> terms, sizes, errors;
  for (std::size_t j = 0; j < row.targets.size(); ++j) {
    if (row.targets[j] == 0) continue;
    terms.push_back(-row.targets[j] * row.side.log_p[j]);
    sizes.push_back(fabs(terms.back()));
    errors.push_back(fabs(row.targets[j]) * row.side.log_error[j] + kRoundings * kUnit<Real> * sizes.back());
  }
  Estimate<Real> loss{sum(terms), 0, sum(sizes)};
  if (!(loss.magnitude < Real(kInfinity))) return loss;
  loss.error = sum(errors);
  if (terms.size() > 1) loss.error += sum_error<Real>(terms.size()) * loss.magnitude;
  if (z > 0) add(loss, z_loss_term(row.side, z));
  return loss;
}

/// dL/dy_j = A q_j - a_j + 2 z lse q_j with the targets a and their sum A. The label's first two are written as the
/// other entries' -(A sum q) + sum a as well: A q - a would cancel. The magnitude is that of the terms of the way that
/// has the smaller ones, and of the third with an lse of at least 1.
template <class Real>
std::vector<Estimate<Real>> gradient_row(const Row<Real>& row, const CrossEntropyOptions& options, Real divisor) {
  const Side<Real>& side = row.side;
  const Real u = kUnit<Real>, z = 2 * Real(options.z_loss), lse = side.log_mass;
  const Real scale = Real(options.gradient_scale) / Real(options.temperature) / divisor, cap = options.softcap;
  const std::size_t n = row.x.size();
  std::vector<Real> other_q = side.p, other_targets = row.targets, other_errors(n);
  other_q[row.label] = other_targets[row.label] = 0;
  for (std::size_t j = 0; j < n; ++j) other_errors[j] = other_q[j] * (side.log_error[j] + kRoundings * u);
  const Real all = sum(row.targets), rest_q = sum(other_q), rest_targets = sum(other_targets);
  const Real rest_error = sum(other_errors) + sum_error<Real>(n) * rest_q;

  std::vector<Estimate<Real>> gradient;
  for (std::size_t j = 0; j < n; ++j) {
    if (!(side.log_p[j] > -Real(kInfinity))) {
      gradient.push_back({});
      continue;
    }
    const bool label = j == row.label;
    const Real q = side.p[j], as_given = fabs(all) * q + fabs(row.targets[j]);
    const Real by_others = fabs(all) * rest_q + fabs(rest_targets), terms = label ? by_others : as_given;
    Estimate<Real> e;
    e.value = label ? rest_targets - all * rest_q : all * q - row.targets[j];
    e.error = fabs(all) * (label ? rest_error : q * side.log_error[j]) + (kRoundings * u + sum_error<Real>(n)) * terms;
    e.magnitude = label && by_others < as_given ? by_others : as_given;
    const Real pull = z * q, size = fabs(lse) > 1 ? fabs(lse) : 1;
    add(e, {pull * lse, pull * (side.log_mass_error + size * (side.log_error[j] + kRoundings * u)), pull * size});
    Real slope = 1, slope_error = 0;
    if (cap > 0) {
      const Real c = cosh(row.x[j] / cap);
      slope = 1 / (c * c);
      slope_error = kRoundings * u * (1 + fabs(row.x[j] / cap));
    }
    const Real factor = fabs(scale) * slope;
    gradient.push_back({e.value * scale * slope, factor * (e.error + (kRoundings * u + slope_error) * e.magnitude),
                        e.magnitude * factor});
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

template <class Real> Real loss_divisor(VectorView labels, const CrossEntropyOptions& options) {
  if (options.reduction != Reduction::mean || count_valid_rows(labels, options) == 0) return 1;
  std::vector<Real> weights;
  for (std::int64_t row = 0; row < labels.size; ++row) {
    const std::int64_t label = read_integer(labels.data, labels.dtype, row);
    if (!is_ignored(options, label)) weights.push_back(weight_of<Real>(options, label));
  }
  const Real total = sum(weights);
  return total == 0 ? Real(kNaN) : total;
}

template <class Real>
LossEstimates<Real> cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOptions& options,
                                  std::int64_t index, Real divisor, bool with_gradient) {
  LossEstimates<Real> result;
  const std::size_t gradient_size = with_gradient ? static_cast<std::size_t>(logits.cols) : 0;
  const std::int64_t label = read_integer(labels.data, labels.dtype, index);
  if (is_ignored(options, label)) {
    result.gradient.assign(gradient_size, {});
    result.status = status_ignored;
    return result;
  }
  Row<Real> row = load_row<Real>(logits, options, index);
  const bool in_range = label >= 0 && label < logits.cols;
  result.status = static_cast<std::uint8_t>(row.side.status | (in_range ? status_ok : status_label_range));
  if (result.status != status_ok) {
    result.loss.value = Real(kNaN);
    result.gradient.assign(gradient_size, {Real(kNaN), 0, 0});
    return result;
  }
  row.label = static_cast<std::size_t>(label);
  set_targets(row, options);
  result.lse = row.side.log_mass;
  result.loss = loss_of(row, Real(options.z_loss));
  if (with_gradient) result.gradient = gradient_row(row, options, divisor);
  return result;
}

template <class Real> Estimate<Real> reduce_losses(const std::vector<Estimate<Real>>& losses, Real divisor) {
  std::vector<Real> values, errors, magnitudes;
  for (const Estimate<Real>& loss : losses) {
    values.push_back(loss.value);
    errors.push_back(loss.error);
    magnitudes.push_back(loss.magnitude);
  }
  const Real total = sum(values), magnitude = sum(magnitudes) / fabs(divisor);
  if (!(fabs(total / divisor) < Real(kInfinity))) return {total / divisor, 0, magnitude};
  // The divisor is a sum of as many weights.
  return {total / divisor, sum(errors) / fabs(divisor) + (2 * sum_error<Real>(losses.size()) + kUnit<Real>)*magnitude,
          magnitude};
}

template double loss_divisor(VectorView, const CrossEntropyOptions&);
template Binary128 loss_divisor(VectorView, const CrossEntropyOptions&);
template LossEstimates<double> cross_entropy(MatrixView, VectorView, const CrossEntropyOptions&, std::int64_t, double,
                                             bool);
template LossEstimates<Binary128> cross_entropy(MatrixView, VectorView, const CrossEntropyOptions&, std::int64_t,
                                                Binary128, bool);
template Estimate<double> reduce_losses(const std::vector<Estimate<double>>&, double);
template Estimate<Binary128> reduce_losses(const std::vector<Estimate<Binary128>>&, Binary128);

}  // namespace kullback::reference
