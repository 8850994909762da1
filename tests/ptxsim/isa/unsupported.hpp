#pragma once
#include "ptx/program.hpp"

namespace ptxsim {

/// Executes an instruction that was not understood: stops the program, naming instruction and source line.
Outcome unsupported(Warp& warp, const Instruction& instruction, Mask mask);

}  // namespace ptxsim
