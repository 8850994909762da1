#include "host/cli/mi_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/cli/inputs.hpp"
#include "host/cli/mi_explain.hpp"
#include "host/cli/mi_plot.hpp"
#include "host/cli/verification.hpp"

namespace kullback::cli {
namespace {

/// Mutual information alone has calls of its own, on every backend. `special`: a third variable, missing codes,
/// weights.
bool is_plain(const MiMeasures& measures, bool special) {
  return measures.computed().size() == 1 && measures.computed()[0] == Information::mi && !special;
}

MutualInformationOptions plain_options(const MiRequest& request) {
  return {request.common.unit, request.common.execution};
}

InformationOptions options_of(const MiRequest& request) {
  InformationOptions options;
  options.unit = request.common.unit;
  options.normalizer = request.normalizer;
  options.missing = kMissingClass;
  options.weights =
      vector_view(request.coding.weights.data(), static_cast<std::int64_t>(request.coding.weights.size()));
  options.permutations = request.permutations;
  options.seed = request.seed;
  options.execution = request.common.execution;
  return options;
}

/// The classes of --given, if there is one.
struct GivenClasses {
  bool exists = false;
  Classes classes;

  CodeVector vector() const { return exists ? CodeVector{classes.vector(), classes.count} : CodeVector{}; }
  CodeMatrix matrix() const { return exists ? CodeMatrix{classes.view, classes.count} : CodeMatrix{}; }
};

/// One code for each of the samples.
void require_vector(const MiFile& file, const MiFile& table, const char* what) {
  require(file.one_dimensional() && file.samples() == table.samples(),
          fmt::format("{} does not match {}: one {} per sample, [{}], is expected", file.described(), table.described(),
                      what, table.samples()));
}

GivenClasses given_of(const MiRequest& request, MiFile& table) {
  GivenClasses given;
  if (request.given.empty()) return given;
  const MiFile file = MiFile::named(request.given, table);
  require_vector(file, table, "code");
  given.classes = classes_of(file, request.coding);
  given.exists = true;
  return given;
}

/// The request with its weights read.
MiRequest with_weights(MiRequest request, MiFile& table) {
  if (request.weights.empty()) return request;
  const MiFile file = MiFile::named(request.weights, table);
  require_vector(file, table, "weight");
  const Variable weights = file.variable(0, {});
  require(weights.numbers.empty(), file.described() + ": weights are whole numbers, these are floating-point");
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t weight = weights.integers[i];
    require(weights.missing.empty() || !weights.missing[i],
            fmt::format("{}: weight [{}] is missing", file.described(), i));
    require(weight >= 0, fmt::format("{}: weight {} at [{}], expected 0 or more", file.described(), weight, i));
    require(!__builtin_add_overflow(sum, weight, &sum),
            fmt::format("{}: the sum of the weights passes 2^63 - 1 at [{}]", file.described(), i));
  }
  request.coding.weights = weights.integers;
  return request;
}

/// Weights count as so many samples.
std::int64_t samples_of(const MiRequest& request, std::int64_t samples) {
  const std::vector<std::int64_t>& weights = request.coding.weights;
  return weights.empty() ? samples : std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
}

/// The plan, if it is asked for, before anything is computed.
template <class Query> std::optional<CountingPlan> explain(const MiRequest& request, Query plan) {
  if (!request.explain) return std::nullopt;
  const CountingPlan result = plan();
  if (!request.common.quiet) fmt::print(stderr, "{}", explained(result));
  return result;
}

/// Results [results, measures]; out_of(workspace) computes them where a call takes `scratch`.
struct Values {
  std::vector<double> numbers;
  MutableMatrixView view;

  Values(std::int64_t results, const MiMeasures& measures, const std::string& what) {
    const std::int64_t width = measures.computed().size();
    check_memory(8.0 * static_cast<double>(results) * static_cast<double>(width), what + ": the results");
    numbers.resize(static_cast<std::size_t>(results * width));
    view = mutable_view(numbers.data(), results, width);
  }
};

MiReport report_of(const MiRequest& request, const MiMeasures& measures, const Values& values,
                   const std::vector<bool>& is_test = {}) {
  MiReport report;
  report.top = request.top;
  report.threshold = request.threshold;
  for (std::size_t k = 0; k < measures.size(); ++k)
    report.columns.push_back(
        {measures.name(k), measures.column(k, values.numbers, is_test), measures.smallest_first(k)});
  return report;
}

}  // namespace

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
  MiReport report = report_of(request, measures, values);
  report.inputs = first.described() + "  with  " + second.described();
  report.samples = samples_of(request, x.view.cols);
  if (!first.one_dimensional()) report.shape = {x.view.rows};
  report.things = "pair";
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

