#include "kullback/divergence_loss.hpp"

#include <limits>
#include <string>

#include "host/arguments.hpp"
#include "host/check_rows.hpp"
#include "kernels/engines.hpp"
#include "kernels/measures/slopes.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

constexpr double kLargest = std::numeric_limits<double>::max();
/// A thread's workspace for each column, at most: two doubles, and what short rows are padded with.
constexpr std::int64_t kMostSlopeBytes = 2 * sizeof(double) * 32;

void check_terms(const LossTerms& terms) {
  const MeasureSet& measures = terms.measures();
  for (int k = 0; k < measures.size() && k < LossTerms::kMaxSize; ++k) {
    const char* name = measure_info(measures[k]).name;
    require_in(terms.weight(k), -kLargest, kLargest, (std::string("weight of ") + name).c_str(), "a finite number");
    if (!has_gradient(measures[k])) {
      throw InvalidArgument(std::string("terms: ") + name + " has no gradient, expected a differentiable measure");
    }
    for (int other = 0; other < k; ++other) {
      if (measures[other] == measures[k]) {
        throw InvalidArgument(std::string("terms: ") + name + " stands there twice, expected each measure once");
      }
    }
  }
}

void check_gradient(const MutableMatrixView& gradient, const MatrixView& side, const RowsJob& job, const char* name) {
  if (gradient.data == nullptr) return;
  require_view(gradient, name);
  if (side.rows != job.rows) {
    throw InvalidArgument(std::string(name) + ": is asked of a side of " + std::to_string(side.rows) + " rows for " +
                          std::to_string(job.rows) + ", expected a row of logits for each row of the result");
  }
  if (gradient.rows != side.rows || gradient.cols != side.cols || gradient.dtype != side.dtype) {
    throw InvalidArgument(std::string(name) + ": is " + describe(gradient) + ", expected " + describe(side) +
                          " like the logits");
  }
}

DivergenceLossJob check(const LossTerms& terms, const RowsInput& input, const DivergenceLossOutput& output,
                        const DivergenceLossOptions& options) {
  RowsOptions of_rows;
  of_rows.input_p = options.input_p;
  of_rows.temperature = options.temperature;
  of_rows.beta = options.beta;
  of_rows.alpha = options.alpha;
  of_rows.ignore_index = options.ignore_index;
  of_rows.execution = options.execution;
  DivergenceLossJob job{};
  job.rows = check_rows(terms.measures(), input, of_rows);
  check_terms(terms);
  require_in(options.gradient_scale, -kLargest, kLargest, "gradient_scale", "a finite number");
  require_enumerator(options.reduction, Reduction::mean, "reduction", "Reduction");
  if (job.rows.labels.data == nullptr && options.ignore_index) {
    require_integer(input.labels.dtype, "labels");
    require_vector(input.labels, job.rows.rows, "labels");
    job.rows.labels = input.labels;
  }
  if (output.loss.data != nullptr) {
    const DType expected = rows_result_dtype(input, of_rows);
    if (output.loss.dtype != expected) {
      throw InvalidArgument(std::string("loss: is ") + name_of(output.loss.dtype) + ", expected " + name_of(expected));
    }
    require_vector({output.loss.data, output.loss.dtype, output.loss.size},
                   options.reduction == Reduction::none ? job.rows.rows : 1, "loss");
  }
  if (output.valid_rows != nullptr) require_vector({output.valid_rows, DType::i64, 1}, 1, "valid_rows");
  check_gradient(output.gradient_q, job.rows.q, job.rows, "gradient_q");
  check_gradient(output.gradient_p, job.rows.p, job.rows, "gradient_p");
  if (output.gradient_p.data != nullptr && options.input_p != Input::logits) {
    throw InvalidArgument("gradient_p: is asked with respect to rows that are not logits");
  }
  job.output = output;
  job.reduction = options.reduction;
  job.gradient_scale = options.gradient_scale;
  const double square = options.temperature_squared ? options.temperature * options.temperature : 1.0;
  for (int k = 0; k < terms.measures().size(); ++k) {
    job.weights[k] = terms.weight(k) * square;
    require_in(job.weights[k], -kLargest, kLargest, "weight times temperature^2", "a finite number");
  }
  job.rows.threads = resolve_threads(options.execution);
  checked_product(checked_product(job.rows.cols, kMostSlopeBytes, "slopes of a row"), job.rows.threads, "workspace");
  return job;
}

/// A gradient in its logits' place stands for them, too.
Operand input_operand(const MatrixView& logits, const MutableMatrixView& gradient, const char* name) {
  const bool in_place = gradient.data == logits.data && (gradient.row_stride == logits.row_stride || logits.rows <= 1);
  return in_place ? Operand{} : operand(logits, name);
}

Operands operands_of(const DivergenceLossJob& job) {
  const DivergenceLossOutput& output = job.output;
  return {input_operand(job.rows.p, output.gradient_p, "P"),
          input_operand(job.rows.q, output.gradient_q, "Q"),
          operand(job.rows.labels, "labels"),
          operand(output.loss, "loss"),
          operand(output.gradient_q, "gradient_q"),
          operand(output.gradient_p, "gradient_p"),
          operand(MutableVectorView{output.status, DType::u8, job.rows.rows}, "status"),
          operand(MutableVectorView{output.valid_rows, DType::i64, 1}, "valid_rows")};
}

void require_cpu(Backend backend) {
  if (backend == Backend::cuda) {
    throw BackendUnavailable("CUDA backend: it has no divergence_loss yet, expected host memory and the CPU backend");
  }
}

std::size_t workspace_bytes(const DivergenceLossJob& job) {
  const std::size_t bytes = job.rows.rows > 0 ? cpu::divergence_loss_workspace_bytes(job) : 0;
  return bytes == 0 ? 0 : bytes + kWorkspaceSlack;
}

}  // namespace

bool has_gradient(Measure measure) noexcept {
  bool has = false;
  with_measure(AllMeasures{}, measure, [&](auto m) { has = kHasGradient<decltype(m)>; });
  return has;
}

std::size_t divergence_loss_workspace(const LossTerms& terms, const RowsInput& input,
                                      const DivergenceLossOutput& output, const DivergenceLossOptions& options) {
  const DivergenceLossJob job = check(terms, input, output, options);
  require_cpu(resolve_backend(options.execution, operands_of(job)));
  return workspace_bytes(job);
}

void divergence_loss(const LossTerms& terms, const RowsInput& input, const DivergenceLossOutput& output,
                     const DivergenceLossOptions& options, Workspace workspace, Stream) {
  DivergenceLossJob job = check(terms, input, output, options);
  const Operands operands = operands_of(job);
  const Backend backend = resolve_backend(options.execution, operands);
  require_cpu(backend);
  require_disjoint(operands);
  job.workspace = lend(workspace, workspace_bytes(job), backend, operands);
  cpu::divergence_loss(job);
}

}  // namespace kullback
