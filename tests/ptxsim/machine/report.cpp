#include "machine/report.hpp"

#include <cxxabi.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <set>

#include "machine/block.hpp"
#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/warp.hpp"

namespace ptxsim {
namespace {

constexpr int kStopped = 99;
constexpr std::size_t kMaxReports = 40;

struct Reports {
  std::mutex mutex;
  int count = 0;
  std::set<std::string> keys;
  std::deque<std::string> texts;  // a deque, because report_text gives pointers away
};

Reports& reports() {
  static auto* instance = new Reports;  // destructors of the program under test may still report
  return *instance;
}

/// A program that does not look at its reports fails all the same.
void fail_at_exit() {
  const Reports& all = reports();
  if (all.count == 0) return;
  const bool more = all.texts.size() >= kMaxReports;
  std::fprintf(stderr, "ptxsim: %d report(s), %zu different%s\n", all.count, all.texts.size(),
               more ? "; what came after these is not told" : "");
  if (options().fail_exit == 0) return;
  std::fflush(nullptr);
  _exit(options().fail_exit);
}

std::string triple(unsigned x, unsigned y, unsigned z) {
  return "(" + std::to_string(x) + "," + std::to_string(y) + "," + std::to_string(z) + ")";
}

/// Name of the kernel without return type, parameters and unnamed namespaces.
std::string short_name(const std::string& mangled) {
  std::string name = demangle(mangled);
  const std::string unnamed = "(anonymous namespace)::";
  for (std::size_t at; (at = name.find(unnamed)) != std::string::npos;) name.erase(at, unnamed.size());
  const std::size_t parenthesis = name.find('(');
  if (parenthesis != std::string::npos && parenthesis > 0) name.resize(parenthesis);
  if (name.compare(0, 5, "void ") == 0) name.erase(0, 5);
  return name.substr(0, 80);
}

}  // namespace

void stop(const std::string& why) {
  std::fprintf(stderr, "ptxsim: %s\n", why.c_str());
  std::fflush(nullptr);
  _exit(kStopped);
}

void report(const std::string& key, const std::string& text) {
  Reports& all = reports();
  const std::lock_guard lock(all.mutex);
  static const int registered = std::atexit(fail_at_exit);
  (void)registered;
  ++all.count;
  if (all.texts.size() >= kMaxReports || !all.keys.insert(key).second) return;
  all.texts.push_back(text);
  std::fprintf(stderr, "ptxsim: %s\n", text.c_str());
}

std::string report_key(const char* kind, const Instruction& at) { return kind + std::to_string(at.info->index); }

bool already_reported(const std::string& key) {
  Reports& all = reports();
  const std::lock_guard lock(all.mutex);
  const bool known = all.keys.count(key) != 0;
  all.count += known ? 1 : 0;
  return known;
}

int report_count() { return reports().count; }

const char* report_text(int k) {
  const Reports& all = reports();
  return k >= 0 && static_cast<std::size_t>(k) < all.texts.size() ? all.texts[static_cast<std::size_t>(k)].c_str() : "";
}

void clear_reports() {
  Reports& all = reports();
  const std::lock_guard lock(all.mutex);
  all.count = 0;
  all.keys.clear();
  all.texts.clear();
}

std::string demangle(const std::string& name) {
  int status = 0;
  char* text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  const std::string result = status == 0 && text != nullptr ? text : name;
  std::free(text);
  return result;
}

std::string describe(const InstructionInfo& instruction) {
  return instruction.function->module->locations.describe(instruction.location) + " (PTX line " +
         std::to_string(instruction.line) + ")";
}

std::string describe(const Warp& warp, unsigned lane) { return describe(warp, lane, *warp.at->info); }

std::string describe(const Warp& warp, unsigned lane, const InstructionInfo& at) {
  const Block& block = *warp.block;
  const Launch& launch = block.launch();
  const unsigned thread = warp.thread(lane);
  return "block" + triple(block.index[0], block.index[1], block.index[2]) + " thread" +
         triple(launch.thread_index[0][thread], launch.thread_index[1][thread], launch.thread_index[2][thread]) +
         " of " + short_name(launch.kernel->name) + " at " + describe(at);
}

}  // namespace ptxsim
