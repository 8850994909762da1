/// Where an instruction comes from: the .file and .loc directives (PTX ISA 11.5), which nvcc writes with -lineinfo.
#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace ptxsim {

class SourceLocations {
 public:
  void name_file(unsigned file, const std::string& path);
  /// Remembers a .loc; `inlined_at` is the position of the call if the code was inlined. Returns its index.
  unsigned add(unsigned file, unsigned line, unsigned column);
  unsigned add_inlined(unsigned file, unsigned line, unsigned column, unsigned at_file, unsigned at_line,
                       unsigned at_column);
  /// "kernel.cu:12", or "block_reduce.cuh:80 inlined into kernel.cu:12"; "unknown source" without line information.
  std::string describe(unsigned location) const;
  /// "kernel.cu:12", the innermost position only.
  std::string innermost(unsigned location) const;

 private:
  struct Location {
    unsigned file, line;
    unsigned inlined_at;  // index, 0 for none
  };
  std::map<unsigned, std::string> files_;
  std::vector<Location> locations_{{0, 0, 0}};
  std::map<std::tuple<unsigned, unsigned, unsigned>, unsigned> latest_;  // of a position
};

}  // namespace ptxsim
