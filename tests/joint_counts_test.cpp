#include "kullback/joint_counts.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "information_calls.hpp"
#include "kullback/error.hpp"

/// Joint tables counted piece by piece: against one call with all samples, and counted by hand.
namespace kullback::test {
namespace {

using Form = JointCountsShape::Form;
using Bytes = std::vector<unsigned char>;

Bytes saved(const JointCountState& state) {
  Bytes bytes(state.saved_bytes());
  state.save(bytes.data(), bytes.size());
  return bytes;
}
JointCountState loaded(const Bytes& bytes) { return JointCountState::load(bytes.data(), bytes.size()); }

Row finished(const JointCountState& state, const InformationSet& measures, const InformationOptions& options = {}) {
  Results out(state.shape().tables, measures);
  state.finish(measures, out.view, options);
  return out.values;
}

/// Bit for bit, NaN for NaN.
void expect_equal(const Row& got, const Row& expected) {
  ASSERT_EQ(got.size(), expected.size());
  EXPECT_EQ(std::memcmp(got.data(), expected.data(), got.size() * sizeof(double)), 0);
}

std::string refusal_of(const Bytes& bytes) {
  try {
    loaded(bytes);
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "";
}

/// A table [samples, features] of 5 classes with a label of 4, some codes missing (-1); one feature breaks off the
/// range.
class JointCountStates : public ::testing::Test {
 protected:
  static constexpr std::int64_t kSamples = 1203, kFeatures = 7, kClasses = 5, kLabels = 4;
  std::vector<std::int32_t> table, label;
  std::vector<std::int64_t> weights;
  InformationOptions options;

  void SetUp() override {
    auto random = seeded(91);
    std::uniform_int_distribution<int> code(0, kClasses - 1), some(0, 19);
    for (std::int64_t s = 0; s < kSamples; ++s) {
      label.push_back(some(random) == 0 ? -1 : code(random) % kLabels);
      for (std::int64_t f = 0; f < kFeatures; ++f) {
        const bool copies = f == 2 && label.back() >= 0;
        table.push_back(some(random) == 0 ? -1 : copies ? label.back() : code(random));
      }
      weights.push_back(some(random) % 4);
    }
    table[500 * kFeatures + 5] = kClasses;
    options.missing = -1;
    options.permutations = 50;
    options.seed = 3;
  }
  InformationSet measures() const {
    InformationSet set = exact_information();
    set.push_back(Information::permutation_pvalue);
    return set;
  }
  JointCountsShape shape() const { return {Form::label, kFeatures, kClasses, kLabels, -1}; }
  MatrixView rows(std::int64_t first, std::int64_t last) const {
    return view(table.data() + first * kFeatures, last - first, kFeatures);
  }
  VectorView labels(std::int64_t first, std::int64_t last) const {
    return vector_view(label.data() + first, last - first);
  }
  VectorView weights_of(std::int64_t first, std::int64_t last) const {
    return vector_view(weights.data() + first, last - first);
  }
};

TEST_F(JointCountStates, AnyChunksInAnyOrderAreAllAtOnce) {
  for (bool weighs : {false, true}) {
    options.weights = weighs ? weights_of(0, kSamples) : VectorView{};
    const Row expected =
        measure_label(measures(), {rows(0, kSamples), kClasses}, {labels(0, kSamples), kLabels}, {}, options);
    EXPECT_TRUE(std::isnan(expected[5 * static_cast<std::size_t>(measures().size())]));
    Bytes bytes;
    for (std::int64_t chunk : {1L, 7L, 64L, 1000L, 1203L, 5000L}) {
      for (bool backwards : {false, true}) {
        JointCountState state(shape());
        const std::int64_t chunks = (kSamples + chunk - 1) / chunk;
        for (std::int64_t k = 0; k < chunks; ++k) {
          const std::int64_t first = (backwards ? chunks - 1 - k : k) * chunk;
          const std::int64_t last = std::min(first + chunk, kSamples);
          Execution execution;
          execution.threads = static_cast<int>(1 + k % 3);
          state.add_label(rows(first, last), labels(first, last), weighs ? weights_of(first, last) : VectorView{},
                          execution);
        }
        expect_equal(finished(state, measures(), options), expected);
        EXPECT_EQ(state.samples(),
                  weighs ? std::accumulate(weights.begin(), weights.end(), std::int64_t{0}) : kSamples);
        if (bytes.empty()) bytes = saved(state);
        EXPECT_EQ(saved(state), bytes);
      }
    }
  }
}

TEST_F(JointCountStates, ShardsMergeInAnyOrder) {
  const std::int64_t ends[] = {0, 1, 400, 401, 900, kSamples};
  std::vector<JointCountState> shards;
  for (int k = 0; k < 5; ++k) {
    shards.emplace_back(shape());
    shards.back().add_label(rows(ends[k], ends[k + 1]), labels(ends[k], ends[k + 1]));
  }
  JointCountState forward(shape()), backward = loaded(saved(shards[4]));  // one came as bytes
  for (const JointCountState& shard : shards) forward.merge(shard);
  JointCountState middle = shards[1];
  middle.merge(shards[2]);
  backward.merge(shards[3]);
  backward.merge(middle);
  backward.merge(shards[0]);
  EXPECT_EQ(forward.samples(), kSamples);
  EXPECT_EQ(saved(forward), saved(backward));
  JointCountState whole(shape());
  whole.add_label(rows(0, kSamples), labels(0, kSamples));
  EXPECT_EQ(saved(forward), saved(whole));
  expect_equal(finished(backward, measures(), options),
               measure_label(measures(), {rows(0, kSamples), kClasses}, {labels(0, kSamples), kLabels}, {}, options));
  // Twice itself: every sample twice.
  const std::vector<std::int64_t> twice(kSamples, 2);
  forward.merge(forward);
  options.weights = vector_view(twice.data(), kSamples);
  expect_equal(finished(forward, measures(), options),
               measure_label(measures(), {rows(0, kSamples), kClasses}, {labels(0, kSamples), kLabels}, {}, options));
}

TEST(JointCountState, PairsOfSeveralTypes) {
  auto random = seeded(92);
  const std::int64_t n = 3000, batch = 3;
  const CodeVector a = random_codes(random, n * batch, 300, 0.5), b = related_codes(random, a, 9);
  const std::vector<std::uint16_t> x(a.begin(), a.end());
  const std::vector<std::uint8_t> y(b.begin(), b.end());
  JointCountState state({Form::pairs, batch, 300, 9, {}});
  for (std::int64_t first = 0; first < n; first += 700) {
    const std::int64_t count = std::min<std::int64_t>(700, n - first);
    state.add_pairs(view(x.data() + first, batch, count, n), view(y.data() + first, batch, count, n));
  }
  const InformationSet measures = exact_information();
  expect_equal(finished(state, measures),
               measure_pairs(measures, {view(x.data(), batch, n), 300}, {view(y.data(), batch, n), 9}));
  Row mi(batch);
  const MutualInformationOptions options;
  Scratch scratch(mutual_information_pairs_workspace(view(x.data(), batch, n), 300, view(y.data(), batch, n), 9, {}));
  mutual_information_pairs(view(x.data(), batch, n), 300, view(y.data(), batch, n), 9, mi.data(), options, scratch,
                           host_stream);
  expect_equal(finished(state, {Information::mi}), mi);
}

TEST(JointCountState, CountsAreThoseCountedByHand) {
  const std::uint8_t x[] = {0, 1, 1, 2, 9, 1}, y[] = {1, 0, 0, 1, 1, 9};
  const std::int64_t weights[] = {1, 2, 3, 0, 5, 7};
  JointCountState state({Form::pairs, 1, 3, 2, 9});
  state.add_pairs(view(x, 1, 6), view(y, 1, 6));
  state.add_pairs(view(x, 1, 6), view(y, 1, 6), vector_view(weights, 6));
  const auto* counts = static_cast<const std::int64_t*>(state.table(0).data);
  EXPECT_EQ(std::vector<std::int64_t>(counts, counts + 6), (std::vector<std::int64_t>{0, 2, 7, 0, 0, 1}));
  EXPECT_EQ(state.samples(), 6 + 18);
  EXPECT_FALSE(state.is_invalid(0));
  EXPECT_EQ(finished(state, {Information::samples})[0], 10);
}

TEST(JointCountState, WithoutSamples) {
  const JointCountState state({Form::label, 2, 3, 4, {}});
  const InformationSet measures = exact_information();
  const std::uint8_t none = 0;
  expect_equal(finished(state, measures), measure_label(measures, {view(&none, 0, 2), 3}, {vector_view(&none, 0), 4}));
  JointCountState nothing({Form::pairs, 0, 1, 1, {}});
  nothing.add_pairs({nullptr, DType::u8, 0, 5, 5}, {nullptr, DType::u8, 0, 5, 5});
  EXPECT_EQ(finished(loaded(saved(nothing)), measures), Row());
  EXPECT_EQ(nothing.samples(), 5);
}

/// Of no tables nothing is computed, and nothing allocated for one of 2^31 cells; measures are still looked at.
TEST(JointCountState, WithoutTables) {
  const JointCountState state({Form::pairs, 0, std::int64_t{1} << 31, 1, std::nullopt});
  EXPECT_TRUE(finished(state, {Information::mi}).empty());
  EXPECT_THROW(finished(state, {Information::permutation_pvalue}), InvalidArgument);
}

TEST(JointCountState, DamagedBytesAreRefused) {
  const std::uint8_t x[] = {0, 1, 1, 2}, y[] = {1, 0, 7, 1};
  JointCountState state({Form::pairs, 2, 3, 2, {}});
  state.add_pairs(view(x, 2, 2), view(y, 2, 2));  // the second pair has a code out of range
  EXPECT_TRUE(state.is_invalid(1));
  EXPECT_EQ(static_cast<const std::int64_t*>(state.table(1).data)[0], 0);
  const Bytes good = saved(state);
  ASSERT_EQ(good.size(), 80u + 2 * 6 * 8 + 2);
  EXPECT_EQ(saved(loaded(good)), good);
  EXPECT_FALSE(loaded(good).is_invalid(0));
  EXPECT_TRUE(loaded(good).is_invalid(1));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes bad = good;
      bad[i] ^= static_cast<unsigned char>(1 << bit);
      EXPECT_NE(refusal_of(bad), "") << "byte " << i;
    }
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_NE(refusal_of(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))), "") << size;
  }
  Bytes longer = good;
  longer.push_back(0);
  EXPECT_NE(refusal_of(longer).find("expected 178"), std::string::npos) << refusal_of(longer);
  EXPECT_THROW(JointCountState::load(nullptr, 100), InvalidArgument);
  EXPECT_NE(refusal_of(Bytes(200, 'x')).find("kb-joint"), std::string::npos);
  Bytes cut(good.begin(), good.end() - 1);
  EXPECT_NE(refusal_of(cut).find("177 bytes, expected 178"), std::string::npos);
}

