#include "bench/accuracy/library.hpp"

#include <algorithm>
#include <cstddef>

#include "bench/accuracy/number_format.hpp"
#include "kullback/device_memory.hpp"

namespace kullback::accuracy {
namespace {

/// Memory where the backend computes.
class Operand {
 public:
  Operand(Backend backend, const void* data, std::size_t bytes) : Operand(backend, bytes) {
    if (backend == Backend::cuda) {
      copy_to_device(device_.data(), data, bytes, host_stream);
    } else {
      std::copy_n(static_cast<const unsigned char*>(data), bytes, host_.begin());
    }
  }
  Operand(Backend backend, std::size_t bytes) : bytes_(bytes) {
    if (backend == Backend::cuda) {
      device_ = DeviceMemory(bytes);
    } else {
      host_.resize(bytes);
    }
  }
  void* data() { return host_.empty() ? device_.data() : host_.data(); }
  std::vector<double> widened(DType dtype) {
    if (host_.empty() && bytes_ > 0) {
      host_.resize(bytes_);
      copy_to_host(host_.data(), device_.data(), bytes_, host_stream);
    }
    std::vector<double> x(bytes_ / size_of(dtype));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = load(dtype, host_.data(), static_cast<std::int64_t>(i));
    return x;
  }

 private:
  std::size_t bytes_;
  std::vector<unsigned char> host_;
  DeviceMemory device_;
};

}  // namespace

CrossEntropyOptions loss_options(const Batch& batch) {
  CrossEntropyOptions options;
  options.temperature = batch.options.temperature;
  options.label_smoothing = batch.options.label_smoothing;
  options.reduction = Reduction::none;
  return options;
}

Results run_library(const Batch& batch, Backend backend, Requests requests) {
  const auto [rows, cols] = batch.shape;
  const DType dtype = batch.dtype();
  RowsOptions options = batch.options;
  options.execution = {backend, Mode::accurate, 1};
  Operand p(backend, batch.p.data(), batch.p.size()), q(backend, batch.q.data(), batch.q.size());
  Operand labels(backend, batch.labels.data(), batch.labels.size() * sizeof(std::int64_t));
  const MatrixView p_view{p.data(), dtype, rows, cols, cols}, q_view{q.data(), dtype, rows, cols, cols};
  const VectorView label_view{labels.data(), DType::i64, rows};
  const RowsInput input{p_view, q_view, label_view};

  Results results;
  results.dtype = rows_result_dtype(input, options);
  const std::size_t size = size_of(results.dtype), height = static_cast<std::size_t>(rows);
  const auto ask = [&](const MeasureSet& measures) {
    const auto width = static_cast<std::size_t>(measures.size());
    const std::size_t bytes = rows_workspace(measures, input, options);
    Operand values(backend, height * width * size), scratch(backend, bytes + 1);
    RowsOutput output;
    output.values = {values.data(), results.dtype, rows, measures.size(), measures.size()};
    kullback::rows(measures, input, output, options, {scratch.data(), bytes}, host_stream);
    return values.widened(results.dtype);
  };
  const MeasureSet all = all_measures();
  if (requests == Requests::together) {
    results.values = ask(all);
  } else {
    const auto width = static_cast<std::size_t>(all.size());
    results.values.resize(height * width);
    for (std::size_t k = 0; k < width; ++k) {
      const std::vector<double> one = ask({all[static_cast<int>(k)]});
      for (std::size_t r = 0; r < height; ++r) results.values[r * width + k] = one[r];
    }
  }
  if (batch.input() != Input::logits) return results;

  CrossEntropyOptions of_loss = loss_options(batch);
  of_loss.execution = options.execution;
  Operand losses(backend, height * size), gradient(backend, batch.q.size());
  CrossEntropyOutput wanted;
  wanted.loss = {losses.data(), results.dtype, rows};
  wanted.gradient = {gradient.data(), dtype, rows, cols, cols};
  const std::size_t bytes = cross_entropy_workspace(q_view, label_view, wanted, of_loss);
  Operand loss_scratch(backend, bytes + 1);
  cross_entropy(q_view, label_view, wanted, of_loss, {loss_scratch.data(), bytes}, host_stream);
  results.losses = losses.widened(results.dtype);
  results.gradient = gradient.widened(dtype);
  return results;
}

}  // namespace kullback::accuracy
