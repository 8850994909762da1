#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace kullback::cli {

/// How values become classes. automatic: codes for integers, width for floating-point numbers.
enum class Binning { automatic, codes, width, quantile };

/// The samples of one variable: integers or numbers, one of the two empty. NaN is a missing value.
struct Variable {
  std::vector<std::int64_t> integers;
  std::vector<double> numbers;
  std::vector<bool> missing;              ///< empty: none
  const std::int64_t* weights = nullptr;  ///< of the samples; null: 1 each

  std::size_t size() const { return integers.size() + numbers.size(); }
};

constexpr std::int32_t kMissingClass = -1;

/// Classes 0, 1, ... or kMissingClass.
struct CodedVariable {
  std::vector<std::int32_t> codes;
  std::int64_t classes = 1;
};

/// codes: the distinct values, in their order.
///
/// width: with low and high the least and the largest finite value, edge k = (low (bins - k) + high k) / bins, each
/// operation rounded to float64 (scaled by a power of two where it would overflow), and a value's class is the number
/// of the edges 1 .. bins - 1 that it is not below: a value on an edge belongs to the upper class, the largest one to
/// the last class. A constant column is one class. -inf is in the first class, +inf in the last.
///
/// quantile: with the n values that are not missing in order, v[0] <= v[1] <= ..., cut k is v[floor(k n / bins)], and a
/// value's class is the number of the cuts 1 .. bins - 1 that it is not below: equal values are in one class. A weight
/// stands for so many equal values.
///
/// Integers are compared as float64 by width and quantile.
CodedVariable code(const Variable& variable, Binning binning, std::int64_t bins);

}  // namespace kullback::cli
