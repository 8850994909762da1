#include "host/cli/mi_explain.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kullback::cli {
namespace {

std::string size_text(std::size_t bytes) {
  const auto b = static_cast<double>(bytes);
  return b < 1024               ? fmt::format("{} bytes", bytes)
         : b < 1024 * 1024      ? fmt::format("{:.1f} KiB", b / 1024)
         : b < 1024.0 * 1048576 ? fmt::format("{:.1f} MiB", b / 1048576)
                                : fmt::format("{:.1f} GiB", b / (1024.0 * 1048576));
}

std::string number_of(std::int64_t n, const char* one, const char* many) {
  return fmt::format("{} {}", n, n == 1 ? one : many);
}

const char* name_of(Counting counting) {
  switch (counting) {
    case Counting::none: return "none";
    case Counting::bit_planes: return "bit planes";
    case Counting::histograms: return "joint histograms";
    case Counting::shared_memory: return "joint histograms in shared memory";
    case Counting::shared_bands: return "joint histograms in shared memory, in bands";
    case Counting::device_memory: return "joint histograms in device memory";
  }
  return "";
}

std::string reason_of(const CountingPlan& p) {
  const auto limit_size = [&] { return size_text(static_cast<std::size_t>(p.limit)); };
  switch (p.reason) {
    case CountingReason::none: return "there is nothing to count, the joint table is given or there is none";
    case CountingReason::few_classes:
      return fmt::format("{} to a feature, at most {}, and {} are enough", number_of(p.value, "class", "classes"),
                         p.limit, number_of(p.features, "feature", "features"));
    case CountingReason::not_all_pairs:
      return "not bit planes, which are for all pairs of features, where each meets many others";
    case CountingReason::many_classes:
      return fmt::format("{} classes are too many for bit planes, which take at most {}", p.value, p.limit);
    case CountingReason::few_features:
      return fmt::format("for bit planes there are too few features, {} of at least {}", p.value, p.limit);
    case CountingReason::many_codes:
      return fmt::format("a table of more than {} codes is too large for bit planes", p.limit);
    case CountingReason::given: return "bit planes do not take a third variable";
    case CountingReason::weights: return "bit planes do not take weights, where a sample is more than a bit";
    case CountingReason::permutations: return "bit planes do not take permutation tests";
    case CountingReason::table_fits:
      return fmt::format("the counters of a tile take {} of the {} that a thread block can have",
                         size_text(static_cast<std::size_t>(p.value)), limit_size());
    case CountingReason::band_fits:
      return fmt::format("a table does not fit the {} that a thread block can have, one of {} bands of it does",
                         limit_size(), p.value);
    case CountingReason::few_samples:
      return fmt::format("a table does not fit shared memory, and its {} cells are more than the {} samples", p.value,
                         p.limit);
    case CountingReason::large_table:
      return fmt::format("no band of the {} cells of a table fits the {} that a thread block can have", p.value,
                         limit_size());
  }
  return "";
}

/// How the work is shared out.
std::string shares_of(const CountingPlan& p) {
  if (p.backend == Backend::cuda) {
    return fmt::format("{} of {} threads and {} of shared memory to a tile of {}",
                       number_of(p.blocks, "block", "blocks"), p.threads, size_text(p.shared_bytes),
                       number_of(p.tile_pairs, "table", "tables"));
  }
  if (p.threads_share_samples) return fmt::format("{} share the samples", number_of(p.threads, "thread", "threads"));
  return number_of(p.threads, "thread", "threads");
}

}  // namespace

std::string explained(const CountingPlan& p) {
  if (p.counting == Counting::none) return fmt::format("plan: {}\n", reason_of(p));
  std::string text =
      fmt::format("plan: {} on the {}: {}\n", name_of(p.counting),
                  p.backend == Backend::cuda ? "GPU" : fmt::format("CPU ({})", p.instructions), reason_of(p));
  text += fmt::format("plan: {} of {} x {} = {} from {}", number_of(p.pairs, "joint table", "joint tables"), p.lines_x,
                      p.lines_y, number_of(p.cells(), "cell", "cells"), number_of(p.samples, "sample", "samples"));
  if (p.counting != Counting::bit_planes) {
    text += fmt::format(", {} at a time in {}-bit counters", p.tile_pairs, p.counter_bits);
    if (p.copies > 1) text += fmt::format(", {} copies of each", p.copies);
  }
  return text + fmt::format("; {}, {} of workspace\n", shares_of(p), size_text(p.workspace_bytes));
}

nlohmann::ordered_json json_plan(const CountingPlan& p) {
  nlohmann::ordered_json plan = {{"engine", name_of(p.counting)}, {"reason", reason_of(p)}};
  if (p.counting == Counting::none) return plan;
  plan["backend"] = kullback::name_of(p.backend);
  plan["pairs"] = p.pairs;
  plan["samples"] = p.samples;
  plan["cells"] = p.cells();
  plan["lines"] = {p.lines_x, p.lines_y};
  if (p.limit != 0) plan["decided_by"] = {{"value", p.value}, {"limit", p.limit}};
  plan["tile_pairs"] = p.tile_pairs;
  plan["copies"] = p.copies;
  plan["counter_bits"] = p.counter_bits;
  plan["threads"] = p.threads;
  if (p.backend == Backend::cuda) {
    plan["blocks"] = p.blocks;
    plan["bands"] = p.bands;
    plan["shared_bytes"] = p.shared_bytes;
  } else {
    plan["instructions"] = p.instructions;
    plan["threads_share_samples"] = p.threads_share_samples;
  }
  plan["workspace_bytes"] = p.workspace_bytes;
  return plan;
}

}  // namespace kullback::cli
