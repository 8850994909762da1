#include <algorithm>

#include "information_calls.hpp"
#include "kernels/cpu/plane_engines.hpp"
#include "kernels/math/mutual_information.hpp"

/// All pairs of features by bit planes: the counts and the bits of the histograms.
namespace kullback::test {
namespace {

constexpr std::int64_t kMissing = 200;

/// Codes of a group of eight features, of which each depends on the one before; one in `missing_every` is missing.
struct Group {
  std::int64_t samples, classes, features;
  std::vector<std::uint8_t> codes;  ///< [samples, kGroup]

  Group(std::mt19937_64& random, std::int64_t n, std::int64_t k, std::int64_t columns, unsigned missing_every)
      : samples(n), classes(k), features(columns), codes(static_cast<std::size_t>(n * cpu::kGroup)) {
    for (std::size_t i = 0; i < codes.size(); ++i) {
      const bool follows = i > 0 && random() % 4 != 0;
      const auto code = follows && codes[i - 1] != kMissing ? codes[i - 1] : random() % static_cast<std::uint64_t>(k);
      const bool rare = random() % 3 == 0;  // the last classes are
      codes[i] = static_cast<std::uint8_t>(rare ? code : code / 2);
      if (missing_every != 0 && random() % missing_every == 0) codes[i] = kMissing;
    }
  }
  cpu::CodeColumns columns() const {
    return {codes.data(), DType::u8, cpu::kGroup, 0, features, classes, classes, {true, kMissing}};
  }
  std::uint8_t at(std::int64_t sample, std::int64_t feature) const {
    return codes[static_cast<std::size_t>(sample * cpu::kGroup + feature)];
  }
};

double counted_one_by_one(const Group& a, std::int64_t x, const Group& b, std::int64_t y) {
  std::vector<std::uint64_t> cells(static_cast<std::size_t>(a.classes * a.classes)), margins(2 * cells.size());
  for (std::int64_t s = 0; s < a.samples; ++s) {
    if (a.at(s, x) != kMissing && b.at(s, y) != kMissing)
      ++cells[static_cast<std::size_t>(a.at(s, x) * a.classes + b.at(s, y))];
  }
  const JointCounts<std::uint64_t> table = {cells.data(), a.classes, a.classes, a.classes, 1};
  std::uint64_t total;
  sum_margins(table, margins.data(), margins.data() + a.classes, &total);
  return mutual_information(table, margins.data(), margins.data() + a.classes, total);
}

struct alignas(64) Line {
  std::uint64_t word[cpu::kGroup];
};

/// One instruction set's leaves on two groups, with every plane counted or all but those of the last classes.
void expect_histograms_bits(const cpu::PlaneEngines& engines, const Group& a, const Group& b, bool every_plane) {
  const cpu::PlaneShape shape = {a.samples, 2 * cpu::kGroup, a.classes, a.classes};
  const auto lines = static_cast<std::size_t>(shape.group_words() / cpu::kGroup);
  const auto classes = static_cast<std::size_t>(a.classes);
  std::vector<Line> words(2 * lines), class_counts(2 * classes), counts(classes * classes * cpu::kGroup);
  std::uint64_t *const of_a = words.data()->word, *const of_b = of_a + shape.group_words();
  std::uint64_t *const counts_a = class_counts.data()->word, *const counts_b = counts_a + a.classes * cpu::kGroup;
  std::uint8_t bad[cpu::kGroup] = {};
  engines.pack(a.columns(), shape, 0, shape.words(), of_a, bad);
  engines.pack(b.columns(), shape, 0, shape.words(), of_b, bad);
  EXPECT_TRUE(std::all_of(bad, bad + cpu::kGroup, [](std::uint8_t flag) { return flag == 0; }));
  engines.tally(shape, of_a, counts_a);
  engines.tally(shape, of_b, counts_b);
  const std::int64_t planes = a.classes - !every_plane;
  const cpu::GroupPair pair = {counts.data()->word, counts_a, counts_b, a.classes, planes, a.classes};
  std::int64_t first = 0;
  do {
    const std::int64_t last = std::min(first + cpu::kWordsAtATime, shape.words());
    engines.count(shape, of_a, of_b, first, last, first == 0, pair);
    first = last;
  } while (first < shape.words());
  double out[cpu::kGroup * cpu::kGroup];
  engines.mutual_information(pair, 1, out, cpu::kGroup);
  for (std::int64_t x = 0; x < a.features; ++x) {
    for (std::int64_t y = 0; y < b.features; ++y)
      ASSERT_EQ(out[x * cpu::kGroup + y], counted_one_by_one(a, x, b, y)) << x << ", " << y;
  }
}

TEST(PlanePairs, EveryInstructionSetHasTheBitsOfTheHistograms) {
  auto random = seeded(70);
  std::vector<const cpu::PlaneEngines*> engines = {&cpu::kBaselinePlanes};
#if defined(KULLBACK_DISPATCH)
  // What this machine cannot execute, it cannot compare.
  if (cpu::detect_isa() >= cpu::Isa::avx2) engines.push_back(&cpu::kAvx2Planes);
  engines.push_back(&cpu::plane_engines());
#endif
  for (std::int64_t classes : {1, 2, 3, 4, 5, 16}) {
    for (std::int64_t n : {0, 1, 63, 64, 65, 511, 513, 1984, 1985, 4100}) {
      if (classes > 4 && n > 513) continue;
      SCOPED_TRACE(std::to_string(classes) + " classes, " + std::to_string(n) + " samples");
      const Group complete(random, n, classes, cpu::kGroup, 0), with_gaps(random, n, classes, 5, 20);
      for (const cpu::PlaneEngines* engine : engines) {
        expect_histograms_bits(*engine, with_gaps, with_gaps, true);
        expect_histograms_bits(*engine, complete, with_gaps, true);
        expect_histograms_bits(*engine, complete, with_gaps, false);
      }
    }
  }
}

/// Codes [samples, features] in which a feature repeats the one before, one in `missing_every` missing.
CodeVector table_of(std::mt19937_64& random, std::int64_t n, std::int64_t features, std::int64_t classes,
                    unsigned missing_every) {
  CodeVector codes = random_codes(random, n * features, classes, 0.5);
  for (std::size_t i = 1; i < codes.size(); ++i) {
    if (random() % 3 == 0) codes[i] = codes[i - 1];
    if (missing_every != 0 && random() % missing_every == 0) codes[i] = -1;
  }
  return codes;
}

/// What the histograms give, pair by pair.
Row pair_by_pair(const InformationSet& measures, const CodeVector& codes, std::int64_t features, std::int64_t classes,
                 const InformationOptions& options) {
  Row all;
  std::vector<CodeVector> columns;
  for (std::int64_t f = 0; f < features; ++f) columns.push_back(column(codes, features, f));
  for (const CodeVector& x : columns) {
    for (const CodeVector& y : columns) {
      const Row row = measure_pairs(measures, row_of(x, classes), row_of(y, classes), {}, options);
      all.insert(all.end(), row.begin(), row.end());
    }
  }
  return all;
}

void expect_same(const Row& values, const Row& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(values[i] == expected[i] || (std::isnan(values[i]) && std::isnan(expected[i])))
        << i << ": " << values[i] << " instead of " << expected[i];
  }
}

TEST(PlanePairs, ACallHasTheBitsOfTheHistograms) {
  auto random = seeded(71);
  for (std::int64_t features : {1, 4, 9, 70}) {
    for (std::int64_t n : {0, 1, 129, 2100}) {
      const std::int64_t classes = features == 70 ? 3 : 2 + n % 3;
      if (features == 70 && n != 129) continue;
      for (unsigned missing_every : {0u, 50u}) {
        SCOPED_TRACE(std::to_string(features) + " features, " + std::to_string(n) + " samples");
        const CodeVector codes = table_of(random, n, features, classes, missing_every);
        const CodeMatrix table = {view(codes.data(), n, features), classes};
        InformationOptions options;
        options.unit = Unit::bits;
        options.missing = -1;
        const Row expected = pair_by_pair({Information::mi}, codes, features, classes, options);
        for (int threads : {1, 2}) {
          options.execution.threads = threads;
          expect_same(measure_all_pairs({Information::mi}, table, {}, options), expected);
        }
        if (missing_every != 0) continue;
        MutualInformationOptions plain;
        plain.unit = Unit::bits;
        expect_same(all_pairs(table.view, classes, plain), expected);
      }
    }
  }
}

TEST(PlanePairs, EveryMeasureHasTheBitsOfTheHistograms) {
  auto random = seeded(72);
  const std::int64_t n = 150, features = 11, classes = 4;
  const CodeVector codes = table_of(random, n, features, classes, 30);
  InformationOptions options;
  options.missing = -1;
  expect_same(measure_all_pairs(exact_information(), {view(codes.data(), n, features), classes}, {}, options),
              pair_by_pair(exact_information(), codes, features, classes, options));
}

TEST(PlanePairs, MeetTheContract) {
  auto random = seeded(73);
  const std::int64_t n = 300, features = 9, classes = 3;
  const CodeVector codes = table_of(random, n, features, classes, 40);
  InformationOptions options;
  options.missing = -1;
  const InformationSet mi = {Information::mi};
  const Row values = measure_all_pairs(mi, {view(codes.data(), n, features), classes}, {}, options);
  for (std::int64_t i = 0; i < features; ++i) {
    for (std::int64_t j = 0; j < features; ++j)
      expect_contract(mi, {values[static_cast<std::size_t>(i * features + j)]}, column(codes, features, i),
                      column(codes, features, j), {}, options);
  }
}

/// n = 2^k samples in which every pair of features is exactly independent.
TEST(PlanePairs, IndependentFeaturesHaveExactlyNone) {
  const std::int64_t n = 256, features = 8;
  CodeVector codes;
  for (std::int64_t s = 0; s < n; ++s) {
    for (std::int64_t f = 0; f < features; ++f) codes.push_back(s >> f & 1);
  }
  const Row values = all_pairs(view(codes.data(), n, features), 2);
  for (std::int64_t i = 0; i < features; ++i) {
    for (std::int64_t j = 0; j < features; ++j)
      EXPECT_EQ(values[static_cast<std::size_t>(i * features + j)], i == j ? kLn2 : 0) << i << ", " << j;
  }
}

/// Types, strides, and a code out of range, which concerns its own feature's pairs alone.
template <class T> void expect_nan_around(T code) {
  auto random = seeded(74);
  const std::int64_t n = 200, features = 12, stride = features + 5, classes = 3;
  const CodeVector codes = table_of(random, n, features, classes, 0);
  std::vector<T> stored(static_cast<std::size_t>(n * stride), T{77});
  for (std::size_t i = 0; i < codes.size(); ++i)
    stored[i / static_cast<std::size_t>(features) * static_cast<std::size_t>(stride) +
           i % static_cast<std::size_t>(features)] = static_cast<T>(codes[i]);
  const MatrixView table = {stored.data(), dtype_of<T>, n, features, stride};
  const Row good = all_pairs(view(codes.data(), n, features), classes);
  expect_same(all_pairs(table, classes), good);
  stored[static_cast<std::size_t>(150 * stride + 9)] = code;
  const Row values = all_pairs(table, classes);
  for (std::int64_t i = 0; i < features; ++i) {
    for (std::int64_t j = 0; j < features; ++j) {
      const auto at = static_cast<std::size_t>(i * features + j);
      if (i == 9 || j == 9) {
        EXPECT_TRUE(std::isnan(values[at])) << i << ", " << j;
      } else {
        EXPECT_EQ(values[at], good[at]) << i << ", " << j;
      }
    }
  }
}

TEST(PlanePairs, CodesOfEveryTypeAndOutOfRange) {
  expect_nan_around<std::uint8_t>(255);
  expect_nan_around<std::uint16_t>(256);
  expect_nan_around<std::int32_t>(-1);
  expect_nan_around<std::int64_t>(std::int64_t{1} << 32);
}

}  // namespace
}  // namespace kullback::test
