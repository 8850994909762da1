#include "kullback/column_measures.hpp"

#include <string>

#include "host/arguments.hpp"
#include "host/column_arguments.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

DType result_of(const MatrixView& a, const MatrixView& b) {
  return a.dtype == DType::f64 || b.dtype == DType::f64 ? DType::f64 : DType::f32;
}

/// Rows of the call: of the side that has more than one.
std::int64_t check_sides(const MatrixView& p, const char* name_p, const MatrixView& q, const char* name_q) {
  const std::string both = std::string(name_p) + " is " + describe(p) + " and " + name_q + " is " + describe(q);
  if (p.cols != q.cols || !(p.rows == q.rows || p.rows == 1 || q.rows == 1)) {
    throw InvalidArgument(both + ", expected equal columns, and equal rows or one row on a side");
  }
  return p.rows == 1 ? q.rows : p.rows;
}

void check_side(const MatrixView& view, const char* name) {
  require_view(view, name);
  require_floating(view.dtype, name);
}

void check_values(const MutableVectorView& values, std::int64_t rows, DType dtype) {
  require_vector({values.data, values.dtype, values.size}, rows, "values");
  if (values.dtype != dtype) {
    throw InvalidArgument(std::string("values: is ") + name_of(values.dtype) + ", expected " + name_of(dtype));
  }
}

}  // namespace

GaussianKlJob check_gaussian_kl(const MatrixView& p, const MatrixView& q, const MutableVectorView& values,
                                const GaussianKlOptions& options) {
  check_side(p, "P");
  if (p.cols % 2 != 0) {
    throw InvalidArgument("P: has " + std::to_string(p.cols) +
                          " columns, expected an even number, [means | log variances]");
  }
  std::int64_t rows = p.rows;
  if (q.data != nullptr) {
    check_side(q, "Q");
    rows = check_sides(p, "P", q, "Q");
  }
  check_values(values, rows, result_of(p, q));
  return {p, q, values, unit_factor(options.unit), resolve_threads(options.execution)};
}

BinaryCrossEntropyJob check_binary_cross_entropy(const MatrixView& targets, const MatrixView& q,
                                                 const MutableVectorView& values,
                                                 const BinaryCrossEntropyOptions& options) {
  check_side(targets, "targets");
  check_side(q, "Q");
  require_enumerator(options.input_q, Input::counts, "input_q", "Input");
  if (options.input_q != Input::logits && options.input_q != Input::probs) {
    throw InvalidArgument("input_q: is neither logits nor probs");
  }
  require_in(options.temperature, kMinTemperature, kMaxTemperature, "temperature", kTemperatureRange);
  check_values(values, check_sides(targets, "targets", q, "Q"), result_of(targets, q));
  const double unit = unit_factor(options.unit);
  const bool logits = options.input_q == Input::logits;
  return {targets, q, logits, options.temperature, values, unit, resolve_threads(options.execution)};
}

void gaussian_kl(MatrixView p, MatrixView q, MutableVectorView values, const GaussianKlOptions& options,
                 Stream stream) {
  const GaussianKlJob job = check_gaussian_kl(p, q, values, options);
  const Operands operands = {operand(p, "P"), operand(q, "Q"), operand(values, "values")};
  const Backend backend = resolve_backend(options.execution, operands);
  require_disjoint(operands);
  if (backend == Backend::cuda) {
    cuda::gaussian_kl(job, stream);
  } else {
    cpu::gaussian_kl(job);
  }
}

void binary_cross_entropy(MatrixView targets, MatrixView q, MutableVectorView values,
                          const BinaryCrossEntropyOptions& options, Stream stream) {
  const BinaryCrossEntropyJob job = check_binary_cross_entropy(targets, q, values, options);
  const Operands operands = {operand(targets, "targets"), operand(q, "Q"), operand(values, "values")};
  const Backend backend = resolve_backend(options.execution, operands);
  require_disjoint(operands);
  if (backend == Backend::cuda) {
    cuda::binary_cross_entropy(job, stream);
  } else {
    cpu::binary_cross_entropy(job);
  }
}

}  // namespace kullback
