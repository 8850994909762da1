#include "kernels/cpu/joint_entries.hpp"
#include "kernels/cpu/targets.hpp"
#include "kernels/engines.hpp"
#include "kernels/math/mutual_information.hpp"

/// Mutual information of one given table. Counts are finished exactly; probabilities, and counts whose total is beyond
/// 64 bits, with margins and products of two terms.
namespace kullback::cpu {
namespace {

KULLBACK_HD double information_of(const MatrixView& joint, void* workspace) {
  if (!is_floating(joint.dtype)) {
    const CountTable table = {joint};
    if (!table.at_least_zero()) return kNaN<double>;
    auto* row_sums = static_cast<std::uint64_t*>(workspace);
    std::uint64_t *col_sums = row_sums + joint.rows, total;
    if (sum_margins(table, row_sums, col_sums, &total)) {
      return total == 0 ? kNaN<double> : kullback::mutual_information(table, row_sums, col_sums, total);
    }
  }
  const ProbabilityTable table(joint, workspace);
  return table.valid ? mutual_information(table) : kNaN<double>;
}

struct FinishJoint {
  static KULLBACK_HD void run(const JointJob& job) {
    *job.out = information_of(job.joint, job.workspace) * job.unit_scale;
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
