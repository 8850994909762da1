#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "kullback/error.hpp"
#include "real.hpp"
#include "reference.hpp"

namespace kullback::reference {
namespace {

/// A joint table in row-major order with its margins.
template <class Number> struct Table {
  std::vector<Number> cells, row_sums, column_sums;
  Number total = 0;

  Table(std::vector<Number> joint, std::size_t rows, std::size_t cols)
      : cells(std::move(joint)), row_sums(rows), column_sums(cols) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j < cols; ++j) {
        row_sums[i] += cells[i * cols + j];
        column_sums[j] += cells[i * cols + j];
      }
      total += row_sums[i];
    }
  }
};

using Counts = Table<std::int64_t>;

/// n_ij N = n_i n_j in every cell, in integers.
bool is_independent(const Counts& table) {
  const std::size_t cols = table.column_sums.size();
  for (std::size_t i = 0; i < table.row_sums.size(); ++i) {
    for (std::size_t j = 0; j < cols; ++j) {
      const auto together = static_cast<__int128>(table.cells[i * cols + j]) * table.total;
      if (together != static_cast<__int128>(table.row_sums[i]) * table.column_sums[j]) return false;
    }
  }
  return true;
}

template <class Real, class Number> Estimate<Real> entropy(const std::vector<Number>& weights, Number total) {
  std::vector<Real> terms;
  for (Number w : weights) {
    if (w > 0) terms.push_back(-(Real(w) / Real(total)) * log(Real(w) / Real(total)));
  }
  const Real value = sum(terms);
  // The quotient's rounding moves p log p by (1 + |log p|) p; the p add up to 1.
  return {value, kRoundings * kUnit<Real> * (1 + value) + sum_error<Real>(terms.size()) * value, value};
}

/// H(X) + H(Y) - H(X,Y).
template <class Real, class Number> Estimate<Real> from_entropies(const Table<Number>& table) {
  const auto x = entropy<Real>(table.row_sums, table.total), y = entropy<Real>(table.column_sums, table.total),
             xy = entropy<Real>(table.cells, table.total);
  Estimate<Real> result;
  result.value = x.value + y.value - xy.value;
  result.error = x.error + y.error + xy.error + kRoundings * kUnit<Real> * (x.value + y.value + xy.value);
  result.magnitude = fabs(result.value);
  return result;
}

template <class Real> Estimate<Real> scaled(Estimate<Real> e, Unit unit) {
  const Real scale = per_nat<Real>(unit);
  return {e.value * scale, e.error * scale + kRoundings * kUnit<Real> * e.magnitude, e.magnitude * scale};
}

template <class Real> Estimate<Real> of_counts(const Counts& table, Unit unit) {
  if (table.total == 0) return {Real(kNaN), 0, 0};
  if (is_independent(table)) return {};
  return scaled(from_entropies<Real>(table), unit);
}

/// Sums of floating-point cells round, so the margins carry errors and the terms' own sum is the scale.
template <class Real> Estimate<Real> of_probabilities(const Table<Real>& table, Unit unit) {
  if (!(table.total > 0 && table.total < Real(kInfinity))) return {Real(kNaN), 0, 0};
  Estimate<Real> result = from_entropies<Real>(table);
  const std::size_t cols = table.column_sums.size(), n = table.cells.size();
  result.magnitude = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Real w = table.cells[i];
    if (w > 0) {
      const Real independent = table.row_sums[i / cols] / table.total * table.column_sums[i % cols];
      result.magnitude += fabs(w / table.total * log(w / independent));
    }
  }
  result.error += Real(n) * kUnit<Real> * (3 + 3 * log(Real(n)));
  return scaled(result, unit);
}

template <class Number> std::vector<Number> read_table(const MatrixView& joint) {
  std::vector<Number> cells;
  for (std::int64_t i = 0; i < joint.rows; ++i) {
    for (std::int64_t j = 0; j < joint.cols; ++j) {
      const std::int64_t index = i * joint.row_stride + j;
      if constexpr (std::is_same_v<Number, std::int64_t>) {
        cells.push_back(read_integer(joint.data, joint.dtype, index));
      } else {
        cells.push_back(read_real<Number>(joint.data, joint.dtype, index));
      }
    }
  }
  return cells;
}

template <class Number> bool all_at_least_zero(const std::vector<Number>& cells) {
  return std::all_of(cells.begin(), cells.end(), [](Number x) { return x >= 0; });
}

}  // namespace

template <class Real>
Estimate<Real> mutual_information(const std::vector<std::int64_t>& x, const std::vector<std::int64_t>& y, Unit unit) {
  if (x.empty()) return {};
  if (!all_at_least_zero(x) || !all_at_least_zero(y)) return {Real(kNaN), 0, 0};
  const auto rows = static_cast<std::size_t>(*std::max_element(x.begin(), x.end())) + 1;
  const auto cols = static_cast<std::size_t>(*std::max_element(y.begin(), y.end())) + 1;
  constexpr std::size_t kMaxCells = std::size_t{1} << 30;
  if (rows > kMaxCells / cols) {
    throw InvalidArgument("codes: a joint table of " + std::to_string(rows) + " x " + std::to_string(cols) +
                          " cells is too large for the reference, expected at most 2^30 cells");
  }
  std::vector<std::int64_t> joint(rows * cols);
  for (std::size_t i = 0; i < x.size(); ++i) {
    ++joint[static_cast<std::size_t>(x[i]) * cols + static_cast<std::size_t>(y[i])];
  }
  return of_counts<Real>(Counts(std::move(joint), rows, cols), unit);
}

template <class Real> Estimate<Real> mutual_information_joint(MatrixView joint, Unit unit) {
  const auto rows = static_cast<std::size_t>(joint.rows), cols = static_cast<std::size_t>(joint.cols);
  if (rows == 0 || cols == 0) return {};
  if (is_floating(joint.dtype)) {
    std::vector<Real> cells = read_table<Real>(joint);
    if (!all_at_least_zero(cells)) return {Real(kNaN), 0, 0};
    return of_probabilities(Table<Real>(std::move(cells), rows, cols), unit);
  }
  std::vector<std::int64_t> cells = read_table<std::int64_t>(joint);
  if (!all_at_least_zero(cells)) return {Real(kNaN), 0, 0};
  __int128 total = 0;
  for (std::int64_t n : cells) total += n;
  if (total > std::numeric_limits<std::int64_t>::max()) {
    return of_probabilities(Table<Real>(read_table<Real>(joint), rows, cols), unit);
  }
  return of_counts<Real>(Counts(std::move(cells), rows, cols), unit);
}

template Estimate<double> mutual_information(const std::vector<std::int64_t>&, const std::vector<std::int64_t>&, Unit);
template Estimate<Binary128> mutual_information(const std::vector<std::int64_t>&, const std::vector<std::int64_t>&,
                                                Unit);
template Estimate<double> mutual_information_joint(MatrixView, Unit);
template Estimate<Binary128> mutual_information_joint(MatrixView, Unit);

}  // namespace kullback::reference
