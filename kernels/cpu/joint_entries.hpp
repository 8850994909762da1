#pragma once

#include <algorithm>

#include "kernels/cpu/block.hpp"
#include "kernels/math/mutual_information.hpp"

/// A given joint table of probabilities, or of counts whose total is beyond 64 bits: entries, margins and total as two
/// terms, scaled so that the largest entry is about 1.
namespace kullback::cpu {

/// Calls visit(i, j, entry) for every cell in order, entry as two terms times `scale`.
template <class Visit>
KULLBACK_HD void for_each_entry(const MatrixView& joint, const PowerOfTwoScale& scale, const Visit& visit) {
  BlockArray<double> x, remainder;
  for (std::int64_t i = 0; i < joint.rows; ++i) {
    for (std::int64_t c = 0; c < joint.cols; c += kBlock) {
      const std::int64_t n = block_columns(joint.cols, c);
      load_block(joint, i, c, n, 0.0, x);
      load_block_remainder(joint, i, c, n, remainder);
      for (std::int64_t k = 0; k < n; ++k) visit(i, c + k, TwoTerms<double>{scale(x[k]), scale(remainder[k])});
    }
  }
}

/// Margins in the workspace, which has room for rows + cols sums.
struct ProbabilityTable {
  const MatrixView& joint;
  PowerOfTwoScale scale = {1, 1};
  CompensatedSum<double>*row_sums, *col_sums;
  TwoTerms<double> total = {0, 0};
  bool valid = true;  ///< no negative, NaN or infinite entry, and not all 0

  KULLBACK_HD ProbabilityTable(const MatrixView& joint, void* workspace)
      : joint(joint), row_sums(static_cast<CompensatedSum<double>*>(workspace)), col_sums(row_sums + joint.rows) {
    double largest = 0;
    for_each_entry(joint, {1, 1}, [&](std::int64_t, std::int64_t, TwoTerms<double> x) {
      valid = valid && x.hi >= 0 && x.hi < kInf<double>;
      largest = x.hi > largest ? x.hi : largest;
    });
    valid = valid && largest > 0;
    if (!valid) return;

    scale = PowerOfTwoScale::to_about_one(largest);
    for (std::int64_t k = 0; k < joint.rows + joint.cols; ++k) row_sums[k] = {};
    for_each_entry(joint, scale, [&](std::int64_t i, std::int64_t j, TwoTerms<double> x) {
      row_sums[i].merge({x.hi, x.lo});
      col_sums[j].merge({x.hi, x.lo});
    });
    CompensatedSum<double> all;
    for (std::int64_t i = 0; i < joint.rows; ++i) all.merge(row_sums[i]);
    total = all.two_terms();
  }
};

/// term(entry, row's sum, column's sum) of every cell; sum_cells visits each square's rows from the left.
template <class Term> struct ProbabilityTerms {
  const ProbabilityTable& table;
  const Term& term;
  BlockArray<double> x, remainder;  // the square's row

  KULLBACK_HD bool skips(std::int64_t) const { return false; }
  KULLBACK_HD double operator()(std::int64_t i, std::int64_t j) {
    const std::int64_t k = j % kSquare;
    if (k == 0) {
      const std::int64_t n = std::min<std::int64_t>(table.joint.cols - j, kSquare);
      load_block(table.joint, i, j, n, 0.0, x);
      load_block_remainder(table.joint, i, j, n, remainder);
    }
    return term(TwoTerms<double>{table.scale(x[k]), table.scale(remainder[k])}, table.row_sums[i].two_terms(),
                table.col_sums[j].two_terms());
  }
};

template <class Term> KULLBACK_HD double sum_probability_terms(const ProbabilityTable& table, const Term& term) {
  ProbabilityTerms<Term> terms = {table, term, {}, {}};
  return sum_cells(table.joint.rows, table.joint.cols, terms);
}

/// In nats.
KULLBACK_HD double mutual_information(const ProbabilityTable& table) {
  using Two = TwoTerms<double>;
  const double sum = sum_probability_terms(
      table, [&](Two entry, Two row, Two col) { return mutual_information_term(entry, row, col, table.total); });
  return sum / table.total.hi / table.total.hi;
}

/// A given joint table of integers. Their type is asked for at every cell: one copy of what is computed from them.
struct CountTable {
  const MatrixView& joint;
  std::int64_t rows = joint.rows, cols = joint.cols;

  /// Beyond 2^63 where an entry is negative.
  KULLBACK_HD std::uint64_t at(std::int64_t i, std::int64_t j) const {
    const std::int64_t k = i * joint.row_stride + j;
    switch (joint.dtype) {
      case DType::u8: return static_cast<const std::uint8_t*>(joint.data)[k];
      case DType::u16: return static_cast<const std::uint16_t*>(joint.data)[k];
      case DType::i32: return static_cast<std::uint64_t>(static_cast<const std::int32_t*>(joint.data)[k]);
      default: return static_cast<std::uint64_t>(static_cast<const std::int64_t*>(joint.data)[k]);
    }
  }
  KULLBACK_HD bool at_least_zero() const {
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) {
        if (at(i, j) >> 63 != 0) return false;
      }
    }
    return true;
  }
};

}  // namespace kullback::cpu
