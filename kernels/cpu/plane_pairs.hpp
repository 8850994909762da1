#pragma once

#include <omp.h>

#include <algorithm>

#include "kernels/cpu/joint_engine.hpp"
#include "kernels/cpu/plane_engines.hpp"
#include "kullback/counting_plan.hpp"

/// All pairs of features by bit planes: the table is packed once, then threads take squares of groups of features,
/// count them and hand the counts to a sink.
namespace kullback::cpu {

/// What decides between bit planes and histograms, and the sizes of their blocks.
struct PlanePolicy {
  std::int64_t most_classes = kMostPlaneClasses;
  std::int64_t few_classes = 4;
  std::int64_t least_features_few = 4;              ///< of few classes
  std::int64_t least_features = 8;                  ///< of more: a whole group
  std::int64_t most_codes = std::int64_t{1} << 40;  ///< of the table: sizes are not checked further
  std::int64_t square_groups = 8;                   ///< on a thread's square: whole cache lines of results
  std::int64_t counts_bytes = 1 << 15;              ///< of group pairs counted together, which read each other's words
  std::int64_t squares_per_thread = 8;              ///< at least, where there are enough groups
  std::int64_t pack_words = 64;                     ///< packed at a time
};
/// Measured on a Zen 3 core (AVX2, so without a population count of vectors), 8-bit codes, 10 to 20000 samples, one
/// thread: 64 features are 5 to 16 times as fast as by histograms with 2 to 4 classes, 2 to 8 times with 8, 1.3 to 2.8
/// times with 16; 8 features 1.7 to 4 times with up to 6 classes and even with 16. A group that is half empty pays off
/// with few classes alone. `kullback_bench --backend cpu --only all` has rows on either side of the limit of 16.
inline constexpr PlanePolicy kPlanePolicy;

struct PlanePlan {
  PlaneShape shape;
  MissingCode missing;
  int threads;
  std::int64_t square;     ///< groups on the side of a thread's square
  std::int64_t together;   ///< groups on the side of what is counted together
  std::size_t sink_bytes;  ///< of each thread

  static CountingChoice choose(const MatrixView& table, std::int64_t classes) {
    constexpr PlanePolicy policy = kPlanePolicy;
    const std::int64_t least = classes <= policy.few_classes ? policy.least_features_few : policy.least_features;
    if (classes > policy.most_classes) return {CountingReason::many_classes, classes, policy.most_classes};
    if (table.cols < least) return {CountingReason::few_features, table.cols, least};
    if (table.cols > policy.most_codes / std::max<std::int64_t>(table.rows, 1)) {
      return {CountingReason::many_codes, 0, policy.most_codes};
    }
    return {CountingReason::few_classes, classes, policy.most_classes};
  }

  PlanePlan(const MatrixView& table, std::int64_t classes, MissingCode missing_code, int threads_allowed,
            std::size_t bytes_of_sink = 0)
      : shape{table.rows, table.cols, classes, classes - (missing_code.exists ? 0 : 1)},
        missing(missing_code),
        threads(threads_allowed),
        square(kPlanePolicy.square_groups),
        sink_bytes(bytes_of_sink) {
    while (square > 1 && squares() < kPlanePolicy.squares_per_thread * threads) square /= 2;
    // With few words a group's stay in the cache anyway.
    together = shape.words() <= kWordsAtATime ? 1 : std::min<std::int64_t>(square, 4);
    while (together > 1 && counts_bytes() > static_cast<std::size_t>(kPlanePolicy.counts_bytes)) together /= 2;
  }

  std::int64_t side() const { return ceil_div(shape.groups(), square); }
  std::int64_t squares() const { return side() * (side() + 1) / 2; }
  std::int64_t pair_words() const { return GroupPair::size(shape.planes, shape.planes); }
  std::size_t counts_bytes() const { return static_cast<std::size_t>(together * together * pair_words()) * 8; }
  std::size_t words_bytes() const { return static_cast<std::size_t>(shape.groups() * shape.group_words()) * 8; }
  std::size_t class_counts_bytes() const {
    return static_cast<std::size_t>(shape.groups() * shape.classes * kGroup) * 8;
  }
  std::size_t flags_bytes() const { return align_64(static_cast<std::size_t>(shape.groups() * (kGroup + 1))); }
  std::size_t table_bytes() const { return words_bytes() + class_counts_bytes() + flags_bytes(); }
  std::size_t bytes_per_thread() const { return counts_bytes() + align_64(sink_bytes); }
  std::size_t bytes() const { return table_bytes() + bytes_per_thread() * static_cast<std::size_t>(threads); }

