/// Reads PTX (PTX ISA, sections 4, 5, 7 and 11).
#pragma once
#include <memory>
#include <string>

#include "ptx/cursor.hpp"
#include "ptx/program.hpp"

namespace ptxsim {

/// Everything but the bodies of functions; global and constant variables get their memory. Throws ParseError.
std::unique_ptr<Module> parse_module(std::string text, unsigned architecture);

/// The body of the function and of those it can call, unless already done. Throws ParseError; an instruction that is
/// not understood is no error yet, it stops the program when it is executed.
void parse_body(Function& function);

/// What InstructionInfo::index counts, in the order of parsing.
const std::vector<const InstructionInfo*>& all_instructions();

}  // namespace ptxsim
