#include "kernels/cpu/information.hpp"

#include <algorithm>

#include "kernels/cpu/joint_engine.hpp"
#include "kernels/cpu/permutation_test.hpp"
#include "kernels/cpu/plane_pairs.hpp"
#include "kernels/cpu/tell_plan.hpp"

/// Measures of integer codes from one count of each pair.
namespace kullback::cpu {
namespace {

struct Summarise {
  template <class Count>
  static KULLBACK_HD void run(const JointCounts<Count>& table, std::uint64_t* margins, unsigned parts,
                              JointSummary* summary) {
    std::uint64_t total;
    sum_margins(table, margins, margins + table.rows, &total);
    *summary = summarise(table, margins, margins + table.rows, total, parts);
  }
};

template <class Count>
JointSummary summary_of(Isa isa, const JointCounts<Count>& table, std::uint64_t* margins, unsigned parts) {
  JointSummary summary;
  run_on<Summarise>(isa, table, margins, parts, &summary);
  return summary;
}

/// The table that begins at `cells`, the caller's x first; lines of missing codes are left out.
template <class Count>
JointCounts<Count> counts_of(const TilePlan& plan, const CodeTile& tile, const Count* cells, std::int64_t line) {
  const std::int64_t x = tile.x.classes, y = tile.y.classes;
  return plan.transposed ? JointCounts<Count>{cells, y, x, 1, line} : JointCounts<Count>{cells, x, y, line, 1};
}

/// The strata of a given variable lie one above the other.
struct SummaryOf {
  const InformationRequest& request;
  void* workspace;
  unsigned parts = parts_of(request.measures);

  template <class Count>
  JointSummary operator()(const TilePlan& plan, const CodeTile& tile, const PairTable<Count>& pair) const {
    if (pair.cells == nullptr) return JointSummary::invalid();
    const auto table_of = [&](std::int64_t z) {
      return counts_of(plan, tile, pair.cells + z * tile.lines_in_stratum() * pair.line, pair.line);
    };
    const bool has_given = tile.given.data != nullptr;
    const std::int64_t strata = has_given ? tile.given.classes : 1;
    std::optional<PermutationTest> test;
    if (parts & kPartPermutation) test.emplace(room_of(tile), pair.margins + plan.x_lines + plan.y_lines);
    const auto stratum = [&](std::int64_t z) {
      const JointCounts<Count> table = table_of(z);
      const JointSummary summary = summary_of(plan.isa, table, pair.margins, parts);
      if (test) test->add(z, table, pair.margins, pair.margins + table.rows);
      return summary;
    };
    JointSummary result;
    if (has_given) {
      StrataSum sum;
      for (std::int64_t z = 0; z < strata; ++z) sum.add(stratum(z));
      result = sum.mean();
    } else {
      result = stratum(0);
    }
    if (test) {
      const auto scratch = [&] {
        const Scratch<Count> own(plan, workspace, omp_get_thread_num());
        return own.margins + plan.x_lines + plan.y_lines + room_of(tile).kept_words();
      };
      result.permutation_p = test->pvalue(plan.isa, request.permutations, scratch);
    }
    return result;
  }

