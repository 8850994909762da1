#include "host/cli/mi_run.hpp"

#include <fmt/format.h>

#include <utility>

#include "host/cli/mi_inputs.hpp"
#include "host/cli/mi_plot.hpp"
#include "host/cli/verification.hpp"

namespace kullback::cli {

MiReport run_pairs(const MiRequest& asked, const MiMeasures& measures) {
  MiFile first(asked.first, Along::row);
  const MiRequest request = with_weights(asked, first);
  const MiFile second = MiFile::named(request.second, first);
  const auto same_shape = [&](const MiFile& a, const MiFile& b) {
    return a.samples() == b.samples() && a.variables() == b.variables() && a.one_dimensional() == b.one_dimensional();
  };
  GivenClasses given;
  if (!request.given.empty()) {
    const MiFile file = MiFile::named(request.given, first);
    require(same_shape(file, first) || (file.one_dimensional() && file.samples() == first.samples()),
            fmt::format("{} does not match {}: [{}] or its shape is expected", file.described(), first.described(),
                        first.samples()));
    given = {true, classes_of(file, request.coding)};
  }
  require(same_shape(first, second),
          fmt::format("{} and {} differ in shape; the same [samples] or [batch, samples] is expected",
                      first.described(), second.described()));
  require(request.plot.empty() || !first.one_dimensional(),
          "--plot: a single pair has one number, there is nothing to draw");
  const Classes x = classes_of(first, request.coding), y = classes_of(second, request.coding);
  const bool special = given.exists || x.has_missing || y.has_missing || !request.coding.weights.empty();
  const std::string what = first.described() + " with " + second.described();
  Values values(x.view.rows, measures, what);
  Mirror mirror(is_plain(measures, special) ? request.common.execution.backend : Backend::cpu);
  std::optional<VerifyReport> verification;
  std::optional<CountingPlan> plan;
  if (is_plain(measures, special)) {
    const MutualInformationOptions options = plain_options(request);
    const MatrixView in_x = mirror.in(x.view), in_y = mirror.in(y.view);
    double* out = mirror.out(values.numbers.data(), x.view.rows);
    const Workspace workspace = workspace_for(
        what, mirror, [&] { return mutual_information_pairs_workspace(in_x, x.count, in_y, y.count, options); });
    plan = explain(request, [&] { return mutual_information_pairs_plan(in_x, x.count, in_y, y.count, options); });
    mutual_information_pairs(in_x, x.count, in_y, y.count, out, options, workspace, host_stream);
    mirror.finish();
    if (request.common.verify)
      verification = verify_mutual_information_pairs(x.view, x.count, y.view, y.count, values.numbers.data(), options,
                                                     verify_sample(x.view.cols));
  } else {
    const InformationOptions options = options_of(request);
    const CodeMatrix a = {x.view, x.count}, b = {y.view, y.count}, z = given.matrix();
    const Workspace workspace =
        workspace_for(what, mirror, [&] { return information_pairs_workspace(measures.computed(), a, b, z, options); });
    plan = explain(request, [&] { return information_pairs_plan(measures.computed(), a, b, z, options); });
    information_pairs(measures.computed(), a, b, z, values.view, options, workspace, host_stream);
    if (request.common.verify)
      verification =
          verify_information_pairs(measures.computed(), a, b, z, values.view, options, verify_sample(x.view.cols));
  }
  MiReport report = report_of(request, measures, std::move(values));
  report.inputs = first.described() + "  with  " + second.described();
  report.samples = samples_of(request, x.view.cols);
  if (!first.one_dimensional()) report.shape = {x.view.rows};
  report.things = "pair";
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

MiReport run_all_pairs(const MiRequest& asked, const MiMeasures& measures) {
  MiFile file(asked.first, Along::column);
  const MiRequest request = with_weights(asked, file);
  const GivenClasses given = given_of(request, file);
  const std::int64_t features = file.variables();
  require(
      request.plot.empty() || request.top || request.threshold || features <= kMostPlotted,
      fmt::format("--plot: a heat map of all pairs takes at most {} features and {} has {}; --top K or --threshold X "
                  "draw the first pairs as bars",
                  kMostPlotted, file.described(), features));
  const Classes table = classes_of(file, request.coding);
  const bool special = given.exists || table.has_missing || !request.coding.weights.empty();
  Values values(features * features, measures, file.described());
  Mirror mirror(is_plain(measures, special) ? request.common.execution.backend : Backend::cpu);
  std::optional<VerifyReport> verification;
  std::optional<CountingPlan> plan;
  if (is_plain(measures, special)) {
    const MutualInformationOptions options = plain_options(request);
    const MutableMatrixView out = mutable_view(values.numbers.data(), features, features);
    const MatrixView in = mirror.in(table.view);
    const MutableMatrixView mirrored = mirror.out(out);
    const Workspace workspace = workspace_for(
        file.described(), mirror, [&] { return mutual_information_all_pairs_workspace(in, table.count, options); });
    plan = explain(request, [&] { return mutual_information_all_pairs_plan(in, table.count, options); });
    mutual_information_all_pairs(in, table.count, mirrored, options, workspace, host_stream);
    mirror.finish();
    if (request.common.verify)
      verification =
          verify_mutual_information_all_pairs(table.view, table.count, out, options, verify_sample(file.samples()));
  } else {
    const InformationOptions options = options_of(request);
    const CodeMatrix x = {table.view, table.count};
    const CodeVector z = given.vector();
    const Workspace workspace = workspace_for(
        file.described(), mirror, [&] { return information_all_pairs_workspace(measures.computed(), x, z, options); });
    plan = explain(request, [&] { return information_all_pairs_plan(measures.computed(), x, z, options); });
    information_all_pairs(measures.computed(), x, z, values.view, options, workspace, host_stream);
    if (request.common.verify)
      verification =
          verify_information_all_pairs(measures.computed(), x, z, values.view, options, verify_sample(file.samples()));
  }
  std::vector<bool> is_test(measures.adjusts() ? static_cast<std::size_t>(features * features) : 0);
  for (std::size_t i = 0; i < is_test.size(); ++i) {
    const auto width = static_cast<std::size_t>(features);
    is_test[i] = i / width < i % width;  // each pair once
  }
  MiReport report = report_of(request, measures, std::move(values), is_test);
  report.inputs = file.described() + "  all pairs";
  report.samples = samples_of(request, file.samples());
  report.shape = {features, features};
  report.things = "feature";
  report.names = file.names();
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

namespace {

/// The total of a table of counts; none for probabilities, and none that does not fit 64 bits.
std::optional<std::int64_t> total_count(VectorView counts) {
  std::int64_t total = 0;
  for (std::int64_t i = 0; i < counts.size; ++i)
    if (__builtin_add_overflow(total, integer_at(counts, i), &total)) return std::nullopt;
  return total;
}

}  // namespace

MiReport run_joint(const MiRequest& request, const MiMeasures& measures) {
  const ArrayFile file(request.first, request.common.bf16);
  require(file.shape().size() == 2, file.described() + ": a 2-D joint table of counts or probabilities is expected");
  Values values(1, measures, file.described());
  Mirror mirror(is_plain(measures, false) ? request.common.execution.backend : Backend::cpu);
  std::optional<VerifyReport> verification;
  const std::optional<CountingPlan> plan = explain(request, [] { return CountingPlan{}; });  // it is counted
  if (is_plain(measures, false)) {
    const MutualInformationOptions options = plain_options(request);
    const MatrixView in = mirror.in(file.matrix());
    double* out = mirror.out(values.numbers.data(), 1);
    const Workspace workspace =
        workspace_for(file.described(), mirror, [&] { return mutual_information_joint_workspace(in, options); });
    mutual_information_joint(in, out, options, workspace, host_stream);
    mirror.finish();
    if (request.common.verify)
      verification = verify_mutual_information_joint(file.matrix(), values.numbers[0], options);
  } else {
    const InformationOptions options = options_of(request);
    const Workspace workspace = workspace_for(file.described(), mirror, [&] {
      return information_joint_workspace(measures.computed(), file.matrix(), options);
    });
    information_joint(measures.computed(), file.matrix(), values.view, options, workspace, host_stream);
    if (request.common.verify)
      verification = verify_information_joint(measures.computed(), file.matrix(), values.view, options);
  }
  MiReport report = report_of(request, measures, std::move(values));
  report.inputs = file.described() + "  joint table";
  if (!is_floating(file.dtype())) report.samples = total_count(file.vector());
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

}  // namespace kullback::cli
