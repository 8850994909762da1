#include <cstddef>
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
using Codes = std::vector<std::int64_t>;

constexpr Bound kBound{kMutualInformationUnits, 0};

Codes codes_at(const void* data, DType dtype, std::int64_t first, std::int64_t step, std::int64_t count) {
  Codes codes;
  codes.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) codes.push_back(reference::read_integer(data, dtype, first + i * step));
  return codes;
}

Codes row_of(const MatrixView& v, std::int64_t row) { return codes_at(v.data, v.dtype, row * v.row_stride, 1, v.cols); }

Codes column_of(const MatrixView& v, std::int64_t column) {
  return codes_at(v.data, v.dtype, column, v.row_stride, v.rows);
}

/// Codes of a matrix, each in [0, classes).
void require_codes(const MatrixView& v, std::int64_t classes, const char* name) {
  for (std::int64_t row = 0; row < v.rows; ++row) {
    for (std::int64_t col = 0; col < v.cols; ++col) {
      const std::int64_t code = reference::read_integer(v.data, v.dtype, row * v.row_stride + col);
      if (code >= 0 && code < classes) continue;
      throw InvalidArgument(std::string(name) + ": code " + std::to_string(code) + " at [" + std::to_string(row) +
                            ", " + std::to_string(col) + "] is outside [0, " + std::to_string(classes) + ")");
    }
  }
}

MutualInformationOptions on_cpu(MutualInformationOptions options) {
  options.execution = {Backend::cpu, Mode::accurate, 0};
  return options;
}

Judgement judge_information(double got, const Estimate<Binary128>& expected) {
  return judge(got, expected, kBound, DType::f64, DType::f64);
}

}  // namespace

VerifyReport verify_mutual_information_pairs(MatrixView x, std::int64_t classes_x, MatrixView y, std::int64_t classes_y,
                                             const double* values, const MutualInformationOptions& options,
                                             const VerifyOptions& verify) {
  mutual_information_pairs_workspace(x, classes_x, y, classes_y, on_cpu(options));  // checks the arguments
  require_codes(x, classes_x, "x");
  require_codes(y, classes_y, "y");
  require_vector({values, DType::f64, x.rows}, x.rows, "values");
  return verify_sample(x.rows, verify, {"mi"}, [&](std::int64_t row, Findings& found) {
    const auto expected = reference::mutual_information<Binary128>(row_of(x, row), row_of(y, row), options.unit);
    found.add(0, row, -1, judge_information(values[row], expected));
  });
}

VerifyReport verify_mutual_information_label(MatrixView table, std::int64_t classes, VectorView label,
                                             std::int64_t label_classes, const double* values,
                                             const MutualInformationOptions& options, const VerifyOptions& verify) {
  mutual_information_label_workspace(table, classes, label, label_classes, on_cpu(options));  // checks the arguments
  require_codes(table, classes, "table");
  require_codes({label.data, label.dtype, 1, label.size, label.size}, label_classes, "label");
  require_vector({values, DType::f64, table.cols}, table.cols, "values");
  const Codes y = codes_at(label.data, label.dtype, 0, 1, label.size);
  return verify_sample(table.cols, verify, {"mi"}, [&](std::int64_t feature, Findings& found) {
    const auto expected = reference::mutual_information<Binary128>(column_of(table, feature), y, options.unit);
    found.add(0, feature, -1, judge_information(values[feature], expected));
  });
}

VerifyReport verify_mutual_information_all_pairs(MatrixView table, std::int64_t classes, MatrixView values,
                                                 const MutualInformationOptions& options, const VerifyOptions& verify) {
  mutual_information_all_pairs_workspace(table, classes, on_cpu(options));  // checks the arguments
  require_codes(table, classes, "table");
  require_view(values, "values");
  const std::int64_t features = table.cols;
  if (values.dtype != DType::f64 || values.rows != features || values.cols != features) {
    const MatrixView expected = {nullptr, DType::f64, features, features, features};
    throw InvalidArgument("values: is " + describe(values) + ", expected " + describe(expected));
  }
  const std::int64_t pairs = checked_product(features, features, "pairs of features");
  return verify_sample(pairs, verify, {"mi"}, [&](std::int64_t pair, Findings& found) {
    const std::int64_t i = pair / features, j = pair % features;
    const auto expected =
        reference::mutual_information<Binary128>(column_of(table, i), column_of(table, j), options.unit);
    const double got = reference::read_real<double>(values.data, values.dtype, i * values.row_stride + j);
    found.add(0, pair, -1, judge_information(got, expected));
  });
}

VerifyReport verify_mutual_information_joint(MatrixView joint, double value, const MutualInformationOptions& options) {
  mutual_information_joint_workspace(joint, on_cpu(options));  // checks the arguments
  return verify_sample(1, {}, {"mi"}, [&](std::int64_t, Findings& found) {
    const auto expected = reference::mutual_information_joint<Binary128>(joint, options.unit);
    found.add(0, 0, -1, judge_information(value, expected));
  });
}

}  // namespace kullback
