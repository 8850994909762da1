#include "kullback/verify.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/arguments.hpp"
#include "host/contract.hpp"
#include "host/findings.hpp"
#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

using reference::Binary128;
using reference::Estimate;
using reference::read_real;
using reference::RowEstimates;

void require_results(DType dtype, const char* name) {
  if (dtype != DType::f32 && dtype != DType::f64) {
    throw InvalidArgument(std::string(name) + ": is " + name_of(dtype) + ", expected float32 or float64");
  }
}

std::int64_t rows_of(const MeasureSet& measures, const RowsInput& input) {
  std::int64_t p = 1, q = 1;
  for (Measure m : measures) {
    if (measure_info(m).needs_p) p = input.p.rows;
    if (measure_info(m).needs_q) q = input.q.rows;
  }
  return p == 1 ? q : p;
}

/// The reference in double costs a fiftieth of binary128. It may decide where its own error is below u / 256 and the
/// value is right; near the bound, beyond it, and at infinities and NaN binary128 does.
bool is_settled(const Judgement& j, const Estimate<double>& expected, DType computed) {
  return !j.wrong && std::isfinite(expected.value) &&
         expected.error * 256 <= unit_roundoff(computed) * expected.magnitude;
}
bool is_settled(const Judgement&, const Estimate<Binary128>&, DType) { return true; }

/// check(Real(), findings) judges a row by the reference in that type; false if one of its values is not settled.
template <class Check> void settle(bool double_may, Findings& found, Check check) {
  Findings quick = found;
  if (double_may && check(double(), quick)) {
    found = std::move(quick);
  } else {
    check(Binary128(), found);
  }
}

/// The reduced loss of all rows: in binary128 where all are checked anyway, else in double.
template <class Real>
Judgement judge_reduced_loss(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                             const CrossEntropyOptions& options) {
  const Real divisor = reference::loss_divisor<Real>(labels, options);
  std::vector<Estimate<Real>> losses(static_cast<std::size_t>(logits.rows));
  for_each_parallel(losses.size(), [&](std::size_t row) {
    losses[row] =
        reference::cross_entropy<Real>(logits, labels, options, static_cast<std::int64_t>(row), divisor, false).loss;
  });
  const DType dtype = output.loss.dtype;
  Bound bound = loss_bound(options, logits.cols, dtype);
  bound.absolute *= static_cast<double>(logits.rows) / std::fabs(static_cast<double>(divisor));
  return judge(read_real<double>(output.loss.data, dtype, 0), reference::reduce_losses(losses, divisor), bound, dtype,
               dtype);
}

}  // namespace

VerifyReport verify_rows(const MeasureSet& measures, const RowsInput& input, MatrixView values,
                         const RowsOptions& options, const VerifyOptions& verify) {
  RowsOptions on_cpu = options;
  on_cpu.execution = {Backend::cpu, Mode::accurate, 0};
  rows_workspace(measures, input, on_cpu);  // checks the arguments
  const std::int64_t rows = rows_of(measures, input);
  require_view(values, "values");
  require_results(values.dtype, "values");
  if (values.rows != rows || values.cols != measures.size()) {
    const MatrixView expected = {nullptr, values.dtype, rows, measures.size(), 0};
    throw InvalidArgument("values: is " + describe(values) + ", expected " + describe(expected));
  }
  // Results that were widened later are judged as what they were computed in.
  const DType computed = values.dtype == DType::f32 ? DType::f32 : rows_result_dtype(input, options);
  std::vector<std::string> kinds;
  std::vector<Bound> bounds;
  for (Measure m : measures) {
    const std::int64_t cols = measure_info(m).needs_q ? input.q.cols : input.p.cols;
    if (measure_info(m).needs_labels) require_labels(input.labels, cols, options.ignore_index);
    kinds.emplace_back(measure_info(m).name);
    bounds.push_back(rows_bound(m, options, cols, computed));
  }
  // What double cannot hold, 64-bit counts, has float64 results.
  const bool double_may_settle = rows_result_dtype(input, options) == DType::f32;
  return verify_sample(rows, verify, kinds, [&](std::int64_t row, Findings& found) {
    MeasureSet open;
    std::vector<std::size_t> open_kinds;
    const auto check = [&](std::size_t kind, const auto& expected) {
      const std::int64_t at = row * values.row_stride + static_cast<std::int64_t>(kind);
      const double got = read_real<double>(values.data, values.dtype, at);
      const Judgement j = judge(got, expected, bounds[kind], computed, computed);
      const bool settled = is_settled(j, expected, computed);
      if (settled) found.add(kind, row, -1, j);
      return settled;
    };
    RowEstimates<double> quick;
    if (double_may_settle) quick = reference::rows<double>(measures, input, options, row);
    for (std::size_t k = 0; k < kinds.size(); ++k) {
      if (double_may_settle && check(k, quick.values[k])) continue;
      open.push_back(measures[static_cast<int>(k)]);
      open_kinds.push_back(k);
    }
    if (open_kinds.empty()) return;
    const auto expected = reference::rows<Binary128>(open, input, options, row);
    for (std::size_t k = 0; k < open_kinds.size(); ++k) check(open_kinds[k], expected.values[k]);
  });
}

