#include "machine/describe_address.hpp"

#include "machine/device_memory.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"

namespace ptxsim {

std::string describe_shared(const Launch& launch, std::uint64_t offset) {
  if (offset >= kDynamicShared) return "dynamic shared+" + std::to_string(offset - kDynamicShared);
  const Variable* before = nullptr;
  for (const Variable& variable : launch.shared) {
    if (variable.offset <= offset && (before == nullptr || variable.offset > before->offset)) before = &variable;
  }
  if (before == nullptr) return "shared+" + std::to_string(offset);
  // The compiler's names of static variables in functions: _ZZ6kernelPfE5table
  std::string name = demangle(before->name);
  const std::size_t colons = name.rfind("::");
  if (colons != std::string::npos) name.erase(0, colons + 2);
  return "shared " + name + "+" + std::to_string(offset - before->offset);
}

std::string describe_global(std::uint64_t address) {
  const DeviceMemory::Range range = device_memory().last_before(address);
  if (range.end == 0) return "global memory";
  return "global byte " + std::to_string(address - range.begin) + " of " + std::to_string(range.end - range.begin);
}

}  // namespace ptxsim
