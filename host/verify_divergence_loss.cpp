#include <string>
#include <vector>

#include "host/arguments.hpp"
#include "host/contract.hpp"
#include "host/findings.hpp"
#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "kullback/error.hpp"
#include "kullback/verify.hpp"

namespace kullback {
namespace {

using reference::Binary128;
using reference::Estimate;
using reference::read_real;

struct Needs {
  bool p = false, q = false, labels = false;
};

Needs needs_of(const MeasureSet& measures) {
  Needs needs;
  for (Measure m : measures) {
    const MeasureInfo info = measure_info(m);
    needs.p |= info.needs_p, needs.q |= info.needs_q, needs.labels |= info.needs_labels;
  }
  return needs;
}

void require_apart(const MutableMatrixView& gradient, const MatrixView& logits, const char* name) {
  if (gradient.data != nullptr && gradient.data == logits.data && logits.rows > 0 && logits.cols > 0) {
    throw InvalidArgument(std::string(name) + ": lies in the logits' memory, verify needs the logits themselves");
  }
}

template <class Real>
Judgement judge_reduced(const LossTerms& terms, const RowsInput& input, const DivergenceLossOutput& output,
                        const DivergenceLossOptions& options, const Bound& bound, std::int64_t rows,
                        std::int64_t valid_rows) {
  std::vector<Estimate<Real>> losses(static_cast<std::size_t>(rows));
  for_each_parallel(losses.size(), [&](std::size_t row) {
    losses[row] = reference::divergence_loss<Real>(terms, input, options, static_cast<std::int64_t>(row), valid_rows,
                                                   false, false)
                      .loss;
  });
  const DType dtype = output.loss.dtype;
  const Real divisor = options.reduction == Reduction::mean && valid_rows > 0 ? Real(valid_rows) : Real(1);
  return judge(read_real<double>(output.loss.data, dtype, 0), reference::reduce_losses(losses, divisor), bound, dtype,
               dtype);
}

}  // namespace

VerifyReport verify_divergence_loss(const LossTerms& terms, const RowsInput& input, const DivergenceLossOutput& output,
                                    const DivergenceLossOptions& options, const VerifyOptions& verify) {
  DivergenceLossOptions on_cpu = options;
  on_cpu.execution = {Backend::cpu, Mode::accurate, 0};
  divergence_loss_workspace(terms, input, output, on_cpu);  // checks the arguments
  const Needs needs = needs_of(terms.measures());
  const std::int64_t rows = !needs.q || (needs.p && input.q.rows == 1) ? input.p.rows : input.q.rows;
  const std::int64_t cols = needs.q ? input.q.cols : input.p.cols;
  if (needs.labels) require_labels(input.labels, cols, options.ignore_index);
  require_apart(output.gradient_p, input.p, "gradient_p");
  require_apart(output.gradient_q, input.q, "gradient_q");
  const std::int64_t valid_rows = reference::count_valid_rows(input, rows, options);
  const bool has_loss = output.loss.data != nullptr, loss_per_row = has_loss && options.reduction == Reduction::none;
  const MutableMatrixView *gradient_p = &output.gradient_p, *gradient_q = &output.gradient_q;
  double factor = options.gradient_scale / options.temperature;
  if (options.temperature_squared) factor *= options.temperature * options.temperature;
  if (options.reduction == Reduction::mean && valid_rows > 0) factor /= static_cast<double>(valid_rows);
  double weights = 0;
  for (int k = 0; k < terms.measures().size(); ++k) weights += std::fabs(terms.weight(k));
  const Bound bound = divergence_loss_bound(terms, options, cols, output.loss.dtype);

  VerifyReport report =
      verify_sample(rows, verify, {"loss", "gradient_p", "gradient_q"}, [&](std::int64_t row, Findings& found) {
        const bool with_p = gradient_p->data != nullptr, with_q = gradient_q->data != nullptr;
        if (!loss_per_row && !with_p && !with_q) return;
        const auto expected =
            reference::divergence_loss<Binary128>(terms, input, options, row, valid_rows, with_p, with_q);
        if (loss_per_row) {
          const DType dtype = output.loss.dtype;
          found.add(0, row, -1,
                    judge(read_real<double>(output.loss.data, dtype, row), expected.loss, bound, dtype, dtype));
        }
        const auto check = [&](std::size_t kind, const MutableMatrixView& g,
                               const std::vector<Estimate<Binary128>>& entries) {
          if (g.data == nullptr) return;
          Bound of_entry = gradient_bound(factor * weights, cols, g.dtype);
          for (Measure m : terms.measures()) of_entry.units = std::max(of_entry.units, gradient_units(m));
          for (std::size_t j = 0; j < entries.size(); ++j) {
            const auto column = static_cast<std::int64_t>(j);
            const double got = read_real<double>(g.data, g.dtype, row * g.row_stride + column);
            found.add(kind, row, column, judge(got, entries[j], of_entry, g.dtype, g.dtype));
          }
        };
        check(1, *gradient_p, expected.gradient_p);
        check(2, *gradient_q, expected.gradient_q);
      });
  if (!has_loss || loss_per_row) return report;
  const Judgement reduced = rows <= verify.max_rows
                                ? judge_reduced<Binary128>(terms, input, output, options, bound, rows, valid_rows)
                                : judge_reduced<double>(terms, input, output, options, bound, rows, valid_rows);
  add_reduced_loss(report, reduced);
  return report;
}

}  // namespace kullback
