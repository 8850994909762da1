#pragma once

#include "kernels/cuda/histogram_kernels.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/engines.hpp"

/// How joint histograms of a call are counted on a device: decided here, once for a call.
namespace kullback::cuda {

/// A call, whichever it is: columns of x against columns of y.
struct HistogramRequest {
  Call call;
  CodeSide x, y;
  std::int64_t cols;  ///< of x to choose from; pairs: of the batch
  std::int64_t samples;
  double* out;
  std::int64_t out_stride;
  double unit_scale;
};
HistogramRequest request_of(const PairsJob& job);
HistogramRequest request_of(const LabelJob& job);
HistogramRequest request_of(const AllPairsJob& job);

struct HistogramPlan {
  CountLaunch launch;  ///< but for the wave and the workspace
  void (*kernel)(CountLaunch);
  LaunchShape block;                ///< blocks: of a tile
  std::int64_t wave_tiles;          ///< tiles that are counted before they are finished
  std::int64_t row_step, col_step;  ///< of a pair's table in the workspace
  Counting counting;                ///< where tables are counted
  CountingReason reason;
  std::int64_t value, limit;  ///< that decided it

  /// Whether blocks add to counters, which must be cleared before, or have them for themselves.
  bool adds_up() const { return launch.parts > 1 || launch.wide || counting == Counting::device_memory; }
};

/// `wide`: counts need 64 bits.
HistogramPlan plan_of(const HistogramRequest& request, const DeviceLimits& limits, bool wide);
inline HistogramPlan plan_of(const HistogramRequest& request) {
  return plan_of(request, device_limits(), request.samples >> 31 != 0);
}

/// As the public plan.
CountingPlan told(const HistogramRequest& request, const HistogramPlan& plan);

/// joint_histogram.cpp: counts and finishes, wave by wave.
std::size_t workspace_bytes(const HistogramPlan& plan);
void run(const HistogramRequest& request, HistogramPlan plan, void* workspace, Stream stream);

}  // namespace kullback::cuda
