#include "host/cli/mi_inputs.hpp"

#include <fmt/format.h>

#include <numeric>
#include <utility>

namespace kullback::cli {

bool is_plain(const MiMeasures& measures, bool special) {
  return measures.computed().size() == 1 && measures.computed()[0] == Information::mi && !special;
}

MutualInformationOptions plain_options(const MiRequest& request) {
  return {request.common.unit, request.common.execution};
}

InformationOptions options_of(const MiRequest& request) {
  InformationOptions options;
  options.unit = request.common.unit;
  options.normalizer = request.normalizer;
  options.missing = kMissingClass;
  options.weights =
      vector_view(request.coding.weights.data(), static_cast<std::int64_t>(request.coding.weights.size()));
  options.permutations = request.permutations;
  options.seed = request.seed;
  options.execution = request.common.execution;
  return options;
}

void require_vector(const MiFile& file, const MiFile& table, const char* what) {
  require(file.one_dimensional() && file.samples() == table.samples(),
          fmt::format("{} does not match {}: one {} per sample, [{}], is expected", file.described(), table.described(),
                      what, table.samples()));
}

GivenClasses given_of(const MiRequest& request, MiFile& table) {
  GivenClasses given;
  if (request.given.empty()) return given;
  const MiFile file = MiFile::named(request.given, table);
  require_vector(file, table, "code");
  given.classes = classes_of(file, request.coding);
  given.exists = true;
  return given;
}

MiRequest with_weights(MiRequest request, MiFile& table) {
  if (request.weights.empty()) return request;
  const MiFile file = MiFile::named(request.weights, table);
  require_vector(file, table, "weight");
  const Variable weights = file.variable(0, {});
  require(weights.numbers.empty(), file.described() + ": weights are whole numbers, these are floating-point");
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const std::int64_t weight = weights.integers[i];
    require(weights.missing.empty() || !weights.missing[i],
            fmt::format("{}: weight [{}] is missing", file.described(), i));
    require(weight >= 0, fmt::format("{}: weight {} at [{}], expected 0 or more", file.described(), weight, i));
    require(!__builtin_add_overflow(sum, weight, &sum),
            fmt::format("{}: the sum of the weights passes 2^63 - 1 at [{}]", file.described(), i));
  }
  request.coding.weights = weights.integers;
  return request;
}

std::int64_t samples_of(const MiRequest& request, std::int64_t samples) {
  const std::vector<std::int64_t>& weights = request.coding.weights;
  return weights.empty() ? samples : std::accumulate(weights.begin(), weights.end(), std::int64_t{0});
}

Values::Values(std::int64_t results, const MiMeasures& measures, const std::string& what) {
  const std::int64_t width = measures.computed().size();
  check_memory(8.0 * static_cast<double>(results) * static_cast<double>(width), what + ": the results");
  numbers.resize(static_cast<std::size_t>(results * width));
  view = mutable_view(numbers.data(), results, width);
}

MiReport report_of(const MiRequest& request, const MiMeasures& measures, Values&& values,
                   const std::vector<bool>& is_test, std::size_t groups) {
  MiReport report;
  report.top = request.top;
  report.threshold = request.threshold;
  for (std::size_t k = 0; k < measures.size(); ++k)
    report.columns.push_back({measures.name(k), {}, measures.smallest_first(k)});
  if (measures.size() == 1 && !measures.adjusts()) {
    report.columns[0].values = std::move(values.numbers);
    return report;
  }
  if (groups == 1) {
    for (std::size_t k = 0; k < measures.size(); ++k)
      report.columns[k].values = measures.column(k, values.numbers, is_test);
    return report;
  }
  const auto size = static_cast<std::ptrdiff_t>(values.numbers.size() / groups);
  for (auto group = values.numbers.begin(); group != values.numbers.end(); group += size) {
    const std::vector<double> numbers(group, group + size);
    for (std::size_t k = 0; k < measures.size(); ++k) {
      const std::vector<double> column = measures.column(k, numbers, is_test);
      report.columns[k].values.insert(report.columns[k].values.end(), column.begin(), column.end());
    }
  }
  return report;
}

}  // namespace kullback::cli
