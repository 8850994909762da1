#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/variable.hpp"

namespace kullback::cli {

/// A .csv file: a line of names, then a line for each sample, fields separated by commas; a field in double quotes may
/// hold commas, line ends and, doubled, quotes. Throws InvalidArgument: one sentence that names the file and the line.
class CsvTable {
 public:
  explicit CsvTable(const std::string& path);

  const std::vector<std::string>& names() const { return names_; }
  std::int64_t samples() const { return samples_; }
  /// Integers if all its fields are, else numbers if all are, else the fields' texts, numbered in their order. An empty
  /// field is a missing value, and so is one that reads like `missing`.
  Variable column(std::int64_t index, std::optional<std::int64_t> missing) const;

 private:
  std::string path_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> fields_;  ///< of each column
  std::int64_t samples_ = 0;
};

}  // namespace kullback::cli
