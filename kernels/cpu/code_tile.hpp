#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/cpu/isa.hpp"
#include "kullback/matrix_view.hpp"

/// Counting joint histograms of groups of columns. The table of a tile holds cell (a, b) of columns i of x and j of y
/// at ((i * x.lines + a) * y.cols + j) * y.lines + b: a sample of x picks a line of the table, in which it meets every
/// column of y. A variable has a line for each class and, where codes may be missing, one more for those. Given a third
/// variable, x has all its lines once for each of that one's: a table for each of its classes, one above the other.
namespace kullback::cpu {

/// A code that stands for "not known".
struct MissingCode {
  bool exists = false;
  std::int64_t value = 0;
};

/// The columns [first, first + cols) of a table of codes.
struct CodeColumns {
  const void* data;  ///< of column `first`
  DType dtype;
  std::int64_t row_stride, first, cols, classes;
  std::int64_t lines = classes;
  MissingCode missing = {};
};

inline CodeColumns columns_of(const MatrixView& table, std::int64_t classes, std::int64_t first, std::int64_t most) {
  const auto* data = static_cast<const char*>(table.data) + first * static_cast<std::int64_t>(size_of(table.dtype));
  return {data, table.dtype, table.row_stride, first, std::min(most, table.cols - first), classes};
}

struct CodeTile {
  CodeColumns x, y;
  bool triangle;                          ///< x and y are the same columns: only pairs i <= j are counted
  CodeColumns given = {};                 ///< one column; data null: none
  const std::int64_t* weights = nullptr;  ///< of the samples; null: 1 each

  std::int64_t cells() const { return x.cols * x.lines * y.cols * y.lines; }
  std::int64_t cell(std::int64_t i, std::int64_t j) const { return (i * x.lines * y.cols + j) * y.lines; }
  /// Lines of x's table in one class of the given variable.
  std::int64_t lines_in_stratum() const { return given.data == nullptr ? x.lines : x.lines / given.lines; }
};

/// Counts the samples [first, last), those of weight 0 are not looked at, into `copies` (1, 2 or 4) zeroed tables; bad
/// holds x's flags, then y's, then the given variable's. Count: std::uint32_t or std::uint64_t.
template <class Count>
void count_tile(Isa isa, const CodeTile& tile, std::int64_t first, std::int64_t last, Count* table, std::int64_t copies,
                std::uint8_t* bad);

}  // namespace kullback::cpu
