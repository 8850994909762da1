#include <algorithm>
#include <cstdio>
#include <map>

#include "counters/counters.hpp"
#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {
namespace {

constexpr std::size_t kHottestLines = 40;

/// Just enough of JSON: objects nest by hand, commas are put where they belong.
class JsonWriter {
 public:
  explicit JsonWriter(std::FILE* file) : file_(file) {}

  void open(const char* key, char bracket = '{') {
    name(key);
    std::fputc(bracket, file_);
    first_ = true;
  }
  void close(char bracket = '}') {
    std::fputc(bracket, file_);
    first_ = false;
  }
  void number(const char* key, std::uint64_t value) {
    name(key);
    std::fprintf(file_, "%llu", static_cast<unsigned long long>(value));
  }
  void real(const char* key, double value, int digits) {
    name(key);
    std::fprintf(file_, "%.*f", digits, value);
  }
  void text(const char* key, const std::string& value) {
    name(key);
    std::fputc('"', file_);
    for (const char c : value) {
      if (c == '"' || c == '\\') std::fputc('\\', file_);
      std::fputc(c, file_);
    }
    std::fputc('"', file_);
  }
  void dimensions(const char* key, const Dimensions& value) {
    name(key);
    std::fprintf(file_, "[%u, %u, %u]", value.x, value.y, value.z);
  }

 private:
  void name(const char* key) {
    if (!first_) std::fputs(", ", file_);
    first_ = false;
    if (key != nullptr) std::fprintf(file_, "\"%s\": ", key);
  }

  std::FILE* file_;
  bool first_ = true;
};

struct ByKind {
  std::uint64_t counts[static_cast<unsigned>(Kind::count)] = {};

  void write(JsonWriter& json, const char* key) const {
    json.open(key);
    for (unsigned k = 0; k < std::size(counts); ++k) {
      if (counts[k] != 0) json.number(name_of(static_cast<Kind>(k)), counts[k]);
    }
    json.close();
  }
};

/// Sums over the instructions of a launch.
struct Totals {
  explicit Totals(const Counters& counters) {
    for (std::size_t k = 0; k < counters.instructions.size(); ++k) {
      const InstructionCounts& each = counters.instructions[k];
      if (each.warps == 0) continue;
      const Cost& cost = all_instructions()[k]->cost;
      const auto kind = static_cast<unsigned>(cost.kind);
      lanes.counts[kind] += each.lanes;
      warps.counts[kind] += each.warps;
      thread_instructions += each.lanes;
      warp_instructions += each.warps;
      if (!cost.mufu_operation.empty()) mufu_operations[cost.mufu_operation] += each.lanes;
      const auto warp_count = static_cast<double>(each.warps);
      const double slots = warp_count * kWarpSize;  // lanes that are off take their slots, too
      issue += cost.issue * warp_count;
      fp32 += cost.fp32 * slots;
      mufu += cost.mufu * slots;
      integer += cost.integer * slots;
      fp64 += cost.fp64 * slots;
      convert += cost.convert * slots;
    }
  }

