#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "bench/catalogue.hpp"
#include "bench/json.hpp"
#include "bench/machine.hpp"
#include "bench/measurement.hpp"
#include "bench/real_input.hpp"
#include "bench/table.hpp"
#include "kullback/kullback.hpp"

namespace kullback::bench {
namespace {

constexpr int kDone = 0, kWrong = 1, kBadInput = 2, kNoBackend = 4;

struct Options {
  bool quick = false, smoke = false;
  std::string backend = "all";
  std::vector<std::string> only;
  std::string json;
  std::string data = KULLBACK_BENCH_DATA;

  Effort effort() const { return smoke ? Effort::smoke : quick ? Effort::quick : Effort::full; }
};

std::vector<Backend> asked_backends(const std::string& name) {
  std::vector<Backend> found;
  for (Backend b : {Backend::cpu, Backend::cuda}) {
    const BackendStatus status = backend_status(b);
    if (name == name_of(b) && !status.available) throw BackendUnavailable(status.description);
    if (name == name_of(b) || (name == "all" && status.available)) found.push_back(b);
  }
  return found;
}

Platform platform_of(Backend backend, const Machine& machine, Effort effort) {
  if (backend == Backend::cpu) return cpu_platform(machine.cache_bytes, machine.memory_bytes, effort);
  Platform platform = cuda_platform(effort);
  platform.memory_bytes = std::min(platform.memory_bytes, machine.memory_bytes);  // inputs are made on the host
  if (!platform.simulated) platform.device.smi = nvidia_smi(platform.device.pci);
  return platform;
}

void progress(const std::string& what) {
  if (isatty(STDERR_FILENO)) fmt::print(stderr, "\r\033[K{}", what);
}

/// The words of the table's first three columns; commas belong to no word.
bool has_word(const Case& c, const std::string& word) {
  std::istringstream words(fmt::format("{} {} {}", c.measure, c.shape, c.dtype));
  for (std::string w; words >> w;) {
    if (!w.empty() && w.back() == ',') w.pop_back();
    if (w == word) return true;
  }
  return false;
}

void print_wrong(const std::vector<Result>& results) {
  for (const Result& r : results) {
    for (const VerifiedValue& v : r.wrong) {
      fmt::print(
          "WRONG {} {} {}: {} of row {}{} is {:.17g}, the reference says {:.17g} (error {:.3g} u, bound {:.3g} u)\n",
          r.measure, r.shape, r.dtype, v.what, v.row, v.column < 0 ? "" : fmt::format(", column {}", v.column), v.got,
          v.expected, v.error_u, v.bound_u);
    }
  }
}

bool wanted(const Case& c, const std::vector<std::string>& only) {
  return std::all_of(only.begin(), only.end(), [&](const std::string& word) { return has_word(c, word); });
}

void measure(Laboratory& lab, const std::string& table, const std::vector<std::function<Batch()>>& batches,
             const std::vector<std::string>& only) {
  for (std::size_t i = 0; i < batches.size(); ++i) {
    progress(fmt::format("{} {}/{}", table, i + 1, batches.size()));
    try {
      Batch batch = batches[i]();
      const auto unwanted = [&](const Case& c) { return !wanted(c, only); };
      batch.cases.erase(std::remove_if(batch.cases.begin(), batch.cases.end(), unwanted), batch.cases.end());
      lab.measure(table, batch);
    } catch (const DeviceError& why) {  // what was measured before is still told
      lab.fail(fmt::format("FAILED: batch {} of {}: {}", i + 1, table, why.what()));
    }
  }
  progress("");
}

void print_tables(const Laboratory& lab, const RealInput& real, const std::string& of_real) {
  std::string last;
  for (const Result& r : lab.results()) {
    if (r.table == last) continue;
    last = r.table;
    fmt::print("\n{}\n{}", last, table_text(lab, last));
    if (last == of_real) fmt::print("\n{}", real.summary());
  }
  if (!lab.results().empty()) fmt::print("\n{}", notes_text(lab));
  for (const std::string& line : lab.unavailable()) fmt::print("{}\n", line);
  for (const std::string& line : lab.failures()) fmt::print("{}\n", line);
  std::fflush(stdout);
}

int run(const Options& options, const std::string& command) {
  // Asked before the minutes of work, and without destroying an older result.
  if (!options.json.empty() && !std::ofstream(options.json, std::ios::app)) {
    throw InvalidArgument(fmt::format("{}: cannot be written", options.json));
  }
  const std::vector<Backend> backends = asked_backends(options.backend);
  const RealInput real(options.data);
  const Machine machine = this_machine();
  fmt::print("{}command: {}\n", machine_text(machine), command);
  for (Backend b : {Backend::cpu, Backend::cuda}) {
    fmt::print("{}: {}\n", name_of(b), backend_status(b).description);
  }

  std::vector<Laboratory> labs;
  for (Backend backend : backends) {
    Laboratory& lab = labs.emplace_back(platform_of(backend, machine, options.effort()), options.effort());
    const Platform& platform = lab.platform();
    if (backend == Backend::cuda) fmt::print("{}", device_text(platform));
    std::fflush(stdout);
    const std::string where = fmt::format("{}{}{}", name_of(backend), platform.simulated ? ", simulated" : "",
                                          options.smoke ? ", smoke test" : "");
    const std::string of_real =
        fmt::format("Real input, {}, {}", std::filesystem::proximate(options.data).string(), where);
    measure(lab, of_real, real.batches(platform, options.effort()), options.only);
    measure(lab, fmt::format("Synthetic batches, {}", where), synthetic_batches(platform, options.effort()),
            options.only);
    print_tables(lab, real, of_real);
  }

  std::size_t wrong = 0, cases = 0;
  for (const Laboratory& lab : labs) {
    print_wrong(lab.results());
    for (const Result& r : lab.results()) wrong += static_cast<std::size_t>(r.rows_wrong);
    wrong += lab.failures().size();
    cases += lab.results().size() + lab.unavailable().size() + lab.failures().size();
  }
  if (cases == 0) throw InvalidArgument("--only: no case has these words");
  fmt::print("\n{}", columns_text());
  if (!options.json.empty()) {
    std::ofstream json(options.json);
    if (!(json << json_text(machine, command, labs) << std::flush)) {
      throw InvalidArgument(fmt::format("{}: could not be written", options.json));
    }
  }
  return wrong == 0 ? kDone : kWrong;
}

}  // namespace
}  // namespace kullback::bench

