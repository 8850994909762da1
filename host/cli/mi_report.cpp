#include "host/cli/mi_report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "host/cli/mi_explain.hpp"
#include "host/cli/mi_ranking.hpp"
#include "host/cli/report.hpp"

namespace kullback::cli {
namespace {

using Json = nlohmann::ordered_json;

/// A number, a list or a list of lists, by the report's shape.
Json json_values(const MiReport& report, const std::vector<double>& values) {
  if (report.shape.empty()) return json_number(values[0]);
  Json list = Json::array();
  if (report.shape.size() == 1) {
    for (double v : values) list.push_back(json_number(v));
    return list;
  }
  for (auto row = values.begin(); row != values.end(); row += report.shape[1]) {
    Json line = Json::array();
    for (auto v = row; v != row + report.shape[1]; ++v) line.push_back(json_number(*v));
    list.push_back(std::move(line));
  }
  return list;
}

Json json_top(const MiReport& report) {
  if (!report.labels.empty()) {
    Json lists = Json::array();
    for (std::size_t l = 0; l < report.labels.size(); ++l) lists.push_back(json_top(report_of_label(report, l)));
    return lists;
  }
  const MiRanking ranking(report);
  Json list = Json::array();
  for (std::size_t i : ranking.order()) {
    Json entry;
    if (ranking.of_pairs()) {
      entry["features"] = {ranking.first(i), ranking.second(i)};
      if (!report.names.empty()) entry["names"] = {ranking.name(ranking.first(i)), ranking.name(ranking.second(i))};
    } else {
      entry[report.things] = ranking.index(i);
      if (!report.names.empty()) entry["name"] = ranking.name(i);
    }
    for (const MiColumn& c : report.columns) entry[c.name] = json_number(c.values[i]);
    list.push_back(std::move(entry));
  }
  return list;
}

std::string json_of(const MiReport& report, const CommonOptions& options) {
  const bool one = report.columns.size() == 1;
  Json measure = report.columns[0].name, value = json_values(report, report.columns[0].values);
  if (!one) {
    measure = Json::array();
    value = Json::object();
    for (const MiColumn& c : report.columns) {
      measure.push_back(c.name);
      value[c.name] = json_values(report, c.values);
    }
  }
  Json object = {{"command", "mi"},
                 {"measure", measure},
                 {"unit", name_of(options.unit)},
                 {"samples", report.samples ? Json(*report.samples) : Json()}};
  if (!report.names.empty()) object["names"] = report.names;
  if (!report.labels.empty()) object["labels"] = report.labels;
  if (report.plan) object["plan"] = json_plan(*report.plan);
  const bool ranked = report.is_list() && !report.shape.empty();
  object[ranked ? "top" : "value"] = ranked ? json_top(report) : value;
  return text_of(object) + "\n";
}

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

/// [features, features], as in the output file.
std::string csv_matrix(const MiReport& report) {
  const auto width = static_cast<std::size_t>(report.shape[1]);
  const MiRanking ranking(report, 0);
  std::string text = report.things;
  for (std::size_t j = 0; j < width; ++j) text += "," + csv_field(ranking.name(j));
  for (std::size_t i = 0; i < report.columns[0].values.size(); ++i) {
    if (i % width == 0) text += "\n" + csv_field(ranking.name(i / width));
    text += "," + csv_number(report.columns[0].values[i]);
  }
  return text + "\n";
}

std::string csv_names(const MiReport& report) {
  std::string text;
  for (const MiColumn& c : report.columns) text += (&c == &report.columns[0] ? "" : ",") + c.name;
  return text;
}

/// A line for each result, which begins with `before`: all of them in order, or the first ones by rank.
std::string csv_lines(const MiReport& report, const std::string& before) {
  const MiRanking ranking(report, report.is_list() ? MiRanking::kAll : 0);
  std::string text;
  const auto add = [&](std::size_t i) {
    text += "\n" + before;
    if (!report.shape.empty()) text += csv_field(ranking.name(ranking.first(i))) + ",";
    if (ranking.of_pairs()) text += csv_field(ranking.name(ranking.second(i))) + ",";
    for (const MiColumn& c : report.columns) text += (&c == &report.columns[0] ? "" : ",") + csv_number(c.values[i]);
  };
  if (report.is_list()) {
    for (std::size_t i : ranking.order()) add(i);
  } else {
    for (std::size_t i = 0; i < report.columns[0].values.size(); ++i) add(i);
  }
  return text;
}

std::string csv_of(const MiReport& report) {
  if (!report.labels.empty()) {
    std::string text = fmt::format("label,{},{}", report.things, csv_names(report));
    for (std::size_t l = 0; l < report.labels.size(); ++l)
      text += csv_lines(report_of_label(report, l), csv_field(report.labels[l]) + ",");
    return text + "\n";
  }
  const bool of_pairs = report.shape.size() == 2;
  if (of_pairs && report.columns.size() == 1 && !report.is_list()) return csv_matrix(report);
  const std::string things = report.shape.empty() ? "" : of_pairs ? "x,y," : std::string(report.things) + ",";
  return things + csv_names(report) + csv_lines(report, "") + "\n";
}

std::string table_of(const MiReport& report, const CommonOptions& options) {
  const std::string samples = report.samples ? fmt::format("{} samples   ", *report.samples) : "";
  const std::string heading = fmt::format("{}\n{}unit: {}   backend: {}\n\n", report.inputs, samples,
                                          name_of(options.unit), name_of(resolved(options.execution.backend)));
  if (!report.labels.empty()) {
    std::string text = heading;
    for (std::size_t l = 0; l < report.labels.size(); ++l)
      text += fmt::format("{}label: {}\n{}", l == 0 ? "" : "\n", report.labels[l],
                          ranked_table(report_of_label(report, l)));
    return text;
  }
  if (!report.shape.empty()) return heading + ranked_table(report);
  std::size_t width = 0;
  for (const MiColumn& c : report.columns) width = std::max(width, c.name.size());
  std::string text = heading;
  for (const MiColumn& c : report.columns)
    text += fmt::format("{:<{}}  {}\n", c.name, width, short_number(c.values[0]));
  return text;
}

/// A measure's values have the report's shape; several are interleaved along one more axis. Of a selection: indices and
/// scores.
void write_values(const MiReport& report, OutputFile& out) {
  std::vector<std::int64_t> shape = report.shape;
  if (shape.empty()) shape = {1};
  if (!report.chosen.empty()) {
    out.write_header({shape[0], 2});
    for (std::size_t k = 0; k < report.chosen.size(); ++k) {
      const double row[2] = {static_cast<double>(report.chosen[k]), report.columns[0].values[k]};
      out.write(row, 2);
    }
    return;
  }
  if (report.columns.size() == 1) {
    out.write_header(shape);
    out.write(report.columns[0].values.data(), report.columns[0].values.size());
    return;
  }
  shape.push_back(static_cast<std::int64_t>(report.columns.size()));
  out.write_header(shape);
  std::vector<double> row(report.columns.size());
  for (std::size_t i = 0; i < report.columns[0].values.size(); ++i) {
    for (std::size_t k = 0; k < row.size(); ++k) row[k] = report.columns[k].values[i];
    out.write(row.data(), row.size());
  }
}

}  // namespace

MiReport report_of_label(const MiReport& report, std::size_t label) {
  MiReport one;
  one.samples = report.samples;
  one.shape = {report.shape[1]};
  one.things = report.things;
  one.names = report.names;
  one.top = report.top;
  one.threshold = report.threshold;
  for (const MiColumn& c : report.columns) {
    const auto first = c.values.begin() + static_cast<std::ptrdiff_t>(label) * report.shape[1];
    one.columns.push_back({c.name, {first, first + report.shape[1]}, c.smallest_first});
  }
  return one;
}

void publish(const MiReport& report, const CommonOptions& options, OutputFile& out) {
  if (out.wanted()) write_values(report, out);
  print_out(options.format == Format::json  ? json_of(report, options)
            : options.format == Format::csv ? csv_of(report)
                                            : table_of(report, options));
  out.finish();
}

}  // namespace kullback::cli
