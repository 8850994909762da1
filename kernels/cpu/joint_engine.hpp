#pragma once

#include <omp.h>

#include <algorithm>
#include <cstring>

#include "kernels/cpu/code_tile.hpp"
#include "kernels/cpu/targets.hpp"
#include "kernels/math/mutual_information.hpp"
#include "kernels/policy.hpp"
#include "kullback/counting_plan.hpp"

/// Joint histograms of integer codes: tiles of columns of x against columns of y, counted by code_tile.hpp and finished
/// by whoever asks. Threads take whole tiles, or share the samples of each tile where there are few tiles; counts are
/// integers, so the results are the same.
namespace kullback::cpu {

constexpr std::size_t align_64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Bit planes or histograms, and why.
struct CountingChoice {
  CountingReason reason;
  std::int64_t value = 0, limit = 0;

  bool planes() const { return reason == CountingReason::few_classes; }
};

/// What all tiles of a call have in common; tiles at the edge are smaller.
struct TilePlan {
  std::int64_t samples, total, tiles;  ///< total: of the samples' weights
  std::int64_t x_cols, x_lines, y_cols, y_lines;
  std::int64_t copies;
  std::int64_t margin_words;  ///< of 64 bits: room for the sums of all lines, and what else the one who finishes needs
  int threads;
  bool share_samples;
  bool transposed = false;  ///< the finished table has y's classes as rows
  Isa isa = detect_isa();

  TilePlan(std::int64_t samples, std::int64_t tiles, std::int64_t x_cols, std::int64_t x_lines, std::int64_t y_cols,
           std::int64_t y_lines, int threads_allowed)
      : samples(samples),
        total(samples),
        tiles(tiles),
        x_cols(x_cols),
        x_lines(x_lines),
        y_cols(y_cols),
        y_lines(y_lines),
        margin_words(x_lines + y_lines) {
    constexpr HistogramPolicy policy = kHistogramPolicy;
    const std::int64_t cells = x_cols * y_cols * x_lines * y_lines;
    const bool one_copy = y_cols >= policy.many_columns || samples / 8 < cells;  // too few samples to pay for clearing
    copies = one_copy ? 1 : cells <= policy.four_copies ? 4 : cells <= policy.two_copies ? 2 : 1;
    share_samples =
        tiles < 4 * threads_allowed && samples / threads_allowed >= std::max(policy.samples_per_thread, cells);
    threads = share_samples ? threads_allowed : static_cast<int>(std::min<std::int64_t>(threads_allowed, tiles));
  }

  bool wide_counts() const { return total >> 32 != 0; }
  std::size_t table_bytes() const {
    const std::size_t cells = static_cast<std::size_t>(x_cols * x_lines * y_cols * y_lines);
    return align_64(cells * static_cast<std::size_t>(copies) * (wide_counts() ? 8 : 4));
  }
  std::size_t margin_bytes() const { return align_64(static_cast<std::size_t>(margin_words) * 8); }
  std::size_t bytes_per_thread() const {
    return table_bytes() + margin_bytes() + align_64(static_cast<std::size_t>(x_cols + y_cols + 1));
  }
  std::size_t bytes() const { return bytes_per_thread() * static_cast<std::size_t>(threads); }
};

/// One thread's part of the workspace.
template <class Count> struct Scratch {
  Count* table;
  std::uint64_t* margins;
  std::uint8_t* bad;

  Scratch(const TilePlan& plan, void* workspace, int thread) {
    auto* at = static_cast<char*>(workspace) + plan.bytes_per_thread() * static_cast<std::size_t>(thread);
    table = reinterpret_cast<Count*>(at);
    margins = reinterpret_cast<std::uint64_t*>(at + plan.table_bytes());
    bad = reinterpret_cast<std::uint8_t*>(at + plan.table_bytes() + plan.margin_bytes());
  }
};

template <class Count>
void count_samples(const TilePlan& plan, const CodeTile& tile, std::int64_t first, std::int64_t last,
                   const Scratch<Count>& own) {
  std::memset(own.table, 0, static_cast<std::size_t>(tile.cells() * plan.copies) * sizeof(Count));
  std::memset(own.bad, 0, static_cast<std::size_t>(tile.x.cols + tile.y.cols + 1));
  count_tile(plan.isa, tile, first, last, own.table, plan.copies, own.bad);
}

/// Table of pair (i, j): x's lines are `line` counters apart, y's are neighbours.
template <class Count> struct PairTable {
  const Count* cells;
  std::int64_t line;
  std::uint64_t* margins;  ///< room for the plan's margin_words
};

/// Adds the tables of `workers` threads, starting at `first`, for pair (i, j) and hands the sum to `finish`, or null
/// cells where a code was out of range.
template <class Count, class Finish>
auto finish_pair(const TilePlan& plan, const CodeTile& tile, void* workspace, int first, int workers, std::int64_t i,
                 std::int64_t j, std::uint64_t* margins, const Finish& finish) {
  const std::int64_t line = tile.y.cols * tile.y.lines, cell = tile.cell(i, j);
  Count* sum = Scratch<Count>(plan, workspace, first).table + cell;
  for (int w = 0; w < workers; ++w) {
    const Scratch<Count> other(plan, workspace, first + w);
    if (other.bad[i] || other.bad[tile.x.cols + j] || other.bad[tile.x.cols + tile.y.cols]) {
      return finish(plan, tile, PairTable<Count>{nullptr, line, margins});
    }
    for (std::int64_t copy = w == 0 ? 1 : 0; copy < plan.copies; ++copy) {
      const Count* from = other.table + copy * tile.cells() + cell;
      for (std::int64_t a = 0; a < tile.x.lines; ++a) {
        for (std::int64_t b = 0; b < tile.y.lines; ++b) sum[a * line + b] += from[a * line + b];
      }
    }
  }
  return finish(plan, tile, PairTable<Count>{sum, line, margins});
}

/// tile_at(t) gives tile t; finish(plan, tile, table) makes a result of a table; store(i, j, result) takes the one of
/// column i of x and column j of y.
template <class Count, class TileAt, class Finish, class Store>
void run_tiles(const TilePlan& plan, void* workspace, const TileAt& tile_at, const Finish& finish, const Store& store) {
#pragma omp parallel num_threads(plan.threads)
  {
    const int thread = omp_get_thread_num(), team = omp_get_num_threads();
    const Scratch<Count> own(plan, workspace, thread);
    if (plan.share_samples) {
      const auto part = [&](int k) { return plan.samples / team * k + std::min<std::int64_t>(plan.samples % team, k); };
      for (std::int64_t t = 0; t < plan.tiles; ++t) {
        const CodeTile tile = tile_at(t);
        count_samples(plan, tile, part(thread), part(thread + 1), own);
#pragma omp barrier
#pragma omp for schedule(static)
        for (std::int64_t pair = 0; pair < tile.x.cols * tile.y.cols; ++pair) {
          const std::int64_t i = pair / tile.y.cols, j = pair % tile.y.cols;
          if (tile.triangle && j < i) continue;
          store(tile.x.first + i, tile.y.first + j,
                finish_pair<Count>(plan, tile, workspace, 0, team, i, j, own.margins, finish));
        }
      }
    } else {
#pragma omp for schedule(dynamic)
      for (std::int64_t t = 0; t < plan.tiles; ++t) {
        const CodeTile tile = tile_at(t);
        count_samples(plan, tile, 0, plan.samples, own);
        for (std::int64_t i = 0; i < tile.x.cols; ++i) {
          for (std::int64_t j = tile.triangle ? i : 0; j < tile.y.cols; ++j) {
            store(tile.x.first + i, tile.y.first + j,
                  finish_pair<Count>(plan, tile, workspace, thread, 1, i, j, own.margins, finish));
          }
        }
      }
    }
  }
}

template <class TileAt, class Finish, class Store>
void run_tiles(const TilePlan& plan, void* workspace, const TileAt& tile_at, const Finish& finish, const Store& store) {
  if (plan.wide_counts()) {
    run_tiles<std::uint64_t>(plan, workspace, tile_at, finish, store);
  } else {
    run_tiles<std::uint32_t>(plan, workspace, tile_at, finish, store);
  }
}

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }

