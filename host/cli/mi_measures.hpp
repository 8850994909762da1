#pragma once

#include <string>
#include <vector>

#include "kullback/information.hpp"

namespace kullback::cli {

/// What --measure asks for: measures of the library, and p-values adjusted for their number, which take all of them.
class MiMeasures {
 public:
  /// Names separated by commas; with `permutes` the permutation test's p-values, if they are not among them. Throws
  /// InvalidArgument.
  static MiMeasures parse(const std::string& text, bool permutes);

  /// What the library is asked for.
  const InformationSet& computed() const { return computed_; }
  std::size_t size() const { return items_.size(); }
  const std::string& name(std::size_t k) const { return items_[k].name; }
  /// Small values come first: p-values.
  bool smallest_first(std::size_t k) const;
  bool adjusts() const;
  bool has(Information measure) const { return computed_.contains(measure); }

  /// Measure k of every result, from values [results, computed()]. Adjusted over the results that `is_test` marks (all,
  /// if it is empty); NaN elsewhere.
  std::vector<double> column(std::size_t k, const std::vector<double>& values, const std::vector<bool>& is_test) const;

 private:
  struct Item {
    std::string name;
    int column;
    bool adjusted;
  };
  std::vector<Item> items_;
  InformationSet computed_;
};

/// Benjamini & Hochberg 1995: the smallest share of false discoveries at which each is one. NaNs stay, uncounted.
std::vector<double> adjusted_p_values(const std::vector<double>& p);

}  // namespace kullback::cli
