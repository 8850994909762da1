#include <map>
#include <set>

#include "information_calls.hpp"

/// Greedy selection against a brute force that counts tuples.
namespace kullback::test {
namespace {

using Features = std::vector<CodeVector>;

double entropy_of(const std::vector<const CodeVector*>& variables) {
  std::map<CodeVector, int> counts;
  const std::size_t samples = variables[0]->size();
  for (std::size_t s = 0; s < samples; ++s) {
    CodeVector tuple;
    for (const CodeVector* v : variables) tuple.push_back((*v)[s]);
    ++counts[tuple];
  }
  double sum = 0;
  for (const auto& c : counts) {
    const double p = static_cast<double>(c.second) / static_cast<double>(samples);
    sum -= p * std::log(p);
  }
  return sum;
}

double mutual(const CodeVector& x, const CodeVector& y) {
  return entropy_of({&x}) + entropy_of({&y}) - entropy_of({&x, &y});
}
double joint_mutual(const CodeVector& x, const CodeVector& z, const CodeVector& y) {
  return entropy_of({&x, &z}) + entropy_of({&y}) - entropy_of({&x, &z, &y});
}

double score(Selection selection, const Features& features, const CodeVector& label, std::size_t candidate,
             const std::vector<std::size_t>& taken) {
  const CodeVector& x = features[candidate];
  if (taken.empty()) return mutual(x, label);
  double sum = 0;
  for (std::size_t z : taken) {
    sum += selection == Selection::jmi ? joint_mutual(x, features[z], label) : mutual(x, features[z]);
  }
  return selection == Selection::jmi ? sum : mutual(x, label) - sum / static_cast<double>(taken.size());
}

struct Selected {
  CodeVector features;
  Row scores;
};

Selected select(Selection selection, CodeMatrix table, Given label, std::int64_t top,
                const InformationOptions& options = {}) {
  Selected result = {CodeVector(static_cast<std::size_t>(top), -1), Row(static_cast<std::size_t>(top), -7)};
  Scratch scratch(select_features_workspace(selection, table, label, top, options));
  select_features(selection, table, label,
                  {mutable_vector_view(result.features.data(), top), mutable_vector_view(result.scores.data(), top)},
                  options, scratch, host_stream);
  return result;
}

TEST(FeatureSelection, IsTheBruteForce) {
  auto random = seeded(90);
  constexpr std::int64_t kSamples = 200, kFeatures = 7;
  for (Selection selection : {Selection::mrmr, Selection::jmi}) {
    for (int round = 0; round < 4; ++round) {
      const CodeVector label = random_codes(random, kSamples, 3);
      Features features;
      for (std::int64_t f = 0; f < kFeatures; ++f) {
        features.push_back(f % 2 == 0 ? related_codes(random, label, 2 + f) : random_codes(random, kSamples, 4));
      }
      features[4] = features[2];  // a tie: the lowest index
      std::vector<std::int32_t> table;
      for (std::size_t s = 0; s < kSamples; ++s) {
        for (const CodeVector& f : features) table.push_back(static_cast<std::int32_t>(f[s]));
      }
      const Selected got =
          select(selection, {view(table.data(), kSamples, kFeatures), 10}, vector_of(label, 3), kFeatures);
      std::vector<std::size_t> taken;
      std::set<std::size_t> open = {0, 1, 2, 3, 4, 5, 6};
      for (std::size_t k = 0; k < kFeatures; ++k) {
        std::size_t best = *open.begin();
        for (std::size_t f : open) {  // equals differ by rounding here
          if (score(selection, features, label, f, taken) > score(selection, features, label, best, taken) + 1e-12)
            best = f;
        }
        EXPECT_EQ(got.features[k], static_cast<std::int64_t>(best)) << k;
        EXPECT_NEAR(got.scores[k], score(selection, features, label, best, taken), 1e-12) << k;
        taken.push_back(best);
        open.erase(best);
      }
    }
  }
}

TEST(FeatureSelection, JointInformationFindsAnXor) {
  // Alone neither of the first two tells a thing, together everything; the third comes close.
  const CodeVector table = {0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1};
  const CodeVector label = {0, 1, 1, 0, 0, 1, 1, 0};
  const Selected got = select(Selection::jmi, {view(table.data(), 8, 3), 2}, vector_of(label, 2), 3);
  EXPECT_EQ(got.features[0], 2);
  EXPECT_EQ(got.scores.size(), 3u);
  EXPECT_NEAR(got.scores[2],
              joint_mutual(column(table, 3, got.features[2]), column(table, 3, 2), label) +
                  joint_mutual(column(table, 3, 0), column(table, 3, 1), label),
              1e-12);
}

TEST(FeatureSelection, OptionsAndEdges) {
  auto random = seeded(91);
  constexpr std::int64_t kSamples = 300, kFeatures = 6;
  CodeVector table = random_codes(random, kSamples * kFeatures, 4);
  const CodeVector label = random_codes(random, kSamples, 3), weights = random_codes(random, kSamples, 3);
  CodeVector repeated_table, repeated_label;
  for (std::size_t s = 0; s < kSamples; ++s) {
    for (std::int64_t w = 0; w < weights[s]; ++w) {
      repeated_label.push_back(label[s]);
      repeated_table.insert(repeated_table.end(), table.begin() + static_cast<std::ptrdiff_t>(s * kFeatures),
                            table.begin() + static_cast<std::ptrdiff_t>((s + 1) * kFeatures));
    }
  }
  InformationOptions options;
  options.missing = 3;
  options.unit = Unit::bits;
  const auto samples = static_cast<std::int64_t>(repeated_label.size());
  const CodeMatrix codes = {view(table.data(), kSamples, kFeatures), 4};
  for (Selection selection : {Selection::mrmr, Selection::jmi}) {
    const Selected expected = select(selection, {view(repeated_table.data(), samples, kFeatures), 4},
                                     vector_of(repeated_label, 3), 4, options);
    InformationOptions weighted = options;
    weighted.weights = vector_view(weights.data(), kSamples);
    for (int threads : {1, 3}) {
      weighted.execution.threads = threads;
      const Selected got = select(selection, codes, vector_of(label, 3), 4, weighted);
      EXPECT_EQ(got.features, expected.features);
      EXPECT_EQ(got.scores, expected.scores);
    }
    EXPECT_TRUE(select(selection, codes, vector_of(label, 3), 0).features.empty());
    EXPECT_EQ(select(selection, {view(table.data(), 0, 3), 4}, vector_of({}, 3), 3).features, CodeVector({0, 1, 2}));
    EXPECT_THROW(select(selection, codes, vector_of(label, 3), kFeatures + 1), InvalidArgument);
    EXPECT_THROW(select_features_workspace(selection, codes, vector_of(label, 3), -1, {}), InvalidArgument);
  }
  table[2] = 99;  // feature 2 is not known
  const Selected last = select(Selection::mrmr, codes, vector_of(label, 3), kFeatures);
  EXPECT_EQ(last.features.back(), 2);
  EXPECT_TRUE(std::isnan(last.scores.back()));
}

}  // namespace
}  // namespace kullback::test
