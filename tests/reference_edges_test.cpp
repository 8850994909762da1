#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "kullback/kullback.hpp"
#include "tests/row_batch.hpp"

/// What the reference says about rows that are not distributions, labels that are not classes, and empty shapes.
namespace kullback {
namespace {

using reference::Binary128;

const double kInf = std::numeric_limits<double>::infinity();
const double kNaN = std::numeric_limits<double>::quiet_NaN();
const MeasureSet kAll = {Measure::entropy, Measure::entropy_q, Measure::cross_entropy, Measure::kl, Measure::reverse_kl,
                         Measure::js,      Measure::tv,        Measure::top1_agree};

RowsOptions with_inputs(Input input) {
  RowsOptions options;
  options.input_p = options.input_q = input;
  return options;
}

/// The status of a bad P row, after checking that all its outputs are NaN and that a measure of Q alone is not.
int status_of_p(const std::vector<double>& p, const RowsOptions& options) {
  const std::vector<double> good(p.size(), options.input_q == Input::log_probs ? -std::log(p.size()) : 1.0 / p.size());
  const auto cols = static_cast<std::int64_t>(p.size());
  const RowsInput input = {view(p.data(), 1, cols), view(good.data(), 1, cols), {}};
  const auto row = reference::rows<Binary128>(kAll, input, options, 0);
  for (const auto& e : row.values) EXPECT_TRUE(row.status == status_ok || e.value != e.value);
  const auto q_alone = reference::rows<Binary128>({Measure::entropy_q}, input, options, 0);
  EXPECT_EQ(q_alone.status, status_ok);
  EXPECT_TRUE(q_alone.values[0].value == q_alone.values[0].value);
  return row.status;
}

TEST(ReferenceEdges, BadRows) {
  const RowsOptions logits = with_inputs(Input::logits), probs = with_inputs(Input::probs);
  const RowsOptions logs = with_inputs(Input::log_probs);
  EXPECT_EQ(status_of_p({0, 1, -kInf}, logits), status_ok);
  EXPECT_EQ(status_of_p({0, kNaN, 1}, logits), status_nan);
  EXPECT_EQ(status_of_p({0, kInf, 1}, logits), status_infinite);
  EXPECT_EQ(status_of_p({-kInf, -kInf}, logits), status_zero_mass);
  EXPECT_EQ(status_of_p({kNaN, kInf}, logits), status_nan | status_infinite);
  EXPECT_EQ(status_of_p({-kInf, -kInf}, logs), status_zero_mass);
  EXPECT_EQ(status_of_p({709.7, 0}, logs), status_ok);
  EXPECT_EQ(status_of_p({709.8, 0}, logs), status_infinite);  // exp overflows float64
  EXPECT_EQ(status_of_p({0.5, -0.5, 1}, probs), status_negative);
  EXPECT_EQ(status_of_p({0.5, -kInf}, probs), status_negative);
  EXPECT_EQ(status_of_p({0.5, kInf}, probs), status_infinite);
  EXPECT_EQ(status_of_p({0, -0.0}, probs), status_zero_mass);
  EXPECT_EQ(status_of_p({-0.0, 2.0}, probs), status_ok);
}

TEST(ReferenceEdges, CheckedSums) {
  RowsOptions probs = with_inputs(Input::probs), logs = with_inputs(Input::log_probs);
  probs.normalize = logs.normalize = Normalize::check;
  EXPECT_EQ(status_of_p({0.5, 0.5 + 0.9e-12}, probs), status_ok);
  EXPECT_EQ(status_of_p({0.5, 0.5 + 1.1e-12}, probs), status_not_normalized);
  EXPECT_EQ(status_of_p({std::log(0.5), std::log(0.5)}, logs), status_ok);
  EXPECT_EQ(status_of_p({std::log(0.5), std::log(0.5) - 1e-11}, logs), status_not_normalized);
  const std::vector<float> narrow = {0.5f, 0.500009f, 0.5f, 0.500011f};
  const auto status = [&](std::int64_t row) {
    return reference::rows<double>({Measure::entropy}, {view(narrow.data(), 2, 2), {}, {}}, probs, row).status;
  };
  EXPECT_EQ(status(0), status_ok);
  EXPECT_EQ(status(1), status_not_normalized);
}

TEST(ReferenceEdges, LabelsOutOfRangeAndIgnored) {
  const std::vector<double> q = {0, 0, 0, 0, kNaN, 0};
  const std::vector<std::int32_t> labels = {2, -1, 7};
  RowsOptions options;
  options.ignore_index = 7;
  const RowsInput input = {{}, view(q.data(), 3, 2), vector_view(labels.data(), 3)};
  for (std::int64_t row : {0, 1}) {
    const auto r = reference::rows<double>({Measure::nll, Measure::entropy_q}, input, options, row);
    EXPECT_EQ(r.status, status_label_range);
    EXPECT_TRUE(std::isnan(r.values[0].value));
    EXPECT_NEAR(r.values[1].value, std::log(2.0), 1e-15);
  }
  const auto ignored = reference::rows<double>({Measure::nll, Measure::entropy_q}, input, options, 2);
  EXPECT_EQ(ignored.status, status_ignored | status_nan);
  EXPECT_EQ(ignored.values[0].value, 0);
  EXPECT_TRUE(std::isnan(ignored.values[1].value));
}

TEST(ReferenceEdges, OneRowServesAll) {
  const std::vector<double> one = {0.5, 0.5}, many = {0.25, 0.75, 1, 0, 0.5, 0.5};
  const auto kl = [&](MatrixView p, MatrixView q, std::int64_t row) {
    return double(
        reference::rows<Binary128>({Measure::kl}, {p, q, {}}, with_inputs(Input::probs), row).values[0].value);
  };
  const MatrixView all = view(many.data(), 3, 2), single = view(one.data(), 1, 2);
  EXPECT_NEAR(kl(single, all, 0), 0.5 * std::log(4.0 / 3), 1e-15);
  EXPECT_EQ(kl(single, all, 1), kInf);
  EXPECT_EQ(kl(single, all, 2), 0);
  EXPECT_NEAR(kl(all, single, 1), std::log(2.0), 1e-15);
}

TEST(ReferenceEdges, ZeroColumns) {
  const std::vector<std::int32_t> labels = {0};
  const RowsInput input = {view<double>(nullptr, 1, 0), view<double>(nullptr, 1, 0), vector_view(labels.data(), 1)};
  const auto row = reference::rows<Binary128>(kAll, input, {}, 0);
  EXPECT_EQ(row.status, status_ok);
  for (int k = 0; k < kAll.size(); ++k) {
    EXPECT_EQ(double(row.values[static_cast<std::size_t>(k)].value), kAll[k] == Measure::top1_agree ? 1 : 0) << k;
  }
  const auto nll = reference::rows<double>({Measure::nll}, input, {}, 0);
  EXPECT_EQ(nll.status, status_label_range);
  EXPECT_TRUE(std::isnan(nll.values[0].value));
}

/// Row 0 good, 1 NaN, 2 label out of range, 3 ignored (and NaN), 4 ignored: 3 valid rows; all are NaN or 0 but the
/// first.
TEST(ReferenceEdges, CrossEntropyRows) {
  const std::vector<double> x = {0, 0, kNaN, 0, 0, 0, kNaN, kNaN, 0, 0};
  const std::vector<std::int64_t> labels = {1, 0, 9, -100, -100};
  CrossEntropyOptions options;
  options.ignore_index = -100;
  const VectorView label_view = vector_view(labels.data(), 5);
  EXPECT_EQ(reference::count_valid_rows(label_view, options), 3);
  std::vector<reference::Estimate<double>> losses;
  const int status[] = {status_ok, status_nan, status_label_range, status_ignored, status_ignored};
  for (std::int64_t row = 0; row < 5; ++row) {
    const auto r = reference::cross_entropy<double>(view(x.data(), 5, 2), label_view, options, row, 3, true);
    EXPECT_EQ(r.status, status[row]) << row;
    const double loss[] = {std::log(2.0), kNaN, kNaN, 0, 0}, g0[] = {0.5 / 3, kNaN, kNaN, 0, 0};
    for (const auto& [got, expected] :
         {std::pair{r.loss.value, loss[row]}, {r.gradient[0].value, g0[row]}, {-r.gradient[1].value, g0[row]}}) {
      EXPECT_TRUE(std::isnan(expected) ? std::isnan(got) : std::abs(got - expected) < 1e-15) << row;
    }
    losses.push_back(r.loss);
  }
  EXPECT_TRUE(std::isnan(reference::reduce_losses(losses, 3.0).value));
  const std::vector<reference::Estimate<double>> good = {losses[0], losses[0], losses[4]},
                                                 none = {losses[3], losses[4]};
  EXPECT_NEAR(reference::reduce_losses(good, 1.0).value, std::log(4.0), 1e-15);
  EXPECT_NEAR(reference::reduce_losses(good, 2.0).value, std::log(2.0), 1e-15);
  EXPECT_EQ(reference::reduce_losses(none, 1.0).value, 0);
}

/// Logits are multiples of 1/64 and the steps powers of two, so that nothing is rounded before binary128. Two steps of
/// central differences leave an error of the fourth order.
TEST(ReferenceEdges, TheGradientIsTheLossesFiniteDifference) {
  const std::vector<double> x = {1.5, -0.75, 0.25, 3.0, -2.0};
  const float weights[] = {0.5f, 2, 1, 0, 3};
  const std::int32_t label = 1;
  CrossEntropyOptions options;
  options.temperature = 2, options.label_smoothing = 0.2, options.reduction = Reduction::sum;
  options.class_weights = vector_view(weights, 5);
  for (double z_loss : {0.0, 0.25}) {
    for (double softcap : {0.0, 2.5}) {
      options.z_loss = z_loss, options.softcap = softcap;
      const auto at = [&](std::size_t j, double h) {
        std::vector<double> moved = x;
        moved[j] += h;
        return reference::cross_entropy<Binary128>(view(moved.data(), 1, 5), vector_view(&label, 1), options, 0, 1,
                                                   true);
      };
      for (std::size_t j = 0; j < x.size(); ++j) {
        const auto central = [&](double h) { return (at(j, h).loss.value - at(j, -h).loss.value) / (2 * h); };
        const Binary128 difference = (4 * central(0x1p-11) - central(0x1p-10)) / 3;
        EXPECT_NEAR(double(at(j, 0).gradient[j].value), double(difference), 1e-12) << z_loss << " " << softcap;
      }
    }
  }
}

TEST(ReferenceEdges, MutualInformation) {
  const auto codes = [](std::vector<std::int64_t> x, std::vector<std::int64_t> y) {
    return double(reference::mutual_information<Binary128>(x, y, Unit::nats).value);
  };
  EXPECT_EQ(codes({}, {}), 0);
  EXPECT_TRUE(std::isnan(codes({0, -1}, {0, 1})));
  EXPECT_NEAR(codes({0, 3}, {5, 1}), std::log(2.0), 1e-15);
  EXPECT_THROW(codes({0, std::int64_t{1} << 40}, {0, 1}), InvalidArgument);
  const auto joint = [](const std::vector<double>& table) {
    return double(reference::mutual_information_joint<Binary128>(view(table.data(), 2, 2), Unit::nats).value);
  };
  EXPECT_TRUE(std::isnan(joint({0, 0, 0, 0})));
  EXPECT_TRUE(std::isnan(joint({1, -1, 1, 1})));
  EXPECT_TRUE(std::isnan(joint({1, kNaN, 1, 1})));
  EXPECT_TRUE(std::isnan(joint({1, kInf, 1, 1})));
  const std::int64_t huge = std::int64_t{1} << 62, apart[] = {huge, 0, 0, huge}, alike[] = {huge, huge, huge, huge};
  const auto counts = [](const std::int64_t* table) {
    return double(reference::mutual_information_joint<Binary128>(view(table, 2, 2), Unit::nats).value);
  };
  EXPECT_NEAR(counts(apart), std::log(2.0), 1e-15);  // totals beyond 63 bits
  EXPECT_NEAR(counts(alike), 0, 1e-30);
  EXPECT_EQ(double(reference::mutual_information_joint<double>(view<double>(nullptr, 0, 3), Unit::nats).value), 0);
}

/// Bits and their values from the formats' definitions.
TEST(ReferenceEdges, SixteenBitFloats) {
  EXPECT_EQ(reference::from_binary16(0x3c00), 1);
  EXPECT_EQ(reference::from_binary16(0xc000), -2);
  EXPECT_EQ(reference::from_binary16(0x7bff), 65504);
  EXPECT_EQ(reference::from_binary16(0x0400), 0x1p-14);
  EXPECT_EQ(reference::from_binary16(0x0001), 0x1p-24);
  EXPECT_EQ(reference::from_binary16(0xfc00), -kInf);
  EXPECT_TRUE(std::isnan(reference::from_binary16(0x7e00)));
  EXPECT_EQ(reference::from_bfloat16(0x3f80), 1);
  EXPECT_EQ(reference::from_bfloat16(0x0001), 0x1p-133);
  EXPECT_EQ(reference::from_bfloat16(0xff80), -kInf);
  EXPECT_TRUE(std::isnan(reference::from_bfloat16(0x7fc0)));
}

/// Counts the values that double claims to know to within 2^-32, and says of those that are off by more than claimed.
struct Claims {
  int settled = 0, all = 0;

