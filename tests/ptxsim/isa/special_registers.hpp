#pragma once
#include <string_view>

namespace ptxsim {

/// Index into the table of special registers (PTX ISA 10), -1 if it has none of that name.
int find_special_register(std::string_view name);

}  // namespace ptxsim
