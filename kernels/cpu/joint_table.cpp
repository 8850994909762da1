#include "kernels/cpu/joint_entries.hpp"
#include "kernels/cpu/targets.hpp"
#include "kernels/engines.hpp"
#include "kernels/math/mutual_information.hpp"

/// Mutual information of one given table. Counts are finished exactly; probabilities, and counts whose total is beyond
/// 64 bits, with margins and products of two terms.
namespace kullback::cpu {
namespace {

KULLBACK_HD double from_probabilities(const MatrixView& joint, void* workspace) {
  const ProbabilityTable table(joint, workspace);
  return table.valid ? mutual_information(table) : kNaN<double>;
}

template <class Count> KULLBACK_HD double from_counts(const MatrixView& joint, void* workspace) {
  if (!at_least_zero<Count>(joint)) return kNaN<double>;
  const JointCounts<Count> table = {static_cast<const Count*>(joint.data), joint.rows, joint.cols, joint.row_stride, 1};
  auto* row_sums = static_cast<std::uint64_t*>(workspace);
  std::uint64_t* col_sums = row_sums + joint.rows;
  std::uint64_t total;
  if (!sum_margins(table, row_sums, col_sums, &total)) return from_probabilities(joint, workspace);
  return total == 0 ? kNaN<double> : mutual_information(table, row_sums, col_sums, total);
}

struct FinishJoint {
  static KULLBACK_HD void run(const JointJob& job) {
    double nats = 0;
    switch (job.joint.dtype) {
      case DType::u8: nats = from_counts<std::uint8_t>(job.joint, job.workspace); break;
      case DType::u16: nats = from_counts<std::uint16_t>(job.joint, job.workspace); break;
      case DType::i32: nats = from_counts<std::int32_t>(job.joint, job.workspace); break;
      case DType::i64: nats = from_counts<std::int64_t>(job.joint, job.workspace); break;
      default: nats = from_probabilities(job.joint, job.workspace);
    }
    *job.out = nats * job.unit_scale;
  }
};

}  // namespace

std::size_t joint_workspace_bytes(const JointJob& job) {
  if (job.joint.rows == 0 || job.joint.cols == 0) return 0;
  return static_cast<std::size_t>(job.joint.rows + job.joint.cols) * sizeof(CompensatedSum<double>);
}

void mutual_information_joint(const JointJob& job) {
  if (job.joint.rows == 0 || job.joint.cols == 0) {
    *job.out = 0;
  } else {
    run_on<FinishJoint>(detect_isa(), job);
  }
}

}  // namespace kullback::cpu
