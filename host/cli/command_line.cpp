#include "host/cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <system_error>
#include <type_traits>

#include "kullback/error.hpp"

namespace kullback::cli {
namespace {

/// CLI11's message, made one sentence that says what to do.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "kullback" : "kullback " + chosen[0]->get_name();
  const std::string see = " (see " + command + " --help)";
  for (const std::string& argument : app.remaining(true)) {
    if (argument.size() > 1 && argument[0] == '-') return "unknown option '" + argument + "'" + see;
    if (chosen.empty()) return "unknown command '" + argument + "', expected rows, compare, mi or doctor";
    return "unexpected argument '" + argument + "'" + see;
  }
  std::string what = error.what();
  for (char& c : what)
    if (c == '\n') c = ' ';
  return what + see;
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app(
      "Kullback measures how far apart probability distributions are: batches of rows, two models' logits,\n"
      "mutual information of codes. Files are .npy or .safetensors (FILE:TENSOR); tables for mi may be .csv.");
  app.set_version_flag("--version", "kullback " KULLBACK_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 done, 2 bad usage or input, 3 --verify found a wrong value, 4 backend not available.");
  Command chosen;
  add_rows_command(app, chosen);
  add_compare_command(app, chosen);
  add_mi_command(app, chosen);
  add_doctor_command(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    throw InvalidArgument(usage_fault(app, error));
  }
  return chosen();
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& help) {
  return *app.add_subcommand(name, help);
}

void when_chosen(CLI::App& command, std::function<void()> choose) { command.callback(std::move(choose)); }

void refuse(const std::string& name, const std::string& expected) {
  throw CLI::ValidationError(name, "expected " + expected);
}

void add_text(CLI::App& app, const std::string& name, const std::string& type, std::string& text,
              const std::string& help, Presence presence) {
  app.add_option(name, text, help)->type_name(type)->required(presence == Presence::required);
}

void add_file(CLI::App& app, const std::string& name, std::string& path, const std::string& help, Presence presence) {
  app.add_option(name, path, help)
      ->check([](const std::string& text) { return text.empty() ? "expected the name of a file, got ''" : ""; })
      ->type_name("FILE")
      ->required(presence == Presence::required);
}

void add_flag(CLI::App& app, const std::string& name, bool& flag, const std::string& help) {
  app.add_flag(name, flag, help);
}

void add_words(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
               std::function<void(std::size_t)> choose, const std::string& help) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : "|") + word;
  const auto parse = [=](const std::string& given) {
    for (std::size_t k = 0; k < words.size(); ++k)
      if (words[k] == given) return choose(k);
    refuse(name, all + ", got '" + given + "'");
  };
  app.add_option_function<std::string>(name, parse, help)->type_name(all);
}

template <class T>
void add_number(CLI::App& app, const std::string& name, std::function<void(T)> choose, const std::string& help) {
  const auto parse = [=](const std::string& text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
      const char* what = std::is_integral_v<T> ? "an integer of at most 64 bits" : "a number";
      refuse(name, std::string(what) + ", got '" + text + "'");
    }
    choose(value);
  };
  app.add_option_function<std::string>(name, parse, help)->type_name(std::is_integral_v<T> ? "INT" : "NUMBER");
}
template void add_number(CLI::App&, const std::string&, std::function<void(int)>, const std::string&);
template void add_number(CLI::App&, const std::string&, std::function<void(std::int64_t)>, const std::string&);
template void add_number(CLI::App&, const std::string&, std::function<void(std::uint64_t)>, const std::string&);
template void add_number(CLI::App&, const std::string&, std::function<void(double)>, const std::string&);

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
        if (n < 0 || n > kMost) refuse("--threads", "0 (all) to 4096");
        options.execution.threads = n;
      },
      "CPU threads (all)");
  add_file(app, "--out", options.out, "Write the values to this .npy file, float64");
  add_flag(app, "--verify", options.verify, "Check the results against the reference; exit 3 if one is wrong");
  add_flag(app, "--bf16", options.bf16, "uint16 files of logits or probabilities hold the bits of bfloat16");
  add_flag(app, "--quiet", options.quiet, "Nothing on stderr but errors");
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
        if (!(std::isfinite(t) && t > 0)) refuse("--temperature", "a finite number > 0");
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
