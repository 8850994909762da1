#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/options.hpp"

namespace CLI {
class App;
}

/// The command line. CLI11, which does the work, is a large header: command_line.cpp alone includes it.
namespace kullback::cli {

/// What to run once the command line has been understood; returns the exit code.
using Command = std::function<int()>;

/// Understands the command line and runs the command. Throws InvalidArgument for one that is not understood.
int run_command_line(int argc, char** argv);

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& help);
/// `choose` is called when all of the command's options have been read.
void when_chosen(CLI::App& command, std::function<void()> choose);

/// The option's value is refused: "NAME: expected ...". To be called while the command line is read.
[[noreturn]] void refuse(const std::string& name, const std::string& expected);

enum class Presence { optional, required };

/// Names without leading dashes are positional arguments.
void add_text(CLI::App& app, const std::string& name, const std::string& type, std::string& text,
              const std::string& help, Presence presence = Presence::optional);
/// An option or argument that names a file.
void add_file(CLI::App& app, const std::string& name, std::string& path, const std::string& help,
              Presence presence = Presence::optional);
void add_flag(CLI::App& app, const std::string& name, bool& flag, const std::string& help);
/// An option that is one of a few words.
void add_words(CLI::App& app, const std::string& name, const std::vector<std::string>& words,
               std::function<void(std::size_t)> choose, const std::string& help);

template <class T>
void add_choice(CLI::App& app, const std::string& name, const std::vector<std::pair<std::string, T>>& choices,
                std::function<void(T)> choose, const std::string& help) {
  std::vector<std::string> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  add_words(
      app, name, words, [=](std::size_t k) { choose(choices[k].second); }, help);
}

/// An option that takes one number, all of whose text is read and which fits its type: int, std::int64_t,
/// std::uint64_t or double.
template <class T>
void add_number(CLI::App& app, const std::string& name, std::function<void(T)> choose, const std::string& help);
template <class T> void add_number(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  add_number<T>(
      app, name, [&value](T x) { value = x; }, help);
}

void add_common_options(CLI::App& app, CommonOptions& options);
void add_temperature(CLI::App& app, double& temperature);
void add_columns(CLI::App& app, bool& common);
void add_ignore_index(CLI::App& app, std::optional<std::int64_t>& ignore_index);

void add_rows_command(CLI::App& app, Command& chosen);
void add_compare_command(CLI::App& app, Command& chosen);
void add_mi_command(CLI::App& app, Command& chosen);
void add_doctor_command(CLI::App& app, Command& chosen);

}  // namespace kullback::cli
