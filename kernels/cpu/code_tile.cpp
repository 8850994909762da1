#include "kernels/cpu/code_tile.hpp"

#include <type_traits>

#include "kernels/cpu/targets.hpp"
#include "kernels/math/hd.hpp"
#include "kernels/policy.hpp"

/// Codes in memory -> offsets into a table -> counts.
namespace kullback::cpu {
namespace {

/// offsets[r * cols + c] = (c * lines + code) * scale for some rows of codes; a missing code is the class after the
/// last. Any other code out of range counts as 0 and sets bad[c], so that it is never an index.
template <class T, bool kMissing>
KULLBACK_HD void code_offsets(const CodeColumns& columns, std::int64_t first_row, std::int64_t rows,
                              std::uint32_t scale, std::uint32_t* __restrict offsets, std::uint8_t* __restrict bad) {
  using Unsigned = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
  const auto classes = static_cast<Unsigned>(columns.classes);
  const T missing = static_cast<T>(columns.missing.value);
  const T* codes = static_cast<const T*>(columns.data) + first_row * columns.row_stride;
  const auto offset = [&](T code, std::uint32_t& out_of_range) {
    const auto u = static_cast<Unsigned>(code);  // a negative code becomes a large one
    if (kMissing && code == missing) return static_cast<std::uint32_t>(classes);
    out_of_range |= u >= classes;
    return u < classes ? static_cast<std::uint32_t>(u) : 0;
  };
  if (columns.cols == 1) {
    std::uint32_t out_of_range = 0;
    if (columns.row_stride == 1) {
      for (std::int64_t r = 0; r < rows; ++r) offsets[r] = offset(codes[r], out_of_range) * scale;
    } else {
      for (std::int64_t r = 0; r < rows; ++r) {
        offsets[r] = offset(codes[r * columns.row_stride], out_of_range) * scale;
      }
    }
    bad[0] |= out_of_range != 0;
    return;
  }
  for (std::int64_t r = 0; r < rows; ++r, codes += columns.row_stride, offsets += columns.cols) {
    for (std::int64_t c = 0; c < columns.cols; ++c) {
      std::uint32_t out_of_range = 0;
      offsets[c] =
          (static_cast<std::uint32_t>(c) * static_cast<std::uint32_t>(columns.lines) + offset(codes[c], out_of_range)) *
          scale;
      bad[c] |= static_cast<std::uint8_t>(out_of_range);
    }
  }
}

template <class T>
KULLBACK_HD void code_offsets(const CodeColumns& columns, std::int64_t first_row, std::int64_t rows,
                              std::uint32_t scale, std::uint32_t* offsets, std::uint8_t* bad) {
  // A code that its type cannot hold does not occur.
  if (columns.missing.exists &&
      static_cast<std::int64_t>(static_cast<T>(columns.missing.value)) == columns.missing.value)
    return code_offsets<T, true>(columns, first_row, rows, scale, offsets, bad);
  return code_offsets<T, false>(columns, first_row, rows, scale, offsets, bad);
}

KULLBACK_HD void code_offsets(const CodeColumns& columns, std::int64_t first_row, std::int64_t rows,
                              std::uint32_t scale, std::uint32_t* offsets, std::uint8_t* bad) {
  switch (columns.dtype) {
    case DType::u8: return code_offsets<std::uint8_t>(columns, first_row, rows, scale, offsets, bad);
    case DType::u16: return code_offsets<std::uint16_t>(columns, first_row, rows, scale, offsets, bad);
    case DType::i32: return code_offsets<std::int32_t>(columns, first_row, rows, scale, offsets, bad);
    default: return code_offsets<std::int64_t>(columns, first_row, rows, scale, offsets, bad);
  }
}

/// Counts rows whose offsets are known. Two increments of one cell in a row would wait for each other's store: with
/// many columns of y the next one is in another column's table, with few the next row goes to another copy.
template <class Count>
KULLBACK_HD void count_rows(const CodeTile& tile, const std::uint32_t* x, const std::uint32_t* y, std::int64_t rows,
                            Count* table, std::int64_t copies) {
  const std::int64_t nx = tile.x.cols, ny = tile.y.cols;
  if (ny >= kHistogramPolicy.many_columns) {
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t i = 0; i < nx; ++i) {
        Count* line = table + x[r * nx + i];
        for (std::int64_t j = tile.triangle ? i : 0; j < ny; ++j) ++line[y[r * ny + j]];
      }
    }
    return;
  }
  Count* t[4];
  for (int k = 0; k < 4; ++k) t[k] = table + (k % copies) * tile.cells();
  for (std::int64_t i = 0; i < nx; ++i) {
    for (std::int64_t j = tile.triangle ? i : 0; j < ny; ++j) {
      std::int64_t r = 0;
      for (; r + 4 <= rows; r += 4) {
        for (int k = 0; k < 4; ++k) ++t[k][x[(r + k) * nx + i] + y[(r + k) * ny + j]];
      }
      for (; r < rows; ++r) ++t[0][x[r * nx + i] + y[r * ny + j]];
    }
  }
}

