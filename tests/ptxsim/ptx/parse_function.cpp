#include "ptx/declaration.hpp"
#include "ptx/function_parser.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {

FunctionParser::FunctionParser(Function& function) : function_(function), cursor_(function.body, function.body_line) {}

void FunctionParser::parse() {
  scopes_.open();
  for (const Variable& each : function_.parameters) scopes_.declare(each);
  for (const Variable& each : function_.results) scopes_.declare(each);
  while (cursor_.peek() != '\0') statement();
  // Falling off the end is a return.
  Instruction out;
  auto info = std::make_unique<InstructionInfo>();
  info->opcode = Opcode(function_.is_entry ? "exit" : "ret");
  info->line = cursor_.line();
  info->function = &function_;
  out.info = info.get();
  const TableRow& row = *find_rows(info->opcode).front();
  out.execute = row.form.bind(info->opcode, out);
  out.flow = row.form.flow;
  info->cost = row.form.cost(info->opcode);
  emit(out, std::move(info));
  scopes_.close(function_);
}

void FunctionParser::statement() {
  if (cursor_.accept('{')) {
    scopes_.open();
    while (!cursor_.accept('}')) statement();
    scopes_.close(function_);
  } else if (cursor_.accept(';')) {
    // empty
  } else if (cursor_.peek() == '.') {
    directive(cursor_.word());
  } else {
    label_or_instruction();
  }
}

void FunctionParser::directive(std::string_view word) {
  if (word == ".reg") {
    registers();
  } else if (word == ".shared") {
    variable(Space::shared);
  } else if (word == ".local") {
    variable(Space::local);
  } else if (word == ".param") {
    variable(Space::param);
  } else if (word == ".loc") {
    location();
  } else if (word == ".pragma") {
    pragma();
  } else {
    cursor_.fail("directive '" + std::string(word) + "'");
  }
}

void FunctionParser::registers() {
  const std::string type_name(cursor_.word());
  const Type type = type_named(std::string_view(type_name).substr(1));
  if (type == Type::none) cursor_.fail("register type " + type_name);
  const auto declare = [&](const std::string& name) {
    unsigned& count = type == Type::pred ? function_.predicates : function_.register_rows;
    scopes_.declare(name, Register{type, static_cast<Operand>(count)});
    count += size_of(type) == 8 ? 2 : 1;
  };
  do {
    const std::string name(cursor_.word());
    if (cursor_.accept('<')) {
      const std::uint64_t count = cursor_.integer();
      cursor_.expect('>');
      for (std::uint64_t i = 0; i < count; ++i) declare(name + std::to_string(i));
    } else {
      declare(name);
    }
  } while (cursor_.accept(','));
  cursor_.expect(';');
}

void FunctionParser::variable(Space space) {
  const Declaration declaration = parse_declaration(cursor_);
  Variable variable{declaration.name, space, 0, declaration.size()};
  if (space == Space::shared) {
    // A called function's variables must not meet those of its caller.
    unsigned& end = function_.is_entry ? function_.shared_end : function_.module->shared_end;
    variable.offset = align_up(end, std::max<std::uint64_t>(declaration.alignment, kSharedGap));
    end = static_cast<unsigned>(variable.offset + variable.size + kSharedGap);
    if (end > (function_.is_entry ? kDynamicShared : kFunctionShared)) cursor_.fail("too much shared memory");
    function_.static_shared_bytes =
        static_cast<unsigned>(align_up(function_.static_shared_bytes, declaration.alignment) + variable.size);
    function_.shared.push_back(variable);
  } else {
    unsigned& end = space == Space::local ? function_.local_bytes : function_.frame_bytes;
    variable.offset = align_up(end, declaration.alignment);
    end = static_cast<unsigned>(align_up(variable.offset + variable.size, 16));
  }
  scopes_.declare(variable);
  cursor_.expect(';');
}

/// .loc file line column [, function_name label, inlined_at file line column]
void FunctionParser::location() {
  const auto number = [&] { return static_cast<unsigned>(cursor_.integer()); };
  const unsigned file = number(), line = number(), column = number();
  SourceLocations& locations = function_.module->locations;
  if (!cursor_.accept(',')) {
    location_ = locations.add(file, line, column);
    return;
  }
  if (!cursor_.accept("function_name")) cursor_.fail(".loc");
  cursor_.until(",");
  cursor_.expect(',');
  if (!cursor_.accept("inlined_at")) cursor_.fail(".loc");
  const unsigned at_file = number(), at_line = number(), at_column = number();
  location_ = locations.add_inlined(file, line, column, at_file, at_line, at_column);
}

/// Of the pragmas only one matters: the next load reads more than the program wants, because it was widened, and the
/// bytes that it does not want may be uninitialised (PTX ISA 12.5).
void FunctionParser::pragma() {
  cursor_.expect('"');
  if (cursor_.accept("used_bytes_mask")) used_bytes_ = static_cast<std::uint32_t>(cursor_.integer());
  cursor_.until(";");
  cursor_.expect(';');
}

void FunctionParser::label_or_instruction() {
  const std::size_t begin = cursor_.position();
  const unsigned line = cursor_.line();
  const std::string_view word = cursor_.word();
  if (word.empty() || !cursor_.accept(':')) {
    cursor_.rewind(begin, line);
    instruction();
  } else if (cursor_.accept(".branchtargets")) {
    branch_targets(word);
  } else if (cursor_.accept(".callprototype")) {
    cursor_.until(";");  // calls carry their own list of arguments
    cursor_.expect(';');
  } else {
    scopes_.declare_label(word, static_cast<unsigned>(function_.code.size()));
  }
}

void FunctionParser::branch_targets(std::string_view name) {
  const auto table = static_cast<unsigned>(function_.branch_tables.size());
  function_.branch_tables.emplace_back();
  scopes_.declare_table(name, table);
  do {
    const auto entry = static_cast<unsigned>(function_.branch_tables[table].size());
    function_.branch_tables[table].push_back(0);
    scopes_.table_entry(cursor_.word(), table, entry);
  } while (cursor_.accept(','));
  cursor_.expect(';');
}

namespace {

std::vector<const InstructionInfo*>& instructions() {
  static std::vector<const InstructionInfo*> list;
  return list;
}

}  // namespace

const std::vector<const InstructionInfo*>& all_instructions() { return instructions(); }

void FunctionParser::emit(Instruction out, std::unique_ptr<InstructionInfo> info) {
  info->location = location_;
  info->index = static_cast<unsigned>(instructions().size());
  instructions().push_back(info.get());
  function_.code.push_back(out);
  function_.infos.push_back(std::move(info));
}

void parse_body(Function& function) {
  if (function.is_parsed) return;
  function.is_parsed = true;
  FunctionParser(function).parse();
  for (Call& call : function.calls) {
    call.function = function.module->find(call.callee);
    if (call.function != nullptr && !call.function->body.empty()) parse_body(*call.function);
  }
  const std::vector<Function*> addressed = function.module->addressed;
  for (Function* each : addressed) parse_body(*each);
}

}  // namespace ptxsim