MiReport run_target(const MiRequest& asked, const MiMeasures& measures) {
  MiFile file(asked.first, Along::column);
  const MiRequest request = with_weights(asked, file);
  const MiFile target = MiFile::named(request.target, file);
  require_vector(target, file, "label");
  const GivenClasses given = given_of(request, file);
  const Classes table = classes_of(file, request.coding), label = classes_of(target, request.coding);
  const bool special = given.exists || table.has_missing || label.has_missing || !request.coding.weights.empty();
  const std::string what = file.described() + " with " + target.described();
  Values values(file.variables(), measures, what);
  Mirror mirror(is_plain(measures, special) ? request.common.execution.backend : Backend::cpu);
  std::optional<VerifyReport> verification;
  std::optional<CountingPlan> plan;
  if (is_plain(measures, special)) {
    const MutualInformationOptions options = plain_options(request);
    const MatrixView in_table = mirror.in(table.view);
    const VectorView in_labels = mirror.in(label.vector());
    double* out = mirror.out(values.numbers.data(), file.variables());
    const Workspace workspace = workspace_for(what, mirror, [&] {
      return mutual_information_label_workspace(in_table, table.count, in_labels, label.count, options);
    });
    plan = explain(
        request, [&] { return mutual_information_label_plan(in_table, table.count, in_labels, label.count, options); });
    mutual_information_label(in_table, table.count, in_labels, label.count, out, options, workspace, host_stream);
    mirror.finish();
    if (request.common.verify)
      verification = verify_mutual_information_label(table.view, table.count, label.vector(), label.count,
                                                     values.numbers.data(), options, verify_sample(file.samples()));
  } else {
    const InformationOptions options = options_of(request);
    const CodeMatrix x = {table.view, table.count};
    const CodeVector y = {label.vector(), label.count}, z = given.vector();
    const Workspace workspace =
        workspace_for(what, mirror, [&] { return information_label_workspace(measures.computed(), x, y, z, options); });
    plan = explain(request, [&] { return information_label_plan(measures.computed(), x, y, z, options); });
    information_label(measures.computed(), x, y, z, values.view, options, workspace, host_stream);
    if (request.common.verify)
      verification =
          verify_information_label(measures.computed(), x, y, z, values.view, options, verify_sample(file.samples()));
  }
  MiReport report = report_of(request, measures, values);
  report.inputs = file.described() + "  with  " + target.described();
  report.samples = samples_of(request, file.samples());
  report.shape = {file.variables()};
  report.things = "feature";
  report.names = file.names();
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

MiReport run_selection(const MiRequest& asked) {
  constexpr std::int64_t kTop = 10;
  MiFile file(asked.first, Along::column);
  const MiRequest request = with_weights(asked, file);
  const MiFile target = MiFile::named(request.target, file);
  require_vector(target, file, "label");
  const Classes table = classes_of(file, request.coding), label = classes_of(target, request.coding);
  const std::string what = file.described() + " with " + target.described();
  const std::int64_t top = std::min(request.top.value_or(kTop), file.variables());
  MiReport report;
  report.chosen.resize(static_cast<std::size_t>(top));
  report.columns = {{*request.select == Selection::jmi ? "jmi" : "mrmr", std::vector<double>(report.chosen.size())}};
  const SelectionOutput out = {mutable_vector_view(report.chosen.data(), top),
                               mutable_vector_view(report.columns[0].values.data(), top)};
  const InformationOptions options = options_of(request);
  const CodeMatrix x = {table.view, table.count};
  const CodeVector y = {label.vector(), label.count};
  Mirror mirror(Backend::cpu);
  const Workspace workspace =
      workspace_for(what, mirror, [&] { return select_features_workspace(*request.select, x, y, top, options); });
  report.plan = explain(request, [&] { return information_label_plan({Information::mi}, x, y, {}, options); });
  select_features(*request.select, x, y, out, options, workspace, host_stream);
  report.inputs = file.described() + "  with  " + target.described();
  report.samples = samples_of(request, file.samples());
  report.shape = {top};
  report.top = top;
  report.things = "feature";
  report.names = file.names();
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
  MiReport report = report_of(request, measures, values, is_test);
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
  MiReport report = report_of(request, measures, values);
  report.inputs = file.described() + "  joint table";
  if (!is_floating(file.dtype())) report.samples = total_count(file.vector());
  report.verification = std::move(verification);
  report.plan = plan;
  return report;
}

}  // namespace kullback::cli
