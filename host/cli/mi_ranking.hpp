#pragma once

#include <string>
#include <vector>

#include "host/cli/mi_report.hpp"

namespace kullback::cli {

/// The results of a report by its first measure: the largest first, or the smallest of p-values; NaN last. Of a matrix,
/// the pairs above the diagonal. A selection has an order already.
class MiRanking {
 public:
  static constexpr std::size_t kAll = static_cast<std::size_t>(-1);
  /// Keeps the first `most`, and no more than the report's list has.
  explicit MiRanking(const MiReport& report, std::size_t most = kAll);
  explicit MiRanking(MiReport&&, std::size_t = kAll) = delete;  // it refers to the report

  const std::vector<std::size_t>& order() const { return order_; }
  std::size_t total() const { return total_; }  ///< of which these are the first
  bool of_pairs() const { return report_.shape.size() == 2; }
  std::size_t first(std::size_t i) const { return of_pairs() ? i / width_ : i; }
  std::size_t second(std::size_t i) const { return i % width_; }
  /// Of a feature of a selection, its column in the table.
  std::size_t index(std::size_t thing) const;
  /// A name, or the index.
  std::string name(std::size_t thing) const;
  /// Of result i: its thing's name, or the names of both.
  std::string label(std::size_t i) const;

 private:
  const MiReport& report_;
  std::size_t width_, total_ = 0;
  std::vector<std::size_t> order_;
};

/// What is drawn of a value: the smaller a p-value, the more.
double drawn(const MiColumn& column, double value);

/// A table for people, with a bar each.
std::string ranked_table(const MiReport& report);

}  // namespace kullback::cli
