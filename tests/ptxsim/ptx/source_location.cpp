#include "ptx/source_location.hpp"

namespace ptxsim {

void SourceLocations::name_file(unsigned file, const std::string& path) {
  files_[file] = path.substr(path.rfind('/') + 1);
}

unsigned SourceLocations::add(unsigned file, unsigned line, unsigned column) {
  locations_.push_back({file, line, 0});
  const auto index = static_cast<unsigned>(locations_.size() - 1);
  latest_[{file, line, column}] = index;
  return index;
}

unsigned SourceLocations::add_inlined(unsigned file, unsigned line, unsigned column, unsigned at_file, unsigned at_line,
                                      unsigned at_column) {
  // The call's own .loc comes before those of the code that was inlined there.
  const auto call = latest_.find({at_file, at_line, at_column});
  const unsigned at = call != latest_.end() ? call->second : add(at_file, at_line, at_column);
  const unsigned index = add(file, line, column);
  locations_[index].inlined_at = at;
  return index;
}

std::string SourceLocations::innermost(unsigned location) const {
  const auto file = files_.find(locations_[location].file);
  if (file == files_.end()) return "unknown source";
  return file->second + ":" + std::to_string(locations_[location].line);
}

std::string SourceLocations::describe(unsigned location) const {
  unsigned outermost = location;
  while (locations_[outermost].inlined_at != 0) outermost = locations_[outermost].inlined_at;
  if (outermost == location) return innermost(location);
  return innermost(location) + " inlined into " + innermost(outermost);
}

}  // namespace ptxsim