/// The same with a weight for each row.
template <class Count>
KULLBACK_HD void count_weighted_rows(const CodeTile& tile, const std::uint32_t* x, const std::uint32_t* y,
                                     const std::int64_t* weights, std::int64_t rows, Count* table) {
  const std::int64_t nx = tile.x.cols, ny = tile.y.cols;
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto weight = static_cast<Count>(weights[r]);
    for (std::int64_t i = 0; i < nx; ++i) {
      Count* line = table + x[r * nx + i];
      for (std::int64_t j = tile.triangle ? i : 0; j < ny; ++j) line[y[r * ny + j]] += weight;
    }
  }
}

/// Rows from `first` on that are counted together: none of weight 0 is among them.
std::int64_t run_length(const std::int64_t* weights, std::int64_t first, std::int64_t most) {
  std::int64_t rows = 0;
  while (rows < most && weights[first + rows] != 0) ++rows;
  return rows;
}

/// Moves x's offsets into the table of the given variable's class.
KULLBACK_HD void add_strata(const CodeTile& tile, const std::uint32_t* strata, std::int64_t rows, std::uint32_t* x) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < tile.x.cols; ++i) x[r * tile.x.cols + i] += strata[r];
  }
}

struct CodeOffsets {
  static KULLBACK_HD void run(const CodeColumns& columns, std::int64_t first_row, std::int64_t rows,
                              std::uint32_t scale, std::uint32_t* offsets, std::uint8_t* bad) {
    code_offsets(columns, first_row, rows, scale, offsets, bad);
  }
};
struct CountRows {
  template <class Count>
  static KULLBACK_HD void run(const CodeTile& tile, const std::uint32_t* x, const std::uint32_t* y, std::int64_t rows,
                              Count* table, std::int64_t copies) {
    count_rows(tile, x, y, rows, table, copies);
  }
};

struct CountWeightedRows {
  template <class Count>
  static KULLBACK_HD void run(const CodeTile& tile, const std::uint32_t* x, const std::uint32_t* y,
                              const std::int64_t* weights, std::int64_t rows, Count* table) {
    count_weighted_rows(tile, x, y, weights, rows, table);
  }
};

}  // namespace

template <class Count>
void count_tile(Isa isa, const CodeTile& tile, std::int64_t first, std::int64_t last, Count* table, std::int64_t copies,
                std::uint8_t* bad) {
  constexpr std::int64_t kOffsets = 2048;  // two such arrays stay in L1 beside the table
  std::uint32_t x[kOffsets], y[kOffsets];
  std::uint32_t *const of_x = x, *const of_y = y;
  const std::int64_t block = kOffsets / std::max(tile.x.cols, tile.y.cols);
  const auto line = static_cast<std::uint32_t>(tile.y.cols * tile.y.lines);
  const auto stratum = static_cast<std::uint32_t>(tile.lines_in_stratum()) * line;
  for (std::int64_t r = first, rows; r < last; r += rows) {
    rows = std::min(block, last - r);
    if (tile.weights != nullptr) {
      rows = run_length(tile.weights, r, rows);
      if (rows == 0) {
        rows = 1;
        continue;
      }
    }
    run_on<CodeOffsets>(isa, tile.x, r, rows, line, of_x, bad);
    if (tile.given.data != nullptr) {
      run_on<CodeOffsets>(isa, tile.given, r, rows, stratum, of_y, bad + tile.x.cols + tile.y.cols);
      add_strata(tile, y, rows, x);
    }
    run_on<CodeOffsets>(isa, tile.y, r, rows, std::uint32_t{1}, of_y, bad + tile.x.cols);
    if (tile.weights != nullptr) {
      run_on<CountWeightedRows>(isa, tile, of_x, of_y, tile.weights + r, rows, table);
    } else {
      run_on<CountRows>(isa, tile, x, y, rows, table, copies);
    }
  }
}

template void count_tile(Isa, const CodeTile&, std::int64_t, std::int64_t, std::uint32_t*, std::int64_t, std::uint8_t*);
template void count_tile(Isa, const CodeTile&, std::int64_t, std::int64_t, std::uint64_t*, std::int64_t, std::uint8_t*);

}  // namespace kullback::cpu
