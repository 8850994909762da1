#include "ptx/opcode.hpp"

#include <algorithm>

namespace ptxsim {

Opcode::Opcode(std::string_view text) {
  std::size_t begin = 0;
  bool first = true;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('.', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    const Type type = type_named(part);
    if (first) {
      name_ = part;
    } else if (type != Type::none) {
      types_.push_back(type);
    } else {
      modifiers_.emplace_back(part);
    }
    first = false;
    begin = end + 1;
  }
}

bool Opcode::has(std::string_view modifier) const {
  return std::find(modifiers_.begin(), modifiers_.end(), modifier) != modifiers_.end();
}

Space Opcode::space() const {
  for (const std::string& modifier : modifiers_) {
    const std::string_view stem = std::string_view(modifier).substr(0, modifier.find("::"));
    if (stem == "global") return Space::global;
    if (stem == "shared") return Space::shared;
    if (stem == "local") return Space::local;
    if (stem == "const") return Space::constant;
    if (stem == "param") return Space::param;
  }
  return Space::generic;
}

unsigned Opcode::vector_size() const { return has("v2") ? 2 : has("v4") ? 4 : has("v8") ? 8 : 1; }

Rounding Opcode::rounding() const {
  return has("rz") ? Rounding::zero : has("rm") ? Rounding::down : has("rp") ? Rounding::up : Rounding::nearest;
}

}  // namespace ptxsim
