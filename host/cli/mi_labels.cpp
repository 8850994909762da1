#include "host/cli/mi_labels.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "host/cli/mi_inputs.hpp"

namespace kullback::cli {
namespace {

/// Names may have commas in them, of columns and of files.
bool is_one(const std::string& text, const MiFile& table) {
  return text.find(',') == std::string::npos || table.has(text) || access(text.c_str(), F_OK) == 0;
}

}  // namespace

MiLabels::MiLabels(const std::string& text, MiFile& table) {
  if (is_one(text, table)) {
    add(text, table);
  } else {
    several = true;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      const std::string name = text.substr(begin, end - begin);
      begin = end + 1;
      require(!name.empty(), fmt::format("--target {}: a label between commas has no name", text));
      add(name, table);
    }
  }
  require(!files.empty(), fmt::format("{}: has no label", text));
  described =
      several ? fmt::format("{} ({} label{})", text, files.size(), files.size() == 1 ? "" : "s") : files[0].described();
}

void MiLabels::add(const std::string& text, MiFile& table) {
  const MiFile file = table.has(text) ? MiFile::named(text, table) : MiFile::labels(text, table);
  if (file.one_dimensional()) {
    require_vector(file, table, "label");
    files.push_back(file);
    names.push_back(text);
    return;
  }
  several = true;
  require(file.samples() == table.samples(),
          fmt::format("{} does not match {}: one label per sample, [{}] or [{}, labels], is expected", file.described(),
                      table.described(), table.samples(), table.samples()));
  for (std::int64_t v = 0; v < file.variables(); ++v) {
    files.push_back(file.only(v));
    names.push_back(file.is_csv() ? file.names()[static_cast<std::size_t>(v)] : fmt::format("{}[{}]", text, v));
  }
}

}  // namespace kullback::cli
