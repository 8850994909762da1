#pragma once

#include <string>

#include "host/cli/mi_codes.hpp"
#include "host/cli/mi_measures.hpp"
#include "host/cli/mi_report.hpp"
#include "host/cli/options.hpp"

namespace kullback::cli {

struct MiRequest {
  std::string first, second, target, given, weights, plot, measure = "mi";
  bool pairs = false, joint = false, explain = false;
  Normalizer normalizer = Normalizer::arithmetic;
  CodingOptions coding;
  std::optional<std::int64_t> top;
  std::optional<double> threshold;
  std::optional<Selection> select;
  std::int64_t permutations = 0;
  std::uint64_t seed = 0;
  CommonOptions common;
};

/// Reads, computes and, if asked, verifies; each throws InvalidArgument about the files.
MiReport run_pairs(const MiRequest& request, const MiMeasures& measures);
MiReport run_target(const MiRequest& request, const MiMeasures& measures);
MiReport run_selection(const MiRequest& request);
MiReport run_all_pairs(const MiRequest& request, const MiMeasures& measures);
MiReport run_joint(const MiRequest& request, const MiMeasures& measures);

}  // namespace kullback::cli