  ByKind lanes, warps;
  std::uint64_t thread_instructions = 0, warp_instructions = 0;
  std::map<std::string, std::uint64_t> mufu_operations;
  double issue = 0, fp32 = 0, mufu = 0, integer = 0, fp64 = 0, convert = 0;
};

void write_launch(JsonWriter& json, const Launch& launch) {
  static unsigned number = 0;
  const Function& kernel = *launch.kernel;
  const std::uint64_t blocks = launch.config.grid.count();
  json.number("launch", number++);
  json.text("kernel", demangle(kernel.name));
  json.text("mangled", kernel.name);
  json.dimensions("grid", launch.config.grid);
  json.dimensions("block", launch.config.block);
  json.dimensions("cluster", launch.config.cluster);
  json.number("smem_static", kernel.static_shared_bytes);
  json.number("smem_dynamic", launch.config.dynamic_shared);
  json.number("regs", kernel.registers_per_thread);
  json.number("blocks", blocks);
  json.number("threads", blocks * launch.threads);
  json.number("warps", blocks * ((launch.threads + kWarpSize - 1) / kWarpSize));
}

void write_instructions(JsonWriter& json, const Totals& totals, const Counters& counters) {
  json.number("thread_instr", totals.thread_instructions);
  json.number("warp_instr", totals.warp_instructions);
  const double slots = static_cast<double>(totals.warp_instructions) * kWarpSize;
  json.real("simd_eff", slots > 0 ? static_cast<double>(totals.thread_instructions) / slots : 0, 4);
  json.number("divergent_warp_instr", counters.divergent_warp_instructions);
  totals.lanes.write(json, "lanes");
  totals.warps.write(json, "warp");
  json.open("mufu_ops");
  for (const auto& [name, count] : totals.mufu_operations) json.number(name.c_str(), count);
  json.close();
  json.open("sass_est");
  json.real("issue_warp", totals.issue, 0);
  json.real("fp32", totals.fp32, 0);
  json.real("mufu", totals.mufu, 0);
  json.real("int", totals.integer, 0);
  json.real("fp64", totals.fp64, 0);
  json.real("cvt", totals.convert, 0);
  json.close();
}

constexpr const char* kTrafficNames[kTraffics] = {"load", "store", "atomic"};

void write_global(JsonWriter& json, const Counters& counters) {
  json.open("global");
  for (unsigned k = 0; k < kTraffics; ++k) {
    const GlobalTraffic& traffic = counters.global[k];
    json.open(kTrafficNames[k]);
    json.number("requests", traffic.requests);
    json.number("lanes", traffic.lanes);
    json.number("bytes", traffic.bytes);
    json.number("bytes_in_16byte_accesses", traffic.wide_bytes);
    json.number("sectors", traffic.sectors);
    json.number("lines128", traffic.lines);
    json.close();
  }
  json.number("distinct_read_sectors", counters.distinct_read);
  json.number("distinct_write_sectors", counters.distinct_written);
  json.number("per_block_distinct_read_sectors", counters.block_distinct_read);
  json.number("per_block_distinct_write_sectors", counters.block_distinct_written);
  std::uint32_t most = 0;
  for (const auto& [address, count] : counters.requests_per_address) most = std::max(most, count);
  json.number("atomic_same_address_in_warp", counters.same_address_in_warp);
  json.number("atomic_max_per_address", most);
  json.number("atomic_distinct_addresses", counters.requests_per_address.size());
  json.number("atomic_float_lanes", counters.float_lanes);
  json.close();
}

void write_shared_traffic(JsonWriter& json, const SharedTraffic (&traffics)[kTraffics]) {
  for (unsigned k = 0; k < kTraffics; ++k) {
    const SharedTraffic& traffic = traffics[k];
    json.open(kTrafficNames[k]);
    json.number("requests", traffic.requests);
    json.number("lanes", traffic.lanes);
    json.number("bytes", traffic.bytes);
    json.number("wavefronts", traffic.wavefronts);
    json.number("ideal_wavefronts", traffic.ideal);
    json.number("extra_wavefronts", traffic.wavefronts - traffic.ideal);
    json.number("max_degree", traffic.max_degree);
    json.close();
  }
}

void write_shared(JsonWriter& json, const Counters& counters) {
  json.open("shared");
  write_shared_traffic(json, counters.shared);
  json.number("atomic_same_address_sum", counters.shared_atomics.same_address_sum);
  json.number("atomic_same_address_max", counters.shared_atomics.same_address_max);
  json.number("atomic_bank_passes", counters.shared_atomics.bank_passes);
  json.number("atomic_float_lanes", counters.shared_atomics.float_lanes);
  json.close();
  json.open("dsmem");
  write_shared_traffic(json, counters.remote);
  json.close();
}

void write_others(JsonWriter& json, const Counters& counters) {
  json.open("local");
  json.number("requests", counters.local_requests);
  json.number("bytes", counters.local_bytes);
  json.close();
  json.open("const");
  json.number("requests", counters.constant_requests);
  json.number("distinct_addresses", counters.constant_addresses);
  json.close();
  json.open("bulk");
  json.number("copies", counters.bulk_copies);
  json.number("bytes_in", counters.bulk_bytes_in);
  json.number("bytes_out", counters.bulk_bytes_out);
  json.number("bytes_dsmem", counters.bulk_bytes_dsmem);
  json.close();
  json.number("block_barriers", counters.block_barriers);
  json.number("cluster_barriers", counters.cluster_barriers);
}

void write_lines(JsonWriter& json, const Counters& counters) {
  std::map<std::string, InstructionCounts> by_line;
  for (std::size_t k = 0; k < counters.instructions.size(); ++k) {
    const InstructionCounts& each = counters.instructions[k];
    if (each.warps == 0) continue;
    const InstructionInfo& instruction = *all_instructions()[k];
    InstructionCounts& sum = by_line[instruction.function->module->locations.innermost(instruction.location)];
    sum.warps += each.warps;
    sum.global_sectors += each.global_sectors;
    sum.extra_wavefronts += each.extra_wavefronts;
  }
  std::vector<std::pair<std::string, InstructionCounts>> lines(by_line.begin(), by_line.end());
  const auto heat = [](const auto& line) {
    return line.second.warps + line.second.global_sectors + line.second.extra_wavefronts;
  };
  std::sort(lines.begin(), lines.end(), [&](const auto& a, const auto& b) { return heat(a) > heat(b); });
  if (lines.size() > kHottestLines) lines.resize(kHottestLines);
  json.open("lines", '[');
  for (const auto& [place, counts] : lines) {
    json.open(nullptr);
    json.text("at", place);
    json.number("warp_instr", counts.warps);
    json.number("global_sectors", counts.global_sectors);
    json.number("shared_extra_wavefronts", counts.extra_wavefronts);
    json.close();
  }
  json.close(']');
}

}  // namespace

void write_counters(const std::string& file, const Launch& launch, const Counters& counters, double seconds,
                    unsigned host_threads) {
  std::FILE* out = std::fopen(file.c_str(), "a");
  if (out == nullptr) stop("cannot append to " + file);
  JsonWriter json(out);
  json.open(nullptr);
  write_launch(json, launch);
  write_instructions(json, Totals(counters), counters);
  write_global(json, counters);
  write_shared(json, counters);
  write_others(json, counters);
  if (options().count_lines) write_lines(json, counters);
  json.real("sim_seconds", seconds, 4);
  json.number("sim_threads", host_threads);
  json.close();
  std::fputc('\n', out);
  std::fclose(out);
}

}  // namespace ptxsim
