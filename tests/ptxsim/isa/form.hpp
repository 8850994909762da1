/// The instruction table. One row, a Form, says how an instruction is written, which function executes it and what it
/// costs; the parser, the machine and the counters know nothing else about it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "ptx/program.hpp"

namespace ptxsim {

/// The function that executes the opcode, specialised for its types and modifiers; nullptr if there is none for them.
/// The operands are already in the instruction; `target` is free for the function's own use if no operand goes there.
using Bind = Execute (*)(const Opcode&, Instruction&);
using CostOf = Cost (*)(const Opcode&);

/// Binds for rows that leave nothing to choose: one function, or none because the instruction changes no result.
template <Execute kExecute> Execute always(const Opcode&, Instruction&) { return kExecute; }
Execute nothing(const Opcode&, Instruction&);

struct Form {
  /// The opcode, and after dots the modifiers that tell it from others of that name: "mul.wide".
  const char* name;
  /// The operands in order, separated by ", ". Each begins with the field of Instruction where it goes:
  ///   a        a source: register, constant or address of a variable; b, c, e, and p for a fifth one
  ///   d        a destination, `_` for none
  ///   d|p      a destination and, optionally, a second one of type .pred
  ///   !c       a source predicate that may be written with !
  ///   [a]      an address: register or variable, plus offset
  ///   {d}      as many as .v2, .v4 or .v8 says, in braces; a single one without
  ///   #        an integer constant, goes to `target`
  ///   label, table, call, special   as the instructions bra, brx, call and mov want them
  /// then, if it is not the first type in the opcode, its type: `:2` the second, `:wide` one twice as wide as the
  /// first, `:any` that of the register, or a type such as `:u32`. A leading ? says that it may be missing.
  const char* operands;
  /// Modifiers that may follow, in any order; "L2::*" stands for all that begin so.
  const char* modifiers;
  Bind bind;
  CostOf cost;
  Flow flow = Flow::straight;
};

using Forms = std::vector<Form>;

struct OperandRule {
  enum class Kind { value, address, vector, immediate, label, table, call, special };
  enum class Width { first_type, second_type, twice_first, any, fixed };
  Kind kind = Kind::value;
  char field = 0;
  bool optional = false, negatable = false, pair = false;
  Width width = Width::first_type;
  Type type = Type::none;  // where the width is fixed
};

/// A Form whose texts have been taken apart.
struct TableRow {
  Form form;
  std::vector<std::string> required, optional;  // modifiers
  std::vector<OperandRule> operands;
  unsigned max_types = 0;  // in the opcode
};

/// The rows that could be meant by the opcode. Usually one; Bind decides among several.
std::vector<const TableRow*> find_rows(const Opcode& opcode);

// The table's parts, one for each section of PTX ISA 9.7.
const Forms& integer_forms();
const Forms& bit_field_forms();
const Forms& extended_precision_forms();
const Forms& float_forms();
const Forms& transcendental_forms();
const Forms& half_forms();
const Forms& compare_forms();
const Forms& logic_forms();
const Forms& move_forms();
const Forms& convert_forms();
const Forms& memory_forms();
const Forms& atomic_forms();
const Forms& async_copy_forms();
const Forms& bulk_copy_forms();
const Forms& mbarrier_forms();
const Forms& control_flow_forms();
const Forms& warp_forms();
const Forms& barrier_forms();
const Forms& cluster_forms();
const Forms& miscellaneous_forms();

}  // namespace ptxsim