VerifyReport verify_cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                                  const CrossEntropyOptions& options, const VerifyOptions& verify) {
  CrossEntropyOptions on_cpu = options;
  on_cpu.execution = {Backend::cpu, Mode::accurate, 0};
  cross_entropy_workspace(logits, labels, output, on_cpu);  // checks the arguments
  require_labels(labels, logits.cols, options.ignore_index);
  const bool has_loss = output.loss.data != nullptr, has_gradient = output.gradient.data != nullptr;
  if (has_gradient && output.gradient.data == logits.data && logits.rows > 0 && logits.cols > 0) {
    throw InvalidArgument("gradient: lies in the logits' memory, verify needs the logits themselves");
  }
  const auto divisor = reference::loss_divisor<Binary128>(labels, options);
  const bool loss_per_row = has_loss && options.reduction == Reduction::none;
  const double factor = options.gradient_scale / options.temperature / static_cast<double>(divisor);
  const Bound loss = loss_bound(options, logits.cols, output.loss.dtype);
  const MutableMatrixView& g = output.gradient;

  const auto check_row = [&](std::int64_t row, auto real, Findings& found) {
    using Real = decltype(real);
    const auto expected = reference::cross_entropy<Real>(logits, labels, options, row, Real(divisor), has_gradient);
    bool settled = true;
    const auto add = [&](std::size_t kind, std::int64_t column, double got, const Estimate<Real>& value,
                         const Bound& bound, DType dtype) {
      const Judgement j = judge(got, value, bound, dtype, dtype);
      settled = settled && is_settled(j, value, dtype);
      found.add(kind, row, column, j);
    };
    if (loss_per_row) {
      add(0, -1, read_real<double>(output.loss.data, output.loss.dtype, row), expected.loss, loss, output.loss.dtype);
    }
    if (!has_gradient) return settled;
    const Bound bound =
        loss_gradient_bound(options, factor, static_cast<double>(expected.lse), logits.cols, logits.dtype);
    for (std::int64_t j = 0; j < logits.cols; ++j) {
      const double got = read_real<double>(g.data, g.dtype, row * g.row_stride + j);
      add(1, j, got, expected.gradient[static_cast<std::size_t>(j)], bound, g.dtype);
    }
    return settled;
  };
  VerifyReport report =
      verify_sample(logits.rows, verify, {"loss", "gradient"}, [&](std::int64_t row, Findings& found) {
        if (!loss_per_row && !has_gradient) return;
        settle(logits.dtype != DType::f64, found,
               [&](auto real, Findings& into) { return check_row(row, real, into); });
      });
  if (!has_loss || loss_per_row) return report;
  const Judgement reduced = logits.rows <= verify.max_rows
                                ? judge_reduced_loss<Binary128>(logits, labels, output, options)
                                : judge_reduced_loss<double>(logits, labels, output, options);
  add_reduced_loss(report, reduced);
  return report;
}

}  // namespace kullback
