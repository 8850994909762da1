/// The names that are visible in a function body: registers, variables, labels. A nested { } opens a scope of its own,
/// which inline assembly uses so that its registers and labels do not clash (PTX ISA 9.7.12.1).
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "ptx/program.hpp"

namespace ptxsim {

struct Register {
  Type type = Type::none;
  Operand operand = kAbsent;
};

class Scopes {
 public:
  void open() { scopes_.emplace_back(); }
  /// Ends the innermost scope. Its labels are resolved; what is not found is looked for in the enclosing one.
  void close(Function& function);

  void declare(const std::string& name, const Register& reg) { scopes_.back().registers[name] = reg; }
  void declare(const Variable& variable) { scopes_.back().variables[variable.name] = variable; }
  void declare_everywhere(const Variable& variable) { scopes_.front().variables[variable.name] = variable; }
  void declare_label(std::string_view name, unsigned position) { scopes_.back().labels.emplace(name, position); }
  void declare_table(std::string_view name, unsigned table) { scopes_.back().tables.emplace(name, table); }

  const Register* find_register(std::string_view name) const;
  const Variable* find_variable(std::string_view name) const;
  /// kNoTable if there is none.
  unsigned find_table(std::string_view name) const;
  static constexpr unsigned kNoTable = ~0u;

  /// Instruction `instruction` branches to the label.
  void branch_to(std::string_view label, unsigned instruction) {
    scopes_.back().fixups.push_back({std::string(label), instruction, kNoTable});
  }
  /// Entry `entry` of the table is the label.
  void table_entry(std::string_view label, unsigned table, unsigned entry) {
    scopes_.back().fixups.push_back({std::string(label), entry, table});
  }
  /// Forgets the branches noted for an instruction that turned out not to be understood.
  void forget_branches_of(unsigned instruction);

 private:
  struct Fixup {
    std::string label;
    unsigned position, table;
  };
  struct Scope {
    std::map<std::string, Register, std::less<>> registers;
    std::map<std::string, Variable, std::less<>> variables;
    std::map<std::string, unsigned, std::less<>> labels, tables;
    std::vector<Fixup> fixups;
  };
  std::vector<Scope> scopes_;
};

}  // namespace ptxsim
