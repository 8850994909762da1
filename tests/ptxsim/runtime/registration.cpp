/// What nvcc's host code calls before main: the program's modules, kernels and variables.
#include <cstdio>
#include <cstring>

#include "machine/options.hpp"
#include "ptx/parser.hpp"
#include "runtime/exported.hpp"
#include "runtime/fat_binary.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

/// PTXSIM_DUMP=prefix writes what is run to prefix.0.ptx and so on.
void dump(const std::string& text) {
  if (options().dump.empty()) return;
  const std::string name = options().dump + "." + std::to_string(state().modules.size()) + ".ptx";
  std::FILE* file = std::fopen(name.c_str(), "w");
  if (file == nullptr) stop("cannot write " + name);
  std::fputs(text.c_str(), file);
  std::fclose(file);
}

/// The newest that the device has, otherwise the oldest.
const FatBinary::Ptx* choose(const FatBinary& binary) {
  const FatBinary::Ptx* best = nullptr;
  const unsigned device = options().architecture;
  for (const FatBinary::Ptx& each : binary.ptx) {
    const bool fits = each.architecture <= device;
    if (best == nullptr) {
      best = &each;
    } else if (const bool best_fits = best->architecture <= device; fits != best_fits) {
      best = fits ? &each : best;
    } else if (fits ? each.architecture > best->architecture : each.architecture < best->architecture) {
      best = &each;
    }
  }
  return best;
}

Variable* find_variable(void** handle, const char* name) {
  auto* module = reinterpret_cast<Module*>(handle);
  if (module == nullptr) return nullptr;
  const auto found = module->variables.find(std::string_view(name));
  return found == module->variables.end() ? nullptr : &found->second;
}

}  // namespace

/// The handle is the module, nullptr if there is no PTX.
PTXSIM_EXPORT void** __cudaRegisterFatBinary(void* wrapper) {
  const std::lock_guard lock(state().mutex);
  const FatBinary binary = read_fat_binary(wrapper);
  const FatBinary::Ptx* ptx = choose(binary);
  if (ptx == nullptr) return nullptr;
  dump(ptx->text);
  try {
    state().modules.push_back(parse_module(ptx->text, ptx->architecture));
  } catch (const ParseError& error) {
    stop(error.what());
  }
  Module* module = state().modules.back().get();
  for (const auto& [name, count] : binary.registers) {
    if (Function* function = module->find(name)) function->registers_per_thread = count;
  }
  return reinterpret_cast<void**>(module);
}

PTXSIM_EXPORT void __cudaRegisterFatBinaryEnd(void**) {}
PTXSIM_EXPORT void __cudaUnregisterFatBinary(void**) {}
PTXSIM_EXPORT char __cudaInitModule(void**) { return 0; }

PTXSIM_EXPORT void __cudaRegisterFunction(void** handle, const char* host_function, char*, const char* name, int, void*,
                                          void*, void*, void*, int*) {
  const std::lock_guard lock(state().mutex);
  auto* module = reinterpret_cast<Module*>(handle);
  state().kernels[host_function] = Kernel{name, module != nullptr ? module->find(name) : nullptr};
}

PTXSIM_EXPORT void __cudaRegisterVar(void** handle, char* host_variable, char*, const char* name, int, std::size_t, int,
                                     int) {
  const std::lock_guard lock(state().mutex);
  if (const Variable* variable = find_variable(handle, name)) state().symbols[host_variable] = *variable;
}

PTXSIM_EXPORT void __cudaRegisterManagedVar(void** handle, void** host_variable, char*, const char* name, int,
                                            std::size_t, int, int) {
  const std::lock_guard lock(state().mutex);
  const Variable* variable = find_variable(handle, name);
  if (variable == nullptr) return;
  state().symbols[host_variable] = *variable;
  *host_variable = reinterpret_cast<void*>(variable->offset);
}
