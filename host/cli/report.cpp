#include "host/cli/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <nlohmann/json.hpp>

namespace kullback::cli {
namespace {

/// A NaN's sign says nothing.
double unsigned_nan(double value) { return std::isnan(value) ? std::fabs(value) : value; }

std::string json_of(const RowsReport& report, const CommonOptions& options) {
  nlohmann::ordered_json measures = nlohmann::ordered_json::object();
  for (const Column& c : report.columns) {
    const Summary& s = c.summary;
    measures[c.name] = {
        {"count", s.count},          {"mean", json_number(s.mean)}, {"stderr", json_number(s.standard_error)},
        {"min", json_number(s.min)}, {"p01", json_number(s.p01)},   {"p50", json_number(s.p50)},
        {"p90", json_number(s.p90)}, {"p99", json_number(s.p99)},   {"max", json_number(s.max)},
        {"nonfinite", s.nonfinite}};
  }
  const nlohmann::ordered_json object = {{"command", report.command},
                                         {"backend", name_of(resolved(options.execution.backend))},
                                         {"rows", report.rows},
                                         {"unit", name_of(options.unit)},
                                         {"measures", measures}};
  return text_of(object) + "\n";
}

void print_csv(const RowsReport& report) {
  constexpr std::size_t kBlock = 1 << 20;  // printed in pieces: the text may be several times the values
  fmt::memory_buffer text;
  const auto to = std::back_inserter(text);
  fmt::format_to(to, "row");
  for (const Column& c : report.columns) fmt::format_to(to, ",{}", c.name);
  for (std::size_t r = 0; r < static_cast<std::size_t>(report.rows); ++r) {
    fmt::format_to(to, "\n{}", r);
    for (const Column& c : report.columns) fmt::format_to(to, ",{}", csv_number(c.values[r]));
    if (text.size() < kBlock) continue;
    print_out(fmt::to_string(text));
    text.clear();
  }
  text.push_back('\n');
  print_out(fmt::to_string(text));
}

std::string table_of(const RowsReport& report, const CommonOptions& options) {
  const bool odd = std::any_of(report.columns.begin(), report.columns.end(),
                               [&](const Column& c) { return c.summary.count != report.rows; });
  std::size_t width = 8;
  for (const Column& c : report.columns) width = std::max(width, c.name.size());
  fmt::memory_buffer text;
  const auto to = std::back_inserter(text);
  fmt::format_to(to, "{}\n{} rows   unit: {}   backend: {}\n\n", report.inputs, report.rows, name_of(options.unit),
                 name_of(resolved(options.execution.backend)));
  fmt::format_to(to, "{:<{}} {:>11}    {:<9}", "measure", width, "mean", "stderr");
  for (const char* name : {"min", "p01", "p50", "p90", "p99", "max"}) fmt::format_to(to, " {:>11}", name);
  fmt::format_to(to, "{}\n", odd ? "       count  nonfinite" : "");
  for (const Column& c : report.columns) {
    const Summary& s = c.summary;
    fmt::format_to(to, "{:<{}} {:>11} +- {:<9}", c.name, width, short_number(s.mean),
                   fmt::format("{:.2g}", unsigned_nan(s.standard_error)));
    for (double v : {s.min, s.p01, s.p50, s.p90, s.p99, s.max}) fmt::format_to(to, " {:>11}", short_number(v));
    if (odd) fmt::format_to(to, " {:>11} {:>10}", s.count, s.nonfinite);
    fmt::format_to(to, "\n");
  }
  return fmt::to_string(text);
}

void write_values(const RowsReport& report, OutputFile& out) {
  constexpr std::size_t kBlock = 4096;
  const std::size_t rows = static_cast<std::size_t>(report.rows), width = report.columns.size();
  out.write_header({report.rows, static_cast<std::int64_t>(width)});
  std::vector<double> block;
  for (std::size_t begin = 0; begin < rows; begin += kBlock) {
    block.clear();
    for (std::size_t r = begin; r < std::min(rows, begin + kBlock); ++r)
      for (const Column& c : report.columns) block.push_back(c.values[r]);
    out.write(block.data(), block.size());
  }
}

}  // namespace

void publish(const RowsReport& report, const CommonOptions& options, OutputFile& out) {
  if (out.wanted()) write_values(report, out);
  switch (options.format) {
    case Format::json: print_out(json_of(report, options)); break;
    case Format::csv: print_csv(report); break;
    case Format::table: print_out(table_of(report, options)); break;
  }
  out.finish();
}

std::string text_of(const nlohmann::ordered_json& object) {
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

nlohmann::ordered_json json_number(double value) {
  if (std::isfinite(value)) return value;
  return csv_number(value);
}

std::string csv_number(double value) { return fmt::format("{}", unsigned_nan(value)); }

std::string short_number(double value) { return fmt::format("{:.5g}", unsigned_nan(value)); }

void print_out(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
    throw InvalidArgument(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
}

}  // namespace kullback::cli
