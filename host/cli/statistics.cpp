#include "host/cli/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace kullback::cli {
namespace {

/// Linear interpolation between order statistics. Partially sorts `values`, which must not be empty.
double quantile(std::vector<double>& values, double q) {
  const double position = q * static_cast<double>(values.size() - 1);
  const auto lower = values.begin() + static_cast<std::ptrdiff_t>(position);
  std::nth_element(values.begin(), lower, values.end());
  const double fraction = position - std::floor(position);
  if (fraction == 0) return *lower;
  return *lower + (*std::min_element(lower + 1, values.end()) - *lower) * fraction;
}

}  // namespace

Summary summarize(const std::vector<double>& values, const std::vector<bool>& left_out) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  Summary s{0, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, 0};
  std::vector<double> finite;
  finite.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!left_out.empty() && left_out[i]) continue;
    if (std::isfinite(values[i]))
      finite.push_back(values[i]);
    else
      ++s.nonfinite;
  }
  if (finite.empty()) return s;

  s.count = static_cast<std::int64_t>(finite.size());
  long double sum = 0, squares = 0;  // long double: the sums must not be what limits the digits printed
  for (double v : finite) sum += v;
  const long double mean = sum / s.count;
  for (double v : finite) squares += (v - mean) * (v - mean);
  s.mean = static_cast<double>(mean);
  if (s.count > 1) s.standard_error = static_cast<double>(std::sqrt(squares / (s.count - 1) / s.count));
  s.p01 = quantile(finite, 0.01);
  s.p50 = quantile(finite, 0.50);
  s.p90 = quantile(finite, 0.90);
  s.p99 = quantile(finite, 0.99);
  const auto ends = std::minmax_element(finite.begin(), finite.end());
  s.min = *ends.first;
  s.max = *ends.second;
  return s;
}

}  // namespace kullback::cli
