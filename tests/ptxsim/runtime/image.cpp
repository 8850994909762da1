#include "runtime/image.hpp"

#include <cstdio>

#include "machine/options.hpp"
#include "machine/report.hpp"
#include "ptx/parser.hpp"
#include "runtime/fat_binary.hpp"

namespace ptxsim {
namespace {

/// PTXSIM_DUMP=prefix writes what is run to prefix.0.ptx and so on.
void dump(const std::string& text) {
  if (options().dump.empty()) return;
  static unsigned count = 0;
  const std::string name = options().dump + "." + std::to_string(count++) + ".ptx";
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

}  // namespace

Module* Image::load() {
  if (is_loaded_) return module_.get();
  is_loaded_ = true;
  const FatBinary binary = read_fat_binary(wrapper_);
  const FatBinary::Ptx* ptx = choose(binary);
  if (ptx == nullptr) return nullptr;
  dump(ptx->text);
  try {
    module_ = parse_module(ptx->text, ptx->architecture);
  } catch (const ParseError& error) {
    stop(error.what());
  }
  for (const auto& [name, count] : binary.registers) {
    if (Function* function = module_->find(name)) function->registers_per_thread = count;
  }
  return module_.get();
}

}  // namespace ptxsim
