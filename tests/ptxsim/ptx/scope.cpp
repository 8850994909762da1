#include "ptx/scope.hpp"

#include <algorithm>

#include "ptx/cursor.hpp"

namespace ptxsim {

void Scopes::close(Function& function) {
  const Scope closed = std::move(scopes_.back());
  scopes_.pop_back();
  for (const Fixup& fixup : closed.fixups) {
    const auto label = closed.labels.find(fixup.label);
    if (label == closed.labels.end()) {
      if (scopes_.empty()) throw ParseError("no label " + fixup.label + " in function " + function.name);
      scopes_.back().fixups.push_back(fixup);
    } else if (fixup.table == kNoTable) {
      function.code[fixup.position].target = label->second;
    } else {
      function.branch_tables[fixup.table][fixup.position] = label->second;
    }
  }
}

const Register* Scopes::find_register(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->registers.find(name);
    if (found != scope->registers.end()) return &found->second;
  }
  return nullptr;
}

const Variable* Scopes::find_variable(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->variables.find(name);
    if (found != scope->variables.end()) return &found->second;
  }
  return nullptr;
}

unsigned Scopes::find_table(std::string_view name) const {
  for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
    const auto found = scope->tables.find(name);
    if (found != scope->tables.end()) return found->second;
  }
  return kNoTable;
}

void Scopes::forget_branches_of(unsigned instruction) {
  std::vector<Fixup>& fixups = scopes_.back().fixups;
  fixups.erase(
      std::remove_if(fixups.begin(), fixups.end(),
                     [&](const Fixup& fixup) { return fixup.table == kNoTable && fixup.position == instruction; }),
      fixups.end());
}

}  // namespace ptxsim
