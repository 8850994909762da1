/// Reads one function body. The statements are in parse_function.cpp, instructions and operands in
/// parse_instruction.cpp.
#pragma once
#include <map>

#include "isa/form.hpp"
#include "ptx/cursor.hpp"
#include "ptx/scope.hpp"

namespace ptxsim {

class FunctionParser {
 public:
  explicit FunctionParser(Function& function);
  void parse();

 private:
  void statement();
  void directive(std::string_view word);
  void registers();
  void variable(Space space);
  void location();
  void pragma();
  void label_or_instruction();
  void branch_targets(std::string_view name);

  void instruction();
  void understood_instruction(Instruction& out, InstructionInfo& info);
  void skip_instruction();
  void guard(Instruction& out);
  Opcode opcode(std::string_view text);
  void emit(Instruction out, std::unique_ptr<InstructionInfo> info);

  void operand(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info);
  void value(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info);
  void address(const OperandRule& rule, Instruction& out, InstructionInfo& info);
  void vector(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info);
  void call(Instruction& out);

  /// A register or a constant of `size` bytes (0: any size, which is returned in `size`).
  Operand register_or_constant(Type type, unsigned& size);
  Operand predicate();
  bool symbol(std::string_view name, std::uint64_t& address, Space& space);
  const Variable* shared_variable(std::string_view name);
  Operand constant(std::uint64_t bits, unsigned size);

  Function& function_;
  Cursor cursor_;
  Scopes scopes_;
  std::map<std::pair<std::uint64_t, unsigned>, Operand> known_constants_;
  Space last_symbol_space_ = Space::generic;
  unsigned location_ = 0;
  std::uint32_t used_bytes_ = ~0u;
};

}  // namespace ptxsim
