#include "host/cli/mi_plot.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "host/cli/mi_ranking.hpp"

namespace kullback::cli {
namespace {

constexpr std::size_t kMostNamed = 40;  // features along a side of a heat map whose names can be read
constexpr std::size_t kMostBars = 64;   // as in the table, unless a list is asked for

/// "mi [bits]"; a p-value is drawn by its logarithm.
std::string value_of(const MiColumn& column, Unit unit) {
  if (column.smallest_first) return "-log10 " + column.name;
  const auto measure = parse_information(column.name);
  const bool scaled = measure ? information_info(*measure).scaled : true;  // the scores of a selection
  return scaled ? fmt::format("{} [{}]", column.name, name_of(unit)) : column.name;
}

/// So that names leave room for what is drawn: a beginning and an end, of whole code points of UTF-8.
std::string shortened(const std::string& name) {
  constexpr std::size_t kMost = 28, kHead = 12, kTail = 13;
  if (name.size() <= kMost) return name;
  const auto is_inside = [&](std::size_t i) { return (static_cast<unsigned char>(name[i]) & 0xc0) == 0x80; };
  std::size_t head = kHead, tail = name.size() - kTail;
  while (head > 0 && is_inside(head)) --head;
  while (tail < name.size() && is_inside(tail)) ++tail;
  return name.substr(0, head) + "..." + name.substr(tail);
}

std::vector<std::string> names_of(const MiRanking& ranking, std::size_t count) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < count && count <= kMostNamed; ++i) names.push_back(shortened(ranking.name(i)));
  return names;
}

Plot unchecked_plot_of(const MiReport& report, Unit unit) {
  const MiColumn& by = report.columns[0];
  Plot plot;
  plot.title = report.inputs;
  plot.value = value_of(by, unit);
  if (!report.labels.empty()) {
    plot.height = report.labels.size(), plot.width = static_cast<std::size_t>(report.shape[1]);
    const MiReport first = report_of_label(report, 0);
    const MiRanking ranking(first, 0);
    plot.columns = names_of(ranking, plot.width);
    for (const std::string& label : report.labels)
      if (plot.height <= kMostNamed) plot.rows.push_back(shortened(label));
    for (double v : by.values) plot.values.push_back(drawn(by, v));
    return plot;
  }
  const std::size_t most = report.is_list() ? static_cast<std::size_t>(kMostPlotted) : kMostBars;
  const MiRanking ranking(report, most);
  if (ranking.of_pairs() && !report.is_list()) {
    plot.height = plot.width = static_cast<std::size_t>(report.shape[0]);
    plot.rows = plot.columns = names_of(ranking, plot.width);
    for (double v : by.values) plot.values.push_back(drawn(by, v));
    return plot;
  }
  plot.height = ranking.order().size();
  if (plot.height < ranking.total()) plot.title += fmt::format("  the first {} of {}", plot.height, ranking.total());
  for (std::size_t k = 0; k < plot.height; ++k) {
    const std::size_t i = ranking.order()[k];
    plot.rows.push_back(ranking.of_pairs() ? shortened(ranking.name(ranking.first(i))) + ", " +
                                                 shortened(ranking.name(ranking.second(i)))
                                           : shortened(ranking.name(i)));
    plot.values.push_back(drawn(by, by.values[i]));
  }
  return plot;
}

}  // namespace

Plot plot_of(const MiReport& report, Unit unit) {
  const Plot plot = unchecked_plot_of(report, unit);
  require(!plot.values.empty(), "--plot: no result is left to draw");
  return plot;
}

}  // namespace kullback::cli
