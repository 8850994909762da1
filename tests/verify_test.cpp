#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kullback/kullback.hpp"

/// verify_* must pass right values and catch planted wrong ones. Right values are closed forms.
namespace kullback {
namespace {

constexpr double kU32 = 0x1p-24, kU64 = 0x1p-53;
const double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();

/// `rows` copies of P = (1/2, 1/2) against Q = (1/4, 3/4).
struct Coins {
  explicit Coins(std::int64_t rows) {
    for (std::int64_t i = 0; i < 2 * rows; ++i) {
      p.push_back(0.5f);
      q.push_back(i % 2 == 0 ? 0.25f : 0.75f);
    }
    labels.assign(static_cast<std::size_t>(rows), 1);
    options.input_p = options.input_q = Input::probs;
  }
  std::int64_t rows() const { return static_cast<std::int64_t>(labels.size()); }
  RowsInput input() const {
    return {view(p.data(), rows(), 2), view(q.data(), rows(), 2), vector_view(labels.data(), rows())};
  }
  VerifyReport verify(const MeasureSet& measures, const std::vector<float>& values, VerifyOptions how = {}) const {
    return verify_rows(measures, input(), view(values.data(), rows(), measures.size()), options, how);
  }

  std::vector<float> p, q;
  std::vector<std::int32_t> labels;
  RowsOptions options;
};

const double kCoinKl = 0.5 * std::log(4.0 / 3);  // 1/2 log 2 + 1/2 log 2/3

TEST(VerifyRows, RightValuesPass) {
  const Coins coins(1);
  const double reverse = 0.25 * std::log(0.5) + 0.75 * std::log(1.5);
  const double js =
      0.5 * (0.5 * std::log(4.0 / 3) + 0.5 * std::log(0.8) + 0.25 * std::log(2.0 / 3) + 0.75 * std::log(1.2));
  const MeasureSet measures = {
      Measure::kl,        Measure::reverse_kl,    Measure::js,  Measure::tv,    Measure::entropy,
      Measure::entropy_q, Measure::cross_entropy, Measure::nll, Measure::nll_p, Measure::top1_agree};
  const double entropy_q = 0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3);
  const double cross = 0.5 * std::log(4.0) + 0.5 * std::log(4.0 / 3);
  std::vector<float> values;
  for (double x :
       {kCoinKl, reverse, js, 0.25, std::log(2.0), entropy_q, cross, std::log(4.0 / 3), std::log(2.0), 0.0}) {
    values.push_back(static_cast<float>(x));
  }
  const VerifyReport report = coins.verify(measures, values);
  EXPECT_TRUE(report.ok());
  EXPECT_EQ(report.rows_checked, 1);
  ASSERT_EQ(report.worst.size(), 10u);
  EXPECT_EQ(report.worst[2].what, "js");
  EXPECT_NEAR(report.worst[2].expected, js, 1e-15);
  for (const VerifiedValue& v : report.worst) EXPECT_LE(v.error_u, 1.01) << v.what;  // nothing but rounding to float
  for (std::size_t k = 0; k < values.size(); ++k) {
    std::vector<float> planted = values;
    planted[k] = planted[k] * 1.0001f + (planted[k] == 0 ? 1 : 0);
    const VerifyReport wrong = coins.verify(measures, planted);
    ASSERT_EQ(wrong.wrong.size(), 1u) << k;
    EXPECT_EQ(wrong.wrong[0].what, measure_info(measures[static_cast<int>(k)]).name);
  }
}

/// The edge of the contract: 16 u from probabilities.
TEST(VerifyRows, ContractIsTheLine) {
  const Coins coins(1);
  const auto off_by = [&](double units) {
    return std::vector<float>{static_cast<float>(kCoinKl * (1 + units * kU32))};
  };
  EXPECT_TRUE(coins.verify({Measure::kl}, off_by(14)).ok());
  EXPECT_TRUE(coins.verify({Measure::kl}, off_by(-14)).ok());
  const VerifyReport high = coins.verify({Measure::kl}, off_by(18)), low = coins.verify({Measure::kl}, off_by(-18));
  EXPECT_FALSE(high.ok());
  EXPECT_FALSE(low.ok());
  EXPECT_NEAR(high.wrong[0].error_u, 18, 1.1);
  EXPECT_NEAR(high.wrong[0].bound_u, 16, 0.01);
  EXPECT_EQ(high.wrong[0].row, 0);
  EXPECT_EQ(high.wrong[0].column, -1);
}

/// 128 u from logits, 32 u for nll, in float64 and for results that were widened after float32.
TEST(VerifyRows, ContractFromLogits) {
  const std::vector<double> p = {0, 0}, q = {0, std::log(3.0)};
  const std::vector<std::int64_t> labels = {0};
  const RowsInput wide = {view(p.data(), 1, 2), view(q.data(), 1, 2), vector_view(labels.data(), 1)};
  const auto ok = [](Measure m, const RowsInput& input, double value) {
    return verify_rows({m}, input, view(&value, 1, 1), {}, {}).ok();
  };
  // log(3) is itself rounded, by up to 2 u in the results.
  EXPECT_TRUE(ok(Measure::kl, wide, kCoinKl * (1 + 120 * kU64)));
  EXPECT_FALSE(ok(Measure::kl, wide, kCoinKl * (1 + 140 * kU64)));
  EXPECT_TRUE(ok(Measure::nll, wide, std::log(4.0) * (1 + 28 * kU64)));
  EXPECT_FALSE(ok(Measure::nll, wide, std::log(4.0) * (1 + 40 * kU64)));
  const std::vector<float> zeros = {0, 0};
  const RowsInput narrow = {view(zeros.data(), 1, 2), view(zeros.data(), 1, 2), vector_view(labels.data(), 1)};
  EXPECT_TRUE(ok(Measure::nll, narrow, std::log(2.0) * (1 + 28 * kU32)));
  EXPECT_FALSE(ok(Measure::nll, narrow, std::log(2.0) * (1 + 40 * kU32)));
  EXPECT_TRUE(ok(Measure::kl, narrow, 0x1p-81));
  EXPECT_FALSE(ok(Measure::kl, narrow, 0x1p-79));
}

TEST(VerifyRows, NaNAndInfinity) {
  Coins coins(3);
  coins.q[3] = 0;                         // row 1: q = 0 < p
  coins.q[4] = static_cast<float>(kNaN);  // row 2
  const float right = static_cast<float>(kCoinKl), inf = static_cast<float>(kInf), nan = static_cast<float>(kNaN);
  const auto wrong_rows = [&](std::vector<float> values) { return coins.verify({Measure::kl}, values).rows_wrong; };
  EXPECT_EQ(wrong_rows({right, inf, nan}), 0);
  EXPECT_EQ(wrong_rows({nan, inf, nan}), 1);
  EXPECT_EQ(wrong_rows({inf, inf, nan}), 1);
  EXPECT_EQ(wrong_rows({right, -inf, nan}), 1);
  EXPECT_EQ(wrong_rows({right, 1e38f, nan}), 1);
  EXPECT_EQ(wrong_rows({right, nan, nan}), 1);
  EXPECT_EQ(wrong_rows({right, inf, 0}), 1);
  EXPECT_EQ(wrong_rows({right, inf, inf}), 1);
  EXPECT_EQ(wrong_rows({nan, nan, right}), 3);
}

/// What float32 cannot hold is infinite there.
TEST(VerifyRows, BeyondTheRange) {
  const std::vector<float> p = {3e38f}, q = {1e-38f};
  RowsOptions options;
  options.input_p = options.input_q = Input::probs;
  const auto ok = [&](float value) {
    return verify_rows({Measure::kl}, {view(p.data(), 1, 1), view(q.data(), 1, 1), {}}, view(&value, 1, 1), options, {})
        .ok();
  };
  EXPECT_TRUE(ok(std::numeric_limits<float>::infinity()));
  EXPECT_FALSE(ok(-std::numeric_limits<float>::infinity()));
  EXPECT_FALSE(ok(std::numeric_limits<float>::max()));
}

TEST(VerifyRows, SampleHoldsFirstAndLast) {
  const Coins coins(1001);
  const std::vector<float> right(1001, static_cast<float>(kCoinKl));
  VerifyOptions ten;
  ten.max_rows = 10;
  const VerifyReport clean = coins.verify({Measure::kl}, right, ten);
  EXPECT_TRUE(clean.ok());
  EXPECT_EQ(clean.rows_checked, 10);
  for (std::size_t row : {0u, 1000u}) {
    std::vector<float> planted = right;
    planted[row] *= 1.01f;
    const VerifyReport report = coins.verify({Measure::kl}, planted, ten);
    ASSERT_EQ(report.rows_wrong, 1) << row;
    EXPECT_EQ(report.wrong[0].row, static_cast<std::int64_t>(row));
  }
  std::vector<float> planted = right;
  planted[517] *= 1.01f;
  const VerifyReport all = coins.verify({Measure::kl}, planted);
  EXPECT_EQ(all.rows_checked, 1001);
  ASSERT_EQ(all.rows_wrong, 1);
  EXPECT_EQ(all.wrong[0].row, 517);
  EXPECT_EQ(all.worst[0].row, 517);
  const VerifyReport many = coins.verify({Measure::kl}, std::vector<float>(1001, 1.0f));
  EXPECT_EQ(many.rows_wrong, 1001);
  EXPECT_EQ(many.wrong.size(), 16u);
}

TEST(VerifyRows, RefusesWhatDoesNotFit) {
  const Coins coins(2);
  const std::vector<float> values(3);
  EXPECT_THROW(verify_rows({Measure::kl}, coins.input(), view(values.data(), 3, 1), coins.options, {}),
               InvalidArgument);
  EXPECT_THROW(verify_rows({Measure::kl}, coins.input(), view(values.data(), 1, 2), coins.options, {}),
               InvalidArgument);
  VerifyOptions one;
  one.max_rows = 1;
  EXPECT_THROW(coins.verify({Measure::kl}, {0, 0}, one), InvalidArgument);
}

template <class Call> void expect_refused(const std::string& what, Call call) {
  try {
    call();
    ADD_FAILURE() << "not refused: " << what;
  } catch (const InvalidArgument& error) {
    EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
  }
}

/// Every label is looked at, also those of rows that are not in the sample.
TEST(VerifyRows, RefusesLabelsOutOfRange) {
  Coins coins(1001);
  VerifyOptions two;
  two.max_rows = 2;
  coins.labels[517] = 2;
  const auto verify = [&] { coins.verify({Measure::nll}, std::vector<float>(1001, 0.0f), two); };
  expect_refused("label 2 of row 517 is outside [0, 2)", verify);
  coins.options.ignore_index = 2;
  EXPECT_NO_THROW(verify());
  coins.labels[3] = -1;
  expect_refused("label -1 of row 3", verify);
  EXPECT_NO_THROW(coins.verify({Measure::kl}, std::vector<float>(1001, 0.0f), two)) << "no measure reads them";
}

/// Four rows of two equal logits: loss log 2, gradient -1/2 at the label and 1/2 beside it; the last row is ignored.
struct Even {
  std::vector<float> logits = std::vector<float>(8, 1.5f), gradient;
  std::vector<std::int32_t> labels = {0, 1, 0, -100};
  CrossEntropyOptions options;