  PlaneTable table(void* workspace) const {
    auto* at = static_cast<char*>(workspace);
    auto* flags = reinterpret_cast<std::uint8_t*>(at + words_bytes() + class_counts_bytes());
    return {shape, reinterpret_cast<std::uint64_t*>(at), reinterpret_cast<std::uint64_t*>(at + words_bytes()), flags,
            flags + shape.groups()};
  }
  std::uint64_t* counts(void* workspace, int thread) const {
    char* own = static_cast<char*>(workspace) + table_bytes() + bytes_per_thread() * static_cast<std::size_t>(thread);
    return reinterpret_cast<std::uint64_t*>(own);
  }
  void* sink_memory(void* workspace, int thread) const {
    return reinterpret_cast<char*>(counts(workspace, thread)) + counts_bytes();
  }
};

/// Packs the table into the workspace.
PlaneTable pack_planes(const PlanePlan& plan, const MatrixView& codes, void* workspace);

/// The table of feature x of one group and feature y of the other, cells [classes * classes].
void pair_cells(const GroupPair& pair, std::int64_t x, std::int64_t y, std::uint64_t* cells);

/// Groups [x, x_end) with groups [y, y_end); on the diagonal only y >= x.
struct GroupSquare {
  std::int64_t x, x_end, y, y_end;
};

/// sink.finish(gx, gy, square, pair, memory) takes the counts of two groups, sink.store_square(square, memory) comes
/// after the last of a square. memory: the thread's plan.sink_bytes.
template <class Sink>
void run_planes(const PlanePlan& plan, const PlaneTable& table, void* workspace, const Sink& sink) {
  const PlaneEngines& engines = plane_engines();
  const PlaneShape& shape = plan.shape;
  const std::int64_t side = plan.side(), squares = plan.squares(), step = plan.together;
#pragma omp parallel num_threads(plan.threads)
  {
    std::uint64_t* const counts = plan.counts(workspace, omp_get_thread_num());
    void* const memory = plan.sink_memory(workspace, omp_get_thread_num());
    const auto pair_of = [&](std::int64_t gx, std::int64_t gy) {
      return GroupPair{counts + (gx % step * step + gy % step) * plan.pair_words(),
                       table.counts_of(gx),
                       table.counts_of(gy),
                       shape.classes,
                       table.counted(gx),
                       table.counted(gy)};
    };
#pragma omp for schedule(dynamic)
    for (std::int64_t t = 0; t < squares; ++t) {
      const Square at(t, side);
      const auto end = [&](std::int64_t first, std::int64_t size) { return std::min(first + size, shape.groups()); };
      const std::int64_t x = at.i * plan.square, y = at.j * plan.square;
      const GroupSquare square = {x, end(x, plan.square), y, end(y, plan.square)};
      for (std::int64_t left = x; left < square.x_end; left += step) {
        for (std::int64_t top = y; top < square.y_end; top += step) {
          const auto for_each_pair = [&](const auto& visit) {
            for (std::int64_t gx = left; gx < end(left, step); ++gx) {
              for (std::int64_t gy = std::max(top, gx); gy < end(top, step); ++gy) visit(gx, gy);
            }
          };
          std::int64_t first = 0;
          do {
            const std::int64_t last = std::min(first + kWordsAtATime, shape.words());
            for_each_pair([&](std::int64_t gx, std::int64_t gy) {
              engines.count(shape, table.group(gx), table.group(gy), first, last, first == 0, pair_of(gx, gy));
            });
            first = last;
          } while (first < shape.words());
          for_each_pair(
              [&](std::int64_t gx, std::int64_t gy) { sink.finish(gx, gy, square, pair_of(gx, gy), memory); });
        }
      }
      sink.store_square(square, memory);
    }
  }
}

/// Mutual information alone: out[i * row + j * col], both ways.
struct PlaneInformation {
  const PlanePlan& plan;
  const PlaneTable& table;
  double* out;
  std::int64_t row, col;
  double unit_scale;

  /// A square of results, and for more samples than the lanes' finish takes a table with its margins.
  static std::size_t bytes(const PlanePlan& plan) {
    const std::int64_t width = plan.square * kGroup, classes = plan.shape.classes;
    return static_cast<std::size_t>(width * width + classes * (classes + 2)) * sizeof(double);
  }
  void finish(std::int64_t gx, std::int64_t gy, const GroupSquare& square, const GroupPair& pair, void* memory) const;
  void store_square(const GroupSquare& square, void* memory) const;
};

/// PlaneInformation's plan and run.
PlanePlan plane_information_plan(const MatrixView& table, std::int64_t classes, MissingCode missing, int threads);
void plane_information(const PlanePlan& plan, const MatrixView& table, void* workspace, double* out, std::int64_t row,
                       std::int64_t col, double unit_scale);

}  // namespace kullback::cpu
