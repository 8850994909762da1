#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/options.hpp"
#include "host/cli/output_file.hpp"

namespace kullback::cli {

/// One measure of every result.
struct MiColumn {
  std::string name;
  std::vector<double> values;
  bool smallest_first = false;  ///< p-values
};

struct MiReport {
  std::string inputs;                   ///< what was read, for the table's heading
  std::optional<std::int64_t> samples;  ///< unknown for a joint table of probabilities
  std::vector<std::int64_t> shape;      ///< of a measure's values; empty for one number
  std::vector<MiColumn> columns;
  const char* things = "";           ///< what an index of the shape counts
  std::vector<std::string> names;    ///< of them, if they have any
  std::vector<std::string> labels;   ///< several labels: the shape's first axis
  std::vector<std::int64_t> chosen;  ///< a selection: its features in their order, which the results follow
  std::optional<VerifyReport> verification;
  std::optional<CountingPlan> plan;  ///< --explain
  std::optional<std::int64_t> top;   ///< only the first so many by the first measure
  std::optional<double> threshold;   ///< only those whose first measure is at least this; at most, of p-values

  /// Some of the results, by rank, are to be shown, not all of them.
  bool is_list() const { return top || threshold; }
};

/// The results of one of several labels, as those of a single one.
MiReport report_of_label(const MiReport& report, std::size_t label);

/// Prints the report on stdout and writes the values to the output file, if one is wanted.
void publish(const MiReport& report, const CommonOptions& options, OutputFile& out);

}  // namespace kullback::cli
