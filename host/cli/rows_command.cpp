#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "host/cli/column_measures.hpp"
#include "host/cli/command_line.hpp"
#include "host/cli/inputs.hpp"
#include "host/cli/output_file.hpp"
#include "host/cli/report.hpp"
#include "host/cli/row_stream.hpp"
#include "host/cli/verification.hpp"

namespace kullback::cli {
namespace {

struct RowsRequest {
  std::string measures, p, q, labels;
  bool common_columns = false;
  RowsOptions rows;
  // Of nll, by the call that has them:
  std::string class_weights;
  double softcap = 0, z_loss = 0;
  CommonOptions common;

  bool has_loss_options() const { return !class_weights.empty() || softcap != 0 || z_loss != 0; }
};

std::string known_measures() {
  std::string names;
  for (Measure m : all_measures()) names += (names.empty() ? "" : ", ") + std::string(measure_info(m).name);
  return names;
}

MeasureSet parse_measures(const std::string& list) {
  MeasureSet measures;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string name = list.substr(begin, end - begin);
    const std::optional<Measure> measure = parse_measure(name);
    require(!is_column_measure(name), fmt::format("measure '{}' stands alone, not in a list", name));
    require(measure.has_value(), fmt::format("unknown measure '{}'; known: {}", name, known_measures()));
    require(std::find(measures.begin(), measures.end(), *measure) == measures.end(),
            fmt::format("measure '{}' is asked for twice", name));
    measures.push_back(*measure);
    begin = end + 1;
  }
  return measures;
}

void check_request(const RowsRequest& r, const MeasureSet& measures) {
  for (Measure m : measures) {
    const MeasureInfo info = measure_info(m);
    require(!(info.needs_p && info.needs_q && r.q.empty()),
            fmt::format("measure '{}' compares two files, P and Q, and only {} is given", info.name, r.p));
    require(!(info.needs_labels && r.labels.empty()), fmt::format("measure '{}' needs --labels", info.name));
    const bool ordered = m == Measure::renyi || m == Measure::tsallis;
    require(!ordered || r.rows.alpha, fmt::format("measure '{}' needs its order, --alpha", info.name));
  }
  require(r.rows.beta > 0 && r.rows.beta < 1, fmt::format("--beta must lie between 0 and 1, got {}", r.rows.beta));
  require(!r.rows.alpha || (*r.rows.alpha > 0 && std::isfinite(*r.rows.alpha)),
          fmt::format("--alpha must be a finite number > 0, got {}", r.rows.alpha.value_or(0)));
  require(r.rows.label_smoothing >= 0 && r.rows.label_smoothing <= 1,
          fmt::format("--label-smoothing must lie in [0, 1], got {}", r.rows.label_smoothing));
  require(r.rows.smooth >= 0 && std::isfinite(r.rows.smooth),
          fmt::format("--smooth must be a finite number from 0 on, got {}", r.rows.smooth));
  require(r.softcap >= 0 && std::isfinite(r.softcap),
          fmt::format("--softcap must be a finite number > 0, got {}", r.softcap));
  require(r.z_loss >= 0 && std::isfinite(r.z_loss),
          fmt::format("--z-loss must be a finite number from 0 on, got {}", r.z_loss));
  if (!r.has_loss_options()) return;
  require(measures.size() == 1 && measures[0] == Measure::nll && r.rows.input_q == Input::logits && r.q.empty(),
          "--class-weights, --softcap and --z-loss are for the measure 'nll' alone, of one file of logits");
}

VectorView check_class_weights(const ArrayFile& weights, const ArrayFile& logits) {
  require(
      weights.dtype() == DType::f32 || weights.dtype() == DType::f64,
      fmt::format("{}: holds {}, class weights must be float32 or float64", weights.path(), name_of(weights.dtype())));
  require(weights.size() == logits.matrix().cols,
          fmt::format("{} has {} class weights and {} has {} columns: one weight per column is expected",
                      weights.described(), weights.size(), logits.described(), logits.matrix().cols));
  const VectorView all = weights.vector();
  for (std::int64_t c = 0; c < all.size; ++c) {
    const double weight = all.dtype == DType::f64 ? static_cast<const double*>(all.data)[c]
                                                  : static_cast<double>(static_cast<const float*>(all.data)[c]);
    require(
        weight >= 0 && std::isfinite(weight),
        fmt::format("{}: class {} has weight {}, a finite number from 0 on is expected", weights.path(), c, weight));
  }
  return all;
}

CrossEntropyOptions loss_options(const RowsRequest& r, VectorView class_weights) {
  CrossEntropyOptions options;
  options.temperature = r.rows.temperature;
  options.label_smoothing = r.rows.label_smoothing;
  options.reduction = Reduction::none;
  options.ignore_index = r.rows.ignore_index;
  options.class_weights = class_weights;
  options.softcap = r.softcap;
  options.z_loss = r.z_loss;
  options.execution = r.common.execution;
  return options;
}

/// The mean of weighted losses is over the sum of the labels' weights, of the rows that it is of.
void divide_by_weights(VectorView weights, VectorView labels, const Column& column, const std::vector<bool>& ignored,
                       Summary& summary) {
  long double sum = 0;
  for (std::size_t row = 0; row < column.values.size(); ++row) {
    if ((!ignored.empty() && ignored[row]) || !std::isfinite(column.values[row])) continue;
    const auto label = static_cast<std::size_t>(integer_at(labels, static_cast<std::int64_t>(row)));
    sum += weights.dtype == DType::f32 ? static_cast<const float*>(weights.data)[label]
                                       : static_cast<const double*>(weights.data)[label];
  }
  const auto growth = static_cast<double>(static_cast<long double>(summary.count) / sum);
  summary.mean *= growth;
  summary.standard_error *= growth;
}

/// The perplexity of a batch is that of the mean loss, and its error follows from the mean's to first order.
void summarize_perplexity(const std::vector<double>& values, const std::vector<bool>& ignored, Summary& summary) {
  std::vector<double> losses = values;
  for (double& v : losses) v = std::log(v);
  const Summary of_losses = summarize(losses, ignored);
  summary.mean = std::exp(of_losses.mean);
  summary.standard_error = summary.mean * of_losses.standard_error;
}

int run(const RowsRequest& request) {
  if (is_column_measure(request.measures)) {
    return run_column_measure(
        {request.measures, request.p, request.q, request.rows.input_q, request.rows.temperature, request.common});
  }
  const MeasureSet measures = parse_measures(request.measures);
  check_request(request, measures);
  require_backend(request.common.execution);
  RowsOptions options = request.rows;
  options.unit = request.common.unit;
  options.execution = request.common.execution;

  ArrayFile p(request.p, request.common.bf16 && options.input_p != Input::counts);
  check_input_dtype(p, options.input_p);
  std::optional<ArrayFile> second;
  if (!request.q.empty()) {
    second.emplace(request.q, request.common.bf16 && options.input_q != Input::counts);
    check_input_dtype(*second, options.input_q);
  }
  if (second && request.common_columns) keep_common_columns(p, *second);
  const ArrayFile& q = second ? *second : p;
  const std::int64_t count = result_rows(measures, p, q);
  std::optional<ArrayFile> label_file;
  VectorView labels;
  std::vector<bool> ignored;
  if (!request.labels.empty()) {
    label_file.emplace(request.labels);
    check_labels(*label_file, q.matrix().rows == count ? q : p, count, q.matrix().cols, options.ignore_index);
    labels = label_file->vector();
    ignored = ignored_rows(labels, options.ignore_index);
  }

  std::optional<ArrayFile> weight_file;
  if (!request.class_weights.empty()) weight_file.emplace(request.class_weights);
  const VectorView class_weights = weight_file ? check_class_weights(*weight_file, q) : VectorView{};
  const bool losses = request.has_loss_options();
  const CrossEntropyOptions of_losses = loss_options(request, class_weights);

  require_no_input(request.common.out, {request.p, request.q, request.labels, request.class_weights});
  OutputFile out(request.common.out);
  const RowValues values = losses ? stream_losses(q, labels, of_losses, request.common.quiet)
                                  : stream_rows(measures, p, q, labels, options, request.common.quiet);
  RowsReport report;
  report.command = "rows";
  report.inputs = p.described() + (second ? "  against  " + q.described() : "");
  report.rows = count;
  for (int k = 0; k < measures.size(); ++k) {
    const MeasureInfo info = measure_info(measures[k]);
    Column column{info.name, values.column(k), {}};
    if (losses) {
      for (double& v : column.values) v /= nats_per(options.unit);
    }
    column.summary = summarize(column.values, info.needs_labels ? ignored : std::vector<bool>());
    if (measures[k] == Measure::perplexity) summarize_perplexity(column.values, ignored, column.summary);
    if (weight_file) divide_by_weights(class_weights, labels, column, ignored, column.summary);
    report.columns.push_back(std::move(column));
  }
  publish(report, request.common, out);
  if (!request.common.verify) return kExitDone;
  const VerifyOptions sample = verify_sample(q.matrix().cols);
  if (losses) {
    const CrossEntropyOutput output = {{values.view.data, values.view.dtype, count}, {}};
    return report_verification(verify_cross_entropy(q.matrix(), labels, output, of_losses, sample), count, "rows",
                               request.common.quiet);
  }
  const RowsInput input{p.matrix(), q.matrix(), labels};
  return report_verification(verify_rows(measures, input, values.view, options, sample), count, "rows",
                             request.common.quiet);
}

}  // namespace

