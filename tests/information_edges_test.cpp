#include <algorithm>
#include <limits>
#include <numeric>

#include "information_calls.hpp"

/// Missing values, a third variable, invariance, bad codes, empty shapes and bad arguments.
namespace kullback::test {
namespace {

const InformationSet kAll = exact_information();
const InformationSet kConditional = conditional_information();

InformationOptions with_missing(std::int64_t code) {
  InformationOptions options;
  options.missing = code;
  return options;
}

/// Some codes of `codes` become `code`.
CodeVector with_holes(std::mt19937_64& random, CodeVector codes, std::int64_t code, unsigned one_in) {
  for (auto& c : codes) {
    if (random() % one_in == 0) c = code;
  }
  return codes;
}

/// The row of results `index` of several.
Row row(const Row& values, std::int64_t index, const InformationSet& measures) {
  const auto first = values.begin() + index * measures.size();
  return {first, first + measures.size()};
}

/// NaNs are equal here.
void expect_same(const Row& a, const Row& b) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t k = 0; k < a.size(); ++k) {
    EXPECT_TRUE(a[k] == b[k] || (std::isnan(a[k]) && std::isnan(b[k]))) << k << ": " << a[k] << " and " << b[k];
  }
}

TEST(InformationEdges, PairsUseTheSamplesThatBothHave) {
  auto random = seeded(70);
  for (std::int64_t code : {-1, 0, 3, 255, 1'000'000}) {
    for (std::int64_t n : {1, 5, 300, 3'000}) {
      const CodeVector full = random_codes(random, n, 7, 0.2);
      const CodeVector x = with_holes(random, full, code, 4);
      const CodeVector y = with_holes(random, related_codes(random, full, 5), code, 3);
      const InformationOptions options = with_missing(code);
      const Row values = measure_pairs(kAll, row_of(x, 7), row_of(y, 5), {}, options);
      expect_contract(kAll, values, x, y, {}, options);
      CodeVector kept_x, kept_y;
      for (std::size_t i = 0; i < x.size(); ++i) {
        if (x[i] != code && y[i] != code) kept_x.push_back(x[i]), kept_y.push_back(y[i]);
      }
      expect_same(values, measure_pairs(kAll, row_of(kept_x, 7), row_of(kept_y, 5)));
      EXPECT_EQ(values.back(), static_cast<double>(kept_x.size()));
    }
  }
}

TEST(InformationEdges, WhereNothingIsKnownThereAreNoSamples) {
  const CodeVector x = {9, 1, 9}, y = {0, 9, 9}, none;
  expect_same(measure_pairs(kAll, row_of(x, 2), row_of(y, 2), {}, with_missing(9)),
              measure_pairs(kAll, row_of(none, 2), row_of(none, 2)));
}

TEST(InformationEdges, AMissingCodeThatATypeCannotHoldDoesNotOccur) {
  const std::vector<std::uint8_t> x = {0, 1, 255, 1}, y = {0, 1, 1, 0};
  const InformationSet samples = {Information::samples};
  const CodeMatrix a = {view(x.data(), 1, 4), 256}, b = {view(y.data(), 1, 4), 2};
  EXPECT_EQ(measure_pairs(samples, a, b, {}, with_missing(-1))[0], 4);
  EXPECT_EQ(measure_pairs(samples, a, b, {}, with_missing(255))[0], 3);
  EXPECT_EQ(measure_pairs(samples, a, b, {}, with_missing(511))[0], 4);
}

TEST(InformationEdges, GivenAThirdVariable) {
  auto random = seeded(71);
  for (std::int64_t strata : {1, 2, 6, 40}) {
    for (std::int64_t n : {1, 9, 500, 5'000}) {
      const CodeVector z = random_codes(random, n, strata, 0.3), x = related_codes(random, z, 4);
      const CodeVector y = related_codes(random, x, 3);
      expect_contract(kConditional, measure_pairs(kConditional, row_of(x, 4), row_of(y, 3), row_of(z, strata)), x, y, z,
                      {});
      const InformationOptions options = with_missing(-5);
      const CodeVector holes_x = with_holes(random, x, -5, 5), holes_z = with_holes(random, z, -5, 5);
      expect_contract(kConditional,
                      measure_pairs(kConditional, row_of(holes_x, 4), row_of(y, 3), row_of(holes_z, strata), options),
                      holes_x, y, holes_z, options);
    }
  }
}

TEST(InformationEdges, OfAnXorIsLn2GivenTheOther) {
  const CodeVector x = {0, 0, 1, 1}, z = {0, 1, 0, 1}, y = {0, 1, 1, 0};
  const InformationSet mi = {Information::mi};
  EXPECT_EQ(measure_pairs(mi, row_of(x, 2), row_of(y, 2))[0], 0.0);
  expect_close(measure_pairs(mi, row_of(x, 2), row_of(y, 2), row_of(z, 2))[0], kLn2);
  EXPECT_EQ(measure_pairs(mi, row_of(x, 2), row_of(x, 2), row_of(x, 2))[0], 0.0);
}

TEST(InformationEdges, TheChainRuleHolds) {
  auto random = seeded(72);
  const InformationSet mi = {Information::mi};
  for (int round = 0; round < 30; ++round) {
    const CodeVector x = random_codes(random, 700, 5, 0.2), y = related_codes(random, x, 4);
    const CodeVector z = related_codes(random, y, 3);
    CodeVector both = y;
    for (std::size_t i = 0; i < both.size(); ++i) both[i] += 4 * z[i];
    const double whole = measure_pairs(mi, row_of(x, 5), row_of(both, 12))[0];
    const double parts = measure_pairs(mi, row_of(x, 5), row_of(z, 3))[0] +
                         measure_pairs(mi, row_of(x, 5), row_of(y, 4), row_of(z, 3))[0];
    EXPECT_NEAR(whole, parts, 1e-14);
  }
}

TEST(InformationEdges, EveryShapeGivesAPairTheSameBits) {
  auto random = seeded(73);
  for (std::int64_t features : {1, 3, 20}) {
    for (std::int64_t n : {7, 400, 40'001}) {
      if (n * features > 200'000) continue;
      CodeVector table = random_codes(random, n * features, 6, 0.3);
      table = with_holes(random, table, -1, 9);
      const CodeVector label = with_holes(random, random_codes(random, n, 4), -1, 7), z = random_codes(random, n, 3);
      const InformationOptions options = with_missing(-1);
      for (bool conditional : {false, true}) {
        const InformationSet& measures = conditional ? kConditional : kAll;
        const Given given = conditional ? vector_of(z, 3) : Given{};
        const CodeMatrix row_given = conditional ? row_of(z, 3) : CodeMatrix{};
        const CodeMatrix codes = {view(table.data(), n, features), 6};
        const Row with_label = measure_label(measures, codes, vector_of(label, 4), given, options);
        const Row matrix = measure_all_pairs(measures, codes, given, options);
        for (std::int64_t i = 0; i < features; i += 1 + features / 4) {
          const CodeVector x = column(table, features, i);
          expect_same(row(with_label, i, measures),
                      measure_pairs(measures, row_of(x, 6), row_of(label, 4), row_given, options));
          for (std::int64_t j = i; j < features; j += 1 + features / 3) {
            const CodeVector y = column(table, features, j);
            expect_same(row(matrix, i * features + j, measures),
                        measure_pairs(measures, row_of(x, 6), row_of(y, 6), row_given, options));
            expect_contract(measures, row(matrix, j * features + i, measures), y, x, conditional ? z : CodeVector{},
                            options);
          }
        }
      }
    }
  }
}

/// Each element as often as its weight says.
CodeVector repeated(const CodeVector& codes, const CodeVector& weights) {
  CodeVector result;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    result.insert(result.end(), static_cast<std::size_t>(weights[i % weights.size()]), codes[i]);
  }
  return result;
}

InformationOptions with_weights(const CodeVector& weights) {
  InformationOptions options = with_missing(2);
  options.permutations = 20;
  options.weights = vector_view(weights.data(), static_cast<std::int64_t>(weights.size()));
  return options;
}

TEST(InformationEdges, AWeightRepeatsItsSample) {
  auto random = seeded(76);
  const InformationSet all = all_information();
  for (std::int64_t n : {1, 7, 400, 3'000}) {
    for (std::int64_t largest : {1, 2, 9}) {
      const CodeVector x = random_codes(random, n, 6, 0.2), y = related_codes(random, x, 5),
                       z = random_codes(random, n, 3), weights = random_codes(random, n, largest + 1, 0.3);
      const CodeVector rx = repeated(x, weights), ry = repeated(y, weights), rz = repeated(z, weights);
      const InformationOptions options = with_weights(weights);
      InformationOptions plain = with_missing(2);
      plain.permutations = options.permutations;
      const Row values = measure_pairs(all, row_of(x, 6), row_of(y, 5), {}, options);
      expect_same(values, measure_pairs(all, row_of(rx, 6), row_of(ry, 5), {}, plain));
      if (n <= 400) expect_contract(all, values, x, y, {}, options);
      expect_same(measure_pairs(kConditional, row_of(x, 6), row_of(y, 5), row_of(z, 3), options),
                  measure_pairs(kConditional, row_of(rx, 6), row_of(ry, 5), row_of(rz, 3), plain));
    }
  }
}

TEST(InformationEdges, WeightsAreTheSameInEveryShape) {
  auto random = seeded(77);
  constexpr std::int64_t kSamples = 500, kFeatures = 20;  // many columns are counted in another order
  const CodeVector table = random_codes(random, kSamples * kFeatures, 4), label = random_codes(random, kSamples, 3),
                   weights = random_codes(random, kSamples, 4);
  const InformationOptions options = with_weights(weights);
  const CodeMatrix codes = {view(table.data(), kSamples, kFeatures), 4};
  const Row by_label = measure_label(kAll, codes, vector_of(label, 3), {}, options);
  const Row matrix = measure_all_pairs(kAll, codes, {}, options);
  for (std::int64_t i : {0, 7, 19}) {
    const CodeVector x = column(table, kFeatures, i), y = column(table, kFeatures, 19);
    expect_same(row(by_label, i, kAll), measure_pairs(kAll, row_of(x, 4), row_of(label, 3), {}, options));
    expect_same(row(matrix, i * kFeatures + 19, kAll), measure_pairs(kAll, row_of(x, 4), row_of(y, 4), {}, options));
  }
}

TEST(InformationEdges, WeightsPass32Bits) {
  const CodeVector x = {0, 0, 1, 1, 7}, y = {0, 1, 0, 1, 9};
  const std::int64_t large = std::int64_t{1} << 60;
  const CodeVector weights = {large, large / 2, large / 3, 3 * large, 0};  // the last is absent, with its bad codes
  const InformationSet measures = {Information::mi, Information::entropy_x, Information::joint_entropy,
                                   Information::samples};
  const MatrixView joint = view(weights.data(), 2, 2);
  EXPECT_EQ(measure_pairs(measures, row_of(x, 2), row_of(y, 2), {}, with_weights(weights)),
            measure_joint(measures, joint));
  const CodeVector more = {large, 2 * large, 3 * large, large, large}, few = {1, 0, 2, -5, 1}, other = {1, 1};
  const auto refuses = [&](const CodeVector& w, const std::string& part) {
    try {
      measure_pairs(measures, row_of(x, 2), row_of(y, 2), {}, with_weights(w));
      ADD_FAILURE() << "accepted, expected a sentence about " << part;
    } catch (const InvalidArgument& error) {
      EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    }
  };
  refuses(more, "weights: their sum passes 2^63 - 1 at [4]");
  refuses(few, "weights: is -5 at [3], expected 0 or more");
  refuses(other, "weights");
  const std::vector<std::int32_t> narrow(5, 1);
  InformationOptions options;
  options.weights = vector_view(narrow.data(), 5);
  EXPECT_THROW(measure_pairs(measures, row_of(x, 2), row_of(y, 2), {}, options), InvalidArgument);
}

TEST(InformationEdges, OrderOfSamplesThreadsAndSpareClassesDoNotShow) {
  auto random = seeded(74);
  const std::int64_t n = 200'003;
  const CodeVector x = random_codes(random, n, 9, 0.4), y = related_codes(random, x, 7), z = random_codes(random, n, 3);
  InformationOptions options = with_missing(2);
  options.execution.threads = 1;
  const Row expected = measure_pairs(kAll, row_of(x, 9), row_of(y, 7), {}, options);
  const Row given = measure_pairs(kConditional, row_of(x, 9), row_of(y, 7), row_of(z, 3), options);
  for (int threads : {2, 3, 8}) {
    options.execution.threads = threads;
    expect_same(measure_pairs(kAll, row_of(x, 9), row_of(y, 7), {}, options), expected);
    expect_same(measure_pairs(kConditional, row_of(x, 9), row_of(y, 7), row_of(z, 3), options), given);
  }
  expect_same(measure_pairs(kAll, row_of(x, 40), row_of(y, 100), {}, options), expected);
  CodeVector back_x(x.rbegin(), x.rend()), back_y(y.rbegin(), y.rend());
  expect_same(measure_pairs(kAll, row_of(back_x, 9), row_of(back_y, 7), {}, options), expected);
}

TEST(InformationEdges, ABatchIsItsRows) {
  auto random = seeded(75);
  const CodeVector x = random_codes(random, 4 * 50, 5), y = random_codes(random, 4 * 50, 3),
                   z = random_codes(random, 4 * 50, 2);
  const auto slice = [](const CodeVector& v, std::int64_t b) {
    return CodeVector(v.begin() + b * 50, v.begin() + b * 50 + 50);
  };
  const CodeMatrix bx = {view(x.data(), 4, 50), 5}, by = {view(y.data(), 4, 50), 3}, bz = {view(z.data(), 4, 50), 2};
  const CodeVector first = slice(z, 0);
  const Row own = measure_pairs(kConditional, bx, by, bz),
            shared = measure_pairs(kConditional, bx, by, row_of(first, 2));
  for (std::int64_t b = 0; b < 4; ++b) {
    const CodeVector sx = slice(x, b), sy = slice(y, b), sz = slice(z, b);
    expect_same(row(own, b, kConditional), measure_pairs(kConditional, row_of(sx, 5), row_of(sy, 3), row_of(sz, 2)));
    expect_same(row(shared, b, kConditional),
                measure_pairs(kConditional, row_of(sx, 5), row_of(sy, 3), row_of(first, 2)));
  }
}

TEST(InformationEdges, CodesOutOfRangeSpoilTheirResultsAlone) {
  for (std::int64_t bad : {std::int64_t{-1}, std::int64_t{3}, std::numeric_limits<std::int64_t>::max(),
                           std::numeric_limits<std::int64_t>::min()}) {
    const CodeVector table = {0, 1, bad, 1, 2, 0, 1, 2, 2}, label = {0, 1, 0}, ok = {0, 0, 1};
    const CodeMatrix codes = {view(table.data(), 3, 3), 3};
    const Row values = measure_label(kAll, codes, vector_of(label, 2));
    for (int k = 0; k < kAll.size(); ++k) {
      for (int f = 0; f < 3; ++f) EXPECT_EQ(std::isnan(values[static_cast<std::size_t>(f * kAll.size() + k)]), f == 2);
    }
    const CodeVector z = {0, bad, 0}, x = {0, 1, 2}, y = {0, 1, 1};
    for (double v : measure_pairs(kConditional, row_of(x, 3), row_of(y, 2), row_of(z, 2))) EXPECT_TRUE(std::isnan(v));
    for (double v : measure_pairs(kConditional, row_of(x, 3), row_of(z, 2), row_of(y, 2))) EXPECT_TRUE(std::isnan(v));
  }
}

TEST(InformationEdges, EmptyShapesAreLegal) {
  const InformationSet mi = {Information::mi, Information::nmi};
  EXPECT_TRUE(measure_pairs(mi, {{nullptr, DType::u8, 0, 5, 5}, 2}, {{nullptr, DType::u8, 0, 5, 5}, 2}).empty());
  EXPECT_EQ(measure_pairs(mi, {{nullptr, DType::u8, 2, 0, 0}, 2}, {{nullptr, DType::i64, 2, 0, 0}, 2}),
            Row({0, 1, 0, 1}));
  EXPECT_TRUE(measure_all_pairs(mi, {{nullptr, DType::u8, 5, 0, 0}, 2}).empty());
  EXPECT_EQ(measure_label(mi, {{nullptr, DType::u8, 0, 2, 2}, 2}, {{nullptr, DType::u8, 0}, 2}), Row({0, 1, 0, 1}));
}

template <class Call> void expect_refused(Call call, const std::string& part) {
  try {
    call();
    FAIL() << "accepted, expected a sentence about " << part;
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(InformationBadArguments, AreRefusedWithASentence) {
  const CodeVector x = {0, 1, 1}, y = {1, 0, 1}, longer = {0, 0, 0, 0};
  const std::vector<double> shares = {0.5, 0.5};
  const InformationSet mi = {Information::mi};
  InformationSet many;
  for (int k = 0; k < 33; ++k) many.push_back(Information::mi);
  expect_refused([&] { measure_pairs({}, row_of(x, 2), row_of(y, 2)); }, "measures: 0");
  expect_refused([&] { measure_pairs(many, row_of(x, 2), row_of(y, 2)); }, "measures: 33");
  expect_refused([&] { measure_pairs(mi, row_of(x, 2), row_of(longer, 2)); }, "equal rows and columns");
  expect_refused([&] { measure_pairs(mi, row_of(x, 0), row_of(y, 2)); }, "x.classes");
  expect_refused([&] { measure_pairs(mi, row_of(x, 2), row_of(y, -1)); }, "y.classes");
  expect_refused([&] { measure_pairs(mi, row_of(x, 2), row_of(y, 2), row_of(longer, 2)); }, "given");
  expect_refused([&] { measure_pairs(mi, row_of(x, 2), row_of(y, 2), row_of(x, -2)); }, "given.classes");
  expect_refused([&] { measure_pairs(mi, row_of(x, 1 << 20), row_of(y, 1 << 20)); }, "joint table");
  expect_refused([&] { measure_pairs(mi, row_of(x, 1 << 12), row_of(y, 1 << 12), row_of(y, 1 << 12)); }, "joint table");
  expect_refused(
      [&] {
        measure_pairs(mi, row_of(x, std::numeric_limits<std::int64_t>::max()), row_of(y, 2), {}, with_missing(0));
      },
      "joint table");
  for (Information m : {Information::nmi, Information::ami, Information::miller_madow}) {
    expect_refused([&] { measure_pairs({m}, row_of(x, 2), row_of(y, 2), row_of(y, 2)); }, "third variable");
  }
  for (Information m : {Information::ami, Information::g, Information::samples}) {
    expect_refused([&] { measure_joint({m}, view(shares.data(), 1, 2)); }, "counts");
  }
  expect_refused([&] { measure_label(mi, {view(x.data(), 3, 1), 2}, vector_of(longer, 2)); }, "label");
  expect_refused([&] { measure_label(mi, {view(x.data(), 3, 1), 2}, vector_of(y, 2), vector_of(longer, 2)); }, "given");
  expect_refused([&] { measure_all_pairs(mi, {view(shares.data(), 2, 1), 2}); }, "float64");
  Results out(1, mi);
  const MutableMatrixView narrow = mutable_view(out.values.data(), 1, 1);
  expect_refused(
      [&] {
        information_pairs({Information::mi, Information::g}, row_of(x, 2), row_of(y, 2), {}, narrow, {}, {},
                          host_stream);
      },
      "out");
  expect_refused([&] { information_pairs(mi, row_of(x, 2), row_of(y, 2), {}, out.view, {}, {}, host_stream); },
                 "workspace");
  EXPECT_EQ(out.values[0], -7);
  std::vector<double> own(3, 1.0);
  const MatrixView same = {own.data(), DType::i64, 3, 1, 1};
  Scratch scratch(1 << 16);
  expect_refused(
      [&] {
        information_label(mi, {same, 2}, vector_of(y, 2), {}, mutable_view(own.data(), 1, 1), {}, scratch, host_stream);
      },
      "out");
}

TEST(InformationBadArguments, NamesAreTheirMeasures) {
  for (Information m : all_information()) EXPECT_EQ(parse_information(information_info(m).name), m);
  EXPECT_EQ(parse_information("information_gain"), Information::mi);
  EXPECT_EQ(parse_information("cmi"), Information::mi);
  EXPECT_EQ(parse_information("conditional_entropy"), Information::conditional_entropy_y);
  EXPECT_FALSE(parse_information("kl"));
}

}  // namespace
}  // namespace kullback::test
