/// Declarations of variables and parameters (PTX ISA 5.4 and 7.1).
#pragma once
#include <cstdint>
#include <string>

#include "ptx/cursor.hpp"
#include "ptx/types.hpp"

namespace ptxsim {

struct Declaration {
  std::string name;
  Type type = Type::none;
  std::uint64_t alignment = 1;
  std::uint64_t elements = 1;  // of arrays and vectors, 0 for []

  std::uint64_t size() const { return elements * size_of(type); }
};

/// From behind the state space to behind the name and the array dimensions.
Declaration parse_declaration(Cursor& cursor);

/// The next multiple of `alignment` that is not below `offset`.
constexpr std::uint64_t align_up(std::uint64_t offset, std::uint64_t alignment) {
  return (offset + alignment - 1) / alignment * alignment;
}

}  // namespace ptxsim
