#include "kernels/cpu/joint_engine.hpp"
#include "kernels/cpu/plane_pairs.hpp"
#include "kernels/cpu/tell_plan.hpp"
#include "kernels/engines.hpp"

/// Mutual information of integer codes: the three public shapes are one engine.
namespace kullback::cpu {
namespace {

struct FinishTable {
  template <class Count>
  static KULLBACK_HD void run(const JointCounts<Count>& table, std::uint64_t* margins, double* nats) {
    std::uint64_t total;
    sum_margins(table, margins, margins + table.rows, &total);
    *nats = mutual_information(table, margins, margins + table.rows, total);
  }
};

struct InformationOf {
  template <class Count>
  double operator()(const TilePlan& plan, const CodeTile& tile, const PairTable<Count>& pair) const {
    if (pair.cells == nullptr) return kNaN<double>;
    const std::int64_t x = tile.x.classes, y = tile.y.classes;
    const JointCounts<Count> table = plan.transposed ? JointCounts<Count>{pair.cells, y, x, 1, pair.line}
                                                     : JointCounts<Count>{pair.cells, x, y, pair.line, 1};
    double nats;
    run_on<FinishTable>(plan.isa, table, pair.margins, &nats);
    return nats;
  }
};

TilePlan plan_of(const PairsJob& job) {
  return {job.x.cols, job.x.rows, 1, job.classes_x, 1, job.classes_y, job.threads};
}
TilePlan plan_of(const LabelJob& job) { return label_plan(job.table, job.classes, job.label_classes, job.threads); }
TilePlan plan_of(const AllPairsJob& job) { return all_pairs_plan(job.table, job.classes, job.classes, job.threads); }
PlanePlan plane_plan_of(const AllPairsJob& job) {
  return plane_information_plan(job.table, job.classes, {}, job.threads);
}

}  // namespace

std::size_t pairs_workspace_bytes(const PairsJob& job) { return plan_of(job).bytes(); }

CountingPlan counting_plan(const PairsJob& job) { return told(plan_of(job), job.x.rows, kNotAllPairs); }

void mutual_information_pairs(const PairsJob& job) {
  const PairsTiles tile_at = {vector_columns(job.x.data, job.x.dtype, job.classes_x),
                              vector_columns(job.y.data, job.y.dtype, job.classes_y), job.x.row_stride,
                              job.y.row_stride};
  run_tiles(plan_of(job), job.workspace, tile_at, InformationOf{},
            [&](std::int64_t b, std::int64_t, double nats) { job.out[b] = nats * job.unit_scale; });
}

std::size_t label_workspace_bytes(const LabelJob& job) { return plan_of(job).bytes(); }

CountingPlan counting_plan(const LabelJob& job) { return told(plan_of(job), job.table, kNotAllPairs); }

void mutual_information_label(const LabelJob& job) {
  const TilePlan plan = plan_of(job);
  const CodeColumns label = vector_columns(job.label.data, job.label.dtype, job.label_classes);
  const auto tile_at = [&](std::int64_t t) {
    return CodeTile{label, columns_of(job.table, job.classes, t * plan.y_cols, plan.y_cols), false};
  };
  run_tiles(plan, job.workspace, tile_at, InformationOf{},
            [&](std::int64_t, std::int64_t feature, double nats) { job.out[feature] = nats * job.unit_scale; });
}

std::size_t all_pairs_workspace_bytes(const AllPairsJob& job) {
  return PlanePlan::choose(job.table, job.classes).planes() ? plane_plan_of(job).bytes() : plan_of(job).bytes();
}

CountingPlan counting_plan(const AllPairsJob& job) {
  const CountingChoice choice = PlanePlan::choose(job.table, job.classes);
  return choice.planes() ? told(plane_plan_of(job), choice) : told_all_pairs(plan_of(job), job.table, choice);
}

void mutual_information_all_pairs(const AllPairsJob& job) {
  if (PlanePlan::choose(job.table, job.classes).planes()) {
    return plane_information(plane_plan_of(job), job.table, job.workspace, static_cast<double*>(job.out.data),
                             job.out.row_stride, 1, job.unit_scale);
  }
  const TilePlan plan = plan_of(job);
  const std::int64_t side = ceil_div(job.table.cols, plan.x_cols);
  const auto columns = [&](std::int64_t block) {
    return columns_of(job.table, job.classes, block * plan.x_cols, plan.x_cols);
  };
  const auto tile_at = [&](std::int64_t t) {
    const Square square(t, side);
    return CodeTile{columns(square.i), columns(square.j), square.i == square.j};
  };
  auto* out = static_cast<double*>(job.out.data);
  run_tiles(plan, job.workspace, tile_at, InformationOf{}, [&](std::int64_t i, std::int64_t j, double nats) {
    out[i * job.out.row_stride + j] = out[j * job.out.row_stride + i] = nats * job.unit_scale;
  });
}

}  // namespace kullback::cpu
