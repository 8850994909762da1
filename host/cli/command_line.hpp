#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "host/cli/options.hpp"

/// The command line, of CLI11: a large header, which only the commands need.
namespace kullback::cli {

/// What to run once the command line has been understood; returns the exit code.
using Command = std::function<int()>;

/// An option that takes one number, all of whose text is read and which fits its type.
template <class T>
CLI::Option* add_number(CLI::App& app, const std::string& name, std::function<void(T)> choose,
                        const std::string& help) {
  const auto parse = [=](const std::string& text) {
    T value{};
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end) {
      const char* what = std::is_integral_v<T> ? "an integer of at most 64 bits" : "a number";
      throw CLI::ValidationError(name, "expected " + std::string(what) + ", got '" + text + "'");
    }
    choose(value);
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name(std::is_integral_v<T> ? "INT" : "NUMBER");
}
template <class T> CLI::Option* add_number(CLI::App& app, const std::string& name, T& value, const std::string& help) {
  return add_number<T>(
      app, name, [&value](T x) { value = x; }, help);
}

/// An option or argument that names a file.
CLI::Option* add_file(CLI::App& app, const std::string& name, std::string& path, const std::string& help);

void add_common_options(CLI::App& app, CommonOptions& options);
void add_temperature(CLI::App& app, double& temperature);
void add_columns(CLI::App& app, bool& common);
void add_ignore_index(CLI::App& app, std::optional<std::int64_t>& ignore_index);

/// An option that is one of a few words.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& name, const std::vector<std::pair<std::string, T>>& choices,
                        std::function<void(T)> choose, const std::string& help) {
  std::string words;
  for (const auto& choice : choices) words += (words.empty() ? "" : "|") + choice.first;
  const auto parse = [=](const std::string& word) {
    for (const auto& choice : choices)
      if (choice.first == word) return choose(choice.second);
    throw CLI::ValidationError(name, "expected " + words + ", got '" + word + "'");
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name(words);
}

void add_rows_command(CLI::App& app, Command& chosen);
void add_compare_command(CLI::App& app, Command& chosen);
void add_mi_command(CLI::App& app, Command& chosen);
void add_doctor_command(CLI::App& app, Command& chosen);

}  // namespace kullback::cli
