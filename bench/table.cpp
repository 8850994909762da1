#include "bench/table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "kullback/export.hpp"

namespace kullback::bench {
namespace {

constexpr double kGiga = 1e9;

struct TimeUnit {
  const char* name;
  double seconds;
};
TimeUnit unit_for(double seconds) {
  if (seconds >= 1) return {"s", 1};
  if (seconds >= 1e-3) return {"ms", 1e-3};
  return {"us", 1e-6};
}

std::string time_text(const Quartiles& q) {
  const TimeUnit unit = unit_for(q.median);
  const double value = q.median / unit.seconds;
  const int digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return fmt::format("{:.{}f} +- {:.{}f} {}", value, digits, q.iqr() / unit.seconds, digits, unit.name);
}

// The error of the value with the least room to its bound, and that bound.
std::string error_text(const std::vector<VerifiedValue>& worst) {
  const auto share = [](const VerifiedValue& v) { return v.bound_u > 0 ? v.error_u / v.bound_u : v.error_u; };
  const auto least_room =
      std::max_element(worst.begin(), worst.end(), [&](const auto& a, const auto& b) { return share(a) < share(b); });
  if (least_room == worst.end()) return "-";
  if (least_room->bound_u == 0 && least_room->error_u == 0) return "exact";
  return fmt::format("{:.3g} of {:.3g}", least_room->error_u, least_room->bound_u);
}

constexpr std::size_t kColumns = 8;
using Line = std::array<std::string, kColumns>;

Line line_for(const Result& r, const Laboratory& lab) {
  const Quartiles time = quartiles(r.seconds);
  const double rate = static_cast<double>(r.bytes) / time.median;
  const bool simulated = lab.platform().simulated;
  return {r.measure + (r.graph ? " (graph)" : ""),
          r.shape + (r.copies > 1 ? fmt::format(", {} in turn", r.copies) : ""),
          r.dtype,
          time_text(time),
          simulated ? "-" : fmt::format("{:.3g}", rate / kGiga),
          simulated ? "-"
                    : fmt::format("{:.0f}{}{}", 100 * rate / lab.peak_of(r), r.writes_as_much ? " copy" : "",
                                  r.in_cache ? " cache" : ""),
          error_text(r.worst),
          fmt::format("{} of {}", r.rows_wrong, r.rows_checked)};
}

std::string yardstick_text(const char* name, const Yardstick& yardstick, const std::vector<double>& samples) {
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  const Quartiles rate = quartiles(samples);
  return fmt::format(
      "{} peak: {:.1f} GB/s, the median of {} over {} MiB taken between the cases ({:.1f} to {:.1f}, IQR {:.1f})\n",
      name, rate.median / kGiga, samples.size(), yardstick.bytes >> 20, *low / kGiga, *high / kGiga,
      rate.iqr() / kGiga);
}

double gibibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

}  // namespace

std::string machine_text(const Machine& m) {
  return fmt::format(
      "kullback_bench {} at {}, {}\n{}, {} cores, {} threads, {}, {} MiB last-level cache, {:.1f} GiB memory\n{}; {}\n",
      KULLBACK_VERSION, m.commit, m.date, m.cpu, m.cores, m.threads, m.isa, m.cache_bytes >> 20,
      gibibytes(m.memory_bytes), m.system, m.compiler);
}

std::string device_text(const Platform& p) {
  const Device& d = p.device;
  std::string text =
      fmt::format("{}, {}, {} multiprocessors at up to {} MHz, {} MiB L2 cache, {:.1f} GiB memory, ECC {}\n", d.name,
                  d.architecture, d.multiprocessors, d.clock_khz / 1000, p.cache_bytes >> 20, gibibytes(p.memory_bytes),
                  d.ecc ? "on" : "off");
  text += fmt::format("driver for CUDA {}, runtime {}", d.driver, d.runtime);
  if (d.memory_clock_khz > 0) {
    const double bus = 2e3 * d.memory_clock_khz * (d.memory_bus_bits / 8.0);  // two transfers per clock
    text += fmt::format("; memory bus {} bits at {} MHz, {:.0f} GB/s by these", d.memory_bus_bits,
                        d.memory_clock_khz / 1000, bus / kGiga);
  }
  return text + "\n" + (d.smi.empty() ? "" : "nvidia-smi: " + d.smi + "\n");
}

std::string table_text(const Laboratory& lab, const std::string& table) {
  std::vector<Line> lines{
      {"measure", "shape", "dtype", "time median +- IQR", "GB/s", "% of read peak", "worst error in u", "wrong rows"}};
  std::vector<int> batch{-1};
  for (const Result& r : lab.results()) {
    if (r.table != table) continue;
    lines.push_back(line_for(r, lab));
    batch.push_back(r.batch);
  }
  std::array<std::size_t, kColumns> width{};
  for (const Line& line : lines) {
    for (std::size_t c = 0; c < kColumns; ++c) width[c] = std::max(width[c], line[c].size());
  }
  std::string rule;
  for (std::size_t c = 0; c < kColumns; ++c) rule += (c > 0 ? "-|-" : "") + std::string(width[c], '-');
  // Numbers to the right, so that their magnitudes can be seen.
  constexpr std::size_t kFirstNumber = 3;
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0 && batch[i] != batch[i - 1]) text += rule + '\n';
    for (std::size_t c = 0; c < kColumns; ++c) {
      if (c > 0) text += " | ";
      text += fmt::format(c < kFirstNumber ? "{:<{}}" : "{:>{}}", lines[i][c], width[c]);
    }
    text += '\n';
  }
  return text;
}

std::string notes_text(const Laboratory& lab) {
  const Platform& p = lab.platform();
  std::string text = fmt::format("{}:\n", name_of(p.backend));
  if (p.simulated) {
    return text +
           "simulated by a program on the CPU: the times are its own and say nothing about a GPU, so there are "
           "no rates and no peaks\n";
  }
  text += yardstick_text("read", p.read, lab.read_samples()) + yardstick_text("copy", p.copy, lab.copy_samples());
  if (p.backend == Backend::cpu) return text;
  const Quartiles launch = quartiles(lab.launch_samples()), clock = quartiles(lab.clock_samples());
  const double lowest = *std::min_element(lab.clock_samples().begin(), lab.clock_samples().end());
  text += fmt::format(
      "launches of an empty kernel follow each other in {:.2f} us (IQR {:.2f}); the multiprocessors ran at "
      "{:.0f} MHz right after the batches (least {:.0f})\n",
      launch.median * 1e6, launch.iqr() * 1e6, clock.median / 1e6, lowest / 1e6);
  return text +
         "Times are of calls that follow each other on one stream, between two events around a millisecond or more of "
         "them, with one more call ahead.\n(graph): the calls of the line before took the host longer than the device; "
         "here they are replayed from a CUDA graph.\nn in turn: calls go round n copies of input and output, so that "
         "four times the L2 cache lies between two uses of one; without it a case is that large by itself.\n";
}

std::string columns_text() {
  return "GB/s counts compulsory bytes: each input once, each output once. %: of the plain read; copy: writes as much "
         "as "
         "it reads, of the plain copy. cache: less than four times the last-level cache, so not a measure of memory.\n"
         "worst error: of the value nearest to its bound in the numerical contract, against the binary128 reference; "
         "wrong rows: of the rows checked.\n";
}

}  // namespace kullback::bench
