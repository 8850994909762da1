#include "host/cli/command_line.hpp"

#include <cmath>

namespace kullback::cli {

CLI::Option* add_file(CLI::App& app, const std::string& name, std::string& path, const std::string& help) {
  return app.add_option(name, path, help)
      ->check([](const std::string& text) { return text.empty() ? "expected the name of a file, got ''" : ""; })
      ->type_name("FILE");
}

void add_common_options(CLI::App& app, CommonOptions& options) {
  add_choice<Unit>(
      app, "--unit", {{"nats", Unit::nats}, {"bits", Unit::bits}, {"bans", Unit::bans}},
      [&](Unit u) { options.unit = u; }, "Unit of the information measures (nats)");
  add_choice<Backend>(
      app, "--backend", {{"auto", Backend::automatic}, {"cpu", Backend::cpu}, {"cuda", Backend::cuda}},
      [&](Backend b) { options.execution.backend = b; }, "Where to compute (auto)");
  add_choice<Mode>(
      app, "--mode", {{"accurate", Mode::accurate}, {"fast", Mode::fast}}, [&](Mode m) { options.execution.mode = m; },
      "Numerical contract (accurate)");
  add_choice<Format>(
      app, "--format", {{"table", Format::table}, {"json", Format::json}, {"csv", Format::csv}},
      [&](Format f) { options.format = f; }, "What to print (table)");
  add_number<int>(
      app, "--threads",
      [&](int n) {
        constexpr int kMost = 4096;
        if (n < 0 || n > kMost) throw CLI::ValidationError("--threads", "expected 0 (all) to 4096");
        options.execution.threads = n;
      },
      "CPU threads (all)");
  add_file(app, "--out", options.out, "Write the values to this .npy file, float64");
  app.add_flag("--verify", options.verify, "Check the results against the reference; exit 3 if one is wrong");
  app.add_flag("--bf16", options.bf16, "uint16 files of logits or probabilities hold the bits of bfloat16");
  app.add_flag("--quiet", options.quiet, "Nothing on stderr but errors");
}

void add_columns(CLI::App& app, bool& common) {
  add_choice<bool>(
      app, "--columns", {{"common", true}}, [&common](bool) { common = true; },
      "Of files of different widths, keep the columns that both have");
}

void add_temperature(CLI::App& app, double& temperature) {
  add_number<double>(
      app, "--temperature",
      [&](double t) {
        if (!(std::isfinite(t) && t > 0)) throw CLI::ValidationError("--temperature", "expected a finite number > 0");
        temperature = t;
      },
      "Logits are divided by this, > 0 (1)");
}

void add_ignore_index(CLI::App& app, std::optional<std::int64_t>& ignore_index) {
  add_number<std::int64_t>(
      app, "--ignore-index", [&](std::int64_t i) { ignore_index = i; },
      "Rows with this label are left out of the label's measures");
}

}  // namespace kullback::cli
