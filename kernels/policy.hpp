#pragma once

#include <cstdint>

/// Tuning as plain data, one namespace a backend.

/// Lanes and blocks are part of a result's bits, so they depend on nothing but the type.
namespace kullback::cpu {

struct RowPolicy {
  std::int64_t lanes = 32;               ///< virtual lanes: column c is added into lane c % lanes
  std::int64_t block = 256;              ///< columns summed in the row's type before a compensated double takes over
  std::int64_t task_elements = 1 << 14;  ///< rows are handed to threads in groups of about this many elements
};

/// 32 lanes are two AVX-512 accumulators of floats (four of doubles), enough to hide an add's latency. A block of 256
/// keeps its dozen arrays in L1/L2 and gives each lane 8 adds, well under the contract's 32.
inline constexpr RowPolicy kRowPolicy;

/// Rows in groups for the threads; no group is empty.
struct RowTasks {
  std::int64_t rows, step, count;

  constexpr RowTasks(std::int64_t all_rows, std::int64_t cols)
      : rows(all_rows),
        step(cols < kRowPolicy.task_elements ? kRowPolicy.task_elements / (cols > 0 ? cols : 1) : 1),
        count(rows / step + (rows % step != 0)) {}
  constexpr std::int64_t first(std::int64_t task) const { return task * step; }
  constexpr std::int64_t last(std::int64_t task) const { return rows - first(task) < step ? rows : first(task) + step; }
};

struct HistogramPolicy {
  std::int64_t many_columns = 16;      ///< of y in a tile: rows are counted in the order in which they lie, in one copy
  std::int64_t four_copies = 1 << 12;  ///< with fewer columns, cells up to which a tile's table has four copies
  std::int64_t two_copies = 1 << 14;   ///< and two
  std::int64_t samples_per_thread = 1 << 15;  ///< at least, where threads share the samples of a tile
  std::int64_t group_cells = 1 << 13;         ///< label: cells of a group's tables
  std::int64_t line_cells = 1 << 18;    ///< label: the same, where a smaller group would read a part of each cache line
  std::int64_t group_columns = 1024;    ///< label: features of a group
  std::int64_t square_cells = 1 << 13;  ///< all pairs: cells of a tile's tables
  std::int64_t square_columns = 64;     ///< all pairs: features on a tile's side
};

/// Copies and groups are sized so that what a block of samples touches stays in L1 (4-byte counters), whole lines of
/// codes in L2. Measured on a Zen 4 core with 8-bit codes, one core: three features with a label run 2.7 times as fast
/// pair by pair (0.7 against 0.26 G/s), a hundred 1.4 to 1.8 times as fast row by row (1.8 against 1.3 G/s at K = 16).
inline constexpr HistogramPolicy kHistogramPolicy;

}  // namespace kullback::cpu

/// Tuning of the CUDA engines as plain data. What decides which thread sums which column is part of a result's bits, so
/// it depends on the row's length and type alone. None of the numbers has been measured on a GPU yet.
namespace kullback::cuda {

inline constexpr int kWordBytes = 16;  ///< of a copy between device and shared memory

struct RowPolicy {
  int warp_columns = 1024;         ///< rows up to this length are done by (a part of) a warp
  int columns_per_lane = 8;        ///< a part of a warp has a lane for this many
  int warp_block_threads = 128;    ///< threads of a block that does such rows
  int small_block_columns = 8192;  ///< rows up to this length by a block of kSmallBlock threads, others by a large one
  int columns_per_thread = 8;      ///< of a row that a thread sums at a time, in registers; 4 of float64 rows
  int bytes_per_thread = 64;       ///< of a row that a thread copies at a time
  int chunks_ahead = 2;            ///< chunks under way while one is summed
  int ring_chunks = 3;             ///< of a ring, for rows that do not fit shared memory
};
inline constexpr RowPolicy kRowPolicy;
inline constexpr int kSmallBlock = 128;
/// Threads of a large block. The rows kernels need up to 232 registers, of which 256 threads can have 255, more threads
/// 168. Those of the loss get by with 102 in float.
inline constexpr int kLargeRowsBlock = 256;
template <class T> inline constexpr int kLargeLossBlock = sizeof(T) == sizeof(float) ? 384 : 256;
inline constexpr int kMostBlockThreads = 384;
static_assert(kLargeRowsBlock <= kMostBlockThreads && kLargeLossBlock<float> <= kMostBlockThreads &&
              kLargeLossBlock<double> <= kMostBlockThreads);

/// Lanes for a row of up to kRowPolicy.warp_columns columns: a power of two.
constexpr int lanes_for(std::int64_t cols) {
  int lanes = 1;
  while (lanes < 32 && lanes * kRowPolicy.columns_per_lane < cols) lanes *= 2;
  return lanes;
}

/// Joint histograms. Two or more blocks to a multiprocessor overlap one's barriers with the other's counting; one block
/// of twice the size has twice the shared memory, for tables that need it. Counters wait for nobody, so 16 warps do.
struct HistogramPolicy {
  int small_block_threads = 256, large_block_threads = 512;
  int least_threads = 64;              ///< of a block that has few samples
  int chunk_bytes_per_thread = 64;     ///< of codes on chip at a time: a chunk costs a thread about 100 instructions
  int chunks_ahead = 1;                ///< chunks under way while one is counted
  int least_rounds = 16;               ///< of a block over its samples, who are no fewer than its table has cells
  int most_copies = 32;                ///< pairs: of the table, one for each lane of a warp
  int wanted_copies = 8;               ///< 4 lanes to a copy: a hot cell then costs 4 passes, a uniform table 3
  int label_side = 64;                 ///< label: blocks of 4 columns of a tile, at most
  int square_side = 8;                 ///< all pairs: the same, of one side
  int most_bands = 32;                 ///< that read the codes over and over, before device memory is the better place
  int memory_block_threads = 256;      ///< that count there
  std::int64_t wave_bytes = 64 << 20;  ///< of tables that are counted before they are finished: about the L2 cache
};
inline constexpr HistogramPolicy kHistogramPolicy;

}  // namespace kullback::cuda
