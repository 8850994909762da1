#include <fmt/format.h>

#include <cstdio>
#include <new>

#include "host/cli/command_line.hpp"
#include "host/cli/output_file.hpp"

namespace kullback::cli {
namespace {

/// CLI11's message, made one sentence that says what to do.
std::string usage_fault(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::string command = chosen.empty() ? "kullback" : "kullback " + chosen[0]->get_name();
  for (const std::string& argument : app.remaining(true)) {
    if (argument.size() > 1 && argument[0] == '-')
      return fmt::format("unknown option '{}' (see {} --help)", argument, command);
    if (chosen.empty()) return fmt::format("unknown command '{}', expected rows, compare, mi or doctor", argument);
    return fmt::format("unexpected argument '{}' (see {} --help)", argument, command);
  }
  std::string what = error.what();
  for (char& c : what)
    if (c == '\n') c = ' ';
  return fmt::format("{} (see {} --help)", what, command);
}

int fail(int code, const std::string& sentence) {
  fmt::print(stderr, "kullback: {}\n", sentence);
  return code;
}

int run(int argc, char** argv) {
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
    if (error.get_exit_code() == 0) return app.exit(error);
    return fail(kExitBadInput, usage_fault(app, error));
  }
  return chosen();
}

}  // namespace
}  // namespace kullback::cli

int main(int argc, char** argv) {
  using namespace kullback::cli;
  remove_unfinished_output_on_signals();
  try {
    return run(argc, argv);
  } catch (const kullback::BackendUnavailable& error) {
    return fail(kExitNoBackend, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kExitBadInput, "out of memory");
  } catch (const std::exception& error) {
    return fail(kExitBadInput, error.what());
  }
}
