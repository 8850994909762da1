#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "host/cli/mi_inputs.hpp"
#include "host/cli/mi_labels.hpp"
#include "host/cli/mi_plot.hpp"
#include "host/cli/verification.hpp"

/// Features of a table with one label, or with several.
namespace kullback::cli {
namespace {

/// What was found for the next label, whose first result has this index.
void add(std::optional<VerifyReport>& all, VerifyReport one, std::int64_t first_result) {
  constexpr std::size_t kMostWrong = 16;
  if (!all) all.emplace();
  all->rows_checked += one.rows_checked;
  all->rows_wrong += one.rows_wrong;
  for (VerifiedValue& v : one.wrong) {
    v.row += first_result;
    if (all->wrong.size() < kMostWrong) all->wrong.push_back(std::move(v));
  }
}

/// What all labels have in common: the table is coded once.
struct TargetRun {
  const MiRequest& request;
  const MiMeasures& measures;
  const Classes& table;
  const std::vector<Classes>& labels;
  std::string what;
  std::int64_t samples, features;
  std::optional<CountingPlan> plan = {};
  std::optional<VerifyReport> verification = {};

  std::size_t largest_label() const {
    const auto by_classes = [](const Classes& a, const Classes& b) { return a.count < b.count; };
    return static_cast<std::size_t>(std::max_element(labels.begin(), labels.end(), by_classes) - labels.begin());
  }

  void mutual_information(Values& values) {
    const MutualInformationOptions options = plain_options(request);
    Mirror mirror(request.common.execution.backend);
    const MatrixView in_table = mirror.in(table.view);
    std::vector<VectorView> in_labels;
    for (const Classes& label : labels) in_labels.push_back(mirror.in(label.vector()));
    double* out = mirror.out(values.numbers.data(), static_cast<std::int64_t>(values.numbers.size()));
    const Workspace workspace = workspace_for(what, mirror, [&] {
      std::size_t most = 0;
      for (std::size_t l = 0; l < labels.size(); ++l)
        most = std::max(
            most, mutual_information_label_workspace(in_table, table.count, in_labels[l], labels[l].count, options));
      return most;
    });
    plan = explain(request, [&] {
      const std::size_t l = largest_label();
      return mutual_information_label_plan(in_table, table.count, in_labels[l], labels[l].count, options);
    });
    for (std::size_t l = 0; l < labels.size(); ++l)
      kullback::mutual_information_label(in_table, table.count, in_labels[l], labels[l].count,
                                         out + static_cast<std::int64_t>(l) * features, options, workspace,
                                         host_stream);
    mirror.finish();
    for (std::size_t l = 0; request.common.verify && l < labels.size(); ++l) {
      const std::int64_t first = static_cast<std::int64_t>(l) * features;
      add(verification,
          verify_mutual_information_label(table.view, table.count, labels[l].vector(), labels[l].count,
                                          values.numbers.data() + first, options, verify_sample(samples)),
          first);
    }
  }

  void information(Values& values, const CodeVector& given) {
    const InformationOptions options = options_of(request);
    const InformationSet& set = measures.computed();
    const CodeMatrix x = {table.view, table.count};
    const auto label = [&](std::size_t l) { return CodeVector{labels[l].vector(), labels[l].count}; };
    Mirror mirror(Backend::cpu);
    const Workspace workspace = workspace_for(what, mirror, [&] {
      std::size_t most = 0;
      for (std::size_t l = 0; l < labels.size(); ++l)
        most = std::max(most, information_label_workspace(set, x, label(l), given, options));
      return most;
    });
    plan = explain(request, [&] { return information_label_plan(set, x, label(largest_label()), given, options); });
    for (std::size_t l = 0; l < labels.size(); ++l) {
      const std::int64_t first = static_cast<std::int64_t>(l) * features;
      const MutableMatrixView out = mutable_view(values.numbers.data() + first * set.size(), features, set.size());
      information_label(set, x, label(l), given, out, options, workspace, host_stream);
      if (request.common.verify)
        add(verification, verify_information_label(set, x, label(l), given, out, options, verify_sample(samples)),
            first);
    }
  }
};

}  // namespace

MiReport run_target(const MiRequest& asked, const MiMeasures& measures) {
  MiFile file(asked.first, Along::column);
  const MiRequest request = with_weights(asked, file);
  const MiLabels targets(request.target, file);
  const std::int64_t features = file.variables(), count = static_cast<std::int64_t>(targets.files.size());
  require(request.plot.empty() || !targets.several || std::max(features, count) <= kMostPlotted,
          fmt::format("--plot: a heat map takes at most {} features and labels, {} with {} is more", kMostPlotted,
                      file.described(), targets.described));
  const GivenClasses given = given_of(request, file);
  const Classes table = classes_of(file, request.coding);
  std::vector<Classes> labels;
  bool special = given.exists || table.has_missing || !request.coding.weights.empty();
  for (const MiFile& target : targets.files) {
    labels.push_back(classes_of(target, request.coding));
    special = special || labels.back().has_missing;
  }
  const std::string what = file.described() + " with " + targets.described;
  Values values(count * file.variables(), measures, what);
  TargetRun run = {request, measures, table, labels, what, file.samples(), file.variables()};
  if (is_plain(measures, special)) {
    run.mutual_information(values);
  } else {
    run.information(values, given.vector());
  }
  MiReport report = report_of(request, measures, std::move(values), {}, static_cast<std::size_t>(count));
  report.inputs = file.described() + "  with  " + targets.described;
  report.samples = samples_of(request, file.samples());
  report.shape = {file.variables()};
  if (targets.several) {
    report.shape = {count, file.variables()};
    report.labels = targets.names;
  }
  report.things = "feature";
  report.names = file.names();
  report.verification = std::move(run.verification);
  report.plan = run.plan;
  return report;
}

MiReport run_selection(const MiRequest& asked) {
  constexpr std::int64_t kTop = 10;
  MiFile file(asked.first, Along::column);
  const MiRequest request = with_weights(asked, file);
  const MiLabels targets(request.target, file);
  require(!targets.several, "--select takes one label, not several");
  const MiFile& target = targets.files[0];
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

}  // namespace kullback::cli
