#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/inputs.hpp"
#include "host/cli/mi_explain.hpp"
#include "host/cli/mi_run.hpp"

/// What the forms of `mi` have in common: from the request to the library's arguments, from its values to a report.
namespace kullback::cli {

/// Mutual information alone has calls of its own, on every backend. `special`: a third variable, missing codes,
/// weights.
bool is_plain(const MiMeasures& measures, bool special);
MutualInformationOptions plain_options(const MiRequest& request);
InformationOptions options_of(const MiRequest& request);

/// The classes of --given, if there is one.
struct GivenClasses {
  bool exists = false;
  Classes classes;

  CodeVector vector() const { return exists ? CodeVector{classes.vector(), classes.count} : CodeVector{}; }
  CodeMatrix matrix() const { return exists ? CodeMatrix{classes.view, classes.count} : CodeMatrix{}; }
};
GivenClasses given_of(const MiRequest& request, MiFile& table);

/// One code for each of the samples. `what`: "label", for the message.
void require_vector(const MiFile& file, const MiFile& table, const char* what);

/// The request with its weights read.
MiRequest with_weights(MiRequest request, MiFile& table);
/// Weights count as so many samples.
std::int64_t samples_of(const MiRequest& request, std::int64_t samples);

/// The plan, if it is asked for, before anything is computed.
template <class Query> std::optional<CountingPlan> explain(const MiRequest& request, Query plan) {
  if (!request.explain) return std::nullopt;
  const CountingPlan result = plan();
  if (!request.common.quiet) fmt::print(stderr, "{}", explained(result));
  return result;
}

/// Results [results, measures].
struct Values {
  std::vector<double> numbers;
  MutableMatrixView view;

  Values(std::int64_t results, const MiMeasures& measures, const std::string& what);
};

/// Takes the values: all pairs of many features are most of the memory. Of several `groups` of results, which follow
/// one another, p-values are adjusted in each for itself.
MiReport report_of(const MiRequest& request, const MiMeasures& measures, Values&& values,
                   const std::vector<bool>& is_test = {}, std::size_t groups = 1);

}  // namespace kullback::cli
