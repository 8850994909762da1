#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "bench/accuracy/exact.hpp"
#include "bench/accuracy/side.hpp"

/// Sums with what is needed to judge by them.
namespace kullback::accuracy {

/// Roundings that a term and its way into a sum of 2^17 add up to, in kEpsilon.
inline constexpr double kRoundings = 2048;

/// `size`: the sum of the absolute values of all parts that went into the value, those that cancelled included.
template <class Real> Exact finish(const Real& value, double magnitude, double size, double growth) {
  Exact e;
  e.high = static_cast<double>(value);
  e.magnitude = magnitude;
  if (!std::isfinite(e.high)) return e;
  e.low = static_cast<double>(value - Real(e.high));
  e.error = kEpsilon<Real> * growth * size;
  return e;
}

/// A sum, the sum of its terms' absolute values, and that of their parts'.
template <class Real> struct Total {
  Sum<Real> sum;
  double magnitude = 0, size = 0;

  void add(const Real& term, double parts) {
    sum.add(term);
    magnitude += std::fabs(static_cast<double>(term));
    size += parts;
  }
  Exact exact(double growth) const { return finish(sum.value(), magnitude, size, growth); }
};

/// -sum t log q for the target t = (1-e) one-hot + e / n.
template <class Real> Total<Real> nll_of(const Side<Real>& side, std::int64_t label, double smoothing) {
  Total<Real> total;
  const Real each = Real(smoothing) / Real(static_cast<double>(side.p.size()));
  for (std::size_t j = 0; j < side.p.size(); ++j) {
    const bool is_label = static_cast<std::int64_t>(j) == label;
    if (!is_label && smoothing == 0) continue;
    const Real target = is_label ? Real(1) - Real(smoothing) + each : each;
    if (target == Real(0)) continue;
    const Real term = -(target * side.log_p[j]);
    total.add(term, std::fabs(static_cast<double>(term)));
  }
  return total;
}

}  // namespace kullback::accuracy
