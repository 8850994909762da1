#pragma once

#include <algorithm>
#include <cmath>

#include "bench/accuracy/exact.hpp"
#include "host/contract.hpp"

/// A result against its exact value.
namespace kullback::accuracy {

struct Verdict {
  double got = 0, exact = 0;
  double units = 0;  ///< what the error exceeds the absolute allowances by, in u times the magnitude
  double bound = 0;  ///< that the contract allows, in the same unit
  bool outside = false;
  bool doubtful = false;  ///< beyond a quarter of the bound, or the exact value is not that exact
};

/// `computed`: the type that u belongs to; `stored`: that of the result, whose rounding is allowed on top if it has 16
/// bits.
inline Verdict judge(double got, const Exact& exact, const Bound& bound, DType computed, DType stored) {
  Verdict v{got, exact.high, 0, bound.units, false, false};
  const double unit = unit_roundoff(computed) * exact.magnitude;
  const double largest = largest_finite(stored);
  if (std::isnan(exact.high) || std::isnan(got)) {
    v.outside = !(std::isnan(exact.high) && std::isnan(got));
  } else if (std::isinf(exact.high)) {
    v.outside = got != exact.high;
  } else {
    double absolute = bound.absolute;
    absolute += half_ulp_16bit(std::fabs(exact.high) + bound.units * unit + absolute, stored);
    const double allowed = bound.units * unit + absolute;
    if (std::isinf(got)) {  // right where the type cannot hold the value
      v.outside = std::signbit(got) != std::signbit(exact.high) || std::fabs(exact.high) + allowed < largest;
    } else {
      const double distance = std::fabs((got - exact.high) - exact.low), excess = std::max(0.0, distance - absolute);
      v.units = excess == 0 ? 0 : unit > 0 ? excess / unit : kInfinity;
      v.outside = distance > allowed + exact.error;
      v.doubtful = v.units > bound.units / 4 || exact.error > allowed / 256;
      return v;
    }
  }
  v.units = v.outside ? kInfinity : 0;
  v.doubtful = v.outside;
  return v;
}

}  // namespace kullback::accuracy
