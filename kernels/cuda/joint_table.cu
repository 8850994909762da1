#include "kernels/cuda/group.cuh"
#include "kernels/cuda/row_stream.cuh"
#include "kernels/cuda/table_kernels.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/mutual_information.hpp"

/// Mutual information of joint tables in device memory, in the order of kernels/math/mutual_information.hpp: a lane to
/// a column of a square.
namespace kullback::cuda {
namespace {

/// One of the tables.
struct Table {
  const Tables& all;
  std::int64_t first = 0;  ///< its cell (0, 0)
  ColumnPair pair = {0, 0};
  bool here = true;

  __device__ Table(const Tables& tables, unsigned index) : all(tables) {
    if (!all.counted) return;
    const unsigned per_tile = all.tiling.pairs_per_tile(), tile = index / per_tile;
    const int rest = static_cast<int>(index % per_tile);
    first = std::int64_t{tile} * all.tile_cells + rest;
    here = index < all.size() && all.tiling.pair(all.tiling.tile(all.first_tile + tile), rest, &pair);
  }

  __device__ std::int64_t at(std::int64_t i, std::int64_t j) const {
    return first + i * all.row_step + j * all.col_step;
  }
  __device__ std::int64_t count(std::int64_t i, std::int64_t j) const {
    return label_value({all.cells, all.dtype, 0}, at(i, j));
  }
  /// The entry as a double, and what that rounding took away.
  __device__ TwoTerms<double> entry(std::int64_t i, std::int64_t j) const {
    const char* cell = static_cast<const char*>(all.cells) + at(i, j) * static_cast<std::int64_t>(size_of(all.dtype));
    const Reader<AnyElement> reader(all.dtype);
    return {reader.read<double>(cell), remainder_of<double>(reader, cell)};
  }
  __device__ bool holds_integers() const { return !is_floating(all.dtype); }

  __device__ void store(double nats) const {
    const double value = nats * all.unit_scale;
    if (!all.counted) {
      *all.out = value;
    } else if (all.tiling.call != Call::all_pairs) {
      all.out[pair.x] = value;
    } else {
      all.out[pair.x * all.out_stride + pair.y] = all.out[pair.y * all.out_stride + pair.x] = value;
    }
  }
};

__device__ double term_of_count(std::uint64_t n, std::uint64_t row, std::uint64_t col, std::uint64_t total) {
  if (row == 0) return 0;
  return total >> 32 == 0 ? count_term<std::uint64_t, std::int64_t>(n, row, col, total)
                          : count_term<unsigned __int128, __int128>(n, row, col, total);
}

__device__ double divide(double sum, double total) { return sum / total / total; }

struct Merge {
  __device__ CompensatedSum<double> operator()(CompensatedSum<double> a, const CompensatedSum<double>& b) const {
    a.merge(b);
    return a;
  }
};

struct Plus {
  template <class T> __device__ T operator()(T a, T b) const { return a + b; }
};

__global__ void __launch_bounds__(kFinishThreads)
    finish_small_kernel(const __grid_constant__ Tables tables, int lanes) {
  const WarpGroup group(lanes);
  const Table table(tables, (blockIdx.x * kFinishThreads + threadIdx.x) / lanes);
  const int rank = group.rank(), rows = static_cast<int>(tables.rows), cols = static_cast<int>(tables.cols);
  std::uint64_t row = 0, col = 0;  // the margins of row and of column `rank`
  for (int j = 0; table.here && rank < rows && j < cols; ++j) row += table.count(rank, j);
  for (int i = 0; table.here && rank < cols && i < rows; ++i) col += table.count(i, rank);
  const std::uint64_t total = group.reduce(row, Plus());
  CompensatedSum<double> sum;
  for (int i = 0; i < rows; ++i) {
    const std::uint64_t row_i = __shfl_sync(kFullWarp, row, i, lanes);
    if (table.here && rank < cols) sum.add(term_of_count(table.count(i, rank), row_i, col, total));
  }
  sum = group.reduce(sum, Merge());
  if (!table.here || rank != 0) return;
  const bool complete = total == static_cast<std::uint64_t>(tables.samples);
  table.store(!complete ? kNaN<double> : total == 0 ? 0 : divide(sum.value(), static_cast<double>(total)));
}

/// The squares of all tables, a warp to each.
struct Square {
  std::int64_t per_strip, per_table, table, index, top, left, bottom, right;

