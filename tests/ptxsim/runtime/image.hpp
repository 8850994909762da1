/// One module of the program: PTX and machine code as nvcc embedded them, read when something in it is first asked for.
/// A program has dozens of modules and most of its runs use a few.
#pragma once
#include <memory>

#include "ptx/program.hpp"

namespace ptxsim {

class Image {
 public:
  /// `wrapper` is what the host code hands to __cudaRegisterFatBinary.
  explicit Image(const void* wrapper) : wrapper_(wrapper) {}

  /// nullptr if there is no PTX. Stops if it cannot be read.
  Module* load();

 private:
  const void* wrapper_;
  bool is_loaded_ = false;
  std::unique_ptr<Module> module_;
};

}  // namespace ptxsim
