#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/command_line.hpp"
#include "host/cli/report.hpp"

namespace kullback::cli {
namespace {

struct Cpu {
  std::string model = "unknown";
  std::vector<std::string> features;  ///< those that matter here
};

Cpu read_cpu() {
  Cpu cpu;
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, line.find_last_not_of(" \t", colon - 1) + 1), value = line.substr(colon + 1);
    if (key == "model name" && value.size() > 1) cpu.model = value.substr(1);
    if (key != "flags" && key != "Features") continue;
    for (const char* feature : {"avx2", "fma", "f16c", "avx512f", "avx512bw", "avx512_bf16", "avx512_fp16",
                                "avx512_vpopcntdq", "asimd", "sve"})
      if ((value + " ").find(fmt::format(" {} ", feature)) != std::string::npos) cpu.features.push_back(feature);
    break;
  }
  return cpu;
}

int usable_cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

constexpr const char* kFormats[] = {
    "float16", "float32", "float64", "bfloat16 (<V2, or <u2 with --bf16)", "bool", "integers of 8 to 64 bits"};

int run(Format format) {
  const Cpu cpu = read_cpu();
  const double memory = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  if (format == Format::json) {
    nlohmann::ordered_json backends;
    for (Backend b : {Backend::cpu, Backend::cuda}) {
      const BackendStatus status = backend_status(b);
      backends[name_of(b)] = {{"available", status.available}, {"description", status.description}};
    }
    const nlohmann::ordered_json object = {
        {"command", "doctor"},       {"version", KULLBACK_VERSION},
        {"compiler", __VERSION__},   {"cpu", {{"model", cpu.model}, {"features", cpu.features}}},
        {"threads", usable_cores()}, {"memory_bytes", memory},
        {"backends", backends},      {"formats", {{"npy", kFormats}, {"safetensors", kFormats}}}};
    print_out(text_of(object) + "\n");
    return kExitDone;
  }
  std::string text = fmt::format("kullback {}   compiler: {}\n\n", KULLBACK_VERSION, __VERSION__);
  text += fmt::format("processor  {}\n", cpu.model);
  text += fmt::format("features   {}\n", fmt::join(cpu.features, " "));
  text += fmt::format("threads    {}\n", usable_cores());
  text += fmt::format("memory     {:.1f} GB\n", memory / 1e9);
  for (Backend b : {Backend::cpu, Backend::cuda}) {
    const BackendStatus status = backend_status(b);
    text += fmt::format("{:<10} {}: {}\n", name_of(b), status.available ? "available" : "not available",
                        status.description);
  }
  text += fmt::format("reads      .npy versions 1-3, .safetensors: {}\n", fmt::join(kFormats, ", "));
  print_out(text);
  return kExitDone;
}

}  // namespace

void add_doctor_command(CLI::App& app, Command& chosen) {
  CLI::App& command = add_command(app, "doctor", "What this build and machine can do, and why not");
  auto format = std::make_shared<Format>(Format::table);
  add_choice<Format>(
      command, "--format", {{"table", Format::table}, {"json", Format::json}}, [format](Format f) { *format = f; },
      "What to print (table)");
  when_chosen(command, [format, &chosen] { chosen = [format] { return run(*format); }; });
}

}  // namespace kullback::cli
