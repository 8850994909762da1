/// Where an address lies, in the words of the program under test.
#pragma once
#include <cstdint>
#include <string>

namespace ptxsim {

struct Launch;

/// "shared table+8", "dynamic shared+8"; what is outside is told from the variable before it.
std::string describe_shared(const Launch& launch, std::uint64_t offset_in_window);
/// "global byte 8 of 400": of the allocation that holds the address, or the last one before it.
std::string describe_global(std::uint64_t address);

}  // namespace ptxsim
