#pragma once

#include <cstddef>
#include <cstdint>

#include "kullback/counting_plan.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/divergence_loss.hpp"
#include "kullback/mutual_information.hpp"
#include "kullback/rows.hpp"

/// What the host hands to an engine: arguments that have been checked, with every default resolved. One struct per
/// engine, plain data, the same for both backends. The engines neither allocate nor check.
namespace kullback {

struct RowsJob {
  MeasureSet measures;
  MatrixView p, q;           ///< a side nobody reads has rows = 0; a side with one row serves all rows
  VectorView labels;         ///< data null when no measure needs them
  MutableMatrixView values;  ///< f32 or f64
  std::uint8_t* status;      ///< may be null
  RowsOptions options;
  double unit_scale;  ///< nats -> asked unit
  std::int64_t rows, cols;
  void* workspace;  ///< rows_workspace_bytes, aligned to 64
  int threads;      ///< >= 1
};

struct CrossEntropyJob {
  MatrixView logits;
  VectorView labels;
  CrossEntropyOutput output;
  CrossEntropyOptions options;
  void* workspace;  ///< cross_entropy_workspace_bytes, aligned to 64
  int threads;
};

/// The rows and the measures are those of a RowsJob, whose outputs are not used.
struct DivergenceLossJob {
  RowsJob rows;
  double weights[MeasureSet::kMaxSize];  ///< of the rows' measures, nats; the factor T^2 is in them
  DivergenceLossOutput output;
  Reduction reduction;
  double gradient_scale;
  void* workspace;  ///< divergence_loss_workspace_bytes, aligned to 64
};

/// Row b of x with row b of y.
struct PairsJob {
  MatrixView x, y;
  std::int64_t classes_x, classes_y;
  double* out;
  double unit_scale;  ///< nats -> asked unit
  void* workspace;    ///< aligned to 64
  int threads;
};
/// Every column of the table with the label.
struct LabelJob {
  MatrixView table;
  VectorView label;
  std::int64_t classes, label_classes;
  double* out;
  double unit_scale;
  void* workspace;
  int threads;
};
/// All pairs of columns of the table.
struct AllPairsJob {
  MatrixView table;
  std::int64_t classes;
  MutableMatrixView out;
  double unit_scale;
  void* workspace;
  int threads;
};
/// A table that was counted elsewhere.
struct JointJob {
  MatrixView joint;
  double* out;
  double unit_scale;
  void* workspace;
};

/// Workspace bytes are for `threads` threads and a pointer aligned to 64; the host adds the room to align it, to a
/// plan's as well.
namespace cpu {
std::size_t rows_workspace_bytes(const RowsJob& job);
void rows(const RowsJob& job);
std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job);
void cross_entropy(const CrossEntropyJob& job);
std::size_t divergence_loss_workspace_bytes(const DivergenceLossJob& job);
void divergence_loss(const DivergenceLossJob& job);
std::size_t pairs_workspace_bytes(const PairsJob& job);
void mutual_information_pairs(const PairsJob& job);
std::size_t label_workspace_bytes(const LabelJob& job);
void mutual_information_label(const LabelJob& job);
std::size_t all_pairs_workspace_bytes(const AllPairsJob& job);
void mutual_information_all_pairs(const AllPairsJob& job);
CountingPlan counting_plan(const PairsJob& job);
CountingPlan counting_plan(const LabelJob& job);
CountingPlan counting_plan(const AllPairsJob& job);
std::size_t joint_workspace_bytes(const JointJob& job);
void mutual_information_joint(const JointJob& job);
}  // namespace cpu

/// The same on a device. Built without nvcc, host/no_cuda.cpp provides these symbols and they throw, saying why.
namespace cuda {
BackendStatus status();
/// Throws BackendUnavailable where the backend cannot run, DeviceError where an error that was pending keeps it from
/// it.
void require_available();
/// Where a pointer's memory lies, as seen from the current device. `either`: host memory that devices read, too.
enum class Place { host, device, other_device, either };
struct Location {
  Place place;
  int device;  ///< that it lies on; -1 for host memory
};
/// Host memory where there is no device. Throws DeviceError where an error that was pending hides the answer.
Location location_of(const void* pointer);
int current_device();
std::size_t rows_workspace_bytes(const RowsJob& job);
void rows(const RowsJob& job, Stream stream);
std::size_t cross_entropy_workspace_bytes(const CrossEntropyJob& job);
void cross_entropy(const CrossEntropyJob& job, Stream stream);
std::size_t pairs_workspace_bytes(const PairsJob& job);
void mutual_information_pairs(const PairsJob& job, Stream stream);
std::size_t label_workspace_bytes(const LabelJob& job);
void mutual_information_label(const LabelJob& job, Stream stream);
std::size_t all_pairs_workspace_bytes(const AllPairsJob& job);
void mutual_information_all_pairs(const AllPairsJob& job, Stream stream);
CountingPlan counting_plan(const PairsJob& job);
CountingPlan counting_plan(const LabelJob& job);
CountingPlan counting_plan(const AllPairsJob& job);
std::size_t joint_workspace_bytes(const JointJob& job);
void mutual_information_joint(const JointJob& job, Stream stream);
}  // namespace cuda

}  // namespace kullback
