#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

#include "host/mirror.hpp"
#include "kullback/kullback.hpp"

/// One test body serves every backend: the environment variable KULLBACK_TEST_BACKEND (cpu or cuda) names the one that
/// runs.
namespace kullback::test {

inline Backend backend_under_test() {
  static const Backend backend = [] {
    const char* name = std::getenv("KULLBACK_TEST_BACKEND");
    if (name == nullptr || std::strcmp(name, "cpu") == 0) return Backend::cpu;
    if (std::strcmp(name, "cuda") == 0) return Backend::cuda;
    throw InvalidArgument(std::string("KULLBACK_TEST_BACKEND: is ") + name + ", expected cpu or cuda");
  }();
  return backend;
}

/// `fewer` where a simulator executes the kernels.
template <class T> T unless_cuda(T usual, T fewer) { return backend_under_test() == Backend::cuda ? fewer : usual; }

/// `rows` on the backend under test, with its workspace.
inline void run(const MeasureSet& measures, const RowsInput& input, const RowsOutput& output, RowsOptions options) {
  options.execution.backend = backend_under_test();
  Mirror mirror(options.execution.backend);
  const RowsInput in = {mirror.in(input.p), mirror.in(input.q), mirror.in(input.labels)};
  RowsOutput out;
  out.values = mirror.out(output.values);
  out.status = mirror.out(output.status, output.status == nullptr ? 0 : output.values.rows);
  const Workspace workspace = mirror.workspace(rows_workspace(measures, in, options));
  rows(measures, in, out, options, workspace, host_stream);
  mirror.finish();
}

/// `cross_entropy` on the backend under test, with its workspace.
inline void run(MatrixView logits, VectorView labels, const CrossEntropyOutput& output, CrossEntropyOptions options) {
  options.execution.backend = backend_under_test();
  Mirror mirror(options.execution.backend);
  const MatrixView x = mirror.in(logits);
  const VectorView y = mirror.in(labels);
  options.class_weights = mirror.in(options.class_weights);
  CrossEntropyOutput out;
  out.loss = mirror.out(output.loss);
  out.gradient = mirror.out(output.gradient);
  out.status = mirror.out(output.status, output.status == nullptr ? 0 : logits.rows);
  out.valid_rows = mirror.out(output.valid_rows, output.valid_rows == nullptr ? 0 : 1);
  const Workspace workspace = mirror.workspace(cross_entropy_workspace(x, y, out, options));
  cross_entropy(x, y, out, options, workspace, host_stream);
  mirror.finish();
}

/// `gaussian_kl` on the backend under test.
inline void run(MatrixView p, MatrixView q, MutableVectorView values, GaussianKlOptions options) {
  options.execution.backend = backend_under_test();
  Mirror mirror(options.execution.backend);
  gaussian_kl(mirror.in(p), mirror.in(q), mirror.out(values), options, host_stream);
  mirror.finish();
}

/// `binary_cross_entropy` on the backend under test.
inline void run(MatrixView targets, MatrixView q, MutableVectorView values, BinaryCrossEntropyOptions options) {
  options.execution.backend = backend_under_test();
  Mirror mirror(options.execution.backend);
  binary_cross_entropy(mirror.in(targets), mirror.in(q), mirror.out(values), options, host_stream);
  mirror.finish();
}

}  // namespace kullback::test
