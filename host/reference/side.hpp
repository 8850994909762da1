#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"
#include "real.hpp"

/// One row of one side, as probabilities and their logarithms.
namespace kullback::reference {

template <class Real> struct Side {
  std::vector<Real> p, log_p;
  std::vector<Real> log_error;    ///< bound on the error that p (relative) and log_p (absolute) have in common
  bool linear = false;            ///< log_p was computed from p, not p from log_p
  Real mass = 1, mass_error = 0;  ///< the sum of p
  Real given_logs = 0;            ///< 1 where p comes from logarithms that were given, so that its sum is rounded
  Real log_mass = -Real(kInfinity), log_mass_error = 0;  ///< log of the sum before p was divided by it
  std::size_t top = 0;                                   ///< index of the largest entry, the lowest on ties
  std::uint8_t status = status_ok;
};

template <class Real> std::size_t index_of_largest(const std::vector<Real>& x) {
  std::size_t top = 0;
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (x[i] > x[top]) top = i;
  }
  return top;
}

/// The bits that the bare values earn. `logarithms`: negative values and -inf are legal.
template <class Real> std::uint8_t status_of(const std::vector<Real>& x, bool logarithms) {
  int status = status_ok;
  bool any_mass = x.empty();
  for (Real value : x) {
    if (value != value) status |= status_nan;
    if (value == Real(kInfinity)) status |= status_infinite;
    if (!logarithms && value < 0) status |= status_negative;
    if (logarithms ? value > -Real(kInfinity) : value > 0) any_mass = true;
  }
  if (status == status_ok && !any_mass) status = status_zero_mass;
  return static_cast<std::uint8_t>(status);
}

/// p = softmax(x / T), in two passes. The largest entry, exp(0), stays out of the sum: a peaked row keeps the digits of
/// its small -log p.
template <class Real> void softmax(const std::vector<Real>& x, Real temperature, Side<Real>& side) {
  const Real u = kUnit<Real>;
  const std::size_t n = x.size();
  std::vector<Real> scaled(n), others(n), others_error(n);
  for (std::size_t i = 0; i < n; ++i) {
    scaled[i] = (x[i] - x[side.top]) / temperature;
    if (i == side.top || scaled[i] == -Real(kInfinity)) continue;
    others[i] = exp(scaled[i]);
    others_error[i] = others[i] * (2 + 2 * fabs(scaled[i])) * u;
  }
  const Real rest = sum(others);
  const Real log_sum = log1p(rest);
  const Real log_sum_error = (sum(others_error) + rest * sum_error<Real>(n)) / (1 + rest) + 2 * u * log_sum;
  const Real largest = x[side.top] / temperature;
  side.log_mass = largest + log_sum;
  side.log_mass_error = log_sum_error + 2 * u * (fabs(largest) + fabs(side.log_mass));
  for (std::size_t i = 0; i < n; ++i) {
    side.log_p[i] = scaled[i] - log_sum;
    side.p[i] = exp(side.log_p[i]);
    if (side.log_p[i] > -Real(kInfinity)) {
      side.log_error[i] = log_sum_error + u * (2 * fabs(scaled[i]) + fabs(side.log_p[i]));
    }
  }
}

/// Probabilities, divided by `total`.
template <class Real> void divide(const std::vector<Real>& x, Real total, Side<Real>& side) {
  for (std::size_t i = 0; i < x.size(); ++i) {
    side.p[i] = x[i] / total;
    side.log_error[i] = kUnit<Real> + sum_error<Real>(x.size());
  }
}

/// Given log-probabilities beyond log(largest float64) count as infinite.
inline constexpr double kMaxLogProbability = 709.78271289338397;

inline double normalization_tolerance(DType dtype) {
  return size_of(dtype) == 2 ? 1e-3 : dtype == DType::f32 ? 1e-5 : 1e-12;
}

/// `x`: the row's values, of which `dtype` is the type in memory.
template <class Real>
Side<Real> side_of(const std::vector<Real>& x, DType dtype, Input input, double temperature, Normalize normalize) {
  const std::size_t n = x.size();
  Side<Real> side;
  side.linear = input == Input::probs || input == Input::counts;
  side.p.assign(n, 0);
  side.log_p.assign(n, 0);
  side.log_error.assign(n, 0);
  side.status = status_of(x, !side.linear);
  if (side.status != status_ok || n == 0) return side;
  side.top = index_of_largest(x);

  const bool normalized = input == Input::logits || input == Input::counts || normalize == Normalize::always;
  if (side.linear) {
    side.p = x;
    side.log_mass = log(sum(x));
    side.log_mass_error = sum_error<Real>(n) + 2 * kUnit<Real> * fabs(side.log_mass);
    if (normalized) divide(x, sum(x), side);
    for (std::size_t i = 0; i < n; ++i) side.log_p[i] = log(side.p[i]);
  } else if (normalized) {
    softmax(x, Real(input == Input::logits ? temperature : 1.0), side);
  } else if (x[side.top] > Real(kMaxLogProbability)) {
    side.status = status_infinite;
    return side;
  } else {
    softmax(x, Real(1), side);  // for the logarithm of the mass
    side.log_error.assign(n, 0);
    side.log_p = x;
    for (std::size_t i = 0; i < n; ++i) side.p[i] = exp(x[i]);
    side.given_logs = 1;
  }
  if (!normalized) {
    side.mass = sum(side.p);
    side.mass_error = side.mass * (sum_error<Real>(n) + 2 * kUnit<Real>);
  }
  if (!normalized && normalize == Normalize::check && fabs(sum(side.p) - 1) > Real(normalization_tolerance(dtype))) {
    side.status = status_not_normalized;
  }
  return side;
}

template <class Real>
Side<Real> load_side(const MatrixView& view, std::int64_t row, Input input, double temperature, Normalize normalize,
                     double smooth = 0) {
  std::vector<Real> x = read_row<Real>(view, view.rows == 1 ? 0 : row);
  if (smooth > 0 && (input == Input::probs || input == Input::counts)) {
    normalize = Normalize::always;
    for (Real& v : x) {
      if (!(v < 0)) v = Real(static_cast<double>(v) + smooth);
    }
  }
  return side_of(x, view.dtype, input, temperature, normalize);
}

}  // namespace kullback::reference
