#include <cstring>

#include "machine/device_memory.hpp"
#include "ptx/declaration.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {
namespace {

class ModuleParser {
 public:
  explicit ModuleParser(Module& module) : module_(module), cursor_(module.text) {}

  void parse() {
    while (cursor_.peek() != '\0') directive();
  }

 private:
  void directive();
  void file();
  void variable(Space space, bool is_extern);
  void initialise(std::uint64_t address, const Declaration& declaration);
  std::uint64_t initial_value(Type type);
  void function(bool is_entry);
  Variable parameter(unsigned& offset);
  void function_directives(Function& function);

  Module& module_;
  Cursor cursor_;
};

void ModuleParser::directive() {
  const std::string word(cursor_.word());
  if (word == ".version" || word == ".target" || word == ".address_size") {
    cursor_.until("\n");
  } else if (word == ".visible" || word == ".weak" || word == ".common") {
    // linkage: there is one module at a time
  } else if (word == ".extern") {
    if (cursor_.accept(".shared")) {
      variable(Space::shared, true);
    } else if (cursor_.accept(".func")) {
      function(false);
    } else {
      cursor_.fail("external variable: device code is not linked");
    }
  } else if (word == ".global") {
    variable(Space::global, false);
  } else if (word == ".const") {
    variable(Space::constant, false);
  } else if (word == ".shared") {
    variable(Space::shared, false);
  } else if (word == ".entry" || word == ".func") {
    function(word == ".entry");
  } else if (word == ".file") {
    file();
  } else if (word == ".section") {  // debugging information
    cursor_.until("{");
    cursor_.expect('{');
    cursor_.braced();
  } else if (word == ".pragma") {
    cursor_.until(";");
    cursor_.expect(';');
  } else {
    cursor_.fail("directive '" + word + "'");
  }
}

void ModuleParser::file() {
  const auto number = static_cast<unsigned>(cursor_.integer());
  cursor_.expect('"');
  module_.locations.name_file(number, std::string(cursor_.until("\"")));
  cursor_.until("\n");
}

void ModuleParser::variable(Space space, bool is_extern) {
  const Declaration declaration = parse_declaration(cursor_);
  if (space == Space::shared) {
    // Given a place when a function uses it: a kernel only pays for what it names.
    const std::uint64_t size = is_extern ? 0 : declaration.size();
    module_.shared[declaration.name] = Variable{declaration.name, space, 0, size};
  } else {
    const std::uint64_t address = device_memory().allocate_initialised(declaration.size());
    if (address == 0) cursor_.fail("no memory left for variable " + declaration.name);
    module_.variables[declaration.name] = Variable{declaration.name, space, address, declaration.size()};
    if (cursor_.accept('=')) initialise(address, declaration);
  }
  cursor_.expect(';');
}

/// PTX ISA 5.4.4: nested braces only group, missing values are zero.
void ModuleParser::initialise(std::uint64_t address, const Declaration& declaration) {
  const unsigned size = size_of(declaration.type);
  unsigned depth = 0;
  std::uint64_t count = 0;
  do {
    while (cursor_.accept('{')) ++depth;
    if (cursor_.peek() != '}') {
      if (++count > declaration.elements) cursor_.fail("too many initial values");
      const std::uint64_t value = initial_value(declaration.type);
      std::memcpy(reinterpret_cast<void*>(address), &value, size);
      address += size;
    }
    while (depth > 0 && cursor_.accept('}')) --depth;
  } while (cursor_.accept(','));
}

std::uint64_t ModuleParser::initial_value(Type type) {
  if (cursor_.at_number()) {
    const Literal literal = cursor_.literal();
    if (!literal.is_decimal_float) return literal.bits;
    std::uint64_t bits = 0;
    const auto single = static_cast<float>(literal.value);
    std::memcpy(&bits, type == Type::f32 ? static_cast<const void*>(&single) : &literal.value, size_of(type));
    return bits;
  }
  const bool generic = cursor_.accept("generic(");
  const std::string name(cursor_.word());
  if (generic) cursor_.expect(')');
  std::uint64_t value = 0;
  const auto variable = module_.variables.find(name);
  if (variable != module_.variables.end()) {
    value = variable->second.offset;
  } else if (Function* function = module_.find(name)) {
    value = module_.function_address(function);
  } else {
    cursor_.fail("initial value " + name);
  }
  return cursor_.accept('+') ? value + cursor_.integer() : value;
}

Variable ModuleParser::parameter(unsigned& offset) {
  if (!cursor_.accept(".param")) cursor_.fail("expected .param");
  const Declaration declaration = parse_declaration(cursor_);
  const std::uint64_t begin = align_up(offset, declaration.alignment);
  offset = static_cast<unsigned>(begin + declaration.size());
  return Variable{declaration.name, Space::param, begin, declaration.size()};
}

void ModuleParser::function(bool is_entry) {
  auto parsed = std::make_unique<Function>();
  Function& function = *parsed;
  function.module = &module_;
  function.is_entry = is_entry;
  unsigned bytes = 0;
  const auto parameters = [&](std::vector<Variable>& list) {
    if (!cursor_.accept('(')) return;
    if (cursor_.accept(')')) return;
    do list.push_back(parameter(bytes));
    while (cursor_.accept(','));
    cursor_.expect(')');
  };
  if (!is_entry) parameters(function.results);
  function.name = cursor_.word();
  parameters(function.parameters);
  for (Variable& each : function.parameters) each.space = is_entry ? Space::kernel_param : Space::param;
  function.parameter_bytes = bytes;
  function.frame_bytes = is_entry ? 0 : static_cast<unsigned>(align_up(bytes, 16));
  function_directives(function);
  const bool is_declaration = cursor_.accept(';');
  if (!is_declaration) {
    cursor_.expect('{');
    function.body_line = cursor_.line();
    function.body = cursor_.braced();
  }
  // A declaration may come first and is then replaced; its address, if taken, stays valid.
  std::unique_ptr<Function>& slot = module_.functions[function.name];
  if (slot == nullptr) {
    slot = std::move(parsed);
  } else if (!is_declaration) {
    *slot = std::move(function);
  }
}

void ModuleParser::function_directives(Function& function) {
  while (cursor_.peek() == '.') {
    const std::string word(cursor_.word());
    std::vector<unsigned> values;
    if (cursor_.at_number()) {
      do values.push_back(static_cast<unsigned>(cursor_.integer()));
      while (cursor_.accept(','));
    }
    values.resize(3, 1);
    if (word == ".maxntid" || word == ".reqntid") {
      function.max_threads = values[0] * values[1] * values[2];
    } else if (word == ".reqnctapercluster") {
      std::copy(values.begin(), values.end(), function.required_cluster);
    } else if (word == ".explicitcluster") {
      function.explicit_cluster = true;
    } else if (word != ".minnctapersm" && word != ".maxnreg" && word != ".noreturn" && word != ".maxclusterrank") {
      cursor_.fail("directive '" + word + "'");
    }
  }
}

}  // namespace

std::unique_ptr<Module> parse_module(std::string text, unsigned architecture) {
  auto module = std::make_unique<Module>();
  module->text = std::move(text);
  module->architecture = architecture;
  ModuleParser(*module).parse();
  return module;
}

}  // namespace ptxsim
