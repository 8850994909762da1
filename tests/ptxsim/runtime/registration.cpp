/// What nvcc's host code calls before main: the program's modules, kernels and variables.
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

Image* image_of(void** handle) { return reinterpret_cast<Image*>(handle); }

}  // namespace

/// The handle is the image.
PTXSIM_EXPORT void** __cudaRegisterFatBinary(void* wrapper) {
  const std::lock_guard lock(state().mutex);
  state().images.push_back(std::make_unique<Image>(wrapper));
  return reinterpret_cast<void**>(state().images.back().get());
}

PTXSIM_EXPORT void __cudaRegisterFatBinaryEnd(void**) {}
PTXSIM_EXPORT void __cudaUnregisterFatBinary(void**) {}
PTXSIM_EXPORT char __cudaInitModule(void**) { return 0; }

PTXSIM_EXPORT void __cudaRegisterFunction(void** handle, const char* host_function, char*, const char* name, int, void*,
                                          void*, void*, void*, int*) {
  const std::lock_guard lock(state().mutex);
  state().kernels[host_function] = Kernel{name, image_of(handle)};
}

PTXSIM_EXPORT void __cudaRegisterVar(void** handle, char* host_variable, char*, const char* name, int, std::size_t, int,
                                     int) {
  const std::lock_guard lock(state().mutex);
  state().symbols[host_variable] = Symbol{name, image_of(handle)};
}

/// The host reads its address without asking the runtime.
PTXSIM_EXPORT void __cudaRegisterManagedVar(void** handle, void** host_variable, char*, const char* name, int,
                                            std::size_t, int, int) {
  const std::lock_guard lock(state().mutex);
  const Symbol symbol{name, image_of(handle)};
  state().symbols[host_variable] = symbol;
  if (const Variable* variable = symbol.find()) *host_variable = reinterpret_cast<void*>(variable->offset);
}
