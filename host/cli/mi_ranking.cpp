#include "host/cli/mi_ranking.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/cli/report.hpp"

namespace kullback::cli {

MiRanking::MiRanking(const MiReport& report, std::size_t most)
    : report_(report), width_(report.shape.empty() ? 1 : static_cast<std::size_t>(report.shape.back())) {
  const MiColumn& by = report.columns[0];
  const auto key = [&](std::size_t i) {
    const double v = by.values[i];
    return std::isnan(v) ? -std::numeric_limits<double>::infinity() : by.smallest_first ? -v : v;
  };
  const auto comes_before = [&](std::size_t a, std::size_t b) { return key(a) != key(b) ? key(a) > key(b) : a < b; };
  if (report.top) most = std::min(most, static_cast<std::size_t>(*report.top));
  const double least = !report.threshold   ? -std::numeric_limits<double>::infinity()
                       : by.smallest_first ? -*report.threshold
                                           : *report.threshold;
  const bool sorts = report.chosen.empty();
  // Of hundreds of millions of pairs no more is kept than is wanted.
  constexpr std::size_t kAtATime = 1 << 16;
  for (std::size_t i = 0; i < by.values.size(); ++i) {
    if (of_pairs() && i / width_ >= i % width_) continue;
    if (!(key(i) >= least)) continue;
    ++total_;
    if (!sorts && order_.size() >= most) continue;
    order_.push_back(i);
    if (!sorts || order_.size() < kAtATime || order_.size() / 2 < most) continue;
    std::nth_element(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(most), order_.end(), comes_before);
    order_.resize(most);
  }
  if (sorts) std::sort(order_.begin(), order_.end(), comes_before);
  order_.resize(std::min(order_.size(), most));
}

std::size_t MiRanking::index(std::size_t thing) const {
  return report_.chosen.empty() ? thing : static_cast<std::size_t>(report_.chosen[thing]);
}

std::string MiRanking::name(std::size_t thing) const {
  return report_.names.empty() ? std::to_string(index(thing)) : report_.names[index(thing)];
}

std::string MiRanking::label(std::size_t i) const {
  return of_pairs() ? name(first(i)) + ", " + name(second(i)) : name(i);
}

double drawn(const MiColumn& column, double value) {
  return column.smallest_first ? -std::log10(std::max(value, 1e-320)) : value;
}

std::string ranked_table(const MiReport& report) {
  constexpr std::size_t kMost = 64;
  constexpr double kBar = 40;
  const MiRanking ranking(report, report.is_list() ? MiRanking::kAll : kMost);
  const MiColumn& by = report.columns[0];
  const std::size_t shown = ranking.order().size();
  const auto length = [&](std::size_t i) {
    const double v = drawn(by, by.values[i]);
    return std::isnan(v) ? 0 : std::max(v, 0.0);
  };
  double longest = 0;
  for (std::size_t k = 0; k < shown; ++k) longest = std::max(longest, length(ranking.order()[k]));

  std::vector<std::string> labels;
  std::size_t width = 13;
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t i = ranking.order()[k];
    labels.push_back(ranking.label(i));
    width = std::max(width, labels.back().size());
  }
  std::string text = fmt::format("{:>{}}", ranking.of_pairs() ? "features" : report.things, width);
  for (const MiColumn& c : report.columns)
    text += fmt::format(" {:>{}}", c.name, std::max<std::size_t>(c.name.size(), 12));
  text += "\n";
  for (std::size_t k = 0; k < shown; ++k) {
    const std::size_t i = ranking.order()[k];
    text += fmt::format("{:>{}}", labels[k], width);
    for (const MiColumn& c : report.columns)
      text += fmt::format(" {:>{}}", short_number(c.values[i]), std::max<std::size_t>(c.name.size(), 12));
    const double share = longest > 0 ? length(i) / longest : 0;
    const int bar = std::isfinite(share) ? static_cast<int>(std::lround(kBar * share)) : 0;
    text += bar > 0 ? fmt::format("  {:#<{}}\n", "", bar) : "\n";
  }
  if (!report.is_list() && shown < ranking.total())
    text +=
        fmt::format("the first {} of {}; --top K, --format csv or --out OUT.npy for more\n", shown, ranking.total());
  return text;
}

}  // namespace kullback::cli
