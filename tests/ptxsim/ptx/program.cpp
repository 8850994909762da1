#include "ptx/program.hpp"

#include <algorithm>

namespace ptxsim {
namespace {

// Not canonical, so no memory can lie there.
constexpr std::uint64_t kFunctionAddresses = 0xF00D'0000'0000'0000;
constexpr std::uint64_t kFunctionStep = 16;

}  // namespace

Function* Module::find(std::string_view name) const {
  const auto found = functions.find(name);
  return found == functions.end() ? nullptr : found->second.get();
}

std::uint64_t Module::function_address(Function* function) {
  const auto known = std::find(addressed.begin(), addressed.end(), function);
  const auto index = static_cast<std::uint64_t>(known - addressed.begin());
  if (known == addressed.end()) addressed.push_back(function);
  return kFunctionAddresses + index * kFunctionStep;
}

Function* Module::function_at(std::uint64_t address) const {
  const std::uint64_t index = (address - kFunctionAddresses) / kFunctionStep;
  return address >= kFunctionAddresses && index < addressed.size() ? addressed[index] : nullptr;
}

}  // namespace ptxsim