  static PermutationRoom room_of(const CodeTile& tile) {
    return permutation_room(tile.given.data == nullptr ? 1 : tile.given.classes, tile.x.classes, tile.y.classes);
  }
};

/// The cells themselves; null where a code is out of range.
struct CellsOf {
  template <class Count>
  JointCounts<Count> operator()(const TilePlan& plan, const CodeTile& tile, const PairTable<Count>& pair) const {
    return counts_of(plan, tile, pair.cells, pair.line);
  }
};

template <class Count> void add(const JointCounts<Count>& cells, std::int64_t result, const CountedTables& tables) {
  std::int64_t* to = tables.counts + result * cells.rows * cells.cols;
  if (cells.cells == nullptr || tables.invalid[result]) {
    tables.invalid[result] = 1;
    std::fill_n(to, cells.rows * cells.cols, std::int64_t{0});
    return;
  }
  for (std::int64_t i = 0; i < cells.rows; ++i) {
    for (std::int64_t j = 0; j < cells.cols; ++j) *to++ += static_cast<std::int64_t>(cells.at(i, j));
  }
}

MissingCode missing_code(const InformationRequest& r) { return {r.missing.has_value(), r.missing.value_or(0)}; }

std::int64_t lines_of(const InformationRequest& r, std::int64_t classes) { return classes + r.missing.has_value(); }
std::int64_t strata_of(const InformationRequest& r) {
  return r.given.view.data == nullptr ? 1 : lines_of(r, r.given.classes);
}
std::int64_t x_lines_of(const InformationRequest& r, std::int64_t classes) {
  return lines_of(r, classes) * strata_of(r);
}

CodeColumns with_lines(CodeColumns columns, std::int64_t lines, const InformationRequest& r) {
  columns.lines = lines;
  columns.missing = missing_code(r);
  return columns;
}
CodeColumns given_of(const InformationRequest& r) {
  if (r.given.view.data == nullptr) return {};
  return with_lines(vector_columns(r.given.view.data, r.given.view.dtype, r.given.classes), strata_of(r), r);
}

/// The plan of what is asked for beyond counting. A permutation test needs memory, and its threads help where there are
/// fewer tiles, unless their tables are large.
TilePlan with_request(TilePlan plan, const InformationRequest& r, std::int64_t classes_x, std::int64_t classes_y) {
  constexpr std::size_t kMostTableBytes = std::size_t{1} << 26;
  if (r.weights.data != nullptr) plan.total = r.weights.total;
  if (!(parts_of(r.measures) & kPartPermutation)) return plan;
  const std::int64_t strata = r.given.view.data == nullptr ? 1 : r.given.classes;
  plan.margin_words += permutation_room(strata, classes_x, classes_y).words();
  if (plan.table_bytes() <= kMostTableBytes) plan.threads = r.permutations.threads;
  return plan;
}

TilePlan plan_of(const InformationPairsJob& job) {
  const PairsJob& c = job.counted;
  const InformationRequest& r = job.request;
  const TilePlan plan = {c.x.cols, c.x.rows, 1, x_lines_of(r, c.classes_x), 1, lines_of(r, c.classes_y), c.threads};
  return with_request(plan, r, c.classes_x, c.classes_y);
}
TilePlan plan_of(const InformationLabelJob& job) {
  const LabelJob& c = job.counted;
  const InformationRequest& r = job.request;
  const TilePlan plan = label_plan(c.table, lines_of(r, c.classes), x_lines_of(r, c.label_classes), c.threads);
  return with_request(plan, r, c.label_classes, c.classes);
}
TilePlan plan_of(const InformationAllPairsJob& job) {
  const AllPairsJob& c = job.counted;
  const InformationRequest& r = job.request;
  const TilePlan plan = all_pairs_plan(c.table, x_lines_of(r, c.classes), lines_of(r, c.classes), c.threads);
  return with_request(plan, r, c.classes, c.classes);
}

}  // namespace

std::size_t information_bytes(const InformationPairsJob& job) { return plan_of(job).bytes(); }

CountingPlan counting_plan(const InformationPairsJob& job) {
  return told(plan_of(job), job.counted.x.rows, kNotAllPairs);
}

namespace {

template <class Finish, class Store>
void run(const InformationPairsJob& job, const Finish& finish, const Store& store) {
  const PairsJob& c = job.counted;
  const InformationRequest& r = job.request;
  const PairsTiles tile_at = {
      with_lines(vector_columns(c.x.data, c.x.dtype, c.classes_x), x_lines_of(r, c.classes_x), r),
      with_lines(vector_columns(c.y.data, c.y.dtype, c.classes_y), lines_of(r, c.classes_y), r),
      c.x.row_stride,
      c.y.row_stride,
      given_of(r),
      r.given_step,
      r.weights.data};
  run_tiles(plan_of(job), c.workspace, tile_at, finish,
            [&](std::int64_t b, std::int64_t, const auto& result) { store(b, result); });
}

}  // namespace

void information(const InformationPairsJob& job) {
  run(job, SummaryOf{job.request, job.counted.workspace},
      [&](std::int64_t b, const JointSummary& summary) { store(job.request, b, summary); });
}

void count(const InformationPairsJob& job, const CountedTables& tables) {
  run(job, CellsOf{}, [&](std::int64_t b, const auto& cells) { add(cells, b, tables); });
}

std::size_t information_bytes(const InformationLabelJob& job) { return plan_of(job).bytes(); }

CountingPlan counting_plan(const InformationLabelJob& job) {
  return told(plan_of(job), job.counted.table, kNotAllPairs);
}

namespace {

template <class Finish, class Store>
void run(const InformationLabelJob& job, const Finish& finish, const Store& store) {
  const LabelJob& c = job.counted;
  const InformationRequest& r = job.request;
  const TilePlan plan = plan_of(job);
  const CodeColumns label = with_lines(vector_columns(c.label.data, c.label.dtype, c.label_classes), plan.x_lines, r);
  const auto tile_at = [&](std::int64_t t) {
    const CodeColumns features = columns_of(c.table, c.classes, t * plan.y_cols, plan.y_cols);
    return CodeTile{label, with_lines(features, plan.y_lines, r), false, given_of(r), r.weights.data};
  };
  run_tiles(plan, c.workspace, tile_at, finish,
            [&](std::int64_t, std::int64_t feature, const auto& result) { store(feature, result); });
}

}  // namespace

void information(const InformationLabelJob& job) {
  run(job, SummaryOf{job.request, job.counted.workspace},
      [&](std::int64_t feature, const JointSummary& summary) { store(job.request, feature, summary); });
}

void count(const InformationLabelJob& job, const CountedTables& tables) {
  run(job, CellsOf{}, [&](std::int64_t feature, const auto& cells) { add(cells, feature, tables); });
}

namespace {

/// Of two features counted by bit planes.
struct PlaneSummaries {
  const InformationRequest& request;
  const PlaneTable& table;
  Isa isa = detect_isa();

