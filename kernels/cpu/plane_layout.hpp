#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kullback/matrix_view.hpp"

/// Bit planes of a table of codes: one bit for each sample and class. Two features' joint counts are then the
/// population counts of their planes' conjunctions, 64 samples at a time.
///
/// Features lie in groups of eight, whose words are neighbours: [group][word][plane][feature]. A vector of a group's
/// words meets one word of another feature, so that the lanes are pairs and nothing is ever summed across lanes; the
/// finish goes on in the same lanes.
namespace kullback::cpu {

inline constexpr std::int64_t kGroup = 8;         ///< features, whose words fill an AVX-512 vector
inline constexpr std::int64_t kWordSamples = 64;  ///< of a word
inline constexpr std::int64_t kMostPlaneClasses = 16;
inline constexpr std::int64_t kWordsAtATime = 31;  ///< what a byte can count: 31 * 8 < 256; two blocks stay in L1

/// With fewer samples every product of two counts, and the sum of two products, is exact in double.
inline constexpr std::int64_t kExactSamples = std::int64_t{1} << 26;

/// Where codes may be missing each class has its plane. Where none can be, or none is in either group, the last class
/// follows from the features' own counts.
struct PlaneShape {
  std::int64_t samples = 0, features = 0, classes = 0, planes = 0;

  std::int64_t words() const { return samples / kWordSamples + (samples % kWordSamples != 0); }
  std::int64_t groups() const { return features / kGroup + (features % kGroup != 0); }
  std::int64_t line() const { return planes * kGroup; }  ///< words from one of a group's words to the next
  std::int64_t group_words() const { return words() * line(); }
  std::int64_t group_features(std::int64_t group) const { return std::min(kGroup, features - group * kGroup); }
};

/// A packed table.
struct PlaneTable {
  PlaneShape shape;
  std::uint64_t* words;    ///< [groups][words][planes][kGroup]
  std::uint64_t* counts;   ///< [groups][classes][kGroup]: samples of each class
  std::uint8_t* complete;  ///< [groups]: no code of the group's features is missing
  std::uint8_t* bad;       ///< [groups][kGroup]: a code was out of range

  const std::uint64_t* group(std::int64_t g) const { return words + g * shape.group_words(); }
  const std::uint64_t* counts_of(std::int64_t g) const { return counts + g * shape.classes * kGroup; }
  bool any_bad(std::int64_t g) const {
    std::uint64_t flags;
    std::memcpy(&flags, bad + g * kGroup, sizeof(flags));
    return flags != 0;
  }
  /// Planes of the group that are counted.
  std::int64_t counted(std::int64_t g) const { return complete[g] ? shape.classes - 1 : shape.classes; }
};

/// The joint counts of two groups: counts[plane of x][feature of x][plane of y][feature of y].
struct GroupPair {
  std::uint64_t* counts;
  const std::uint64_t *counts_x, *counts_y;  ///< PlaneTable::counts_of the two
  std::int64_t classes, planes_x, planes_y;  ///< planes that were counted: classes, or one less

  static std::int64_t size(std::int64_t planes_x, std::int64_t planes_y) {
    return planes_x * kGroup * planes_y * kGroup;
  }
  std::int64_t at(std::int64_t a, std::int64_t x, std::int64_t b) const {
    return ((a * kGroup + x) * planes_y + b) * kGroup;
  }
};

}  // namespace kullback::cpu
