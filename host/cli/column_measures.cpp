#include "host/cli/column_measures.hpp"

#include <fmt/format.h>

#include <optional>

#include "host/cli/inputs.hpp"
#include "host/cli/output_file.hpp"
#include "host/cli/report.hpp"
#include "host/cli/verification.hpp"
#include "host/mirror.hpp"

namespace kullback::cli {

bool is_column_measure(const std::string& name) { return name == "gaussian_kl" || name == "bce"; }

int run_column_measure(const ColumnRequest& r) {
  const bool gaussian = r.measure == "gaussian_kl";
  require_backend(r.common.execution);
  require(gaussian || !r.q.empty(),
          fmt::format("measure 'bce' compares two files, targets P and Q, and only {} is given", r.p));
  const ArrayFile p(r.p, r.common.bf16);
  check_input_dtype(p, gaussian ? Input::logits : Input::probs);
  std::optional<ArrayFile> q;
  if (!r.q.empty()) {
    q.emplace(r.q, r.common.bf16);
    check_input_dtype(*q, Input::logits);
  }
  require(!gaussian || p.matrix().cols % 2 == 0,
          fmt::format("{} has {} columns: means, then as many log variances, are expected", p.described(),
                      p.matrix().cols));
  require(gaussian || r.input_q == Input::logits || r.input_q == Input::probs,
          "measure 'bce' is of logits or probabilities");
  const std::int64_t count = q ? matched_rows(p, *q) : p.matrix().rows;
  const MatrixView of_q = q ? q->matrix() : MatrixView{};

  require_no_input(r.common.out, {r.p, r.q});
  OutputFile out(r.common.out);
  const bool wide = p.dtype() == DType::f64 || (q && q->dtype() == DType::f64);
  check_memory(3.0 * sizeof(double) * static_cast<double>(count), p.described() + ": the results of its rows");
  std::vector<double> values(static_cast<std::size_t>(count));
  const MutableVectorView view = {values.data(), wide ? DType::f64 : DType::f32, count};
  const GaussianKlOptions of_gaussians = {r.common.unit, r.common.execution};
  const BinaryCrossEntropyOptions of_bits = {r.input_q, r.temperature, r.common.unit, r.common.execution};
  Mirror mirror(resolved(r.common.execution.backend));
  const MatrixView p_there = mirror.in(p.matrix()), q_there = mirror.in(of_q);
  const MutableVectorView values_there = mirror.out(view);
  if (gaussian) {
    gaussian_kl(p_there, q_there, values_there, of_gaussians, host_stream);
  } else {
    binary_cross_entropy(p_there, q_there, values_there, of_bits, host_stream);
  }
  mirror.finish();
  VerifyReport verified;
  if (r.common.verify) {
    const VerifyOptions sample = verify_sample(p.matrix().cols);
    verified = gaussian ? verify_gaussian_kl(p.matrix(), of_q, view, of_gaussians, sample)
                        : verify_binary_cross_entropy(p.matrix(), of_q, view, of_bits, sample);
  }
  if (!wide) {  // floats, in the doubles' memory
    const auto* narrow = static_cast<const float*>(view.data);
    std::vector<double> widened(narrow, narrow + count);
    values.swap(widened);
  }
  RowsReport report;
  report.command = "rows";
  report.inputs = p.described() + (q ? "  against  " + q->described() : "");
  report.rows = count;
  report.columns.push_back({r.measure, values, summarize(values, {})});
  publish(report, r.common, out);
  return r.common.verify ? report_verification(verified, count, "rows", r.common.quiet) : kExitDone;
}

}  // namespace kullback::cli