  void add(const reference::Estimate<double>& claimed, const reference::Estimate<Binary128>& exact) {
    ++all;
    if (!(std::fabs(claimed.value) < kInf) || !(claimed.error <= claimed.magnitude * 0x1p-32)) return;
    ++settled;
    const Binary128 off = Binary128(claimed.value) - exact.value, distance = off < 0 ? -off : off;
    EXPECT_TRUE(distance <= Binary128(claimed.error) + exact.error + Binary128(1e-300))
        << "off by " << double(distance) << ", claims " << claimed.error << " at " << claimed.value;
  }
};

/// verify lets double decide by its own word.
TEST(ReferenceEdges, DoubleIsAsCloseToBinary128AsItClaims) {
  std::mt19937_64 random(test::kSeed);
  RecordProperty("seed", test::kSeed);
  Claims values, entries;
  for (const test::Pattern pattern : test::kPatterns) {
    for (const std::int64_t cols : {1, 3, 40, 1500}) {
      SCOPED_TRACE("pattern " + std::to_string(int(pattern)) + ", " + std::to_string(cols) + " columns");
      const test::LogitPair pair = test::logit_pair(pattern, cols, random);
      const test::Batch p(DType::f32, {pair.p}), q(DType::f32, {pair.q}), share(DType::f32, {test::softmax(pair.p)});
      const std::int64_t label = cols / 2;
      const VectorView labels = vector_view(&label, 1);
      RowsOptions options;
      options.alpha = 0.7;
      for (const Input form : {Input::logits, Input::probs}) {
        options.input_p = form;
        const RowsInput input = {form == Input::logits ? p.view() : share.view(), q.view(), labels};
        const auto claimed = reference::rows<double>(all_measures(), input, options, 0);
        const auto exact = reference::rows<Binary128>(all_measures(), input, options, 0);
        for (std::size_t k = 0; k < exact.values.size(); ++k) values.add(claimed.values[k], exact.values[k]);
      }
      CrossEntropyOptions with_all;
      with_all.temperature = 0.7, with_all.label_smoothing = 0.1, with_all.z_loss = 1e-3, with_all.softcap = 30;
      const auto claimed = reference::cross_entropy<double>(q.view(), labels, with_all, 0, 3, true);
      const auto exact = reference::cross_entropy<Binary128>(q.view(), labels, with_all, 0, 3, true);
      entries.add(claimed.loss, exact.loss);
      for (std::size_t k = 0; k < exact.gradient.size(); ++k) entries.add(claimed.gradient[k], exact.gradient[k]);
    }
  }
  // Double decides most, and is asked in earnest.
  for (const Claims* claims : {&values, &entries}) EXPECT_GT(claims->settled, claims->all / 2);
}

}  // namespace
}  // namespace kullback
