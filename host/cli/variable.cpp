#include "host/cli/variable.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kullback::cli {
namespace {

bool is_missing(const Variable& v, std::size_t i) {
  return (!v.missing.empty() && v.missing[i]) || (!v.numbers.empty() && std::isnan(v.numbers[i]));
}

double number_at(const Variable& v, std::size_t i) {
  return v.numbers.empty() ? static_cast<double>(v.integers[i]) : v.numbers[i];
}

/// Values that are not missing, in order.
template <class T, class At> std::vector<T> sorted_values(const Variable& v, At at) {
  std::vector<T> values;
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!is_missing(v, i)) values.push_back(at(i));
  std::sort(values.begin(), values.end());
  return values;
}

/// class_of(i) for every sample that is not missing.
template <class ClassOf> CodedVariable coded(const Variable& v, std::int64_t classes, ClassOf class_of) {
  CodedVariable result;
  result.classes = std::max<std::int64_t>(classes, 1);
  result.codes.reserve(v.size());
  for (std::size_t i = 0; i < v.size(); ++i) {
    result.codes.push_back(is_missing(v, i) ? kMissingClass : static_cast<std::int32_t>(class_of(i)));
  }
  return result;
}

template <class T, class At> CodedVariable by_value(const Variable& v, At at) {
  std::vector<T> values = sorted_values<T>(v, at);
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return coded(v, static_cast<std::int64_t>(values.size()),
               [&](std::size_t i) { return std::lower_bound(values.begin(), values.end(), at(i)) - values.begin(); });
}

/// Integers that lie close together: no sorting.
std::optional<CodedVariable> by_small_value(const Variable& v) {
  constexpr std::int64_t kMost = 1 << 20;
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), most = std::numeric_limits<std::int64_t>::min();
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (is_missing(v, i)) continue;
    least = std::min(least, v.integers[i]);
    most = std::max(most, v.integers[i]);
  }
  std::int64_t range;
  if (least > most || __builtin_sub_overflow(most, least, &range) || range >= kMost) return std::nullopt;
  std::vector<std::int32_t> class_of(static_cast<std::size_t>(range) + 1, kMissingClass);
  const auto slot = [&](std::size_t i) -> std::int32_t& {
    return class_of[static_cast<std::size_t>(v.integers[i] - least)];
  };
  for (std::size_t i = 0; i < v.size(); ++i)
    if (!is_missing(v, i)) slot(i) = 0;
  std::int32_t classes = 0;
  for (std::int32_t& c : class_of)
    if (c == 0) c = classes++;
  return coded(v, classes, slot);
}

/// A value's class is the number of edges that it is not below.
CodedVariable by_edges(const Variable& v, const std::vector<double>& edges) {
  return coded(v, static_cast<std::int64_t>(edges.size()) + 1, [&](std::size_t i) {
    return std::upper_bound(edges.begin(), edges.end(), number_at(v, i)) - edges.begin();
  });
}

std::vector<double> width_edges(const Variable& v, std::int64_t bins) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double low = kInfinity, high = -kInfinity;
  for (std::size_t i = 0; i < v.size(); ++i) {
    const double x = number_at(v, i);
    if (is_missing(v, i) || !std::isfinite(x)) continue;
    low = std::min(low, x);
    high = std::max(high, x);
  }
  if (!(low < high)) {  // one class; infinite values lie beyond it
    return {low == high ? std::nextafter(high, kInfinity) : 0.0};
  }
  constexpr double kLarge = 0x1p960, kScale = 0x1p64;
  std::vector<double> edges;
  const double scale = std::max(std::fabs(low), std::fabs(high)) > kLarge ? kScale : 1;
  for (std::int64_t k = 1; k < bins; ++k) {
    const double below = static_cast<double>(bins - k), above = static_cast<double>(k);
    edges.push_back((low / scale * below + high / scale * above) / static_cast<double>(bins) * scale);
  }
  return edges;
}

std::vector<double> quantile_edges(const Variable& v, std::int64_t bins) {
  std::vector<std::pair<double, std::int64_t>> values;  // with their weights
  std::int64_t total = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (is_missing(v, i)) continue;
    values.emplace_back(number_at(v, i), v.weights == nullptr ? 1 : v.weights[i]);
    total += values.back().second;
  }
  std::sort(values.begin(), values.end());
  std::vector<double> edges;
  auto at = values.begin();
  std::int64_t before = 0;  // samples before `at`
  for (std::int64_t k = 1; k < bins && total > 0; ++k) {
    const auto rank = static_cast<std::int64_t>(static_cast<__int128>(k) * total / bins);
    while (rank - before >= at->second) before += (at++)->second;
    edges.push_back(at->first);
  }
  return edges;
}

}  // namespace

CodedVariable code(const Variable& v, Binning binning, std::int64_t bins) {
  if (binning == Binning::automatic) binning = v.numbers.empty() ? Binning::codes : Binning::width;
  if (binning == Binning::width) return by_edges(v, width_edges(v, bins));
  if (binning == Binning::quantile) return by_edges(v, quantile_edges(v, bins));
  if (!v.numbers.empty()) return by_value<double>(v, [&](std::size_t i) { return v.numbers[i]; });
  if (auto small = by_small_value(v)) return *std::move(small);
  return by_value<std::int64_t>(v, [&](std::size_t i) { return v.integers[i]; });
}

}  // namespace kullback::cli
