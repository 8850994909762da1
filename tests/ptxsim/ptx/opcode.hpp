/// An opcode with its modifiers, as written: "add.rn.ftz.f32" is the name `add`, the modifiers `rn` and `ftz`, the type
/// f32.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ptx/types.hpp"

namespace ptxsim {

enum class Rounding : std::uint8_t { nearest, zero, down, up };

class Opcode {
 public:
  explicit Opcode(std::string_view text);

  const std::string& name() const { return name_; }
  const std::vector<std::string>& modifiers() const { return modifiers_; }
  bool has(std::string_view modifier) const;
  /// The first type named, and the second; Type::none where there is none.
  Type type(unsigned index = 0) const { return index < types_.size() ? types_[index] : Type::none; }
  unsigned type_count() const { return static_cast<unsigned>(types_.size()); }
  static constexpr unsigned kMaxTypes = 4;  // that an instruction of PTX has
  /// The state space named, generic if there is none.
  Space space() const;
  /// 2, 4 or 8 with `.v2`, `.v4` or `.v8`, otherwise 1.
  unsigned vector_size() const;
  /// Direction of a floating-point result (PTX ISA 6.5.2.1); nearest if none is named.
  Rounding rounding() const;

 private:
  std::string name_;
  std::vector<std::string> modifiers_;
  std::vector<Type> types_;
};

}  // namespace ptxsim
