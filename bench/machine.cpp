#include "bench/machine.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <omp.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <set>

#include "commit.hpp"

namespace kullback::bench {
namespace {

// Value of the first "key : value" line of /proc/cpuinfo with that key.
std::string cpuinfo(const std::string& key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (colon == std::string::npos || line.compare(0, key.size(), key) != 0) continue;
    if (line.find_first_not_of(" \t", key.size()) == colon) return line.substr(colon + 2);
  }
  return {};
}

std::string cpu_name() {
  const std::string name = cpuinfo("model name");
  if (name.empty()) return "unknown CPU";
  return fmt::format("{} (family {}, model {})", name, cpuinfo("cpu family"), cpuinfo("model"));
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// Several sockets or chiplets have a cache each; CPUs that share one name the same list.
std::size_t last_level_cache_bytes(int cpus) {
  std::set<std::string> seen;
  std::size_t total = 0;
  for (int cpu = 0; cpu < cpus; ++cpu) {
    std::string size, shared;
    for (int index = 0;; ++index) {
      const std::string dir = fmt::format("/sys/devices/system/cpu/cpu{}/cache/index{}/", cpu, index);
      const std::string found = first_line(dir + "size");
      if (found.empty()) break;
      size = found;
      shared = first_line(dir + "shared_cpu_list");
    }
    if (!size.empty() && seen.insert(shared).second) total += std::stoull(size) << 10;  // the kernel says "32768K"
  }
  constexpr std::size_t kGuess = std::size_t{32} << 20;
  return total > 0 ? total : kGuess;
}

std::string widest_isa() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return "AVX-512";
  if (__builtin_cpu_supports("avx2")) return "AVX2";
  return "SSE2";
#else
  return "baseline";
#endif
}

}  // namespace

Machine this_machine() {
  Machine m;
  m.cpu = cpu_name();
  m.cores = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  m.threads = omp_get_max_threads();
  m.isa = widest_isa();
  m.cache_bytes = last_level_cache_bytes(m.cores);
  m.memory_bytes = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  utsname system{};
  if (uname(&system) == 0) m.system = fmt::format("{} {} {}", system.sysname, system.release, system.machine);
#if defined(__clang__)
  m.compiler = "clang " __clang_version__;
#else
  m.compiler = "g++ " __VERSION__;
#endif
  m.commit = KULLBACK_COMMIT;
  m.date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
  return m;
}

std::string nvidia_smi(const std::string& pci) {
  const std::string command =
      "nvidia-smi --format=csv,noheader --query-gpu=driver_version,persistence_mode,power.limit,clocks.max.sm,"
      "clocks.max.mem,clocks.sm,clocks.mem,temperature.gpu --id=" +
      pci + " 2>/dev/null";
  std::FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  char line[512] = {};
  const bool read = std::fgets(line, sizeof line, pipe) != nullptr;
  if (pclose(pipe) != 0 || !read) return {};
  std::string values(line);
  while (!values.empty() && values.back() == '\n') values.pop_back();
  return "driver, persistence, power limit, highest clocks, clocks now, degrees: " + values;
}

}  // namespace kullback::bench
