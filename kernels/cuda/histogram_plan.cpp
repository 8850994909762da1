#include "kernels/cuda/histogram_plan.hpp"

#include <algorithm>

#include "kernels/policy.hpp"

namespace kullback::cuda {
namespace {

constexpr HistogramPolicy kPolicy = kHistogramPolicy;
constexpr int kBlockSide = 4;   // columns of a lane's block, where there are columns to choose from
constexpr int kWantedSide = 8;  // label: blocks of a tile that fill 32 banks

constexpr std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return a / b + (a % b != 0); }
constexpr std::int64_t round_up(std::int64_t a, std::int64_t to) { return ceil_div(a, to) * to; }

struct BlockSize {
  int threads;
  std::int64_t shared_bytes;
};

class Planner {
 public:
  Planner(const HistogramRequest& request, const DeviceLimits& limits, bool wide) : request_(request), limits_(limits) {
    plan_.launch.wide = wide;
    constexpr std::int64_t kReserved = 1 << 10;  // of every block, for the system
    const std::int64_t all = limits_.shared_bytes_per_block;
    small_ = {kPolicy.small_block_threads, (all + kReserved) / 2 - kReserved};
    large_ = {kPolicy.large_block_threads, all};
  }

  HistogramPlan plan() {
    plan_.launch.x = request_.x, plan_.launch.y = request_.y;
    plan_.launch.samples = request_.samples;
    const std::int64_t most_bytes = limits_.shared_bytes_per_block;
    if (fit_whole()) {
      decide(Counting::shared_memory, CountingReason::table_fits, static_cast<std::int64_t>(plan_.block.shared_bytes),
             most_bytes);
    } else if (request_.samples < cells()) {  // most cells stay empty
      decide(Counting::device_memory, CountingReason::few_samples, cells(), request_.samples);
    } else if (fit_in_bands()) {
      decide(Counting::shared_bands, CountingReason::band_fits, plan_.launch.bands, most_bytes);
    } else {
      decide(Counting::device_memory, CountingReason::large_table, cells(), most_bytes);
    }
    if (plan_.counting == Counting::device_memory) count_in_memory();
    share_samples();
    return plan_;
  }

 private:
  std::int64_t cells() const { return std::int64_t{request_.x.lines} * request_.y.lines; }
  void decide(Counting counting, CountingReason reason, std::int64_t value, std::int64_t limit) {
    plan_.counting = counting, plan_.reason = reason, plan_.value = value, plan_.limit = limit;
  }
  bool is_pairs() const { return request_.call == Call::pairs; }
  bool is_bytes() const { return request_.x.dtype == DType::u8 && request_.y.dtype == DType::u8; }
  std::int64_t all_blocks() const { return ceil_div(request_.cols, kBlockSide); }

  /// Tiles of `side` blocks of block_x columns of x and block_y of y.
  void set_tiling(int side, int block_x, int block_y) {
    Tiling& tiling = plan_.launch.tiling;
    tiling.call = request_.call;
    tiling.block_x = block_x, tiling.block_y = block_y;
    tiling.side = side;
    tiling.cols = request_.cols;
    tiling.groups = ceil_div(request_.cols, std::int64_t{side} * block_x);
    tiling.tiles = request_.call == Call::all_pairs ? tiling.groups * (tiling.groups + 1) / 2 : tiling.groups;
    tiling.slots = request_.call != Call::all_pairs ? side : tiling.groups == 1 ? side * (side + 1) / 2 : side * side;
  }

  StageShape stage_of(const CodeSide& side, int cols, int chunk_samples) const {
    const int bytes = cols * side.element_bytes;
    StageShape stage{};
    stage.together = side.sample_bytes == bytes;
    const int image = stage.together ? chunk_samples * bytes : bytes;
    stage.line_words = (kWordBytes - 1 + image + kWordBytes - 1) / kWordBytes;  // wherever it begins
    stage.pitch = stage.together ? bytes : stage.line_words * kWordBytes;
    stage.bytes = stage.line_words * kWordBytes * (stage.together ? 1 : chunk_samples);
    return stage;
  }

