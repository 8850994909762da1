#include "kullback/cross_entropy.hpp"

#include <limits>

#include "host/arguments.hpp"
#include "kernels/engines.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

constexpr const char* kSoftcapRange = "0 (none) or a positive number between 2^-60 and 2^60";

CrossEntropyJob check(const MatrixView& logits, const VectorView& labels, const CrossEntropyOutput& output,
                      const CrossEntropyOptions& options) {
  require_view(logits, "logits");
  require_floating(logits.dtype, "logits");
  require_integer(labels.dtype, "labels");
  require_vector(labels, logits.rows, "labels");
  require_in(options.temperature, kMinTemperature, kMaxTemperature, "temperature", kTemperatureRange);
  require_in(options.label_smoothing, 0, 1, "label_smoothing", "a number from 0 to 1");
  require_in(options.gradient_scale, -std::numeric_limits<double>::max(), std::numeric_limits<double>::max(),
             "gradient_scale", "a finite number");
  require_in(options.z_loss, 0, std::numeric_limits<double>::max(), "z_loss", "a finite number from 0 on");
  if (options.softcap != 0) require_in(options.softcap, kMinTemperature, kMaxTemperature, "softcap", kSoftcapRange);
  if (options.class_weights.data != nullptr) {
    const DType dtype = options.class_weights.dtype;
    require_vector(options.class_weights, logits.cols, "class_weights");
    if (dtype != DType::f32 && dtype != DType::f64) {
      throw InvalidArgument(std::string("class_weights: is ") + name_of(dtype) + ", expected float32 or float64");
    }
  }
  require_enumerator(options.reduction, Reduction::mean, "reduction", "Reduction");
  if (output.loss.data != nullptr) {
    const DType expected = logits.dtype == DType::f64 ? DType::f64 : DType::f32;
    if (output.loss.dtype != expected) {
      throw InvalidArgument(std::string("loss: is ") + name_of(output.loss.dtype) + ", expected " + name_of(expected));
    }
    const VectorView loss = {output.loss.data, output.loss.dtype, output.loss.size};
    require_vector(loss, options.reduction == Reduction::none ? logits.rows : 1, "loss");
  }
  if (output.valid_rows != nullptr) require_vector({output.valid_rows, DType::i64, 1}, 1, "valid_rows");
  if (output.gradient.data != nullptr) {
    require_view(output.gradient, "gradient");
    if (output.gradient.rows != logits.rows || output.gradient.cols != logits.cols ||
        output.gradient.dtype != logits.dtype) {
      throw InvalidArgument("gradient: is " + describe(output.gradient) + ", expected " + describe(logits) +
                            " like the logits");
    }
  }
  CrossEntropyJob job{};
  job.logits = logits;
  job.labels = labels;
  job.output = output;
  job.options = options;
  job.threads = resolve_threads(options.execution);
  return job;
}

/// A gradient in the logits' place stands for them, too.
Operands operands_of(const CrossEntropyJob& job) {
  const CrossEntropyOutput& output = job.output;
  const MatrixView& logits = job.logits;
  const MutableMatrixView& gradient = output.gradient;
  const bool in_place = gradient.data == logits.data && (gradient.row_stride == logits.row_stride || logits.rows <= 1);
  return {in_place ? Operand{} : operand(logits, "logits"),
          operand(job.labels, "labels"),
          operand(job.options.class_weights, "class_weights"),
          operand(output.loss, "loss"),
          operand(gradient, "gradient"),
          operand(MutableVectorView{output.status, DType::u8, logits.rows}, "status"),
          operand(MutableVectorView{output.valid_rows, DType::i64, 1}, "valid_rows")};
}

std::size_t workspace_bytes(const CrossEntropyJob& job, Backend backend) {
  const std::size_t bytes =
      backend == Backend::cuda ? cuda::cross_entropy_workspace_bytes(job) : cpu::cross_entropy_workspace_bytes(job);
  return bytes == 0 ? 0 : bytes + kWorkspaceSlack;
}

}  // namespace

std::size_t cross_entropy_workspace(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                                    const CrossEntropyOptions& options) {
  const CrossEntropyJob job = check(logits, labels, output, options);
  return workspace_bytes(job, resolve_backend(options.execution, operands_of(job)));
}

void cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                   const CrossEntropyOptions& options, Workspace workspace, Stream stream) {
  CrossEntropyJob job = check(logits, labels, output, options);
  const Operands operands = operands_of(job);
  const Backend backend = resolve_backend(options.execution, operands);
  require_disjoint(operands);
  job.workspace = lend(workspace, workspace_bytes(job, backend), backend, operands);
  if (backend == Backend::cuda) {
    cuda::cross_entropy(job, stream);
  } else {
    cpu::cross_entropy(job);
  }
}

}  // namespace kullback
