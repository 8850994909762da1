#include <algorithm>
#include <numeric>

#include "information_calls.hpp"

/// Values of the measures of joint tables: against the binary128 reference and scikit-learn's edge cases.
namespace kullback::test {
namespace {

constexpr Normalizer kNormalizers[] = {Normalizer::arithmetic, Normalizer::geometric, Normalizer::min, Normalizer::max};

/// All measures of a pair, checked against the reference.
Row checked(const CodeVector& x, std::int64_t classes_x, const CodeVector& y, std::int64_t classes_y,
            const InformationOptions& options = {}) {
  const InformationSet measures = exact_information();
  const Row values = measure_pairs(measures, row_of(x, classes_x), row_of(y, classes_y), {}, options);
  expect_contract(measures, values, x, y, {}, options);
  return values;
}

double one(Information measure, const CodeVector& x, const CodeVector& y, const InformationOptions& options = {}) {
  return measure_pairs({measure}, row_of(x, 100), row_of(y, 100), {}, options)[0];
}

TEST(Information, MeetsTheContractForManyShapes) {
  auto random = seeded(60);
  const std::vector<std::pair<std::int64_t, std::int64_t>> shapes = {{1, 1},  {1, 5},   {2, 2},   {2, 3},  {7, 4},
                                                                     {16, 9}, {33, 32}, {40, 70}, {5, 300}};
  for (auto [kx, ky] : shapes) {
    for (std::int64_t n : {1, 2, 3, 10, 100, 2'001}) {
      for (double skew : {0.0, 0.95}) {
        for (Normalizer normalizer : kNormalizers) {
          SCOPED_TRACE(std::to_string(kx) + " x " + std::to_string(ky) + ", " + std::to_string(n) + " samples");
          InformationOptions options;
          options.normalizer = normalizer;
          options.unit = n % 2 == 0 ? Unit::bits : Unit::nats;
          const CodeVector x = random_codes(random, n, kx, skew);
          checked(x, kx, related_codes(random, x, ky), ky, options);
          checked(x, kx, random_codes(random, n, ky, skew), ky, options);
        }
      }
    }
  }
}

TEST(Information, MeetsTheContractForManySamples) {
  auto random = seeded(61);
  for (std::int64_t classes : {2, 10}) {
    const CodeVector x = random_codes(random, 50'000, classes, 0.3);
    checked(x, classes, related_codes(random, x, classes), classes);
    checked(x, classes, random_codes(random, 50'000, classes), classes);
  }
}

TEST(Information, MutualInformationHasTheBitsOfItsOwnCall) {
  auto random = seeded(62);
  const CodeVector x = random_codes(random, 3000, 40, 0.3), y = related_codes(random, x, 35);
  EXPECT_EQ(one(Information::mi, x, y), pair(x, 40, y, 35));
  InformationOptions bits;
  bits.unit = Unit::bits;
  EXPECT_EQ(one(Information::mi, x, y, bits), pair(x, 40, y, 35, {Unit::bits, {}}));
}

TEST(Information, OfWhatIsDeterminedIsExact) {
  const CodeVector x = {0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 0}, y = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0};
  EXPECT_EQ(one(Information::conditional_entropy_y, x, y), 0.0);
  EXPECT_EQ(one(Information::completeness, x, y), 1.0);
  EXPECT_LT(one(Information::homogeneity, x, y), 1.0);
  EXPECT_EQ(one(Information::conditional_entropy_x, x, x), 0.0);
  for (Normalizer normalizer : kNormalizers) {
    InformationOptions options;
    options.normalizer = normalizer;
    EXPECT_EQ(one(Information::nmi, x, x, options), 1.0);
    EXPECT_EQ(one(Information::ami, x, x, options), 1.0);
    EXPECT_EQ(one(Information::nmi, x, y, options) == 1.0, normalizer == Normalizer::min);
  }
  EXPECT_EQ(one(Information::v_measure, x, x), 1.0);
}

TEST(Information, OfIndependentTablesIsExact) {
  CodeVector x, y;
  for (std::int64_t i = 0; i < 3; ++i) {
    for (std::int64_t j = 0; j < 4; ++j) {
      for (std::int64_t k = 0; k < (i + 1) * (2 * j + 1); ++k) x.push_back(i), y.push_back(j);
    }
  }
  const Row values = checked(x, 3, y, 4);
  EXPECT_EQ(one(Information::mi, x, y), 0.0);
  EXPECT_EQ(one(Information::g, x, y), 0.0);
  EXPECT_EQ(one(Information::g_pvalue, x, y), 1.0);
  EXPECT_EQ(one(Information::nmi, x, y), 0.0);
  EXPECT_LT(one(Information::ami, x, y), 0.0);
  EXPECT_LT(one(Information::miller_madow, x, y), 0.0);
}

/// {nmi, ami, homogeneity, completeness, v_measure}
Row scores(const CodeVector& x, const CodeVector& y, Normalizer normalizer) {
  const InformationSet measures = {Information::nmi, Information::ami, Information::homogeneity,
                                   Information::completeness, Information::v_measure};
  InformationOptions options;
  options.normalizer = normalizer;
  return measure_pairs(measures, row_of(x, 10), row_of(y, 10), {}, options);
}

TEST(Information, HasScikitLearnsEdges) {
  const CodeVector none, constant = {3, 3, 3, 3}, varying = {0, 1, 2, 2}, alone = {0, 1, 2, 3}, halves = {0, 0, 1, 1};
  for (Normalizer normalizer : kNormalizers) {
    EXPECT_EQ(scores(none, none, normalizer), Row({1, 1, 1, 1, 1}));
    EXPECT_EQ(scores({5}, {0}, normalizer), Row({1, 1, 1, 1, 1}));
    EXPECT_EQ(scores(constant, constant, normalizer), Row({1, 1, 1, 1, 1}));
    EXPECT_EQ(scores(constant, varying, normalizer), Row({0, 0, 1, 0, 0}));
    EXPECT_EQ(scores(varying, constant, normalizer), Row({0, 0, 0, 1, 0}));
    EXPECT_EQ(scores(alone, alone, normalizer), Row({1, 1, 1, 1, 1}));
    EXPECT_EQ(scores({0, 1}, {0, 1}, normalizer), Row({1, 1, 1, 1, 1}));
    // All samples different in X: every table with these margins has the same I.
    EXPECT_EQ(scores(alone, halves, normalizer)[1], normalizer == Normalizer::min ? 1.0 : 0.0);
    EXPECT_EQ(scores(halves, alone, normalizer)[1], normalizer == Normalizer::min ? 1.0 : 0.0);
  }
  EXPECT_NEAR(scores({0, 0, 1, 1}, {0, 1, 0, 1}, Normalizer::arithmetic)[1], -0.5, 1e-15);
  const Row empty = measure_pairs({Information::mi, Information::entropy_x, Information::g, Information::g_pvalue,
                                   Information::miller_madow, Information::samples},
                                  row_of(none, 10), row_of(none, 10));
  EXPECT_EQ(empty, Row({0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(one(Information::g_pvalue, constant, varying), 1.0);
}

TEST(Information, OfJointTables) {
  auto random = seeded(63);
  const InformationSet all = exact_information(), of_probabilities = information_of_probabilities();
  for (int round = 0; round < 50; ++round) {
    std::vector<std::int32_t> counts(35);
    std::vector<double> weights(35);
    for (std::size_t k = 0; k < counts.size(); ++k) {
      counts[k] = random() % 3 == 0 ? 0 : static_cast<std::int32_t>(random() % 200);
      weights[k] = counts[k] * std::ldexp(static_cast<double>(random() >> 11), -53 - static_cast<int>(random() % 70));
    }
    const MatrixView table = view(counts.data(), 5, 7), shares = view(weights.data(), 5, 7);
    expect_contract(all, measure_joint(all, table).data(),
                    reference::information_joint<reference::Binary128>(all, table, {}));
    expect_contract(of_probabilities, measure_joint(of_probabilities, shares).data(),
                    reference::information_joint<reference::Binary128>(of_probabilities, shares, {}));
  }
}

TEST(Information, OfJointTablesOfHugeCounts) {
  auto random = seeded(64);
  InformationSet measures;
  for (Information m : exact_information()) {
    if (m != Information::ami) measures.push_back(m);  // the reference has a logarithm for each sample
  }
  for (int bits : {31, 33, 45, 58, 60, 63}) {
    for (int round = 0; round < 10; ++round) {
      std::vector<std::int64_t> cells(12);
      for (auto& c : cells) c = static_cast<std::int64_t>(random() >> (64 - bits));
      const MatrixView table = view(cells.data(), 3, 4);
      expect_contract(measures, measure_joint(measures, table).data(),
                      reference::information_joint<reference::Binary128>(measures, table, {}));
    }
  }
}

TEST(Information, OfJointTablesHasEdges) {
  const InformationSet all = exact_information();
  const std::vector<std::int64_t> zeros(4), negative = {1, 2, -1, 3};
  const std::vector<double> nan = {0.5, std::nan(""), 0.25, 0.25};
  const InformationSet some = information_of_probabilities();
  for (double v : measure_joint(all, view(zeros.data(), 2, 2))) EXPECT_TRUE(std::isnan(v));
  for (double v : measure_joint(all, view(negative.data(), 2, 2))) EXPECT_TRUE(std::isnan(v));
  for (double v : measure_joint(some, view(nan.data(), 2, 2))) EXPECT_TRUE(std::isnan(v));
  EXPECT_EQ(measure_joint({Information::mi, Information::nmi, Information::samples}, view(zeros.data(), 0, 2)),
            Row({0, 1, 0}));
  // The diagonal: all exact.
  const std::vector<double> diagonal = {0.125, 0, 0, 0.3};
  EXPECT_EQ(measure_joint({Information::conditional_entropy_x, Information::conditional_entropy_y, Information::nmi},
                          view(diagonal.data(), 2, 2)),
            Row({0, 0, 1}));
}

TEST(Information, PValuesAreSmallWithoutLosingDigits) {
  // SciPy's chi2.sf(2 N I, 1) is about 1e-304 here.
  const std::vector<std::int64_t> cells = {505, 0, 0, 505};
  const Row values = measure_joint({Information::g, Information::g_pvalue}, view(cells.data(), 2, 2));
  expect_close(values[0], 2 * 1010 * kLn2);
  EXPECT_GT(values[1], 0);
  EXPECT_LT(values[1], 1e-300);
  const std::vector<std::int64_t> more = {5050, 0, 0, 5050};
  EXPECT_EQ(measure_joint({Information::g_pvalue}, view(more.data(), 2, 2))[0], 0.0);
}

TEST(Information, PValuesOfManyDegreesOfFreedom) {
  auto random = seeded(65);
  for (std::int64_t classes : {2, 3, 5, 10, 30, 90}) {
    for (std::int64_t n : {50, 5'000, 50'000}) {
      const CodeVector x = random_codes(random, n, classes), y = random_codes(random, n, classes);
      const InformationSet measures = {Information::g, Information::g_pvalue};
      expect_contract(measures, measure_pairs(measures, row_of(x, classes), row_of(y, classes)), x, y, {}, {});
    }
  }
}

}  // namespace
}  // namespace kullback::test
