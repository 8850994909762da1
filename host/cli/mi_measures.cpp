#include "host/cli/mi_measures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/cli/options.hpp"

namespace kullback::cli {
namespace {

constexpr const char *kAdjusted = "g_qvalue", *kPermutation = "permutation_pvalue";

std::string known_names() {
  std::string names;
  for (Information m : all_information()) names += std::string(information_info(m).name) + ", ";
  return names + kAdjusted + ", information_gain, conditional_entropy, cmi";
}

}  // namespace

MiMeasures MiMeasures::parse(const std::string& asked, bool permutes) {
  MiMeasures result;
  const bool adds = permutes && ("," + asked + ",").find(fmt::format(",{},", kPermutation)) == std::string::npos;
  const std::string text = adds ? fmt::format("{},{}", asked, kPermutation) : asked;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string name = text.substr(begin, end - begin);
    begin = end + 1;
    const bool adjusted = name == kAdjusted;
    const auto measure = adjusted ? Information::g_pvalue : parse_information(name);
    require(measure.has_value(), fmt::format("unknown measure '{}'; known: {}", name, known_names()));
    for (const Item& item : result.items_)
      require(item.name != name, fmt::format("measure '{}' is asked for twice", name));
    int column = 0;
    while (column < result.computed_.size() && result.computed_[column] != *measure) ++column;
    if (column == result.computed_.size()) result.computed_.push_back(*measure);
    result.items_.push_back({name, column, adjusted});
  }
  return result;
}

bool MiMeasures::smallest_first(std::size_t k) const {
  const Information measure = computed_[items_[k].column];
  return measure == Information::g_pvalue || measure == Information::permutation_pvalue;
}

bool MiMeasures::adjusts() const {
  return std::any_of(items_.begin(), items_.end(), [](const Item& item) { return item.adjusted; });
}

std::vector<double> MiMeasures::column(std::size_t k, const std::vector<double>& values,
                                       const std::vector<bool>& is_test) const {
  const auto width = static_cast<std::size_t>(computed_.size());
  std::vector<double> result;
  for (std::size_t i = static_cast<std::size_t>(items_[k].column); i < values.size(); i += width) {
    const bool counts = !items_[k].adjusted || is_test.empty() || is_test[i / width];
    result.push_back(counts ? values[i] : std::numeric_limits<double>::quiet_NaN());
  }
  return items_[k].adjusted ? adjusted_p_values(result) : result;
}

std::vector<double> adjusted_p_values(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted = p;
  double least = 1;
  const auto tests = static_cast<double>(order.size());
  for (std::size_t rank = order.size(); rank-- > 0;) {
    least = std::min(least, p[order[rank]] * tests / static_cast<double>(rank + 1));
    adjusted[order[rank]] = least;
  }
  return adjusted;
}

}  // namespace kullback::cli
