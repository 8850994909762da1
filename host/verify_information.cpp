#include <cstdint>
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
using CodeList = std::vector<std::int64_t>;

CodeList codes_at(const MatrixView& v, std::int64_t first, std::int64_t step, std::int64_t count) {
  CodeList codes;
  for (std::int64_t i = 0; i < count; ++i) codes.push_back(reference::read_integer(v.data, v.dtype, first + i * step));
  return codes;
}
CodeList row_of(const MatrixView& v, std::int64_t row) { return codes_at(v, row * v.row_stride, 1, v.cols); }
CodeList column_of(const MatrixView& v, std::int64_t column) { return codes_at(v, column, v.row_stride, v.rows); }

MatrixView matrix_of(const VectorView& v) { return {v.data, v.dtype, 1, v.size, v.size}; }

enum class Samples { rows, columns };

/// Codes, each in [0, classes) or missing, but of samples of weight 0.
void require_codes(const MatrixView& v, std::int64_t classes, Samples samples, const InformationOptions& options,
                   const char* name) {
  const VectorView& weights = options.weights;
  for (std::int64_t row = 0; row < v.rows; ++row) {
    for (std::int64_t col = 0; col < v.cols; ++col) {
      const std::int64_t code = reference::read_integer(v.data, v.dtype, row * v.row_stride + col);
      if ((code >= 0 && code < classes) || options.missing == code) continue;
      const std::int64_t sample = samples == Samples::rows ? row : col;
      if (weights.size > 0 && reference::read_integer(weights.data, weights.dtype, sample) == 0) continue;
      throw InvalidArgument(std::string(name) + ": code " + std::to_string(code) + " at [" + std::to_string(row) +
                            ", " + std::to_string(col) + "] is outside [0, " + std::to_string(classes) + ")");
    }
  }
}

void require_values(const MatrixView& values, std::int64_t rows, const InformationSet& measures) {
  require_view(values, "values");
  if (values.dtype != DType::f64 || values.rows != rows || values.cols != measures.size()) {
    throw InvalidArgument("values: is " + describe(values) + ", expected " +
                          describe({nullptr, DType::f64, rows, measures.size(), measures.size()}));
  }
}

InformationOptions on_cpu(InformationOptions options) {
  options.execution = {Backend::cpu, Mode::accurate, 0};
  return options;
}

/// exact(row): the reference's estimates of a row of values.
template <class Exact>
VerifyReport verify_table(const InformationSet& measures, const MatrixView& values, const VerifyOptions& verify,
                          Exact exact) {
  std::vector<std::string> names;
  for (Information m : measures) names.push_back(information_info(m).name);
  return verify_sample(values.rows, verify, names, [&](std::int64_t row, Findings& found) {
    const std::vector<Estimate<Binary128>> expected = exact(row);
    for (int k = 0; k < measures.size(); ++k) {
      const double got = reference::read_real<double>(values.data, values.dtype, row * values.row_stride + k);
      const Bound bound = {information_units(measures[k]), smallest_normal(DType::f64)};
      const auto at = static_cast<std::size_t>(k);
      found.add(at, row, -1, judge(got, expected[at], bound, DType::f64, DType::f64));
    }
  });
}

}  // namespace

VerifyReport verify_information_pairs(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given,
                                      MatrixView values, const InformationOptions& options,
                                      const VerifyOptions& verify) {
  information_pairs_workspace(measures, x, y, given, on_cpu(options));  // checks the arguments
  require_codes(x.view, x.classes, Samples::columns, options, "x");
  require_codes(y.view, y.classes, Samples::columns, options, "y");
  require_codes(given.view, given.classes, Samples::columns, options, "given");
  require_values(values, x.view.rows, measures);
  return verify_table(measures, values, verify, [&](std::int64_t row) {
    const CodeList z = given.view.data == nullptr ? CodeList{} : row_of(given.view, given.view.rows == 1 ? 0 : row);
    return reference::information<Binary128>(measures, row_of(x.view, row), row_of(y.view, row), z, options);
  });
}

VerifyReport verify_information_label(const InformationSet& measures, CodeMatrix table, CodeVector label,
                                      CodeVector given, MatrixView values, const InformationOptions& options,
                                      const VerifyOptions& verify) {
  information_label_workspace(measures, table, label, given, on_cpu(options));  // checks the arguments
  require_codes(table.view, table.classes, Samples::rows, options, "table");
  require_codes(matrix_of(label.view), label.classes, Samples::columns, options, "label");
  require_codes(matrix_of(given.view), given.classes, Samples::columns, options, "given");
  require_values(values, table.view.cols, measures);
  const CodeList y = row_of(matrix_of(label.view), 0), z = row_of(matrix_of(given.view), 0);
  return verify_table(measures, values, verify, [&](std::int64_t feature) {
    return reference::information<Binary128>(measures, column_of(table.view, feature), y, z, options);
  });
}

VerifyReport verify_information_all_pairs(const InformationSet& measures, CodeMatrix table, CodeVector given,
                                          MatrixView values, const InformationOptions& options,
                                          const VerifyOptions& verify) {
  information_all_pairs_workspace(measures, table, given, on_cpu(options));  // checks the arguments
  require_codes(table.view, table.classes, Samples::rows, options, "table");
  require_codes(matrix_of(given.view), given.classes, Samples::columns, options, "given");
  const std::int64_t features = table.view.cols;
  require_values(values, checked_product(features, features, "pairs of features"), measures);
  const CodeList z = row_of(matrix_of(given.view), 0);
  return verify_table(measures, values, verify, [&](std::int64_t pair) {
    const CodeList x = column_of(table.view, pair / features), y = column_of(table.view, pair % features);
    return reference::information<Binary128>(measures, x, y, z, options);
  });
}

VerifyReport verify_information_joint(const InformationSet& measures, MatrixView joint, MatrixView values,
                                      const InformationOptions& options) {
  information_joint_workspace(measures, joint, on_cpu(options));  // checks the arguments
  require_values(values, 1, measures);
  return verify_table(measures, values, {},
                      [&](std::int64_t) { return reference::information_joint<Binary128>(measures, joint, options); });
}

}  // namespace kullback