  static std::size_t bytes(std::int64_t classes) { return static_cast<std::size_t>(classes * (classes + 2)) * 8; }
  void finish(std::int64_t gx, std::int64_t gy, const GroupSquare&, const GroupPair& pair, void* memory) const {
    const std::int64_t features = table.shape.features, classes = pair.classes;
    auto* cells = static_cast<std::uint64_t*>(memory);
    for (std::int64_t x = 0; x < table.shape.group_features(gx); ++x) {
      for (std::int64_t y = gx == gy ? x : 0; y < table.shape.group_features(gy); ++y) {
        const std::int64_t i = gx * kGroup + x, j = gy * kGroup + y;
        pair_cells(pair, x, y, cells);
        const JointSummary summary =
            table.bad[i] || table.bad[j]
                ? JointSummary::invalid()
                : summary_of(isa, JointCounts<std::uint64_t>{cells, classes, classes, classes, 1},
                             cells + classes * classes, parts_of(request.measures));
        store(request, i * features + j, summary);
        if (i != j) store(request, j * features + i, summary.swapped());
      }
    }
  }
  void store_square(const GroupSquare&, void*) const {}
};

bool is_mutual_information(const InformationRequest& r) {
  return r.measures.size() == 1 && r.measures[0] == Information::mi;
}

/// Planes count samples one bit each, and have no random tables.
CountingChoice choose(const InformationAllPairsJob& job) {
  const InformationRequest& r = job.request;
  if (r.given.view.data != nullptr) return {CountingReason::given};
  if (r.weights.data != nullptr) return {CountingReason::weights};
  if (parts_of(r.measures) & kPartPermutation) return {CountingReason::permutations};
  return PlanePlan::choose(job.counted.table, job.counted.classes);
}

PlanePlan plane_plan_of(const InformationAllPairsJob& job) {
  const AllPairsJob& c = job.counted;
  const MissingCode missing = missing_code(job.request);
  if (is_mutual_information(job.request)) return plane_information_plan(c.table, c.classes, missing, c.threads);
  return {c.table, c.classes, missing, c.threads, PlaneSummaries::bytes(c.classes)};
}

void run_planes(const InformationAllPairsJob& job) {
  const AllPairsJob& c = job.counted;
  const InformationRequest& r = job.request;
  const PlanePlan plan = plane_plan_of(job);
  if (is_mutual_information(r)) {
    return plane_information(plan, c.table, c.workspace, static_cast<double*>(r.out.data),
                             c.table.cols * r.out.row_stride, r.out.row_stride, r.unit_scale);
  }
  const PlaneTable planes = pack_planes(plan, c.table, c.workspace);
  run_planes(plan, planes, c.workspace, PlaneSummaries{r, planes});
}

}  // namespace

std::size_t information_bytes(const InformationAllPairsJob& job) {
  return choose(job).planes() ? plane_plan_of(job).bytes() : plan_of(job).bytes();
}

CountingPlan counting_plan(const InformationAllPairsJob& job) {
  const CountingChoice choice = choose(job);
  if (choice.planes()) return told(plane_plan_of(job), choice);
  return told_all_pairs(plan_of(job), job.counted.table, choice);
}

void information(const InformationAllPairsJob& job) {
  if (choose(job).planes()) return run_planes(job);
  const AllPairsJob& c = job.counted;
  const InformationRequest& r = job.request;
  const TilePlan plan = plan_of(job);
  const std::int64_t side = ceil_div(c.table.cols, plan.x_cols), features = c.table.cols;
  const auto columns = [&](std::int64_t block, std::int64_t lines) {
    return with_lines(columns_of(c.table, c.classes, block * plan.x_cols, plan.x_cols), lines, r);
  };
  const auto tile_at = [&](std::int64_t t) {
    const Square square(t, side);
    return CodeTile{columns(square.i, plan.x_lines), columns(square.j, plan.y_lines), square.i == square.j, given_of(r),
                    r.weights.data};
  };
  run_tiles(plan, c.workspace, tile_at, SummaryOf{r, c.workspace},
            [&](std::int64_t i, std::int64_t j, const JointSummary& summary) {
              store(r, i * features + j, summary);
              if (i != j) store(r, j * features + i, summary.swapped());
            });
}

}  // namespace kullback::cpu
