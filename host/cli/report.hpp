#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "host/cli/options.hpp"
#include "host/cli/output_file.hpp"
#include "host/cli/statistics.hpp"

namespace kullback::cli {

/// One measure of every row.
struct Column {
  std::string name;
  std::vector<double> values;
  Summary summary;
};

struct RowsReport {
  std::string command;
  std::string inputs;  ///< what was read, for the table's heading
  std::int64_t rows = 0;
  std::vector<Column> columns;
};

/// Prints the report on stdout and writes the values [rows, columns] to the output file, if one is wanted.
void publish(const RowsReport& report, const CommonOptions& options, OutputFile& out);

/// A double as JSON: a number, or "nan", "inf", "-inf".
/// JSON. What is not UTF-8, as names in files need not be, becomes the replacement character.
std::string text_of(const nlohmann::ordered_json& object);
nlohmann::ordered_json json_number(double value);
/// The shortest digits that read back as the same double.
std::string csv_number(double value);
/// Five significant digits, for people.
std::string short_number(double value);

/// Writes to stdout; throws InvalidArgument if that fails (a full disk).
void print_out(const std::string& text);

}  // namespace kullback::cli
