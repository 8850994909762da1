#include "isa/form.hpp"

#include <algorithm>
#include <unordered_map>

namespace ptxsim {
namespace {

std::vector<std::string> split(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + separator.size());
  }
  return parts;
}

bool allowed(const std::vector<std::string>& patterns, std::string_view modifier) {
  for (const std::string& pattern : patterns) {
    if (pattern.back() == '*' ? modifier.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1)
                              : modifier == pattern) {
      return true;
    }
  }
  return false;
}

/// A row whose operands have the opcode's first type understands no second one unless an operand has that: add.f32.f16
/// is not add.f32. Where no operand is of the first type, Bind looks at the types itself.
unsigned max_types(const std::vector<OperandRule>& operands) {
  const auto any_is = [&](OperandRule::Width width) {
    return std::any_of(operands.begin(), operands.end(), [&](const OperandRule& rule) {
      return rule.width == width && (rule.kind == OperandRule::Kind::value || rule.kind == OperandRule::Kind::vector);
    });
  };
  if (any_is(OperandRule::Width::second_type)) return 2;
  return any_is(OperandRule::Width::first_type) ? 1 : Opcode::kMaxTypes;
}

bool matches(const TableRow& row, const Opcode& opcode) {
  if (opcode.type_count() > row.max_types) return false;
  for (const std::string& modifier : row.required) {
    if (!opcode.has(modifier)) return false;
  }
  for (const std::string& modifier : opcode.modifiers()) {
    if (!allowed(row.required, modifier) && !allowed(row.optional, modifier)) return false;
  }
  return true;
}

std::vector<OperandRule> operand_rules(std::string_view operands) {
  std::vector<OperandRule> rules;
  for (const std::string& text : split(operands, ", ")) {
    OperandRule rule;
    std::string_view rest = text;
    const auto accept = [&](std::string_view prefix) {
      const bool found = rest.substr(0, prefix.size()) == prefix;
      if (found) rest.remove_prefix(prefix.size());
      return found;
    };
    rule.optional = accept("?");
    rule.negatable = accept("!");
    if (accept("label")) {
      rule.kind = OperandRule::Kind::label;
    } else if (accept("table")) {
      rule.kind = OperandRule::Kind::table;
    } else if (accept("call")) {
      rule.kind = OperandRule::Kind::call;
    } else if (accept("special")) {
      rule.kind = OperandRule::Kind::special;
    } else if (accept("#")) {
      rule.kind = OperandRule::Kind::immediate;
    } else {
      if (accept("[")) rule.kind = OperandRule::Kind::address;
      if (accept("{")) rule.kind = OperandRule::Kind::vector;
      rule.field = rest.front();
      rest.remove_prefix(1);
      accept("]");
      accept("}");
    }
    if (accept(":")) {
      const std::string_view type = rest.substr(0, rest.find('|'));
      rest.remove_prefix(type.size());
      rule.type = type_named(type);
      rule.width = type == "2"      ? OperandRule::Width::second_type
                   : type == "wide" ? OperandRule::Width::twice_first
                   : type == "any"  ? OperandRule::Width::any
                                    : OperandRule::Width::fixed;
    }
    rule.pair = accept("|p");
    rules.push_back(rule);
  }
  return rules;
}

using Table = std::unordered_multimap<std::string, TableRow>;

const Table& table() {
  static const Table* rows = [] {
    auto* result = new Table;
    for (const Forms* part : {&integer_forms(),      &bit_field_forms(),      &extended_precision_forms(),
                              &float_forms(),        &transcendental_forms(), &half_forms(),
                              &compare_forms(),      &logic_forms(),          &move_forms(),
                              &convert_forms(),      &memory_forms(),         &atomic_forms(),
                              &async_copy_forms(),   &bulk_copy_forms(),      &mbarrier_forms(),
                              &control_flow_forms(), &warp_forms(),           &barrier_forms(),
                              &cluster_forms(),      &miscellaneous_forms()}) {
      for (const Form& form : *part) {
        std::vector<std::string> required = split(form.name, ".");
        const std::string name = required.front();
        required.erase(required.begin());
        const std::vector<OperandRule> operands = operand_rules(form.operands);
        result->emplace(name, TableRow{form, required, split(form.modifiers, " "), operands, max_types(operands)});
      }
    }
    return result;
  }();
  return *rows;
}

}  // namespace

Execute nothing(const Opcode&, Instruction&) {
  return [](Warp&, const Instruction&, Mask) { return Outcome::next; };
}

std::vector<const TableRow*> find_rows(const Opcode& opcode) {
  std::vector<const TableRow*> found;
  const auto [begin, end] = table().equal_range(opcode.name());
  for (auto each = begin; each != end; ++each) {
    if (matches(each->second, opcode)) found.push_back(&each->second);
  }
  return found;
}

}  // namespace ptxsim