/// The field at this word of the header becomes `value`, and the checksum fits again.
Bytes forged(Bytes bytes, std::size_t word, std::int64_t value) {
  std::memcpy(bytes.data() + 8 * word, &value, 8);
  std::uint64_t hash = 14695981039346656037u;  // FNV-1a, 64 bits
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i < 72 || i >= 80) hash = (hash ^ bytes[i]) * 1099511628211u;
  }
  std::memcpy(bytes.data() + 72, &hash, 8);
  return bytes;
}

TEST(JointCountState, ForgedBytesAreRefused) {
  const std::uint8_t x[] = {0, 1, 1, 2};
  JointCountState state({Form::pairs, 1, 3, 3, {}});
  state.add_pairs(view(x, 1, 4), view(x, 1, 4));
  const Bytes good = saved(state);
  EXPECT_EQ(forged(good, 8, 4), good);  // 4 samples it has
  const auto expect = [&](std::size_t word, std::int64_t value, const char* part) {
    const std::string refusal = refusal_of(forged(good, word, value));
    EXPECT_NE(refusal.find(part), std::string::npos) << word << ": " << refusal;
  };
  expect(1, 2, "version 2");
  expect(2, 2, "form 2");
  expect(2, -1, "form -1");
  expect(3, -1, "tables");
  expect(3, std::int64_t{1} << 61, "64-bit");  // nothing is allocated for any of these
  expect(3, std::int64_t{1} << 50, "expected");
  expect(4, 0, "classes_x");
  expect(5, std::int64_t{1} << 62, "");
  expect(5, std::int64_t{1} << 30, "at most 2147483648");
  expect(5, std::int64_t{1} << 29, "expected 12884901969");  // 80 + 3 * 2^29 * 8 + 1
  expect(6, 7, "header");
  expect(8, 3, "3 samples cannot");
  expect(8, -4, "cannot");
  expect(10, -1, "cannot");
  expect(11, 4, "cannot");  // with the others more than 4
  expect(11, std::int64_t{1} << 62, "cannot");
}