  /// Lays tiles of `side` blocks out in a block's shared memory. False where they do not fit.
  bool fit(const BlockSize& size, int side, int slots, std::int64_t bands) {
    CountLaunch& launch = plan_.launch;
    const bool square = request_.call == Call::all_pairs;
    set_tiling(side, is_pairs() ? 1 : kBlockSide, square ? kBlockSide : 1);
    const int group_cols = static_cast<int>(std::min<std::int64_t>(launch.tiling.group_cols(), request_.cols));
    const int x_cols = is_pairs() ? 1 : group_cols, y_cols = square ? group_cols : 1;
    const bool one_side = square && launch.tiling.groups == 1;
    // Chunks begin at the same place of a 16-byte word, so that no word but the first of a part is read twice.
    constexpr std::int64_t kMultiple = kWordBytes;
    const std::int64_t sample_bytes =
        stage_of(launch.x, x_cols, 1).pitch + (one_side ? 0 : stage_of(launch.y, y_cols, 1).pitch);
    const std::int64_t chunk = std::int64_t{size.threads} * kPolicy.chunk_bytes_per_thread / sample_bytes;
    launch.chunk_samples = static_cast<int>(std::clamp(
        chunk / kMultiple * kMultiple, kMultiple, round_up(std::max<std::int64_t>(request_.samples, 1), kMultiple)));
    launch.stage_x = stage_of(launch.x, x_cols, launch.chunk_samples);
    launch.stage_y = one_side ? StageShape{false, 0, 1, 0} : stage_of(launch.y, y_cols, launch.chunk_samples);
    launch.band_lines = static_cast<std::uint32_t>(ceil_div(launch.x.lines, bands));
    launch.bands = static_cast<unsigned>(ceil_div(launch.x.lines, launch.band_lines));
    launch.slots = slots;
    const std::int64_t line_bytes = std::int64_t{launch.y.lines} * launch.tiling.pairs_per_block() * slots * 4;
    const std::int64_t stages = (kPolicy.chunks_ahead + 1) * std::int64_t{launch.stage_x.bytes + launch.stage_y.bytes};
    if (line_bytes > size.shared_bytes) return false;
    const std::int64_t shared = round_up(launch.band_lines * line_bytes, kWordBytes) + stages;
    if (shared > size.shared_bytes) return false;
    plan_.block.threads = size.threads;
    plan_.block.shared_bytes = static_cast<std::size_t>(shared);
    const CountKernels& kernels = is_bytes() ? kCountBytes : kCountAny;
    plan_.kernel = is_pairs() ? kernels.pair : square ? kernels.square : kernels.column;
    return true;
  }

  bool fit_copies(const BlockSize& size, int least) {
    for (int copies = kPolicy.most_copies; copies >= least; copies /= 2) {
      if (fit(size, 1, copies, 1)) return true;
    }
    return false;
  }
  bool fit_side(const BlockSize& size, int most, int least) {
    // With these many slots the lanes of a warp, which turn the order of their columns, meet 32 different banks.
    const int even = request_.call == Call::label ? 8 : 2;
    for (int side = most; side >= least; side = narrower(side)) {
      const int blocks = request_.call == Call::label ? side
                         : side >= all_blocks()       ? side * (side + 1) / 2
                                                      : side * side;
      if (fit(size, side, static_cast<int>(round_up(blocks, even)), 1) || fit(size, side, blocks, 1)) return true;
    }
    return false;
  }
  /// The next smaller side of a tile. A table that is wider than a tile is read by whole sectors of 32 bytes.
  int narrower(int side) const {
    constexpr int kSectorBytes = 32;
    const int sector = std::max(1, kSectorBytes / (kBlockSide * request_.x.element_bytes));
    return side > sector && request_.call == Call::label ? (side - 1) / sector * sector : side - 1;
  }

  bool fit_whole() {
    if (is_pairs()) return fit_copies(small_, kPolicy.wanted_copies) || fit_copies(large_, 1);
    const bool label = request_.call == Call::label;
    const int most =
        static_cast<int>(std::min<std::int64_t>(label ? kPolicy.label_side : kPolicy.square_side, all_blocks()));
    const int wanted = std::min(most, label ? kWantedSide : 1);
    return fit_side(small_, most, wanted) || fit_side(large_, most, 1);
  }

  bool fit_in_bands() {
    for (int bands = 2; bands <= kPolicy.most_bands; ++bands) {
      if (fit(large_, 1, 1, bands)) return true;
    }
    return false;
  }