int main(int argc, char** argv) {
  using namespace kullback::bench;
  Options options;
  CLI::App app("Times every measure and engine of Kullback on every backend, after checking it against the reference.");
  auto* quick =
      app.add_flag("--quick", options.quick, "small batches and few repetitions: does it work, roughly how fast");
  app.add_flag("--smoke", options.smoke, "tiny batches, for tests: no number means anything")->excludes(quick);
  app.add_option("--backend", options.backend, "cpu, cuda, or all that are available")
      ->check(CLI::IsMember({"cpu", "cuda", "all"}))
      ->capture_default_str();
  app.add_option("--only", options.only,
                 "only cases with this word in measure, shape or dtype; repeated: with all of them")
      ->allow_extra_args(false);
  app.add_option("--json", options.json, "write everything measured, with the raw repetitions, to this file");
  app.add_option("--data", options.data,
                 "directory with *strong_logits.npy, *weak_logits.npy, *labels.npy, *pixels.npy")
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? kDone : kBadInput;
  }
  std::string command = "kullback_bench";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  try {
    return run(options, command);
  } catch (const kullback::BackendUnavailable& e) {
    fmt::print(stderr, "kullback_bench: {}\n", e.what());
    return kNoBackend;
  } catch (const std::exception& e) {
    fmt::print(stderr, "kullback_bench: {}\n", e.what());
    return kBadInput;
  }
}
