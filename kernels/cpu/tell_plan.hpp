#pragma once

#include "kernels/cpu/joint_engine.hpp"
#include "kernels/cpu/plane_pairs.hpp"

/// The CPU's plans, as the public CountingPlan.
namespace kullback::cpu {

inline constexpr CountingChoice kNotAllPairs = {CountingReason::not_all_pairs};

inline const char* name_of(Isa isa) { return isa == Isa::avx512 ? "AVX-512" : isa == Isa::avx2 ? "AVX2" : "no AVX2"; }
/// Of the bit planes' population count.
inline const char* name_of(const PlaneEngines& engines) {
#if defined(KULLBACK_DISPATCH)
  if (&engines == &kAvx512Planes) return "AVX-512 VPOPCNTDQ";
  if (&engines == &kAvx2Planes) return "AVX2";
#endif
  return &engines == &kBaselinePlanes ? "no AVX2" : "";
}

inline CountingPlan told(const TilePlan& plan, std::int64_t pairs, const CountingChoice& choice) {
  CountingPlan told;
  told.counting = Counting::histograms;
  told.reason = choice.reason, told.value = choice.value, told.limit = choice.limit;
  told.samples = plan.samples, told.pairs = pairs;
  told.lines_x = plan.transposed ? plan.y_lines : plan.x_lines;
  told.lines_y = plan.transposed ? plan.x_lines : plan.y_lines;
  told.tile_pairs = plan.x_cols * plan.y_cols;
  told.copies = plan.copies;
  told.counter_bits = plan.wide_counts() ? 64 : 32;
  told.instructions = name_of(plan.isa);
  told.threads = plan.threads;
  told.threads_share_samples = plan.share_samples;
  return told;
}
/// Features with a label.
inline CountingPlan told(const TilePlan& plan, const MatrixView& table, const CountingChoice& choice) {
  CountingPlan result = told(plan, table.cols, choice);
  result.features = table.cols;
  return result;
}
inline std::int64_t all_pairs_of(std::int64_t features) { return features * (features + 1) / 2; }
inline CountingPlan told_all_pairs(const TilePlan& plan, const MatrixView& table, const CountingChoice& choice) {
  CountingPlan result = told(plan, all_pairs_of(table.cols), choice);
  result.features = table.cols;
  return result;
}
inline CountingPlan told(const PlanePlan& plan, const CountingChoice& choice) {
  CountingPlan told;
  told.counting = Counting::bit_planes;
  told.reason = choice.reason, told.value = choice.value, told.limit = choice.limit;
  told.samples = plan.shape.samples, told.features = plan.shape.features;
  told.pairs = all_pairs_of(plan.shape.features);
  told.lines_x = told.lines_y = plan.shape.classes;
  told.tile_pairs = plan.square * plan.square * kGroup * kGroup;
  told.counter_bits = 64;
  told.instructions = name_of(plane_engines());
  told.threads = plan.threads;
  return told;
}

}  // namespace kullback::cpu
