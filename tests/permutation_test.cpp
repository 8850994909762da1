#include <algorithm>
#include <functional>
#include <numeric>

#include "information_calls.hpp"

/// p-values of the permutation test: against all tables with the margins, the sealed reference and the chi-square tail.
namespace kullback::test {
namespace {

const InformationSet kPermutation = {Information::permutation_pvalue};

InformationOptions permuting(std::int64_t count, std::uint64_t seed = 7) {
  InformationOptions options;
  options.permutations = count;
  options.seed = seed;
  return options;
}

/// Of the permutations' p-value; the reference must be sure of every one of them.
void expect_exact(double value, const std::vector<reference::Estimate<reference::Binary128>>& exact) {
  EXPECT_LT(static_cast<double>(exact[0].error), 1e-12);
  expect_contract(kPermutation, &value, exact);
}

using Table = std::vector<std::vector<std::int64_t>>;

double of_table(const Table& table, const InformationOptions& options) {
  CodeVector cells;
  for (const auto& row : table) cells.insert(cells.end(), row.begin(), row.end());
  const auto rows = static_cast<std::int64_t>(table.size());
  return measure_joint(kPermutation, view(cells.data(), rows, static_cast<std::int64_t>(cells.size()) / rows),
                       options)[0];
}

std::int64_t sum(const CodeVector& v) { return std::accumulate(v.begin(), v.end(), std::int64_t{0}); }

/// Calls visit(table) for all tables with these margins.
void for_each_table(const CodeVector& rows, CodeVector left, Table& table, const std::function<void()>& visit) {
  const std::size_t i = table.size();
  if (i + 1 == rows.size()) {
    table.push_back(left);
    visit();
    table.pop_back();
    return;
  }
  CodeVector row(left.size());
  const std::function<void(std::size_t, std::int64_t)> fill = [&](std::size_t j, std::int64_t rest) {
    if (j + 1 == left.size()) {
      if (rest > left[j]) return;
      row[j] = rest;
      CodeVector after = left;
      for (std::size_t k = 0; k < row.size(); ++k) after[k] -= row[k];
      table.push_back(row);
      for_each_table(rows, after, table, visit);
      table.pop_back();
      return;
    }
    for (row[j] = 0; row[j] <= std::min(rest, left[j]); ++row[j]) fill(j + 1, rest - row[j]);
  };
  fill(0, rows[i]);
}

/// log of the chance of a table, and the sum with which I grows.
std::pair<double, double> chance_and_statistic(const Table& table, const CodeVector& rows, const CodeVector& cols) {
  const auto lf = [](std::int64_t n) { return std::lgamma(static_cast<double>(n) + 1); };
  double chance = -lf(sum(rows)), statistic = 0;
  for (std::int64_t n : rows) chance += lf(n);
  for (std::int64_t n : cols) chance += lf(n);
  for (const auto& row : table) {
    for (std::int64_t n : row) {
      chance -= lf(n);
      if (n > 0) statistic += static_cast<double>(n) * std::log(static_cast<double>(n));
    }
  }
  return {std::exp(chance), statistic};
}

TEST(Permutation, HasTheChancesOfAllTables) {
  const std::pair<CodeVector, CodeVector> margins[] = {
      {{1, 1}, {1, 1}},       {{3, 2}, {4, 1}},       {{10, 8}, {9, 9}},   {{4, 3}, {3, 2, 2}},
      {{3, 3, 3}, {3, 3, 3}}, {{5, 3, 1}, {4, 3, 2}}, {{30, 2}, {17, 15}}, {{2, 2, 1, 1}, {3, 3}}};
  constexpr std::int64_t kCount = 6'000;
  for (const auto& [rows, cols] : margins) {
    std::vector<std::pair<double, double>> all;
    std::vector<Table> tables;
    Table table;
    for_each_table(rows, cols, table, [&, r = rows, c = cols] {
      all.push_back(chance_and_statistic(table, r, c));
      tables.push_back(table);
    });
    double chances = 0;
    for (const auto& t : all) chances += t.first;
    EXPECT_NEAR(chances, 1, 1e-12);
    for (std::size_t k = 0; k < all.size(); k += 1 + all.size() / 8) {
      double exact = 0;
      for (const auto& t : all) exact += t.second >= all[k].second - 1e-9 ? t.first : 0;
      const double p = of_table(tables[k], permuting(kCount, k));
      const double deviation = std::sqrt(exact * std::max(1 - exact, 0.0) / kCount);
      EXPECT_NEAR(p, exact, 5 * deviation + 2.0 / kCount) << "table " << k << " of " << all.size();
      if (exact > 1 - 1e-12) {
        EXPECT_EQ(p, 1.0);
      }
    }
  }
}

TEST(Permutation, IsTheReferences) {
  auto random = seeded(80);
  const std::vector<std::pair<std::int64_t, std::int64_t>> shapes = {{1, 4}, {2, 2}, {3, 2}, {7, 4}, {11, 12}, {3, 40}};
  InformationOptions options = permuting(8, 0x123456789abcdef);
  options.missing = 3;
  for (auto [kx, ky] : shapes) {
    for (std::int64_t n : {1, 10, 90, 700}) {
      SCOPED_TRACE(std::to_string(kx) + " x " + std::to_string(ky) + ", " + std::to_string(n) + " samples");
      const CodeVector x = random_codes(random, n, kx, 0.4), z = random_codes(random, n, 4);
      for (const CodeVector& y : {related_codes(random, x, ky), random_codes(random, n, ky)}) {
        for (const CodeVector& given : {CodeVector{}, z}) {
          const CodeMatrix strata = given.empty() ? CodeMatrix{} : row_of(given, 4);
          expect_exact(measure_pairs(kPermutation, row_of(x, kx), row_of(y, ky), strata, options)[0],
                       reference::information<reference::Binary128>(kPermutation, x, y, given, options));
        }
      }
    }
  }
}

TEST(Permutation, IsTheReferencesOfHugeCounts) {
  auto random = seeded(81);
  for (int bits : {20, 33, 45, 60}) {
    for (int round = 0; round < 4; ++round) {
      CodeVector cells(6);
      for (auto& c : cells) c = static_cast<std::int64_t>(random() >> (64 - bits));
      const MatrixView table = view(cells.data(), 2, 3);
      const InformationOptions options = permuting(40, random());
      expect_exact(measure_joint(kPermutation, table, options)[0],
                   reference::information_joint<reference::Binary128>(kPermutation, table, options));
    }
  }
}

TEST(Permutation, IsTheChiSquareTailOfManySamples) {
  constexpr std::int64_t kCount = 3'000;
  const InformationSet both = {Information::permutation_pvalue, Information::g_pvalue};
  for (std::int64_t shift : {0, 300, 900, 1'500}) {
    // Twice 3 x 4: 10^5 samples a cell, and 2^40 of them.
    for (std::int64_t scale : {std::int64_t{1}, std::int64_t{1} << 24}) {
      CodeVector cells(12, 100'000);
      cells[0] += shift, cells[6] -= shift / 2, cells[11] += shift / 3;
      const double root = std::sqrt(static_cast<double>(scale));  // keeps G
      for (auto& c : cells) c = 100'000 * scale + static_cast<std::int64_t>(static_cast<double>(c - 100'000) * root);
      const Row p = measure_joint(both, view(cells.data(), 3, 4), permuting(kCount));
      EXPECT_NEAR(p[0], p[1], 5 * std::sqrt(p[1] * (1 - p[1]) / kCount) + 2.0 / kCount);
    }
  }
}

TEST(Permutation, OfOneTableIsOne) {
  const CodeVector none, one = {0}, constant = {2, 2, 2, 2}, varying = {0, 1, 1, 0};
  EXPECT_EQ(measure_pairs(kPermutation, row_of(none, 3), row_of(none, 3), {}, permuting(9)), Row({1}));
  EXPECT_EQ(measure_pairs(kPermutation, row_of(one, 1), row_of(one, 1), {}, permuting(9)), Row({1}));
  EXPECT_EQ(measure_pairs(kPermutation, row_of(constant, 3), row_of(varying, 2), {}, permuting(9)), Row({1}));
  EXPECT_EQ(measure_pairs(kPermutation, row_of(varying, 2), row_of(constant, 3), {}, permuting(9)), Row({1}));
  EXPECT_EQ(measure_pairs(kPermutation, row_of(varying, 2), row_of(varying, 2), row_of(varying, 2), permuting(9)),
            Row({1}));
  // All samples different in both: every table is a permutation of the diagonal.
  const CodeVector alone = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(measure_pairs(kPermutation, row_of(alone, 6), row_of(alone, 6), {}, permuting(99)), Row({1}));
  EXPECT_EQ(measure_joint(kPermutation, {nullptr, DType::i64, 0, 2, 2}, permuting(9)), Row({1}));
}

TEST(Permutation, NamesOrderAndThreadsDoNotShow) {
  auto random = seeded(82);
  constexpr std::int64_t kSamples = 500, kFeatures = 5;
  const CodeVector table = random_codes(random, kSamples * kFeatures, 6, 0.2), z = random_codes(random, kSamples, 3);
  CodeVector reversed(table.rbegin(), table.rend()), z_reversed(z.rbegin(), z.rend()), renamed = table;
  for (auto& c : renamed) c = 9 - c;
  InformationOptions options = permuting(60, 5);
  options.execution.threads = 1;
  const CodeMatrix codes = {view(table.data(), kSamples, kFeatures), 6};
  for (bool given : {false, true}) {
    const Given strata = given ? vector_of(z, 3) : Given{}, backwards = given ? vector_of(z_reversed, 3) : Given{};
    options.execution.threads = 1;
    const Row expected = measure_all_pairs(kPermutation, codes, strata, options);
    for (int threads : {2, 3, 8}) {
      options.execution.threads = threads;
      EXPECT_EQ(measure_all_pairs(kPermutation, codes, strata, options), expected);
    }
    const CodeMatrix other = {view(renamed.data(), kSamples, kFeatures), 11};
    EXPECT_EQ(measure_all_pairs(kPermutation, other, strata, options), expected);
    Row back = measure_all_pairs(kPermutation, {view(reversed.data(), kSamples, kFeatures), 6}, backwards, options);
    std::reverse(back.begin(), back.end());  // features and samples in reverse
    EXPECT_EQ(back, expected);
    const CodeVector x = column(table, kFeatures, 1), y = column(table, kFeatures, 3);
    const CodeMatrix row_given = given ? row_of(z, 3) : CodeMatrix{};
    EXPECT_EQ(measure_pairs(kPermutation, row_of(x, 6), row_of(y, 6), row_given, options)[0],
              expected[1 * kFeatures + 3]);
    EXPECT_EQ(measure_pairs(kPermutation, row_of(y, 6), row_of(x, 6), row_given, options)[0],
              expected[1 * kFeatures + 3]);
    const Row label = measure_label(kPermutation, codes, vector_of(y, 6), strata, options);
    EXPECT_EQ(label[1], expected[1 * kFeatures + 3]);
  }
  EXPECT_NE(of_table({{5, 3, 6}, {4, 8, 1}}, permuting(500, 1)), of_table({{5, 3, 6}, {4, 8, 1}}, permuting(500, 2)));
}

TEST(PermutationBadArguments, AreRefusedWithASentence) {
  const CodeVector x = {0, 1, 1};
  for (std::int64_t count : {std::int64_t{0}, std::int64_t{-1}, std::int64_t{1} << 31}) {
    try {
      measure_pairs(kPermutation, row_of(x, 2), row_of(x, 2), {}, permuting(count));
      ADD_FAILURE() << "accepted " << count;
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find("options.permutations: is " + std::to_string(count)), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace kullback::test