  explicit Even(Reduction reduction) {
    options.reduction = reduction;
    options.ignore_index = -100;
    const float g = reduction == Reduction::mean ? 0.5f / 3 : 0.5f;
    gradient = {-g, g, g, -g, -g, g, 0, 0};
  }
  VerifyReport verify(std::vector<float> loss, VerifyOptions how = {}) {
    CrossEntropyOutput output;
    output.loss = mutable_vector_view(loss.data(), static_cast<std::int64_t>(loss.size()));
    output.gradient = mutable_view(gradient.data(), 4, 2);
    return verify_cross_entropy(view(logits.data(), 4, 2), vector_view(labels.data(), 4), output, options, how);
  }
};

TEST(VerifyCrossEntropy, LossPerRow) {
  const float log2 = std::log(2.0f);
  Even even(Reduction::none);
  EXPECT_TRUE(even.verify({log2, log2, log2, 0}).ok());
  EXPECT_EQ(even.verify({log2, log2, log2, log2}).rows_wrong, 1);  // ignored, yet counted
  EXPECT_EQ(even.verify({log2, log2 * 1.00001f, log2, 0}).wrong.at(0).row, 1);
  EXPECT_EQ(even.verify({static_cast<float>(kNaN), log2, log2, 0}).wrong.at(0).what, "loss");
}

TEST(VerifyCrossEntropy, ReducedLoss) {
  const float log2 = std::log(2.0f);
  VerifyOptions sampled;  // fewer rows than there are: the reduced loss still counts every row
  sampled.max_rows = 2;
  for (const VerifyOptions& how : {VerifyOptions{}, sampled}) {
    Even mean(Reduction::mean), sum(Reduction::sum);
    EXPECT_TRUE(mean.verify({log2}, how).ok());
    EXPECT_TRUE(sum.verify({3 * log2}, how).ok());
    EXPECT_FALSE(mean.verify({0.75f * log2}, how).ok());  // divided by 4 rows instead of 3
    EXPECT_FALSE(sum.verify({4 * log2}, how).ok());
  }
}

TEST(VerifyCrossEntropy, Gradient) {
  const float log2 = std::log(2.0f);
  for (std::size_t i = 0; i < 8; ++i) {
    Even even(Reduction::mean);
    even.gradient[i] = even.gradient[i] * 1.0001f + (i >= 6 ? 1e-6f : 0.0f);
    const VerifyReport report = even.verify({log2});
    ASSERT_EQ(report.rows_wrong, 1) << i;
    EXPECT_EQ(report.wrong[0].what, "gradient");
    EXPECT_EQ(report.wrong[0].row, static_cast<std::int64_t>(i / 2));
    EXPECT_EQ(report.wrong[0].column, static_cast<std::int64_t>(i % 2));
  }
}

/// (3 - 1)/3 and -1/3 in bfloat16: rounding down or up is right, two steps are not. The bits of 1/3 are 0x3eaa.ab.
TEST(VerifyCrossEntropy, RoundingTo16Bits) {
  const std::vector<bfloat16> logits(3, bfloat16{0});
  const std::vector<std::uint8_t> labels = {2};
  const auto ok = [&](std::uint16_t third, std::uint16_t label_entry) {
    std::vector<bfloat16> gradient = {{third}, {third}, {label_entry}};
    CrossEntropyOutput output;
    output.gradient = mutable_view(gradient.data(), 1, 3);
    return verify_cross_entropy(view(logits.data(), 1, 3), vector_view(labels.data(), 1), output, {}, {}).ok();
  };
  EXPECT_TRUE(ok(0x3eab, 0xbf2b));
  EXPECT_FALSE(ok(0x3eaa, 0xbf2b));
  EXPECT_FALSE(ok(0x3eac, 0xbf2b));
  EXPECT_FALSE(ok(0x3eab, 0xbf2a));
  EXPECT_FALSE(ok(0x3eab, 0x3f2b));
}

TEST(VerifyCrossEntropy, RefusesGradientInPlace) {
  Even even(Reduction::none);
  CrossEntropyOutput output;
  output.gradient = mutable_view(even.logits.data(), 4, 2);
  EXPECT_THROW(verify_cross_entropy(view(even.logits.data(), 4, 2), vector_view(even.labels.data(), 4), output,
                                    even.options, {}),
               InvalidArgument);
}

TEST(VerifyCrossEntropy, RefusesLabelsOutOfRange) {
  Even even(Reduction::none);
  even.labels[1] = 2;
  expect_refused("label 2 of row 1 is outside [0, 2)", [&] { even.verify({0, 0, 0, 0}); });
}

TEST(VerifyMutualInformation, Joint) {
  const std::vector<std::int64_t> independent = {2, 4, 3, 6}, identity = {5, 0, 0, 5};
  const auto ok = [](const std::vector<std::int64_t>& table, double value) {
    return verify_mutual_information_joint(view(table.data(), 2, 2), value, {}).ok();
  };
  EXPECT_TRUE(ok(independent, 0));
  EXPECT_FALSE(ok(independent, 1e-300));
  EXPECT_FALSE(ok(independent, kNaN));
  EXPECT_TRUE(ok(identity, std::log(2.0)));
  EXPECT_TRUE(ok(identity, std::log(2.0) * (1 + 120 * kU64)));
  EXPECT_FALSE(ok(identity, std::log(2.0) * (1 + 136 * kU64)));
  EXPECT_TRUE(ok({0, 0, 0, 0}, kNaN));
  EXPECT_FALSE(ok({0, 0, 0, 0}, 0));
  EXPECT_TRUE(ok({1, -1, 0, 0}, kNaN));
}

/// Columns a, b, a: b is independent of a, and I(a;a) = H(a) = log 2.
TEST(VerifyMutualInformation, Codes) {
  const std::vector<std::uint8_t> table = {0, 0, 0, 0, 1, 0, 1, 0, 1, 1, 1, 1}, by_row = {0, 0, 1, 1, 0, 1, 0, 1};
  const std::vector<std::int32_t> a = {0, 0, 1, 1};
  const double h = std::log(2.0);
  const std::vector<double> label = {h, 0, h}, pairs = {h, 0}, all = {h, 0, h, 0, h, 0, h, 0, h};
  const std::vector<std::int32_t> twice = {0, 0, 1, 1, 0, 0, 1, 1};
  const auto check_label = [&](const std::vector<double>& v) {
    return verify_mutual_information_label(view(table.data(), 4, 3), 2, vector_view(a.data(), 4), 2, v.data(), {}, {});
  };
  const auto check_pairs = [&](const std::vector<double>& v) {
    return verify_mutual_information_pairs(view(by_row.data(), 2, 4), 2, view(twice.data(), 2, 4), 2, v.data(), {}, {});
  };
  const auto check_all = [&](const std::vector<double>& v) {
    return verify_mutual_information_all_pairs(view(table.data(), 4, 3), 2, view(v.data(), 3, 3), {}, {});
  };
  const auto catches_each = [](auto check, const std::vector<double>& right) {
    EXPECT_TRUE(check(right).ok());
    for (std::size_t i = 0; i < right.size(); ++i) {
      std::vector<double> planted = right;
      planted[i] += 1e-12;
      const VerifyReport report = check(planted);
      ASSERT_EQ(report.rows_wrong, 1) << i;
      EXPECT_EQ(report.wrong[0].row, static_cast<std::int64_t>(i));
    }
  };
  expect_refused("table: code 1 at [1, 1] is outside [0, 1)", [&] {
    verify_mutual_information_label(view(table.data(), 4, 3), 1, vector_view(a.data(), 4), 2, label.data(), {}, {});
  });
  expect_refused("y: code 1 at [0, 2] is outside [0, 1)", [&] {
    verify_mutual_information_pairs(view(by_row.data(), 2, 4), 2, view(twice.data(), 2, 4), 1, pairs.data(), {}, {});
  });
  catches_each(check_label, label);
  catches_each(check_pairs, pairs);
  catches_each(check_all, all);
}

TEST(VerifyInformation, CatchesEachPlantedError) {
  const std::vector<std::uint8_t> table = {0, 0, 0, 1, 1, 0, 1, 2, 1, 1, 2, 0},
                                  by_row = {0, 0, 1, 1, 1, 2, 0, 1, 0, 2, 1, 0};
  const std::vector<std::int32_t> a = {0, 0, 1, 1, 0, 1}, twice = {0, 0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1};
  const InformationSet all = all_information();
  InformationOptions options;
  options.permutations = 20;
  const auto catches_each = [&](std::int64_t results, const auto& compute, const auto& check) {
    std::vector<double> values(static_cast<std::size_t>(results * all.size()));
    compute(mutable_view(values.data(), results, all.size()));
    EXPECT_TRUE(check(view(values.data(), results, all.size())).ok());
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::vector<double> planted = values;
      planted[i] += 1e-11 * (1 + std::abs(values[i]));
      const VerifyReport report = check(view(planted.data(), results, all.size()));
      ASSERT_EQ(report.rows_wrong, 1) << i;
      EXPECT_EQ(report.wrong[0].row, static_cast<std::int64_t>(i) / all.size());
      EXPECT_EQ(report.wrong[0].what, information_info(all[static_cast<int>(i) % all.size()]).name);
    }
  };
  std::vector<unsigned char> memory(1 << 20);
  const Workspace workspace = {memory.data(), memory.size()};
  const CodeMatrix features = {view(table.data(), 6, 2), 3}, x = {view(by_row.data(), 2, 6), 3};
  const CodeMatrix y = {view(twice.data(), 2, 6), 2};
  const CodeVector label = {vector_view(a.data(), 6), 2};
  catches_each(
      2,
      [&](MutableMatrixView out) { information_label(all, features, label, {}, out, options, workspace, host_stream); },
      [&](MatrixView values) { return verify_information_label(all, features, label, {}, values, options, {}); });
  catches_each(
      2, [&](MutableMatrixView out) { information_pairs(all, x, y, {}, out, options, workspace, host_stream); },
      [&](MatrixView values) { return verify_information_pairs(all, x, y, {}, values, options, {}); });
  catches_each(
      4, [&](MutableMatrixView out) { information_all_pairs(all, features, {}, out, options, workspace, host_stream); },
      [&](MatrixView values) { return verify_information_all_pairs(all, features, {}, values, options, {}); });
  const std::vector<std::uint16_t> joint = {3, 1, 0, 2, 5, 4};
  catches_each(
      1,
      [&](MutableMatrixView out) {
        information_joint(all, view(joint.data(), 2, 3), out, options, workspace, host_stream);
      },
      [&](MatrixView values) { return verify_information_joint(all, view(joint.data(), 2, 3), values, options); });
  const std::vector<double> none(2 * 16);
  expect_refused("table: code 2 at [3, 1] is outside [0, 2)", [&] {
    verify_information_label(all, {features.view, 2}, label, {}, view(none.data(), 2, 16), options, {});
  });
  expect_refused("values",
                 [&] { verify_information_label(all, features, label, {}, view(none.data(), 1, 16), options, {}); });
}

}  // namespace
}  // namespace kullback
