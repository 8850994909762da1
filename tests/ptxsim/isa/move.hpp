#pragma once
#include "ptx/program.hpp"

namespace ptxsim {

/// mov d, %special: `target` is the register's index.
Outcome read_special_register(Warp& warp, const Instruction& instruction, Mask mask);

}  // namespace ptxsim
