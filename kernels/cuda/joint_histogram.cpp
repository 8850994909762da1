/// Joint histograms of integer codes and their mutual information on the GPU. The three public shapes are one engine:
/// wave after wave, tiles of columns of x against columns of y are counted into tables in the workspace and finished.
#include <algorithm>

#include "kernels/cuda/histogram_plan.hpp"
#include "kernels/cuda/joint_table.hpp"

namespace kullback::cuda {
namespace {

CodeSide side_of(const void* data, DType dtype, std::int64_t classes) {
  CodeSide side{};
  side.data = static_cast<const char*>(data);
  side.dtype = dtype;
  side.element_bytes = static_cast<int>(size_of(dtype));
  const int value_bits = dtype == DType::u8 ? 8 : dtype == DType::u16 ? 16 : 31;  // classes beyond do not occur
  const std::int64_t codes = std::int64_t{1} << value_bits;
  side.classes = static_cast<std::uint32_t>(std::min(classes, codes));
  side.lines = static_cast<std::uint32_t>(value_bits < 31 ? std::min(classes + 1, codes) : classes + 1);
  return side;
}

CodeSide vector_side(const void* data, DType dtype, std::int64_t classes, std::int64_t batch_stride) {
  CodeSide side = side_of(data, dtype, classes);
  side.sample_bytes = side.element_bytes;
  side.batch_bytes = batch_stride * side.element_bytes;
  side.cols = 1;
  return side;
}

CodeSide table_side(const MatrixView& table, std::int64_t classes) {
  CodeSide side = side_of(table.data, table.dtype, classes);
  side.sample_bytes = table.row_stride * side.element_bytes;
  side.cols = table.cols;
  return side;
}

/// The tables of the tiles [first, first + count).
Tables tables_of(const HistogramPlan& plan, std::int64_t first, std::int64_t count) {
  const CountLaunch& launch = plan.launch;
  Tables tables{};
  tables.cells = launch.counters;
  tables.dtype = launch.wide ? DType::i64 : DType::i32;
  tables.rows = launch.x.classes, tables.cols = launch.y.classes;
  tables.row_step = plan.row_step, tables.col_step = plan.col_step;
  tables.counted = true;
  tables.tiling = launch.tiling;
  tables.first_tile = first, tables.tiles = count;
  tables.tile_cells = launch.tile_counters;
  tables.samples = launch.samples;
  return tables;
}

std::size_t counter_bytes(const HistogramPlan& plan, std::int64_t tiles) {
  const auto counters = static_cast<std::size_t>(tiles * plan.launch.tile_counters);
  return (counters * (plan.launch.wide ? 8 : 4) + 63) / 64 * 64;
}

}  // namespace

HistogramRequest request_of(const PairsJob& job) {
  return {Call::pairs,
          vector_side(job.x.data, job.x.dtype, job.classes_x, job.x.row_stride),
          vector_side(job.y.data, job.y.dtype, job.classes_y, job.y.row_stride),
          job.x.rows,
          job.x.cols,
          job.out,
          0,
          job.unit_scale};
}

HistogramRequest request_of(const LabelJob& job) {
  const CodeSide label = vector_side(job.label.data, job.label.dtype, job.label_classes, 0);
  if (job.table.cols == 1 && job.table.row_stride == 1) {  // two vectors
    return {Call::pairs,
            vector_side(job.table.data, job.table.dtype, job.classes, 0),
            label,
            1,
            job.table.rows,
            job.out,
            0,
            job.unit_scale};
  }
  return {Call::label,   table_side(job.table, job.classes), label, job.table.cols, job.table.rows, job.out, 0,
          job.unit_scale};
}

HistogramRequest request_of(const AllPairsJob& job) {
  const CodeSide side = table_side(job.table, job.classes);
  return {Call::all_pairs,    side,          side, job.table.cols, job.table.rows, static_cast<double*>(job.out.data),
          job.out.row_stride, job.unit_scale};
}

std::size_t workspace_bytes(const HistogramPlan& plan) {
  return counter_bytes(plan, plan.wave_tiles) + TableFinish(tables_of(plan, 0, plan.wave_tiles)).bytes();
}

void run(const HistogramRequest& request, HistogramPlan plan, void* workspace, Stream stream) {
  plan.launch.counters = workspace;
  const std::int64_t tiles = plan.launch.tiling.tiles;
  for (std::int64_t first = 0; first < tiles; first += plan.wave_tiles) {
    const std::int64_t count = std::min(plan.wave_tiles, tiles - first);
    Tables tables = tables_of(plan, first, count);
    tables.out = request.out, tables.out_stride = request.out_stride, tables.unit_scale = request.unit_scale;
    const TableFinish finish(tables);
    const std::size_t counters = counter_bytes(plan, count);
    char* const rest = static_cast<char*>(workspace) + counters;
    if (plan.adds_up()) {
      set_zero(workspace, counters + finish.cleared_bytes(), stream);
    } else if (finish.cleared_bytes() > 0) {
      set_zero(rest, finish.cleared_bytes(), stream);
    }
    plan.launch.first_tile = first, plan.launch.tiles = static_cast<unsigned>(count);
    LaunchShape shape = plan.block;
    shape.blocks *= count;
    launch(plan.kernel, shape, stream, plan.launch);
    finish.run(tables, rest, stream);
  }
}

namespace {

template <class Job> void run(const Job& job, Stream stream) {
  const HistogramRequest request = request_of(job);
  run(request, plan_of(request), job.workspace, stream);
}

template <class Job> CountingPlan told_plan(const Job& job) {
  const HistogramRequest request = request_of(job);
  return told(request, plan_of(request));
}

}  // namespace

CountingPlan counting_plan(const PairsJob& job) { return told_plan(job); }
CountingPlan counting_plan(const LabelJob& job) { return told_plan(job); }
CountingPlan counting_plan(const AllPairsJob& job) { return told_plan(job); }

std::size_t pairs_workspace_bytes(const PairsJob& job) { return workspace_bytes(plan_of(request_of(job))); }
std::size_t label_workspace_bytes(const LabelJob& job) { return workspace_bytes(plan_of(request_of(job))); }
std::size_t all_pairs_workspace_bytes(const AllPairsJob& job) { return workspace_bytes(plan_of(request_of(job))); }
void mutual_information_pairs(const PairsJob& job, Stream stream) { run(job, stream); }
void mutual_information_label(const LabelJob& job, Stream stream) { run(job, stream); }
void mutual_information_all_pairs(const AllPairsJob& job, Stream stream) { run(job, stream); }

}  // namespace kullback::cuda