void add_rows_command(CLI::App& app, Command& chosen) {
  CLI::App& command = add_command(app, "rows", "Measures of every row of P, of Q, or between them");
  auto r = std::make_shared<RowsRequest>();
  add_text(command, "measures", "NAMES", r->measures,
           "Comma-separated: " + known_measures() + "; or alone: gaussian_kl, bce", Presence::required);
  add_file(command, "P", r->p, "The true rows", Presence::required);
  add_file(command, "Q", r->q, "The model rows; without it P is both");
  const std::vector<std::pair<std::string, Input>> inputs = {
      {"logits", Input::logits}, {"log-probs", Input::log_probs}, {"probs", Input::probs}, {"counts", Input::counts}};
  // One for both, or one for each; --input-p and --input-q win whatever the order.
  auto one_p = std::make_shared<std::optional<Input>>(), one_q = std::make_shared<std::optional<Input>>();
  add_choice<Input>(
      command, "--input", inputs, [r](Input i) { r->rows.input_p = r->rows.input_q = i; },
      "What the rows are (logits)");
  add_choice<Input>(
      command, "--input-p", inputs, [one_p](Input i) { *one_p = i; }, "What P's rows are");
  add_choice<Input>(
      command, "--input-q", inputs, [one_q](Input i) { *one_q = i; }, "What Q's rows are");
  add_file(command, "--labels", r->labels, "One integer per row, for nll and perplexity");
  add_columns(command, r->common_columns);
  add_temperature(command, r->rows.temperature);
  add_number(command, "--beta", r->rows.beta, "js, js_distance: the weight of P (0.5)");
  add_number<double>(
      command, "--alpha", [r](double a) { r->rows.alpha = a; }, "renyi, tsallis: their order, > 0 (no default)");
  add_choice<Normalize>(
      command, "--normalize", {{"never", Normalize::never}, {"always", Normalize::always}, {"check", Normalize::check}},
      [r](Normalize n) { r->rows.normalize = n; }, "Probabilities that do not sum to 1 (never)");
  add_number(command, "--smooth", r->rows.smooth,
             "Added to each probability or count, before the rows are normalised (0)");
  add_number(command, "--label-smoothing", r->rows.label_smoothing,
             "nll, perplexity: weight of the uniform target (0)");
  add_file(command, "--class-weights", r->class_weights,
           "nll: a weight per column; the mean is over the labels' weights");
  add_number(command, "--softcap", r->softcap, "nll: logits x become C tanh(x / C) (none)");
  add_number(command, "--z-loss", r->z_loss, "nll: adds Z times the square of the logits' lse (0)");
  add_ignore_index(command, r->rows.ignore_index);
  add_common_options(command, r->common);
  when_chosen(command, [r, one_p, one_q, &chosen] {
    r->rows.input_p = one_p->value_or(r->rows.input_p);
    r->rows.input_q = one_q->value_or(r->rows.input_q);
    chosen = [r] { return run(*r); };
  });
}

}  // namespace kullback::cli
