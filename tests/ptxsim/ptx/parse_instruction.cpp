#include <cstring>

#include "isa/special_registers.hpp"
#include "isa/unsupported.hpp"
#include "ptx/declaration.hpp"
#include "ptx/function_parser.hpp"

namespace ptxsim {

void FunctionParser::instruction() {
  cursor_.peek();
  const std::size_t begin = cursor_.position();
  Instruction out;
  auto info = std::make_unique<InstructionInfo>();
  info->line = cursor_.line();
  info->function = &function_;
  const std::size_t calls = function_.calls.size();
  try {
    understood_instruction(out, *info);
  } catch (const ParseError& error) {
    function_.calls.resize(calls);
    scopes_.forget_branches_of(static_cast<unsigned>(function_.code.size()));
    cursor_.rewind(begin, info->line);
    skip_instruction();
    out = Instruction();
    out.execute = unsupported;
    info->unsupported = error.what();
  }
  info->text = cursor_.from(begin);
  info->used_bytes = used_bytes_;
  used_bytes_ = ~0u;
  out.info = info.get();
  emit(out, std::move(info));
}

void FunctionParser::understood_instruction(Instruction& out, InstructionInfo& info) {
  guard(out);
  info.opcode = opcode(cursor_.dotted_word());
  out.info = &info;
  const std::size_t begin = cursor_.position();
  const unsigned line = cursor_.line();
  const Instruction guarded = out;
  std::string reason = "unsupported instruction";
  for (const TableRow* row : find_rows(info.opcode)) {
    out = guarded;
    cursor_.rewind(begin, line);
    try {
      bool first = true;
      for (const OperandRule& rule : row->operands) {
        if (first ? rule.optional && cursor_.peek() == ';' : !cursor_.accept(',')) {
          if (!rule.optional) cursor_.fail("operand missing");
          break;
        }
        operand(rule, info.opcode, out, info);
        first = false;
      }
      cursor_.expect(';');
      out.execute = row->form.bind(info.opcode, out);
    } catch (const ParseError& error) {
      reason = error.what();
      continue;
    }
    if (out.execute == nullptr) continue;
    out.flow = row->form.flow;
    info.cost = row->form.cost(info.opcode);
    return;
  }
  throw ParseError(reason);
}

void FunctionParser::skip_instruction() {
  cursor_.until(";{");
  while (cursor_.accept('{')) {
    cursor_.braced();
    cursor_.until(";{");
  }
  cursor_.expect(';');
}

void FunctionParser::guard(Instruction& out) {
  if (!cursor_.accept('@')) return;
  out.guard_negated = cursor_.accept('!');
  out.guard = predicate();
}

/// `mov` is four instructions, told apart by their operands; the table has them as mov, mov.pack, mov.unpack,
/// mov.special.
Opcode FunctionParser::opcode(std::string_view text) {
  std::string full(text);
  if (full.substr(0, 4) == "mov.") {
    const std::size_t begin = cursor_.position();
    const unsigned line = cursor_.line();
    if (cursor_.peek() == '{') {
      full += ".unpack";
    } else {
      cursor_.until(",");
      cursor_.expect(',');
      if (cursor_.peek() == '{') {
        full += ".pack";
      } else if (find_special_register(cursor_.dotted_word()) >= 0) {
        full += ".special";
      }
    }
    cursor_.rewind(begin, line);
  }
  return Opcode(full);
}

void FunctionParser::operand(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info) {
  switch (rule.kind) {
    case OperandRule::Kind::value: value(rule, opcode, out, info); break;
    case OperandRule::Kind::address: address(rule, out, info); break;
    case OperandRule::Kind::vector: vector(rule, opcode, out, info); break;
    case OperandRule::Kind::immediate: out.target = static_cast<std::uint32_t>(cursor_.integer()); break;
    case OperandRule::Kind::call: call(out); break;
    case OperandRule::Kind::label:
      scopes_.branch_to(cursor_.word(), static_cast<unsigned>(function_.code.size()));
      break;
    case OperandRule::Kind::table:
      out.target = scopes_.find_table(cursor_.word());
      if (out.target == Scopes::kNoTable) cursor_.fail("no such .branchtargets");
      break;
    case OperandRule::Kind::special:
      out.target = static_cast<std::uint32_t>(find_special_register(cursor_.dotted_word()));
      break;
  }
}

namespace {

Operand& field(Instruction& out, char name) {
  switch (name) {
    case 'd': return out.d;
    case 'a': return out.a;
    case 'b': return out.b;
    case 'c': return out.c;
    case 'p': return out.p;
    default: return out.e;
  }
}

std::uint8_t* size_field(Instruction& out, char name) {
  switch (name) {
    case 'd': return &out.d_size;
    case 'a': return &out.a_size;
    case 'b': return &out.b_size;
    case 'c': return &out.c_size;
    default: return nullptr;
  }
}

Type type_of(const OperandRule& rule, const Opcode& opcode) {
  switch (rule.width) {
    case OperandRule::Width::second_type: return opcode.type(1);
    case OperandRule::Width::fixed: return rule.type;
    case OperandRule::Width::any: return Type::none;
    case OperandRule::Width::twice_first: return size_of(opcode.type()) == 4 ? Type::b64 : Type::b32;
    case OperandRule::Width::first_type: break;
  }
  return opcode.type();
}

}  // namespace

void FunctionParser::value(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info) {
  Operand& into = field(out, rule.field);
  const Type type = type_of(rule, opcode);
  if (rule.negatable && cursor_.accept('!')) info.negated = true;
  if (type == Type::none && rule.width != OperandRule::Width::any) cursor_.fail("type missing");
  const auto nothing = [&] {  // `_`: the result is not wanted
    const std::size_t begin = cursor_.position();
    const unsigned line = cursor_.line();
    if (cursor_.word() == "_") return true;
    cursor_.rewind(begin, line);
    return false;
  };
  if (rule.field == 'd' && nothing()) {
    into = kAbsent;
  } else if (type == Type::pred) {
    into = predicate();
  } else {
    unsigned size = size_of(type);
    into = register_or_constant(type, size);
    if (rule.field == 'd' && into < 0) cursor_.fail("the destination is not a register");
    if (std::uint8_t* known = size_field(out, rule.field)) *known = static_cast<std::uint8_t>(size);
  }
  if (rule.pair && cursor_.accept('|') && !nothing()) out.p = predicate();
}

void FunctionParser::address(const OperandRule& rule, Instruction& out, InstructionInfo& info) {
  cursor_.expect('[');
  unsigned size = 0;
  field(out, rule.field) = register_or_constant(Type::none, size);
  if (rule.field == 'a') info.symbol_space = last_symbol_space_;
  *size_field(out, rule.field) = static_cast<std::uint8_t>(size);
  std::int64_t offset = 0;
  if (cursor_.accept('+') || cursor_.peek() == '-') offset = static_cast<std::int64_t>(cursor_.integer());
  if (rule.field == 'a') out.offset = offset;
  if (rule.field == 'b') info.offset_b = offset;
  if (rule.field == 'c') info.offset_c = offset;
  cursor_.expect(']');
}

void FunctionParser::vector(const OperandRule& rule, const Opcode& opcode, Instruction& out, InstructionInfo& info) {
  info.vector.clear();
  info.vector_sizes.clear();
  const auto element = [&] {
    unsigned size = 0;
    Operand operand = kAbsent;
    const std::size_t begin = cursor_.position();
    const unsigned line = cursor_.line();
    if (cursor_.word() != "_") {
      cursor_.rewind(begin, line);
      operand = register_or_constant(opcode.type(), size);
    }
    info.vector.push_back(operand);
    info.vector_sizes.push_back(size);
  };
  if (cursor_.accept('{')) {
    do element();
    while (cursor_.accept(','));
    cursor_.expect('}');
  } else {
    element();
  }
  if (info.vector.size() > kMaxVector) cursor_.fail("vector too long");
  field(out, rule.field) = info.vector.front();
  *size_field(out, rule.field) = static_cast<std::uint8_t>(info.vector_sizes.front());
}

Operand FunctionParser::predicate() {
  if (cursor_.at_number()) return cursor_.integer() != 0 ? kAlwaysTrue : kAlwaysFalse;
  const std::string name(cursor_.word());
  const Register* found = scopes_.find_register(name);
  if (found == nullptr || found->type != Type::pred) cursor_.fail("no predicate register " + name);
  return found->operand;
}

Operand FunctionParser::register_or_constant(Type type, unsigned& size) {
  last_symbol_space_ = Space::generic;
  const auto constant_size = [&] { return size == 0 ? 8 : size; };
  if (cursor_.at_number()) {
    const Literal literal = cursor_.literal();
    std::uint64_t bits = literal.bits;
    if (literal.is_decimal_float) {
      const auto single = static_cast<float>(literal.value);
      if (type != Type::f32 && type != Type::f64) cursor_.fail("decimal constant of a type that is not f32 or f64");
      bits = 0;
      std::memcpy(&bits, type == Type::f32 ? static_cast<const void*>(&single) : &literal.value, size_of(type));
    }
    size = constant_size();
    return constant(bits, size);
  }
  const std::string name(cursor_.word());
  if (const Register* found = scopes_.find_register(name)) {
    if (found->type == Type::pred) cursor_.fail("predicate " + name + " where a number is expected");
    const unsigned declared = size_of(found->type) == 8 ? 8 : 4;
    if (size != 0 && (size == 8) != (declared == 8)) cursor_.fail("register " + name + " is of another size");
    size = declared;
    return found->operand;
  }
  if (name == "WARP_SZ") {
    size = constant_size();
    return constant(kWarpSize, size);
  }
  std::uint64_t address = 0;
  if (!symbol(name, address, last_symbol_space_)) cursor_.fail("unknown operand '" + name + "'");
  if (size != 0 && cursor_.accept('+')) address += cursor_.integer();
  size = constant_size();
  return constant(address, size);
}

bool FunctionParser::symbol(std::string_view name, std::uint64_t& address, Space& space) {
  const Module& module = *function_.module;
  const Variable* variable = scopes_.find_variable(name);
  if (variable == nullptr) variable = shared_variable(name);
  if (variable == nullptr) {
    const auto global = module.variables.find(name);
    if (global != module.variables.end()) variable = &global->second;
  }
  if (variable != nullptr) {
    address = variable->offset;
    space = variable->space;
    return true;
  }
  Function* function = module.find(name);
  if (function != nullptr) address = function_.module->function_address(function);
  return function != nullptr;
}

/// Variables declared outside functions get their place in the window when the first function uses them.
const Variable* FunctionParser::shared_variable(std::string_view name) {
  const auto found = function_.module->shared.find(name);
  if (found == function_.module->shared.end()) return nullptr;
  Variable& variable = found->second;
  if (variable.size == 0) {
    function_.uses_dynamic_shared = true;
    variable.offset = kDynamicShared;
  } else if (variable.offset == 0) {
    unsigned& end = function_.module->shared_end;
    variable.offset = align_up(end, 128);
    end = static_cast<unsigned>(variable.offset + variable.size + kSharedGap);
    if (end > kFunctionShared) cursor_.fail("too much shared memory");
  }
  if (variable.size != 0) {
    function_.shared.push_back(variable);
    function_.static_shared_bytes = static_cast<unsigned>(align_up(function_.static_shared_bytes, 16) + variable.size);
  }
  scopes_.declare_everywhere(variable);
  return &variable;
}

Operand FunctionParser::constant(std::uint64_t bits, unsigned size) {
  if (size < 8) bits &= 0xffff'ffff;
  const auto [known, is_new] = known_constants_.try_emplace({bits, size}, 0);
  if (is_new) {
    std::vector<std::uint32_t>& pool = function_.constants;
    known->second = ~static_cast<Operand>(pool.size() / kWarpSize);
    for (unsigned lane = 0; lane < kWarpSize; ++lane) {
      pool.push_back(static_cast<std::uint32_t>(bits));
      if (size == 8) pool.push_back(static_cast<std::uint32_t>(bits >> 32));
    }
  }
  return known->second;
}

/// call (results), callee, (arguments) [, prototype or list of callees];  each of the lists may be missing.
void FunctionParser::call(Instruction& out) {
  Call call;
  const auto list = [&](std::vector<Variable>& variables) {
    cursor_.expect('(');
    if (cursor_.accept(')')) return;
    do {
      const std::string name(cursor_.word());
      const Variable* variable = scopes_.find_variable(name);
      if (variable == nullptr) cursor_.fail("call argument " + name);
      variables.push_back(*variable);
    } while (cursor_.accept(','));
    cursor_.expect(')');
  };
  if (cursor_.peek() == '(') {
    list(call.results);
    cursor_.expect(',');
  }
  call.callee = cursor_.word();
  if (const Register* found = scopes_.find_register(call.callee)) call.pointer = found->operand;
  if (cursor_.accept(',')) {
    list(call.arguments);
    if (cursor_.accept(',')) cursor_.word();
  }
  out.target = static_cast<std::uint32_t>(function_.calls.size());
  function_.calls.push_back(call);
}

}  // namespace ptxsim