  void count_in_memory() {
    set_tiling(1, 1, 1);
    CountLaunch& launch = plan_.launch;
    launch.x.lines = launch.x.classes, launch.y.lines = launch.y.classes;  // nothing is counted out of range
    launch.bands = 1, launch.band_lines = 0;
    launch.slots = 1;
    plan_.kernel = kCountInMemory;
    plan_.block.threads = kPolicy.memory_block_threads;
    plan_.block.shared_bytes = 0;
  }

  /// Splits the samples of a tile over blocks, until they fill the device or have less to count than to add up.
  void share_samples() {
    CountLaunch& launch = plan_.launch;
    const Tiling& tiling = launch.tiling;
    plan_.col_step = tiling.pairs_per_tile();
    plan_.row_step = launch.y.lines * plan_.col_step;
    launch.tile_counters = launch.x.lines * plan_.row_step;
    const std::int64_t tile_bytes = launch.tile_counters * (launch.wide ? 8 : 4);
    plan_.wave_tiles =
        std::clamp<std::int64_t>(kPolicy.wave_bytes / tile_bytes, 1, std::max<std::int64_t>(tiling.tiles, 1));

    constexpr std::int64_t kThreadsPerMultiprocessor = 512;  // at up to 128 registers
    const std::int64_t by_memory =
        (limits_.shared_bytes_per_block + 1024) / (static_cast<std::int64_t>(plan_.block.shared_bytes) + 1024);
    const std::int64_t per_multiprocessor =
        std::max<std::int64_t>(1, std::min(kThreadsPerMultiprocessor / plan_.block.threads, by_memory));
    const std::int64_t wanted = ceil_div(limits_.multiprocessors * per_multiprocessor, plan_.wave_tiles * launch.bands);
    const std::int64_t own_cells = std::int64_t{launch.band_lines} * launch.y.lines;
    const std::int64_t at_once = is_pairs() ? plan_.block.threads : plan_.block.threads / launch.slots;
    const std::int64_t least = std::max(own_cells, kPolicy.least_rounds * at_once);
    constexpr std::int64_t kMost = std::int64_t{1} << 31;  // fits a block's counters
    const std::int64_t parts =
        std::max({std::int64_t{1}, std::min(wanted, request_.samples / least), ceil_div(request_.samples, kMost)});
    constexpr std::int64_t kMultiple = 128;  // parts begin with a cache line where the codes do
    launch.part_samples = round_up(ceil_div(std::max<std::int64_t>(request_.samples, 1), parts), kMultiple);
    launch.parts = static_cast<unsigned>(std::max<std::int64_t>(1, ceil_div(request_.samples, launch.part_samples)));
    plan_.block.blocks = std::int64_t{launch.parts} * launch.bands;

    const std::int64_t lanes = is_pairs() ? ceil_div(launch.part_samples, 4) : launch.part_samples * launch.slots;
    int& threads = plan_.block.threads;
    while (threads / 2 >= std::max(kPolicy.least_threads, launch.slots) && threads / 2 >= lanes) threads /= 2;
  }

  HistogramRequest request_;
  DeviceLimits limits_;
  BlockSize small_, large_;
  HistogramPlan plan_{};
};

}  // namespace

HistogramPlan plan_of(const HistogramRequest& request, const DeviceLimits& limits, bool wide) {
  return Planner(request, limits, wide).plan();
}

CountingPlan told(const HistogramRequest& request, const HistogramPlan& plan) {
  const CountLaunch& launch = plan.launch;
  CountingPlan told;
  told.backend = Backend::cuda;
  told.counting = plan.counting;
  told.reason = plan.reason, told.value = plan.value, told.limit = plan.limit;
  told.samples = request.samples;
  told.features = request.call == Call::pairs ? 0 : request.cols;
  told.pairs = request.call == Call::all_pairs ? request.cols * (request.cols + 1) / 2 : request.cols;
  told.lines_x = launch.x.lines, told.lines_y = launch.y.lines;
  told.tile_pairs = launch.tiling.pairs_per_tile();
  told.copies = request.call == Call::pairs ? launch.slots : 1;
  told.counter_bits = launch.wide ? 64 : 32;
  told.threads = plan.block.threads;
  told.threads_share_samples = launch.parts > 1;
  told.blocks = plan.block.blocks;
  told.bands = launch.bands;
  told.shared_bytes = plan.block.shared_bytes;
  return told;
}

}  // namespace kullback::cuda
