#include <algorithm>
#include <numeric>

#include "mutual_information_calls.hpp"

/// Values: against the binary128 reference, closed forms and published examples.
namespace kullback::test {
namespace {

double entropy_of(const std::vector<double>& weights) {
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double sum = 0;
  for (double w : weights) sum -= w > 0 ? w / total * std::log(w / total) : 0;
  return sum;
}

TEST(MutualInformation, OfEqualBalancedLabelsIsLn2AtEverySize) {
  // From 92,682 samples on, the product of two margins does not fit 32 bits.
  for (std::int64_t n : {2, 92'680, 92'682, 200'000, unless_cuda(1'000'000, 100'000)}) {
    CodeVector x(static_cast<std::size_t>(n));
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::int64_t>(i % 2);
    SCOPED_TRACE(n);
    expect_close(pair(x, 2, x, 2), kLn2);
    expect_close(with_label(view(x.data(), n, 1), 2, vector_view(x.data(), n), 2)[0], kLn2);
  }
}

TEST(MutualInformation, OfIndependentLabelsIsExactlyZero) {
  const std::int64_t repeats = unless_cuda(17, 1);
  for (std::int64_t kx : {1, 2, 3, 7, 16, 33}) {
    for (std::int64_t ky : {1, 2, 5, 16}) {
      CodeVector x, y;
      for (std::int64_t i = 0; i < kx; ++i) {
        for (std::int64_t j = 0; j < ky; ++j) {
          for (std::int64_t k = 0; k < repeats * (i + 1) * (2 * j + 3); ++k) x.push_back(i), y.push_back(j);
        }
      }
      EXPECT_EQ(pair(x, kx, y, ky), 0.0) << kx << " x " << ky;
    }
  }
  const std::size_t many = unless_cuda(1'000'000, 100'000);
  CodeVector x(many), y(many);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = i % 2, y[i] = i / 2 % 2;
  EXPECT_EQ(pair(x, 2, y, 2), 0.0);
}

TEST(MutualInformation, MeetsTheContractForManyShapes) {
  auto random = seeded(20);
  const bool simulated = unless_cuda(false, true);
  // Classes around each change of the CPU engine's ways: 4096 and 16384 cells, 256 codes, lines of 64 codes; and beyond
  // a GPU's shared memory, in bands of classes and in device memory.
  const std::vector<std::pair<std::int64_t, std::int64_t>> shapes = {
      {1, 1},   {1, 9},     {2, 2},     {2, 3},   {3, 2},     {16, 16},   {64, 64},    {65, 64},
      {64, 65}, {128, 128}, {129, 128}, {5, 300}, {256, 256}, {257, 255}, {1000, 1000}};
  for (auto [kx, ky] : shapes) {
    for (std::int64_t n : {1, 2, 7, 100, 20'001, 140'000}) {
      for (double skew : {0.0, 0.95}) {
        if (n == 140'000 && kx * ky > 20'000 && skew == 0) continue;
        if (simulated && (n == 140'000 || (kx * ky > 20'000 && n != 20'001))) continue;
        SCOPED_TRACE(std::to_string(kx) + " x " + std::to_string(ky) + ", " + std::to_string(n) + " samples");
        const CodeVector x = random_codes(random, n, kx, skew), y = related_codes(random, x, ky);
        expect_contract(pair(x, kx, y, ky), x, y);
        const CodeVector z = random_codes(random, n, ky, skew);
        expect_contract(pair(x, kx, z, ky), x, z);
      }
    }
  }
}

TEST(MutualInformation, KeepsItsDigitsNextToIndependence) {
  // One sample away from independence: about 10^-12 nats at 10^6 samples. The last products pass 53 and 64 bits.
  for (std::int64_t half : {50LL, 5'000LL, 500'000LL, 500'000'007LL, 5'000'000'007LL}) {
    const std::vector<std::int64_t> cells = {half + 1, half - 1, half, half};
    const auto exact = reference::mutual_information_joint<reference::Binary128>(view(cells.data(), 2, 2), Unit::nats);
    EXPECT_GT(joint(cells, 2, 2), 0);
    expect_contract(joint(cells, 2, 2), exact);
  }
}

TEST(MutualInformation, OfAColumnWithItselfIsItsEntropy) {
  auto random = seeded(21);
  const std::int64_t n = 5000, features = 5, classes = 11;
  const CodeVector table = random_codes(random, n * features, classes, 0.4);
  const std::vector<double> matrix = all_pairs(view(table.data(), n, features), classes);
  for (std::int64_t f = 0; f < features; ++f) {
    const CodeVector x = column(table, features, f);
    std::vector<double> counts(classes);
    for (std::int64_t code : x) ++counts[static_cast<std::size_t>(code)];
    expect_close(matrix[static_cast<std::size_t>(f * features + f)], entropy_of(counts));
    expect_close(pair(x, classes, x, classes), entropy_of(counts));
  }
}

TEST(MutualInformation, OfTheWeatherAndTheUmbrella) {
  // P(rain) = 0.5, P(umbrella) = 0.45: sum p log2(p / (p p)) = 0.397312 bits.
  const std::vector<double> cells = {0.4, 0.1, 0.05, 0.45};
  const double expected = 0.4 * std::log2(0.4 / (0.5 * 0.45)) + 0.1 * std::log2(0.1 / (0.5 * 0.55)) +
                          0.05 * std::log2(0.05 / (0.5 * 0.45)) + 0.45 * std::log2(0.45 / (0.5 * 0.55));
  EXPECT_NEAR(joint(cells, 2, 2, Unit::bits), expected, 1e-14);
  EXPECT_NEAR(expected, 0.3973126, 5e-8);
}

TEST(MutualInformation, OfPlayTennisAreQuinlansInformationGains) {
  // Quinlan 1986: outlook (sunny, overcast, rain), temperature (hot, mild, cool), humidity (high, normal), wind (weak,
  // strong); gains 0.247, 0.029, 0.152, 0.048 bits.
  const std::vector<std::uint8_t> table = {0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 2, 1, 0, 0, 2, 2, 1,
                                           0, 2, 2, 1, 1, 1, 2, 1, 1, 0, 1, 0, 0, 0, 2, 1, 0, 2, 1,
                                           1, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 1, 0, 2, 1, 0, 1};
  const std::vector<std::uint8_t> play = {0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0};
  const auto gain = with_label(view(table.data(), 14, 4), 3, vector_view(play.data(), 14), 2, {Unit::bits, {}});
  EXPECT_NEAR(gain[0], 0.2467, 5e-5);
  EXPECT_NEAR(gain[1], 0.0292, 5e-5);
  EXPECT_NEAR(gain[2], 0.1518, 5e-5);
  EXPECT_NEAR(gain[3], 0.0481, 5e-5);
}

TEST(MutualInformation, IsAskedInBitsAndBans) {
  const std::vector<std::uint8_t> x = {0, 1, 0, 1};
  EXPECT_EQ(pair(x, 2, x, 2, {Unit::bits, {}}), 1.0);
  expect_close(pair(x, 2, x, 2, {Unit::bans, {}}), std::log10(2.0));
}

TEST(MutualInformation, NeverExceedsAnEntropyAndNeverGrowsWhenBinsMerge) {
  auto random = seeded(22);
  for (int round = 0; round < 200; ++round) {
    const auto kx = static_cast<std::int64_t>(random() % 9 + 2), ky = static_cast<std::int64_t>(random() % 9 + 2);
    const auto n = static_cast<std::int64_t>(random() % 300 + 1);
    const CodeVector x = random_codes(random, n, kx), y = related_codes(random, x, ky);
    const double value = pair(x, kx, y, ky);
    EXPECT_LE(value, std::min(pair(x, kx, x, kx), pair(y, ky, y, ky)) * (1 + kContract));
    CodeVector merged = x;
    for (auto& code : merged) code = std::max<std::int64_t>(code, 1);  // bins 0 and 1 become one
    EXPECT_LE(pair(merged, kx, y, ky), value * (1 + kContract));
  }
}

TEST(MutualInformation, IsSymmetricAndBlindToNames) {
  auto random = seeded(23);
  for (int round = 0; round < 100; ++round) {
    const CodeVector x = random_codes(random, 1000, 9, 0.3), y = related_codes(random, x, 6);
    const double value = pair(x, 9, y, 6);
    expect_close(pair(y, 6, x, 9), value);
    CodeVector names(9);
    std::iota(names.begin(), names.end(), 0);
    std::shuffle(names.begin(), names.end(), random);
    CodeVector renamed = x;
    for (auto& code : renamed) code = names[static_cast<std::size_t>(code)];
    expect_close(pair(renamed, 9, y, 6), value);
  }
}

TEST(MutualInformation, OfJointTablesOfCounts) {
  auto random = seeded(24);
  for (int bits : {1, 8, 20, 31, 33, 45, 58}) {
    for (int round = 0; round < 20; ++round) {
      std::vector<std::int64_t> cells(12);
      for (auto& c : cells) c = static_cast<std::int64_t>(random() >> (64 - bits));
      const MatrixView table = view(cells.data(), 3, 4);
      expect_contract(joint(table), reference::mutual_information_joint<reference::Binary128>(table, Unit::nats));
    }
  }
}

TEST(MutualInformation, OfJointTablesOfHugeCounts) {
  const std::int64_t k31 = std::int64_t{1} << 31, k62 = std::int64_t{1} << 62;
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (std::int64_t c : {k31 - 1, k31, k31 + 1, k62 - 1, k62, most}) {
    SCOPED_TRACE(c);
    expect_close(joint(std::vector<std::int64_t>{c, 0, 0, c}, 2, 2), kLn2);  // totals on both sides of 2^32 and 2^64
    EXPECT_EQ(joint(std::vector<std::int64_t>{c, c, c, c}, 2, 2), 0.0);
  }
  // Cells of (1 +- s) n: s^2 / 2 + O(s^4), with a total beyond 64 bits and with one that fits.
  const std::int64_t e = std::int64_t{1} << 20, k61 = k62 / 2;
  expect_close(joint(std::vector<std::int64_t>{k62 + e, k62 - e, k62 - e, k62 + e}, 2, 2), 0x1p-85);
  expect_close(joint(std::vector<std::int64_t>{k61 + e, k61 - e, k61 - e, k61 + e}, 2, 2), 0x1p-83);
  expect_close(joint(std::vector<std::int64_t>{k62 + 1, k62 - 1, k62 - 1, k62 + 1}, 2, 2), 0x1p-125);  // 63-bit counts
  // A row's sum beyond 64 bits, wrapped so that the total would fit again.
  expect_close(joint(std::vector<std::int64_t>{most, most, most, 0, 0, 0, 0, most}, 2, 4),
               0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3));
}

TEST(MutualInformation, OfJointTablesOfProbabilities) {
  auto random = seeded(25);
  const auto uniform = [&] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  for (int round = 0; round < 50; ++round) {
    for (double scale : {1.0, 0x1p-1000, 0x1p+900}) {
      std::vector<double> cells(5 * 7);
      for (auto& c : cells) c = random() % 4 == 0 ? 0 : uniform() * scale;
      // The reference sums without scaling and would overflow, and MI does not depend on the scale, a power of two.
      std::vector<double> unscaled = cells;
      for (auto& c : unscaled) c /= scale;
      expect_contract(joint(cells, 5, 7), reference::mutual_information_joint<reference::Binary128>(
                                              view(unscaled.data(), 5, 7), Unit::nats));
    }
    // An outer product rounded to double is independent up to its roundings: about 2^-108.
    std::vector<double> a(5), b(7), outer;
    for (auto& v : a) v = uniform();
    for (auto& v : b) v = uniform();
    for (double u : a) {
      for (double v : b) outer.push_back(u * v);
    }
    EXPECT_GE(joint(outer, 5, 7), 0.0);
    EXPECT_LE(joint(outer, 5, 7), 0x1p-104);
  }
  EXPECT_EQ(joint(std::vector<float>{0.1f, 0.2f, 0.2f, 0.4f}, 2, 2), 0.0);
  EXPECT_EQ(joint(std::vector<double>{0.1, 0.2, 0.2, 0.4}, 2, 2), 0.0);
  // Exact outer products whose p N and p_i p_j need more than the 106 bits of two doubles.
  for (int round = 0; round < 50; ++round) {
    const auto unit = static_cast<double>(random() >> 19 | 1);
    std::vector<double> cells;
    for (int i : {3, 7, 11, 13, 15}) {
      for (int j : {1, 5, 9, 14}) cells.push_back(unit * i * j);
    }
    EXPECT_EQ(joint(cells, 5, 4), 0.0);
  }
  // diag(1, e) with e beyond the square root of the smallest number: e (1 - log e) + O(e^2).
  const double e = 0x1p-600;
  expect_close(joint(std::vector<double>{1, 0, 0, e}, 2, 2), e * (1 + 600 * kLn2));
}

TEST(MutualInformation, OfEachFloatingTypeIsOfTheValuesItHolds) {
  const std::vector<double> exact = {0.25, 0.125, 0.0625, 0.5};
  const double expected = joint(exact, 2, 2);
  expect_contract(expected,
                  reference::mutual_information_joint<reference::Binary128>(view(exact.data(), 2, 2), Unit::nats));
  EXPECT_EQ(joint(std::vector<float>(exact.begin(), exact.end()), 2, 2), expected);
  EXPECT_EQ(joint(std::vector<float16>{{0x3400}, {0x3000}, {0x2c00}, {0x3800}}, 2, 2), expected);
  EXPECT_EQ(joint(std::vector<bfloat16>{{0x3e80}, {0x3e00}, {0x3d80}, {0x3f00}}, 2, 2), expected);
  const std::vector<int> counts = {4, 2, 1, 8};
  EXPECT_EQ(joint(std::vector<std::uint8_t>(counts.begin(), counts.end()), 2, 2),
            joint(std::vector<std::int64_t>(counts.begin(), counts.end()), 2, 2));
  expect_close(joint(std::vector<std::uint16_t>(counts.begin(), counts.end()), 2, 2), expected);
  expect_close(joint(std::vector<std::int32_t>(counts.begin(), counts.end()), 2, 2), expected);
}

}  // namespace
}  // namespace kullback::test
