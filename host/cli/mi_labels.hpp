#pragma once

#include <string>
#include <vector>

#include "host/cli/mi_codes.hpp"

namespace kullback::cli {

/// What the features of a table are held against.
struct MiLabels {
  std::vector<MiFile> files;       ///< one label each, of the table's samples
  std::vector<std::string> names;  ///< of the labels
  std::string described;           ///< for messages
  bool several = false;            ///< asked for as a list or a table: results have an axis of labels, be it of one

  /// `text` is a file [samples] or [samples, labels], a column of the table, if that is a .csv file, or several of
  /// these separated by commas. A column that is a label is no feature any more. Throws InvalidArgument.
  MiLabels(const std::string& text, MiFile& table);

 private:
  void add(const std::string& text, MiFile& table);
};

}  // namespace kullback::cli
