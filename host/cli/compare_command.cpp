#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "host/cli/command_line.hpp"
#include "host/cli/inputs.hpp"
#include "host/cli/output_file.hpp"
#include "host/cli/report.hpp"
#include "host/cli/row_stream.hpp"
#include "host/cli/verification.hpp"

namespace kullback::cli {
namespace {

struct CompareRequest {
  std::string base, other, labels;
  bool shift = false, common_columns = false;
  RowsOptions rows;
  CommonOptions common;
};

/// Label t + 1 for position t. The last position of each sequence gets 0: it is computed like the others, which keeps
/// the chunks contiguous, and then left out.
std::vector<std::int64_t> shifted_labels(const ArrayFile& labels, std::int64_t positions) {
  std::vector<std::int64_t> shifted(static_cast<std::size_t>(labels.size()));
  for (std::int64_t i = 0; i < labels.size(); ++i)
    if ((i + 1) % positions != 0) shifted[static_cast<std::size_t>(i)] = integer_at(labels.vector(), i + 1);
  return shifted;
}

std::int64_t positions_of(const ArrayFile& array) {
  const auto& shape = array.shape();
  require(shape.size() >= 2, array.described() +
                                 ": --shift needs [positions, vocabulary] or [batch, positions, "
                                 "vocabulary]");
  return shape[shape.size() - 2];
}

/// The columns of the report, made from those of `rows`.
class Columns {
 public:
  Columns(const RowValues& values, std::int64_t positions, std::vector<bool> ignored)
      : values_(values), positions_(positions) {
    for (std::size_t i = 0; i < ignored.size(); ++i)
      if (kept(i)) ignored_.push_back(ignored[i]);
  }

  /// The next measure's column, without the positions that --shift leaves out.
  std::vector<double> next() {
    std::vector<double> column = values_.column(measure_++);
    std::size_t n = 0;
    for (std::size_t i = 0; i < column.size(); ++i)
      if (kept(i)) column[n++] = column[i];
    column.resize(n);
    return column;
  }

  Summary& add(const char* name, std::vector<double> values, bool of_label = false) {
    const Summary summary = summarize(values, of_label ? ignored_ : std::vector<bool>());
    list.push_back({name, std::move(values), summary});
    return list.back().summary;
  }

  /// `nats`: how many nats one unit of `nll` is. The batch's perplexity is that of the mean, and its error follows from
  /// the mean's to first order.
  void add_perplexity(const char* name, const Column& nll, double nats) {
    const Summary of_nll = nll.summary;
    std::vector<double> values = nll.values;
    for (double& v : values) v = std::exp(v * nats);
    Summary& s = add(name, std::move(values), true);
    s.mean = std::exp(of_nll.mean * nats);
    s.standard_error = s.mean * of_nll.standard_error * nats;
  }

  void add_label_columns(double nats) {
    std::vector<double> base = next(), other = next(), change(base.size());
    for (std::size_t i = 0; i < base.size(); ++i) change[i] = std::exp(-other[i] * nats) - std::exp(-base[i] * nats);
    add("nll_base", std::move(base), true);
    add("nll_other", std::move(other), true);
    add_perplexity("perplexity_base", list[0], nats);
    add_perplexity("perplexity_other", list[1], nats);
    add("delta_p", change, true);
    std::vector<double> squares = change;
    for (double& v : squares) v *= v;
    const Summary of_squares = summarize(squares, ignored_);
    for (double& v : change) v = std::fabs(v);
    Summary& s = add("delta_p_rms", std::move(change), true);
    s.mean = std::sqrt(of_squares.mean);
    s.standard_error = of_squares.standard_error == 0 ? 0 : of_squares.standard_error / (2 * s.mean);
  }

  std::vector<Column> list;

 private:
  bool kept(std::size_t i) const { return positions_ == 0 || (static_cast<std::int64_t>(i) + 1) % positions_ != 0; }

  const RowValues& values_;
  std::int64_t positions_;  // 0: no shift
  std::vector<bool> ignored_;
  int measure_ = 0;
};

int run(const CompareRequest& request) {
  require(!request.shift || !request.labels.empty(), "--shift needs --labels");
  require_backend(request.common.execution);
  RowsOptions options = request.rows;
  options.unit = request.common.unit;
  options.execution = request.common.execution;

  ArrayFile base(request.base, request.common.bf16), other(request.other, request.common.bf16);
  check_input_dtype(base, Input::logits);
  check_input_dtype(other, Input::logits);
  if (request.common_columns) keep_common_columns(base, other);
  const std::int64_t count = matched_rows(base, other);
  const ArrayFile& longer = base.matrix().rows == count ? base : other;
  const std::int64_t positions = request.shift ? positions_of(longer) : 0;

  MeasureSet measures;
  std::optional<ArrayFile> label_file;
  std::vector<std::int64_t> shifted;
  VectorView labels;
  if (!request.labels.empty()) {
    label_file.emplace(request.labels);
    check_labels(*label_file, longer, count, base.matrix().cols, options.ignore_index);
    labels = label_file->vector();
    if (request.shift) {
      require(label_file->shape().empty() || label_file->shape().back() == positions,
              fmt::format("{} does not match {}: --shift needs labels [batch, positions]", label_file->described(),
                          longer.described()));
      shifted = shifted_labels(*label_file, positions);
      labels = vector_view(shifted.data(), count);
    }
    measures = {Measure::nll_p, Measure::nll};
  }
  for (Measure m : {Measure::kl, Measure::reverse_kl, Measure::js, Measure::tv, Measure::entropy, Measure::entropy_q,
                    Measure::top1_agree})
    measures.push_back(m);

  require_no_input(request.common.out, {request.base, request.other, request.labels});
  OutputFile out(request.common.out);
  const RowValues values = stream_rows(measures, base, other, labels, options, request.common.quiet);
  // Quantiles need every row: 8 bytes per row and measure, which is little beside the row itself.
  Columns columns(values, positions, ignored_rows(labels, options.ignore_index));
  columns.list.reserve(13);
  if (label_file) columns.add_label_columns(nats_per(options.unit));
  for (const char* name : {"kl", "reverse_kl", "js", "tv", "entropy_base", "entropy_other", "top1_agree"})
    columns.add(name, columns.next());
  RowsReport report{"compare", base.described() + "  against  " + other.described(),
                    static_cast<std::int64_t>(columns.list[0].values.size()), std::move(columns.list)};
  publish(report, request.common, out);
  if (!request.common.verify) return kExitDone;
  const RowsInput input{base.matrix(), other.matrix(), labels};
  return report_verification(verify_rows(measures, input, values.view, options, verify_sample(input.p.cols)), count,
                             "rows", request.common.quiet);
}

}  // namespace

void add_compare_command(CLI::App& app, Command& chosen) {
  CLI::App& command = add_command(app, "compare", "Two models' logits: one read, streamed in chunks");
  auto r = std::make_shared<CompareRequest>();
  add_file(command, "BASE", r->base, "Logits of the base model (P)", Presence::required);
  add_file(command, "OTHER", r->other, "Logits of the other model (Q)", Presence::required);
  add_file(command, "--labels", r->labels, "One integer per row: adds nll, perplexity, change of probability");
  add_flag(command, "--shift", r->shift, "Position t's logits belong to label t+1 of the same sequence");
  add_columns(command, r->common_columns);
  add_temperature(command, r->rows.temperature);
  add_ignore_index(command, r->rows.ignore_index);
  add_common_options(command, r->common);
  when_chosen(command, [r, &chosen] { chosen = [r] { return run(*r); }; });
}

}  // namespace kullback::cli