TEST(JointCountState, MismatchesAreRefusedAndLeaveItAsItWas) {
  const std::uint8_t x[] = {0, 1, 1, 2, 0, 1};
  const std::int64_t huge[] = {std::int64_t{1} << 62, (std::int64_t{1} << 62) - 1, 0};
  JointCountState state({Form::pairs, 2, 3, 3, {}});
  state.add_pairs(view(x, 2, 3), view(x, 2, 3), vector_view(huge, 3));
  const Bytes before = saved(state);
  const auto refuses = [&](const auto& call) {
    EXPECT_THROW(call(), InvalidArgument);
    EXPECT_EQ(saved(state), before);
  };
  refuses([&] { state.add_pairs(view(x, 2, 1), view(x, 2, 1)); });  // 2^63 samples
  refuses([&] { state.add_pairs(view(x, 3, 1), view(x, 3, 1)); });
  refuses([&] { state.add_pairs(view(x, 2, 2), view(x, 2, 3)); });
  refuses([&] { state.add_pairs(view(x, 2, 2), view(x, 2, 2), vector_view(huge, 3)); });
  refuses([&] { state.add_label(view(x, 3, 2), vector_view(x, 3)); });
  for (const JointCountsShape& other : {JointCountsShape{Form::label, 2, 3, 3, {}},
                                        {Form::pairs, 1, 3, 3, {}},
                                        {Form::pairs, 2, 2, 3, {}},
                                        {Form::pairs, 2, 3, 4, {}},
                                        {Form::pairs, 2, 3, 3, 0}}) {
    refuses([&] { state.merge(JointCountState(other)); });
  }
  refuses([&] { state.merge(state); });
  Results out(2, {Information::mi});
  refuses([&] { state.finish({}, out.view); });
  refuses([&] { state.finish({Information::mi, Information::nmi}, out.view); });
  refuses([&] { state.finish({Information::permutation_pvalue}, out.view); });  // options.permutations is 0
  EXPECT_EQ(out.values, Row(2, -7));
  JointCountState features({Form::label, 2, 3, 3, {}});
  EXPECT_THROW(features.add_pairs(view(x, 2, 3), view(x, 2, 3)), InvalidArgument);
  EXPECT_THROW(features.add_label(view(x, 2, 3), vector_view(x, 2)), InvalidArgument);
  EXPECT_THROW(features.add_label(view(x, 3, 2), vector_view(x, 2)), InvalidArgument);
  for (const JointCountsShape& bad : {JointCountsShape{Form::pairs, -1, 3, 3, {}},
                                      {Form::pairs, 1, 0, 3, {}},
                                      {Form::pairs, 1, 3, 0, {}},
                                      {Form::pairs, 1, 1 << 20, 1 << 20, {}},
                                      {Form::pairs, std::int64_t{1} << 60, 3, 3, {}},
                                      {static_cast<Form>(7), 1, 3, 3, {}}}) {
    EXPECT_THROW(JointCountState{bad}, InvalidArgument);
  }
  Execution cuda;
  cuda.backend = Backend::cuda;
  EXPECT_THROW(features.add_label(view(x, 3, 2), vector_view(x, 3), {}, cuda), BackendUnavailable);
}

}  // namespace
}  // namespace kullback::test
