#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/accuracy/real.hpp"
#include "kullback/rows.hpp"

/// One row of one side as probabilities and logarithms.
namespace kullback::accuracy {

template <class Real> struct Side {
  std::vector<Real> p, log_p;
  Real mass = Real(1);      ///< sum of p; 1 where p was divided by its sum
  Real log_mass = Real(0);  ///< log of the sum before any division
  std::size_t top = 0;      ///< the largest entry, the first of equals
  double largest_log = 0;   ///< of the finite logarithms and exponents, which carry their size as absolute error
  bool given_logs = false;
  bool no_mass = false;
};

template <class Real> void set_softmax(const double* x, std::size_t n, double temperature, Side<Real>& side) {
  const Real top = Real(x[side.top]);
  std::vector<Real> y(n, Real(-kInfinity)), weight(n, Real(0));
  Sum<Real> rest;  // without the largest, exp(0) = 1: a peaked row keeps the digits of its small -log p
  for (std::size_t j = 0; j < n; ++j) {
    if (x[j] == -kInfinity) continue;
    y[j] = (Real(x[j]) - top) / Real(temperature);
    weight[j] = j == side.top ? Real(1) : exp(y[j]);
    if (j != side.top) rest.add(weight[j]);
    side.largest_log = std::max(side.largest_log, std::fabs(static_cast<double>(y[j])));
  }
  const Real sum = Real(1) + rest.value(), log_sum = log1p(rest.value());
  side.log_mass = top / Real(temperature) + log_sum;
  side.largest_log += std::fabs(static_cast<double>(log_sum));
  for (std::size_t j = 0; j < n; ++j) {
    side.log_p.push_back(y[j] - log_sum);
    side.p.push_back(weight[j] / sum);
  }
}

template <class Real> Side<Real> side_of(const double* x, std::int64_t cols, Input input, const RowsOptions& options) {
  const auto n = static_cast<std::size_t>(cols);
  const bool always = options.normalize == Normalize::always;
  Side<Real> side;
  side.top = static_cast<std::size_t>(std::max_element(x, x + n) - x);
  side.p.reserve(n), side.log_p.reserve(n);
  if (input == Input::logits || (input == Input::log_probs && always)) {
    set_softmax(x, n, input == Input::logits ? options.temperature : 1.0, side);
    return side;
  }
  side.given_logs = input == Input::log_probs;
  Sum<Real> rest;
  for (std::size_t j = 0; j < n; ++j) {
    side.p.push_back(!side.given_logs ? Real(x[j]) : x[j] > -kInfinity ? exp(Real(x[j])) : Real(0));
    if (j != side.top) rest.add(side.p.back());
  }
  const Real top = side.p[side.top];
  side.mass = top + rest.value();
  side.no_mass = side.mass == Real(0);
  if (side.no_mass) return side;
  side.log_mass = log(side.mass);
  const bool divided = input == Input::counts || (input == Input::probs && always);
  for (std::size_t j = 0; j < n; ++j) {
    if (divided) side.p[j] = side.p[j] / side.mass;
    if (side.given_logs) {
      side.log_p.push_back(Real(x[j]));
    } else if (divided && j == side.top) {  // near 1, and again from what the others are
      side.log_p.push_back(-log1p(rest.value() / top));
    } else {
      side.log_p.push_back(x[j] > 0 ? log(side.p[j]) : Real(-kInfinity));
    }
    const double size = std::fabs(static_cast<double>(side.log_p[j]));
    if (size < kInfinity) side.largest_log = std::max(side.largest_log, size);
  }
  if (divided) side.mass = Real(1);
  return side;
}

}  // namespace kullback::accuracy
