#include "kullback/counting_plan.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "kullback/error.hpp"

namespace kullback {
namespace {

/// Counted by hand from the shapes; the limits are those that kernels/cpu/plane_pairs.hpp documents.
class CountingPlans : public ::testing::Test {
 protected:
  std::vector<std::uint8_t> codes = std::vector<std::uint8_t>(1000 * 20, 1), label = std::vector<std::uint8_t>(1000, 0);
  std::vector<std::int64_t> weights = std::vector<std::int64_t>(1000, std::int64_t{1} << 23);
  MutualInformationOptions plain{Unit::nats, {Backend::cpu, Mode::accurate, 1}};
  InformationOptions options;
  InformationSet measures = {Information::nmi};

  CountingPlans() { options.execution = plain.execution; }
  MatrixView table(std::int64_t features) const { return view(codes.data(), 1000, features, 20); }
};

TEST_F(CountingPlans, AllPairs) {
  const CountingPlan few = mutual_information_all_pairs_plan(table(20), 3, plain);
  EXPECT_EQ(few.counting, Counting::bit_planes);
  EXPECT_EQ(few.reason, CountingReason::few_classes);
  EXPECT_EQ(few.pairs, 210);
  EXPECT_EQ(few.cells(), 9);
  EXPECT_EQ(few.samples, 1000);
  EXPECT_EQ(few.workspace_bytes, mutual_information_all_pairs_workspace(table(20), 3, plain));
  const CountingPlan many = mutual_information_all_pairs_plan(table(20), 17, plain);
  EXPECT_EQ(many.counting, Counting::histograms);
  EXPECT_EQ(many.reason, CountingReason::many_classes);
  EXPECT_EQ(many.value, 17);
  EXPECT_EQ(many.limit, 16);
  EXPECT_EQ(many.workspace_bytes, mutual_information_all_pairs_workspace(table(20), 17, plain));
  const CountingPlan narrow = information_all_pairs_plan(measures, {table(7), 5}, {}, options);
  EXPECT_EQ(narrow.reason, CountingReason::few_features);
  EXPECT_EQ(narrow.value, 7);
  EXPECT_EQ(narrow.limit, 8);
  EXPECT_EQ(narrow.pairs, 28);
}

TEST_F(CountingPlans, WhatIsAskedForBesideCounts) {
  const CodeMatrix all = {table(20), 3};
  const CodeVector given = {vector_view(label.data(), 1000), 2};
  EXPECT_EQ(information_all_pairs_plan(measures, all, {}, options).counting, Counting::bit_planes);
  const CountingPlan strata = information_all_pairs_plan({Information::mi}, all, given, options);
  EXPECT_EQ(strata.reason, CountingReason::given);
  EXPECT_EQ(strata.lines_x, 6);
  EXPECT_EQ(strata.lines_y, 3);
  InformationOptions more = options;
  more.permutations = 5;
  EXPECT_EQ(information_all_pairs_plan({Information::permutation_pvalue}, all, {}, more).reason,
            CountingReason::permutations);
  more = options;
  more.missing = 9;
  EXPECT_EQ(information_label_plan(measures, all, given, {}, more).cells(), 4 * 3);
  more.weights = vector_view(weights.data(), 1000);
  const CountingPlan weighted = information_all_pairs_plan(measures, all, {}, more);
  EXPECT_EQ(weighted.reason, CountingReason::weights);
  EXPECT_EQ(weighted.counter_bits, 64);  // 1000 * 2^23 > 2^32
  EXPECT_EQ(weighted.workspace_bytes, information_all_pairs_workspace(measures, all, {}, more));
}

TEST_F(CountingPlans, PairsAndLabels) {
  const MatrixView x = view(codes.data(), 4, 1000, 1000);
  const CountingPlan pairs = mutual_information_pairs_plan(x, 5, x, 7, plain);
  EXPECT_EQ(pairs.counting, Counting::histograms);
  EXPECT_EQ(pairs.reason, CountingReason::not_all_pairs);
  EXPECT_EQ(pairs.pairs, 4);
  EXPECT_EQ(pairs.lines_x, 5);
  EXPECT_EQ(pairs.lines_y, 7);
  EXPECT_EQ(pairs.copies, 4);
  EXPECT_EQ(pairs.counter_bits, 32);
  EXPECT_EQ(pairs.workspace_bytes, mutual_information_pairs_workspace(x, 5, x, 7, plain));
  const VectorView y = vector_view(label.data(), 1000);
  const CountingPlan features = mutual_information_label_plan(table(20), 5, y, 7, plain);
  EXPECT_EQ(features.pairs, 20);
  EXPECT_EQ(features.lines_x, 5);
  EXPECT_EQ(features.lines_y, 7);
  EXPECT_EQ(features.workspace_bytes, mutual_information_label_workspace(table(20), 5, y, 7, plain));
  EXPECT_EQ(information_pairs_plan(measures, {x, 5}, {x, 7}, {}, options).cells(), 35);
}

TEST_F(CountingPlans, NothingAndErrors) {
  EXPECT_EQ(mutual_information_all_pairs_plan(table(0), 3, plain).counting, Counting::none);
  EXPECT_EQ(information_label_plan(measures, {table(0), 3}, {vector_view(label.data(), 1000), 2}, {}, options).counting,
            Counting::none);
  EXPECT_THROW(mutual_information_all_pairs_plan(table(20), 0, plain), InvalidArgument);
  EXPECT_THROW(mutual_information_label_plan(table(20), 3, vector_view(label.data(), 999), 2, plain), InvalidArgument);
  EXPECT_THROW(information_all_pairs_plan({}, {table(20), 3}, {}, options), InvalidArgument);
}

}  // namespace
}  // namespace kullback
