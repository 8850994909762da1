#include <omp.h>

#include "kernels/cpu/information.hpp"
#include "kernels/cpu/joint_entries.hpp"
#include "kernels/cpu/permutation_test.hpp"
#include "kernels/cpu/targets.hpp"

/// Measures of one given table.
namespace kullback::cpu {
namespace {

/// p log(q / p) for entries of a table of probabilities. A difference below the resolution of two terms counts as none.
KULLBACK_HD double share_term(TwoTerms<double> p, TwoTerms<double> q) {
  constexpr double kResolution = 0x1p-98;
  const TwoTerms<double> d = two_sum(q.hi, -p.hi);
  const double diff = d.hi + (d.lo + (q.lo - p.lo));
  return diff <= kResolution * q.hi ? 0 : entropy_term(p.hi, q.hi, diff);
}

/// What needs counts stays NaN.
KULLBACK_HD JointSummary summarise(const ProbabilityTable& table, unsigned parts) {
  using Two = TwoTerms<double>;
  JointSummary s = JointSummary::invalid();
  if (!table.valid) return s;
  const double n = table.total.hi;
  const Two total = table.total;
  if (parts & kPartInformation) s.information = mutual_information(table);
  if (parts & kPartMargins) {
    const auto entropy = [&](const CompensatedSum<double>* sums, std::int64_t size) {
      const auto term = [&](std::int64_t i, std::int64_t) { return share_term(sums[i].two_terms(), total); };
      return sum_terms(size, 1, term) / n;
    };
    s.entropy_x = entropy(table.row_sums, table.joint.rows);
    s.entropy_y = entropy(table.col_sums, table.joint.cols);
  }
  if (parts & kPartJoint) {
    const auto term = [&](Two entry, Two, Two) { return share_term(entry, total); };
    s.joint_entropy = sum_probability_terms(table, term) / n;
  }
  if (parts & kPartConditional) {
    const auto in_column = [](Two entry, Two, Two col) { return share_term(entry, col); };
    const auto in_row = [](Two entry, Two row, Two) { return share_term(entry, row); };
    s.x_given_y = sum_probability_terms(table, in_column) / n;
    s.y_given_x = sum_probability_terms(table, in_row) / n;
  }
  return s;
}

KULLBACK_HD JointSummary summarise(const MatrixView& joint, void* workspace, unsigned parts) {
  if (!is_floating(joint.dtype)) {
    const CountTable table = {joint};
    if (!table.at_least_zero()) return JointSummary::invalid();
    auto* row_sums = static_cast<std::uint64_t*>(workspace);
    std::uint64_t *col_sums = row_sums + joint.rows, total;
    if (sum_margins(table, row_sums, col_sums, &total)) {
      return total == 0 ? JointSummary::invalid() : kullback::summarise(table, row_sums, col_sums, total, parts);
    }
  }
  return summarise(ProbabilityTable(joint, workspace), parts);
}

struct SummariseJoint {
  static KULLBACK_HD void run(const MatrixView& joint, void* workspace, unsigned parts, JointSummary* summary) {
    *summary = summarise(joint, workspace, parts);
  }
};

bool permutes(const InformationRequest& r) { return (parts_of(r.measures) & kPartPermutation) != 0; }

/// Of a table whose margins are at the workspace's beginning.
double permutation_pvalue(const InformationJointJob& job) {
  const MatrixView& joint = job.counted.joint;
  const Permutations& asked = job.request.permutations;
  const CountTable table = {joint};
  const auto* sums = static_cast<const std::uint64_t*>(job.counted.workspace);
  auto* kept = static_cast<std::uint64_t*>(job.counted.workspace) + joint.rows + joint.cols;
  const PermutationRoom room = permutation_room(1, joint.rows, joint.cols);
  PermutationTest test(room, kept);
  test.add(0, table, sums, sums + joint.rows);
  const auto scratch = [&] { return kept + room.kept_words() + omp_get_thread_num() * room.longest; };
  double p = 1;
#pragma omp parallel num_threads(asked.threads)
#pragma omp single
  p = test.pvalue(detect_isa(), asked, scratch);
  return p;
}

}  // namespace

std::size_t information_bytes(const InformationJointJob& job) {
  const MatrixView& joint = job.counted.joint;
  const std::size_t bytes = joint_workspace_bytes(job.counted);
  if (bytes == 0 || !permutes(job.request)) return bytes;
  const PermutationRoom room = permutation_room(1, joint.rows, joint.cols);
  const std::int64_t words =
      joint.rows + joint.cols + room.kept_words() + job.request.permutations.threads * room.longest;
  return std::max(bytes, static_cast<std::size_t>(words) * 8);
}

void information(const InformationJointJob& job) {
  const MatrixView& joint = job.counted.joint;
  JointSummary summary;
  if (joint.rows > 0 && joint.cols > 0) {
    run_on<SummariseJoint>(detect_isa(), joint, job.counted.workspace, parts_of(job.request.measures), &summary);
    const bool of_counts = summary.samples == summary.samples;
    if (permutes(job.request) && of_counts) summary.permutation_p = permutation_pvalue(job);
  }
  store(job.request, 0, summary);
}

}  // namespace kullback::cpu
