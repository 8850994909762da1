#pragma once

#include "kernels/math/double_double.hpp"
#include "kernels/math/series.hpp"

/// Mutual information of a joint table, in nats: the generalised KL term of p = n_ij N against q = n_i n_j, summed over
/// the cells and divided by N^2. Each term is >= 0 and exact to a few ulp because p - q is formed exactly, so an
/// independent table gives exactly 0 and a nearly independent one keeps its digits. A cell without samples gives q.
///
/// The order of the sum is part of the result's bits. Both backends cut the table into squares of kSquare x kSquare
/// cells; a square has one compensated sum per column, added from the top; the columns are merged in pairs, then in
/// pairs of pairs; squares are merged from the left, strips of squares from the top. Nothing depends on the table's
/// size: a class without samples adds 0 wherever it lies.
namespace kullback {

inline constexpr int kSquare = 32;  ///< a warp does one square, a lane one of its columns

/// p log(p/q) - p + q = w ((1+s) artanh(s) - s) with w = p + q and s = (p - q) / w; diff = p - q exactly.
KULLBACK_HD double mutual_information_term(double p, double q, double diff) {
  const double s = p + q > 0 ? diff / (p + q) : 0;
  if (abs(s) > 0.5) return (p > 0 ? p * log_ratio(p, q) : 0) - diff;
  return diff * s * fma((1 + s) * s, artanh_tail(s * s), 1.0);
}

/// Counts in any layout: cell (i, j) is at i * row_stride + j * col_stride. Where below a Table is asked for, it is
/// this or has the same rows, cols and at().
template <class Count> struct JointCounts {
  const Count* cells;
  std::int64_t rows, cols, row_stride, col_stride;

  KULLBACK_HD std::uint64_t at(std::int64_t i, std::int64_t j) const {
    return static_cast<std::uint64_t>(cells[i * row_stride + j * col_stride]);
  }
};

/// row_sums [rows] and col_sums [cols] receive the marginals. Returns false where the total does not fit 64 bits.
template <class Table>
KULLBACK_HD bool sum_margins(const Table& table, std::uint64_t* row_sums, std::uint64_t* col_sums,
                             std::uint64_t* total) {
  for (std::int64_t j = 0; j < table.cols; ++j) col_sums[j] = 0;
  *total = 0;
  bool fits = true;
  for (std::int64_t i = 0; i < table.rows; ++i) {
    std::uint64_t row = 0;
    for (std::int64_t j = 0; j < table.cols; ++j) {
      const std::uint64_t n = table.at(i, j);
      row += n;
      col_sums[j] += n;
      fits = fits && row >= n;
    }
    row_sums[i] = row;
    *total += row;
    fits = fits && *total >= row;
  }
  return fits;
}

/// The term of one cell from its count, its margins and the total. Unsigned and Signed have twice the bits of the
/// total, so that no product wraps; and abs(n_ij N - n_i n_j) <= N^2 / 4 always (it is a covariance of two indicators),
/// so that the difference fits Signed.
template <class Unsigned, class Signed>
KULLBACK_HD double count_term(std::uint64_t n, std::uint64_t row, std::uint64_t col, std::uint64_t total) {
  const Unsigned q = static_cast<Unsigned>(row) * col;
  const Unsigned p = static_cast<Unsigned>(n) * total;
  return n == 0 ? static_cast<double>(q)
                : mutual_information_term(static_cast<double>(p), static_cast<double>(q),
                                          static_cast<double>(static_cast<Signed>(p - q)));
}

/// Sums terms(i, j) over a table in the order that is described above. terms.skips(i): those of row i are all 0.
template <class Terms> KULLBACK_HD double sum_cells(std::int64_t rows, std::int64_t cols, Terms& terms) {
  CompensatedSum<double> sum;
  CompensatedSum<double> column[kSquare];
  for (std::int64_t top = 0; top < rows; top += kSquare) {
    const std::int64_t bottom = rows - top < kSquare ? rows : top + kSquare;
    CompensatedSum<double> strip;
    for (std::int64_t left = 0; left < cols; left += kSquare) {
      const std::int64_t width = cols - left < kSquare ? cols - left : kSquare;
      for (std::int64_t j = 0; j < width; ++j) column[j] = {};
      for (std::int64_t i = top; i < bottom; ++i) {
        if (terms.skips(i)) continue;
        for (std::int64_t j = 0; j < width; ++j) column[j].add(terms(i, left + j));
      }
      for (std::int64_t distance = 1; distance < width; distance *= 2) {
        for (std::int64_t j = 0; j + distance < width; j += 2 * distance) column[j].merge(column[j + distance]);
      }
      strip.merge(column[0]);
    }
    sum.merge(strip);
  }
  return sum.value();
}

template <class Unsigned, class Signed, class Table> struct CountTerms {
  const Table& table;
  const std::uint64_t *row_sums, *col_sums;
  std::uint64_t total;

  KULLBACK_HD bool skips(std::int64_t i) const { return row_sums[i] == 0; }
  KULLBACK_HD double operator()(std::int64_t i, std::int64_t j) const {
    return count_term<Unsigned, Signed>(table.at(i, j), row_sums[i], col_sums[j], total);
  }
  KULLBACK_HD double mutual_information() const {
    const double n = static_cast<double>(total);
    return sum_cells(table.rows, table.cols, *this) / n / n;
  }
};

/// From counts whose margins are known. No samples: 0.
template <class Table>
KULLBACK_HD double mutual_information(const Table& table, const std::uint64_t* row_sums, const std::uint64_t* col_sums,
                                      std::uint64_t total) {
  using Narrow = CountTerms<std::uint64_t, std::int64_t, Table>;
  using Wide = CountTerms<unsigned __int128, __int128, Table>;
  if (total == 0) return 0;
  if (total >> 32 == 0) return Narrow{table, row_sums, col_sums, total}.mutual_information();
  return Wide{table, row_sums, col_sums, total}.mutual_information();
}

/// Multiplies by 2^-k in two steps, as 2^-k itself may not be a normal number: the entries of a table of probabilities
/// are scaled so that the largest is about 1.
struct PowerOfTwoScale {
  double first, second;

  KULLBACK_HD static PowerOfTwoScale to_about_one(double largest) {
    const std::int64_t k = -decompose(largest).k, half = k >> 1;
    return {power_of_two<double>(half), power_of_two<double>(k - half)};
  }
  KULLBACK_HD double operator()(double x) const { return x * first * second; }
};

/// The term of one cell of a table of probabilities, from its entry, its margins and the total, all scaled. A
/// difference below the resolution of the two-term products counts as none.
KULLBACK_HD double mutual_information_term(DoubleDouble entry, DoubleDouble row, DoubleDouble col, DoubleDouble total) {
  constexpr double kResolution = 0x1p-98, kNearUnderflow = 0x1p-900;
  const DoubleDouble p = multiply(entry, total), q = multiply(row, col);
  const DoubleDouble d = two_sum(p.hi, -q.hi);
  const double diff = d.hi + (d.lo + (p.lo - q.lo));
  if (abs(diff) <= kResolution * (p.hi + q.hi)) return 0;
  if (q.hi >= kNearUnderflow || p.hi <= 4 * q.hi) return mutual_information_term(p.hi, q.hi, diff);
  // row * col may have underflowed although its factors have not.
  return p.hi * (log_ratio(entry.hi, row.hi) + log_ratio(total.hi, col.hi)) - diff;
}

}  // namespace kullback
