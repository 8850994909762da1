#include "kernels/cpu/plane_pairs.hpp"

namespace kullback::cpu {

PlaneTable pack_planes(const PlanePlan& plan, const MatrixView& codes, void* workspace) {
  const PlaneEngines& engines = plane_engines();
  const PlaneTable table = plan.table(workspace);
  const PlaneShape& shape = plan.shape;
  const std::int64_t groups = shape.groups(), step = kPlanePolicy.square_groups;
  const std::int64_t stripes = ceil_div(groups, step), parts = ceil_div(shape.words(), kPlanePolicy.pack_words);
  std::fill(table.bad, table.bad + groups * kGroup, std::uint8_t{0});
#pragma omp parallel num_threads(plan.threads)
  {
    // A stripe's codes are whole cache lines of each row.
#pragma omp for schedule(dynamic)
    for (std::int64_t task = 0; task < stripes * parts; ++task) {
      const std::int64_t first_group = task / parts * step, end = std::min(first_group + step, groups);
      const std::int64_t first = task % parts * kPlanePolicy.pack_words,
                         last = std::min(first + kPlanePolicy.pack_words, shape.words());
      for (std::int64_t w = first; w < last; ++w) {
        for (std::int64_t g = first_group; g < end; ++g) {
          CodeColumns columns = columns_of(codes, shape.classes, g * kGroup, kGroup);
          columns.missing = plan.missing;
          std::uint8_t bad[kGroup] = {};
          engines.pack(columns, shape, w, w + 1, table.words + g * shape.group_words(), bad);
          for (std::int64_t c = 0; c < kGroup; ++c) {
            if (!bad[c]) continue;
#pragma omp atomic write
            table.bad[g * kGroup + c] = 1;
          }
        }
      }
    }
#pragma omp for schedule(static)
    for (std::int64_t g = 0; g < groups; ++g) {
      std::uint64_t* counts = table.counts + g * shape.classes * kGroup;
      engines.tally(shape, table.group(g), counts);
      bool complete = true;
      for (std::int64_t c = 0; c < kGroup; ++c) {
        std::uint64_t rest = static_cast<std::uint64_t>(shape.samples);
        for (std::int64_t plane = 0; plane < shape.planes; ++plane) rest -= counts[plane * kGroup + c];
        if (shape.planes < shape.classes) {
          counts[shape.planes * kGroup + c] = rest;
        } else {
          complete = complete && (rest == 0 || c >= shape.group_features(g));
        }
      }
      table.complete[g] = complete;
    }
  }
  return table;
}

void pair_cells(const GroupPair& pair, std::int64_t x, std::int64_t y, std::uint64_t* cells) {
  const std::int64_t classes = pair.classes, last = classes - 1;
  for (std::int64_t a = 0; a < pair.planes_x; ++a) {
    std::uint64_t* line = cells + a * classes;
    for (std::int64_t b = 0; b < pair.planes_y; ++b) line[b] = pair.counts[pair.at(a, x, b) + y];
    if (pair.planes_y == classes) continue;
    line[last] = pair.counts_x[a * kGroup + x];
    for (std::int64_t b = 0; b < last; ++b) line[last] -= line[b];
  }
  if (pair.planes_x == classes) return;
  for (std::int64_t b = 0; b < classes; ++b) {
    std::uint64_t& cell = cells[last * classes + b];
    cell = pair.counts_y[b * kGroup + y];
    for (std::int64_t a = 0; a < last; ++a) cell -= cells[a * classes + b];
  }
}

namespace {

/// The same for any number of samples.
void wide_mutual_information(const GroupPair& pair, double scale, std::uint64_t* cells, double* out,
                             std::int64_t stride) {
  const std::int64_t classes = pair.classes;
  std::uint64_t *const margins = cells + classes * classes, total;
  for (std::int64_t x = 0; x < kGroup; ++x) {
    for (std::int64_t y = 0; y < kGroup; ++y) {
      pair_cells(pair, x, y, cells);
      const JointCounts<std::uint64_t> table = {cells, classes, classes, classes, 1};
      sum_margins(table, margins, margins + classes, &total);
      out[x * stride + y] = kullback::mutual_information(table, margins, margins + classes, total) * scale;
    }
  }
}

}  // namespace

void PlaneInformation::finish(std::int64_t gx, std::int64_t gy, const GroupSquare& square, const GroupPair& pair,
                              void* memory) const {
  const std::int64_t width = plan.square * kGroup;
  auto* results = static_cast<double*>(memory);
  double* at = results + (gx - square.x) * kGroup * width + (gy - square.y) * kGroup;
  if (plan.shape.samples < kExactSamples) {
    plane_engines().mutual_information(pair, unit_scale, at, width);
  } else {
    wide_mutual_information(pair, unit_scale, reinterpret_cast<std::uint64_t*>(results + width * width), at, width);
  }
  if (!table.any_bad(gx) && !table.any_bad(gy)) return;
  for (std::int64_t x = 0; x < kGroup; ++x) {
    for (std::int64_t y = 0; y < kGroup; ++y) {
      if (table.bad[gx * kGroup + x] || table.bad[gy * kGroup + y]) at[x * width + y] = kNaN<double>;
    }
  }
}

void PlaneInformation::store_square(const GroupSquare& square, void* memory) const {
  const std::int64_t width = plan.square * kGroup, features = plan.shape.features;
  const std::int64_t x = square.x * kGroup, x_end = std::min(square.x_end * kGroup, features);
  const std::int64_t y = square.y * kGroup, y_end = std::min(square.y_end * kGroup, features);
  const auto* results = static_cast<const double*>(memory);
  const auto result = [&](std::int64_t i, std::int64_t j) { return results[(i - x) * width + (j - y)]; };
  for (std::int64_t i = x; i < x_end; ++i) {
    const std::int64_t first = std::max(y, i);
    if (col == 1) {
      std::copy(&results[(i - x) * width + (first - y)], &results[(i - x) * width + (y_end - y)],
                out + i * row + first);
      continue;
    }
    for (std::int64_t j = first; j < y_end; ++j) out[i * row + j * col] = result(i, j);
  }
  for (std::int64_t j = y; j < y_end; ++j) {
    for (std::int64_t i = x; i < std::min(x_end, j); ++i) out[j * row + i * col] = result(i, j);
  }
}

PlanePlan plane_information_plan(const MatrixView& table, std::int64_t classes, MissingCode missing, int threads) {
  PlanePlan plan(table, classes, missing, threads);
  plan.sink_bytes = PlaneInformation::bytes(plan);
  return plan;
}

void plane_information(const PlanePlan& plan, const MatrixView& table, void* workspace, double* out, std::int64_t row,
                       std::int64_t col, double unit_scale) {
  const PlaneTable planes = pack_planes(plan, table, workspace);
  run_planes(plan, planes, workspace, PlaneInformation{plan, planes, out, row, col, unit_scale});
}

}  // namespace kullback::cpu
