#include "bench/json.hpp"

#include <nlohmann/json.hpp>

#include "kullback/export.hpp"

namespace kullback::bench {
namespace {

using Json = nlohmann::ordered_json;

Json json_for(const VerifiedValue& v) {
  return {{"what", v.what},         {"row", v.row},         {"column", v.column},  {"got", v.got},
          {"expected", v.expected}, {"error_u", v.error_u}, {"bound_u", v.bound_u}};
}

Json json_for(const std::vector<VerifiedValue>& values) {
  Json list = Json::array();
  for (const VerifiedValue& v : values) list.push_back(json_for(v));
  return list;
}

Json json_for(const Result& r, const Laboratory& lab) {
  const Quartiles time = quartiles(r.seconds);
  const double rate = static_cast<double>(r.bytes) / time.median;
  const bool simulated = lab.platform().simulated;
  const auto unless_simulated = [&](double value) { return simulated ? Json() : Json(value); };
  return {{"table", r.table},
          {"batch", r.batch},
          {"measure", r.measure},
          {"shape", r.shape},
          {"dtype", r.dtype},
          {"backend", name_of(lab.platform().backend)},
          {"simulated", simulated},
          {"compulsory_bytes", r.bytes},
          {"copies", r.copies},
          {"in_cache", r.in_cache},
          {"replayed_from_graph", r.graph},
          {"median_seconds", time.median},
          {"iqr_seconds", time.iqr()},
          {"enqueue_seconds", r.enqueue_seconds},
          {"gb_per_second", unless_simulated(rate / 1e9)},
          {"peak", r.writes_as_much ? "copy" : "read"},
          {"percent_of_peak", unless_simulated(100 * rate / lab.peak_of(r))},
          {"calls_per_repetition", r.calls},
          {"repetition_seconds", r.seconds},
          {"rows_checked", r.rows_checked},
          {"rows_wrong", r.rows_wrong},
          {"worst", json_for(r.worst)},
          {"wrong", json_for(r.wrong)}};
}

Json json_for(const Yardstick& yardstick, const std::vector<double>& samples) {
  const Quartiles rate = quartiles(samples);
  return {{"bytes", yardstick.bytes},
          {"median_bytes_per_second", rate.median},
          {"iqr_bytes_per_second", rate.iqr()},
          {"sample_bytes_per_second", samples}};
}

Json json_for(const Device& d) {
  return {{"name", d.name},
          {"architecture", d.architecture},
          {"multiprocessors", d.multiprocessors},
          {"highest_clock_khz", d.clock_khz},
          {"memory_clock_khz", d.memory_clock_khz},
          {"memory_bus_bits", d.memory_bus_bits},
          {"ecc", d.ecc},
          {"driver_cuda_version", d.driver},
          {"runtime_cuda_version", d.runtime},
          {"pci_bus_id", d.pci},
          {"nvidia_smi", d.smi}};
}

Json json_for(const Laboratory& lab) {
  const Platform& p = lab.platform();
  Json json = {{"backend", name_of(p.backend)},
               {"simulated", p.simulated},
               {"description", backend_status(p.backend).description},
               {"last_level_cache_bytes", p.cache_bytes},
               {"memory_bytes", p.memory_bytes},
               {"cold_bytes", p.cold_bytes},
               {"read", json_for(p.read, lab.read_samples())},
               {"copy", json_for(p.copy, lab.copy_samples())},
               {"unavailable", lab.unavailable()},
               {"failures", lab.failures()}};
  if (p.backend != Backend::cuda) return json;
  json["device"] = json_for(p.device);
  json["empty_launch_seconds"] = lab.launch_samples();
  json["clock_hz"] = lab.clock_samples();
  return json;
}

}  // namespace

std::string json_text(const Machine& m, const std::string& command, const std::vector<Laboratory>& labs) {
  Json backends = Json::array(), cases = Json::array();
  for (const Laboratory& lab : labs) {
    backends.push_back(json_for(lab));
    for (const Result& r : lab.results()) cases.push_back(json_for(r, lab));
  }
  const Json all = {{"machine",
                     {{"cpu", m.cpu},
                      {"cores", m.cores},
                      {"threads", m.threads},
                      {"isa", m.isa},
                      {"last_level_cache_bytes", m.cache_bytes},
                      {"memory_bytes", m.memory_bytes},
                      {"system", m.system},
                      {"compiler", m.compiler}}},
                    {"version", KULLBACK_VERSION},
                    {"commit", m.commit},
                    {"date", m.date},
                    {"command", command},
                    {"backends", backends},
                    {"cases", cases}};
  return all.dump(1) + "\n";
}

}  // namespace kullback::bench
