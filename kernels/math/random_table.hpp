#pragma once

#include "kernels/math/hypergeometric.hpp"

/// Random tables with given margins, cell by cell: what is left of a row and of the columns is a smaller table of the
/// same kind, so each cell is hypergeometric (Patefield 1981 does the same). A table costs a draw for each cell but
/// those of the last row and column, whatever the number of samples.
namespace kullback {

/// A sum of terms >= 0 in whole units of 2^-40, up to 2^22: it does not depend on their order.
class WholeSum {
 public:
  KULLBACK_HD void add(double x) {
    const double units = x * 0x1p40;
    units_ += units < kMost ? static_cast<std::uint64_t>(units + 0.5) : static_cast<std::uint64_t>(kMost);
    if (units_ > static_cast<std::uint64_t>(kMost)) units_ = static_cast<std::uint64_t>(kMost);
  }
  KULLBACK_HD std::uint64_t units() const { return units_; }

 private:
  static constexpr double kMost = 0x1p62;
  std::uint64_t units_ = 0;
};

/// Margins without empty classes; fewer rows than columns or as many, largest first.
struct TableMargins {
  const std::uint64_t *rows, *cols;
  std::int64_t row_count, col_count;
  std::uint64_t total;
};

/// What a cell adds to N I, in nats: n log(n / e) - n + e where e is expected.
KULLBACK_HD double cell_information(std::uint64_t n, std::uint64_t row, std::uint64_t col, std::uint64_t total) {
  const double scaled = total >> 32 == 0 ? count_term<std::uint64_t, std::int64_t>(n, row, col, total)
                                         : count_term<unsigned __int128, __int128>(n, row, col, total);
  return scaled / static_cast<double>(total);
}

/// Adds N I of one random table. left [col_count] is scratch. counter.word[1] counts cells.
KULLBACK_HD void add_random_table(const TableMargins& m, PhiloxWords counter, std::uint64_t seed, std::uint64_t* left,
                                  WholeSum& sum) {
  for (std::int64_t j = 0; j < m.col_count; ++j) left[j] = m.cols[j];
  std::uint64_t below = m.total;  // samples of this row and those that follow
  for (std::int64_t i = 0; i < m.row_count; ++i) {
    std::uint64_t row = m.rows[i], from = below;
    for (std::int64_t j = 0; j < m.col_count; ++j) {
      counter.word[1] = static_cast<std::uint32_t>(i * m.col_count + j);
      const std::uint64_t n = draw_count({row, left[j], from}, counter, seed);
      sum.add(cell_information(n, m.rows[i], m.cols[j], m.total));
      from -= left[j];
      left[j] -= n;
      row -= n;
    }
    below -= m.rows[i];
  }
}

}  // namespace kullback
