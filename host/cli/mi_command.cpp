#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "host/cli/command_line.hpp"
#include "host/cli/mi_plot.hpp"
#include "host/cli/mi_run.hpp"
#include "host/cli/output_file.hpp"
#include "host/cli/verification.hpp"

namespace kullback::cli {
namespace {

int run(const MiRequest& request) {
  const MiMeasures measures = MiMeasures::parse(request.measure, request.permutations > 0);
  const int forms = !request.second.empty() + !request.target.empty() + request.pairs + request.joint;
  require(forms == 1, "mi takes exactly one of: X Y, TABLE --target Y, TABLE --pairs, JOINT --joint");
  require(!request.select || !request.target.empty(), "--select takes a label: --target Y");
  require(!request.select ||
              (request.measure == "mi" && request.given.empty() && request.permutations == 0 && !request.threshold),
          "--select scores features by mutual information alone: without --measure, --given, --permutations and "
          "--threshold");
  require(!request.select || !request.common.verify, "--verify: a selection has no reference to be held against");
  const bool codes = !request.joint;
  require(codes || request.given.empty(), "--joint: a joint table of two variables has none that is given");
  require(codes || request.weights.empty(), "--joint: a joint table has no samples to weigh");
  require(codes || !request.coding.missing, "--joint: a joint table has no missing codes");
  require(codes || request.coding.binning == Binning::automatic, "--joint: a joint table has no values to bin");
  const auto asks = [&](const char* name) {
    for (std::size_t k = 0; k < measures.size(); ++k)
      if (measures.name(k) == name) return true;
    return false;
  };
  require(!asks("cmi") || !request.given.empty(), "measure 'cmi' needs a third variable: --given Z");
  require(request.permutations > 0 || !measures.has(Information::permutation_pvalue),
          "measure 'permutation_pvalue' needs a number of random tables: --permutations N");
  require_backend(request.common.execution);
  require(request.plot.empty() || !request.joint, "--plot: a joint table has one number, there is nothing to draw");
  require(request.plot.empty() || request.plot != request.common.out, "--plot and --out name the same file");
  std::optional<PlotProgram> program;
  if (!request.plot.empty()) program = PlotProgram::find();
  for (const std::string& output : {request.common.out, request.plot}) {
    require_no_input(output, {request.first, request.second, request.target, request.given, request.weights});
  }
  OutputFile out(request.common.out), plot(request.plot);
  const MiReport report = request.joint             ? run_joint(request, measures)
                          : request.select          ? run_selection(request)
                          : request.pairs           ? run_all_pairs(request, measures)
                          : !request.target.empty() ? run_target(request, measures)
                                                    : run_pairs(request, measures);
  if (program) program->draw(plot_of(report, request.common.unit), plot);
  publish(report, request.common, out);
  plot.finish();
  if (!report.verification) return kExitDone;
  std::int64_t results = 1;
  for (std::int64_t n : report.shape) results *= n;
  return report_verification(*report.verification, results, "values", request.common.quiet);
}

void add_coding_options(CLI::App& command, CodingOptions& coding) {
  add_choice<Binning>(
      command, "--binning", {{"codes", Binning::codes}, {"width", Binning::width}, {"quantile", Binning::quantile}},
      [&](Binning b) { coding.binning = b; },
      "How values become classes: each its own, or bins of equal width or of equal numbers of samples (codes for "
      "integers, width for floating-point numbers)");
  add_number<std::int64_t>(
      command, "--bins",
      [&](std::int64_t n) {
        constexpr std::int64_t kMost = 1 << 16;
        if (n < 1 || n > kMost) refuse("--bins", "1 to 65536");
        coding.bins = n;
      },
      "Bins of a variable (16)");
  add_number<std::int64_t>(
      command, "--missing", [&](std::int64_t code) { coding.missing = code; },
      "This value is not known: each pair uses the samples that both have (NaN and empty .csv fields never are)");
}

}  // namespace

void add_mi_command(CLI::App& app, Command& chosen) {
  CLI::App& command = add_command(
      app, "mi", "Mutual information and its kin: X Y | TABLE --target Y[,Y...] | TABLE --pairs | JOINT --joint");
  auto r = std::make_shared<MiRequest>();
  add_file(command, "X", r->first,
           "Codes [samples] or [batch, samples], a table [samples, features] (.npy or .csv) or a joint table",
           Presence::required);
  add_file(command, "Y", r->second, "Codes of X's shape");
  add_file(
      command, "--target", r->target,
      "Every feature of the table with these codes [samples], or its column; several: L1,L2,... or a file [samples, "
      "labels]");
  add_flag(command, "--pairs", r->pairs, "All pairs of features of the table");
  add_flag(command, "--joint", r->joint, "The file is a joint table of counts or probabilities");
  add_text(command, "--measure", "NAME[,NAME...]", r->measure,
           "One or more: mi, nmi, ami, g_pvalue, g_qvalue, ... (mi)");
  add_choice<Normalizer>(
      command, "--normalizer",
      {{"arithmetic", Normalizer::arithmetic},
       {"geometric", Normalizer::geometric},
       {"min", Normalizer::min},
       {"max", Normalizer::max}},
      [r](Normalizer n) { r->normalizer = n; }, "The mean of the entropies in nmi and ami (arithmetic)");
  add_file(command, "--given", r->given, "Given these codes [samples], or this column: conditional measures");
  add_file(command, "--weights", r->weights,
           "Whole numbers [samples], or this column: how often each sample counts (0: it is absent)");
  add_coding_options(command, r->coding);
  add_number<std::int64_t>(
      command, "--permutations",
      [r](std::int64_t n) {
        if (n < 1 || n > 0x7fffffff) refuse("--permutations", "1 to 2147483647");
        r->permutations = n;
      },
      "Test independence against N random tables with the margins of the observed one: adds the column "
      "permutation_pvalue, (1 + those with at least the observed mi) / (1 + N)");
  add_number<std::uint64_t>(command, "--seed", r->seed, "Of the random tables (0): the same seed, the same p-values");
  add_choice<Selection>(
      command, "--select", {{"mrmr", Selection::mrmr}, {"jmi", Selection::jmi}}, [r](Selection s) { r->select = s; },
      "With --target: the --top K (10) features that together tell most, one after the other; least redundant (Peng "
      "2005, difference) or by joint mutual information (Yang & Moody 1999). --out: [K, 2], index and score");
  add_number<std::int64_t>(
      command, "--top",
      [r](std::int64_t k) {
        if (k < 1) refuse("--top", "1 or more");
        r->top = k;
      },
      "Print only the first K, by the first measure");
  add_number<double>(
      command, "--threshold",
      [r](double x) {
        if (x != x) refuse("--threshold", "a number, got nan");
        r->threshold = x;
      },
      "Print only features, or pairs as a list of edges, whose first measure is at least X (p-values: at most)");
  add_flag(command, "--explain", r->explain,
           "Say on stderr, and as \"plan\" in json, how the tables are counted and what decided it");
  add_file(command, "--plot", r->plot,
           "Draw the first measure as SVG, with gnuplot or matplotlib: all pairs, or several labels, as a heat map, "
           "else bars by rank");
  add_common_options(command, r->common);
  when_chosen(command, [r, &chosen] { chosen = [r] { return run(*r); }; });
}

}  // namespace kullback::cli