/// Row b of x with row b of y: each a table of one column.
struct PairsTiles {
  CodeColumns x, y;  ///< of row 0
  std::int64_t x_step, y_step;
  CodeColumns given = {};
  std::int64_t given_step = 0;
  const std::int64_t* weights = nullptr;

  CodeTile operator()(std::int64_t b) const {
    const auto row = [&](CodeColumns columns, std::int64_t step) {
      columns.first = b;
      if (columns.data == nullptr) return columns;  // no samples, or no given variable
      columns.data =
          static_cast<const char*>(columns.data) + b * step * static_cast<std::int64_t>(size_of(columns.dtype));
      return columns;
    };
    return {row(x, x_step), row(y, y_step), false, row(given, given_step), weights};
  }
};

/// A column of its own.
inline CodeColumns vector_columns(const void* data, DType dtype, std::int64_t classes) {
  return {data, dtype, 1, 0, 1, classes};
}

/// Features are taken in groups whose tables fit the cache, and by whole cache lines of codes if that is not too much.
/// The label, whose lines are x's, is met by a group of features.
inline TilePlan label_plan(const MatrixView& table, std::int64_t lines, std::int64_t label_lines, int threads) {
  constexpr HistogramPolicy policy = kHistogramPolicy;
  const std::int64_t cells = lines * label_lines;
  const auto line = static_cast<std::int64_t>(64 / size_of(table.dtype));
  const std::int64_t group =
      std::max({std::int64_t{1}, policy.group_cells / cells, std::min(line, policy.line_cells / cells)});
  const std::int64_t cols = std::min({group, policy.group_columns, table.cols});
  TilePlan plan(table.rows, ceil_div(table.cols, cols), 1, label_lines, cols, lines, threads);
  plan.transposed = true;  // the feature first, as in a call with pairs
  return plan;
}

/// Squares of the upper triangle.
inline TilePlan all_pairs_plan(const MatrixView& table, std::int64_t x_lines, std::int64_t y_lines, int threads) {
  constexpr HistogramPolicy policy = kHistogramPolicy;
  std::int64_t cols = 1;
  const std::int64_t most = std::min(policy.square_columns, table.cols);
  while (cols < most && (cols + 1) * (cols + 1) * x_lines * y_lines <= policy.square_cells) ++cols;
  const std::int64_t side = ceil_div(table.cols, cols);
  return {table.rows, side * (side + 1) / 2, cols, x_lines, cols, y_lines, threads};
}

/// Row i of the upper triangle of side x side squares has side - i of them.
struct Square {
  std::int64_t i, j;

  Square(std::int64_t t, std::int64_t side) : i(0) {
    for (; t >= side - i; ++i) t -= side - i;
    j = i + t;
  }
};

}  // namespace kullback::cpu