  __device__ explicit Square(const Tables& tables) {
    per_strip = (tables.cols + kSquare - 1) / kSquare;
    per_table = (tables.rows + kSquare - 1) / kSquare * per_strip;
    const std::int64_t warp = (std::int64_t{blockIdx.x} * kFinishThreads + threadIdx.x) / 32;
    table = warp / per_table, index = warp % per_table;
    top = index / per_strip * kSquare, left = index % per_strip * kSquare;
    bottom = min(top + kSquare, tables.rows), right = min(left + kSquare, tables.cols);
  }
};

/// Of one table.
struct Work {
  TableTotals& totals;
  unsigned long long *row_sums, *col_sums;
  CompensatedSum<double>*row_shares, *col_shares;

  __device__ Work(const Tables& tables, const TableWork& work, std::int64_t table)
      : totals(work.totals[table]),
        row_sums(work.margins + table * (tables.rows + tables.cols)),
        col_sums(row_sums + tables.rows),
        row_shares(work.shares),
        col_shares(work.shares + tables.rows) {}

  /// Whether the counts' total fits 64 bits.
  __device__ bool fits() const { return (totals.high + (totals.low >> 32)) >> 32 == 0; }
  __device__ std::uint64_t total() const { return (totals.high << 32) + totals.low; }
  __device__ PowerOfTwoScale scale() const {
    return PowerOfTwoScale::to_about_one(__longlong_as_double(static_cast<long long>(totals.largest)));
  }
};

__device__ TwoTerms<double> scaled(const Table& table, const PowerOfTwoScale& scale, std::int64_t i, std::int64_t j) {
  const TwoTerms<double> x = table.entry(i, j);
  return {scale(x.hi), scale(x.lo)};
}

__global__ void __launch_bounds__(kFinishThreads)
    scan_squares_kernel(const __grid_constant__ Tables tables, const __grid_constant__ TableWork memory) {
  const Square square(tables);
  const Table table(tables, static_cast<unsigned>(square.table));
  if (square.table >= tables.size() || !table.here) return;
  const Work work(tables, memory, square.table);
  const WarpGroup warp(32);
  const std::int64_t i_own = square.top + warp.rank(), j_own = square.left + warp.rank();
  double largest = 0;
  unsigned long long refused = 0, low = 0, high = 0, col = 0, row = 0;
  for (std::int64_t i = square.top; j_own < square.right && i < square.bottom; ++i) {
    const double x = table.entry(i, j_own).hi;
    refused |= !(x >= 0 && x < kInf<double>);
    largest = x > largest ? x : largest;
    if (!table.holds_integers()) continue;
    const auto n = static_cast<unsigned long long>(table.count(i, j_own));
    col += n, low += n & 0xffffffffu, high += n >> 32;
  }
  for (std::int64_t j = square.left; table.holds_integers() && i_own < square.bottom && j < square.right; ++j) {
    row += table.count(i_own, j);
  }
  if (col != 0) atomicAdd(work.col_sums + j_own, col);
  if (row != 0) atomicAdd(work.row_sums + i_own, row);
  low = warp.reduce(low, Plus()), high = warp.reduce(high, Plus()), refused = warp.reduce(refused, Plus());
  largest = warp.reduce(largest, [](double a, double b) { return a > b ? a : b; });
  if (warp.rank() != 0) return;
  if (low != 0) atomicAdd(&work.totals.low, low);
  if (high != 0) atomicAdd(&work.totals.high, high);
  if (refused != 0) atomicAdd(&work.totals.refused, refused);
  // Bits of doubles >= 0 are in the doubles' order.
  atomicMax(&work.totals.largest, static_cast<unsigned long long>(__double_as_longlong(largest)));
}

__global__ void __launch_bounds__(kFinishThreads)
    sum_shares_kernel(const __grid_constant__ Tables tables, const __grid_constant__ TableWork memory) {
  const Table table(tables, 0);
  const Work work(tables, memory, 0);
  const std::int64_t margin = std::int64_t{blockIdx.x} * kFinishThreads + threadIdx.x;
  if ((table.holds_integers() && work.fits()) || margin >= tables.rows + tables.cols) return;
  const PowerOfTwoScale scale = work.scale();
  const bool of_row = margin < tables.rows;
  CompensatedSum<double> sum;
  for (std::int64_t k = 0; k < (of_row ? tables.cols : tables.rows); ++k) {
    const TwoTerms<double> x = of_row ? scaled(table, scale, margin, k) : scaled(table, scale, k, margin - tables.rows);
    sum.merge({x.hi, x.lo});
  }
  memory.shares[margin] = sum;
}

__global__ void sum_total_kernel(const __grid_constant__ Tables tables, const __grid_constant__ TableWork memory) {
  const Work work(tables, memory, 0);
  if (!is_floating(tables.dtype) && work.fits()) return;
  CompensatedSum<double> total;
  for (std::int64_t i = 0; i < tables.rows; ++i) total.merge(work.row_shares[i]);
  work.totals.total = total.two_terms();
}

__global__ void __launch_bounds__(kFinishThreads)
    sum_squares_kernel(const __grid_constant__ Tables tables, const __grid_constant__ TableWork memory) {
  const Square square(tables);
  const Table table(tables, static_cast<unsigned>(square.table));
  if (square.table >= tables.size() || !table.here) return;
  const Work work(tables, memory, square.table);
  const WarpGroup warp(32);
  const std::int64_t j = square.left + warp.rank();
  CompensatedSum<double> sum;
  if (j < square.right && table.holds_integers() && work.fits()) {
    const std::uint64_t total = work.total(), col = work.col_sums[j];
    for (std::int64_t i = square.top; i < square.bottom; ++i) {
      sum.add(term_of_count(table.count(i, j), work.row_sums[i], col, total));
    }
  } else if (j < square.right) {
    const PowerOfTwoScale scale = work.scale();
    for (std::int64_t i = square.top; i < square.bottom; ++i) {
      sum.add(mutual_information_term(scaled(table, scale, i, j), work.row_shares[i].two_terms(),
                                      work.col_shares[j].two_terms(), work.totals.total));
    }
  }
  sum = warp.reduce(sum, Merge());
  if (warp.rank() == 0) memory.squares[square.table * square.per_table + square.index] = sum;
}

__device__ double result(const Tables& tables, const Table& table, const Work& work, double sum) {
  if (tables.counted) {
    if (work.total() != static_cast<std::uint64_t>(tables.samples)) return kNaN<double>;
    return work.total() == 0 ? 0 : divide(sum, static_cast<double>(work.total()));
  }
  if (work.totals.refused != 0 || work.totals.largest == 0) return kNaN<double>;
  return divide(sum, table.holds_integers() && work.fits() ? static_cast<double>(work.total()) : work.totals.total.hi);
}

__global__ void __launch_bounds__(kFinishThreads)
    finish_kernel(const __grid_constant__ Tables tables, const __grid_constant__ TableWork memory) {
  const Table table(tables, blockIdx.x);
  if (!table.here) return;
  const std::int64_t per_strip = (tables.cols + kSquare - 1) / kSquare, strips = (tables.rows + kSquare - 1) / kSquare;
  const CompensatedSum<double>* squares = memory.squares + blockIdx.x * per_strip * strips;
  __shared__ double sums[kFinishThreads], lost[kFinishThreads];
  CompensatedSum<double> sum;
  for (std::int64_t first = 0; first < strips; first += kFinishThreads) {
    const std::int64_t own = first + threadIdx.x;
    CompensatedSum<double> strip;
    for (std::int64_t k = 0; own < strips && k < per_strip; ++k) strip.merge(squares[own * per_strip + k]);
    sums[threadIdx.x] = strip.sum, lost[threadIdx.x] = strip.lost;
    __syncthreads();
    const auto here = static_cast<int>(min(strips - first, std::int64_t{kFinishThreads}));
    for (int k = 0; threadIdx.x == 0 && k < here; ++k) sum.merge({sums[k], lost[k]});
    __syncthreads();
  }
  if (threadIdx.x == 0) table.store(result(tables, table, Work(tables, memory, blockIdx.x), sum.value()));
}

}  // namespace

void (*const kFinishSmall)(Tables, int) = finish_small_kernel;
void (*const kScanSquares)(Tables, TableWork) = scan_squares_kernel;
void (*const kSumShares)(Tables, TableWork) = sum_shares_kernel;
void (*const kSumTotal)(Tables, TableWork) = sum_total_kernel;
void (*const kSumSquares)(Tables, TableWork) = sum_squares_kernel;
void (*const kFinish)(Tables, TableWork) = finish_kernel;

}  // namespace kullback::cuda
