/// Every measure x input form x dtype x shape against the sealed reference in binary128, under the written contract.
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

/// Row lengths, each with what it can break.
constexpr std::int64_t kLengths[] = {
    1,     // a certain outcome: entropy 0, every divergence 0
    2,     // binary
    3,     // odd, far below one lane group
    10,    // the digits data
    31,    // one short of a lane group
    32,    // exactly one
    33,    // one over: a second, nearly empty group
    255,   // one short of a block
    256,   // exactly one block: the rows are loaded once
    257,   // a second block of one column
    1003,  // several blocks, ragged tail
};

/// Long enough for the sums' second level to matter, and 1 mod 8 like GPT-2's vocabulary.
constexpr std::int64_t kVocabulary = 20041;

std::vector<double> as_input(Input form, const std::vector<double>& logits) {
  std::vector<double> x = softmax(logits);
  if (form == Input::logits) return logits;
  if (form == Input::log_probs) {
    for (double& v : x) v = std::log(v);
  }
  if (form == Input::counts) {
    for (double& v : x) v = std::floor(v * 100);
    x[0] += 1;  // a row has mass
  }
  return x;
}

struct Case {
  Input form_p, form_q;
  DType dtype_p, dtype_q;
};

void check(const Case& c, Pattern pattern, std::int64_t cols, const RowsOptions& base, std::mt19937_64& random) {
  constexpr int kRows = 2;
  std::vector<std::vector<double>> p, q;
  std::vector<std::int32_t> labels;
  for (int r = 0; r < kRows; ++r) {
    const LogitPair pair = logit_pair(pattern, cols, random);
    p.push_back(as_input(c.form_p, pair.p));
    q.push_back(as_input(c.form_q, pair.q));
    // The first label is the largest entry of Q, where the loss is smallest and hardest; the second is any.
    const auto top = std::max_element(pair.q.begin(), pair.q.end()) - pair.q.begin();
    labels.push_back(static_cast<std::int32_t>(r == 0 ? top : static_cast<std::int64_t>(random()) % cols));
    if (labels.back() < 0) labels.back() = 0;
  }
  const Batch batch_p(c.dtype_p, p, cols + 3, 1), batch_q(c.dtype_q, q, cols + 5, 3);
  RowsOptions options = base;
  options.input_p = c.form_p, options.input_q = c.form_q;
  VerifyReport report;
  run_rows(kAllMeasures, {batch_p.view(), batch_q.view(), vector_view(labels.data(), kRows)}, options, &report);
  EXPECT_EQ(report.rows_checked, kRows);
  EXPECT_TRUE(report.ok()) << "forms " << int(c.form_p) << "," << int(c.form_q) << " dtypes " << name_of(c.dtype_p)
                           << "," << name_of(c.dtype_q) << " pattern " << int(pattern) << " cols " << cols
                           << " temperature " << options.temperature << " normalize " << int(options.normalize)
                           << " beta " << options.beta << describe(report);
}

std::vector<DType> dtypes_of(Input form) {
  if (form == Input::counts) return {DType::u8, DType::u16, DType::i32, DType::i64};
  return {DType::f32, DType::f16, DType::bf16, DType::f64};
}

class EveryForm : public ::testing::TestWithParam<Input> {};

TEST_P(EveryForm, EveryDtypePatternAndLength) {
  std::mt19937_64 random(kSeed);
  RecordProperty("seed", kSeed);
  for (DType dtype : dtypes_of(GetParam())) {
    const Case c = {GetParam(), GetParam(), dtype, dtype};
    for (Pattern pattern : kPatterns) {
      for (std::int64_t cols : kLengths) check(c, pattern, cols, {}, random);
    }
  }
}

TEST_P(EveryForm, AVocabulary) {
  std::mt19937_64 random(kSeed + 1);
  for (DType dtype : dtypes_of(GetParam())) {
    for (Pattern pattern : {Pattern::gaussian, Pattern::near_equal}) {
      check({GetParam(), GetParam(), dtype, dtype}, pattern, kVocabulary, {}, random);
    }
  }
}

TEST_P(EveryForm, EveryOption) {
  std::mt19937_64 random(kSeed + 2);
  std::vector<RowsOptions> variants(7);
  for (double alpha : {1e-3, 0.3, 0.5, 0.999, 1.0, 1.0001, 2.0, 3.3}) variants.emplace_back().alpha = alpha;
  variants[0].beta = 0.3;
  variants[1].beta = 0.999;
  variants[2].unit = Unit::bits;
  variants[3].unit = Unit::bans;
  variants[4].label_smoothing = 0.1;
  variants[5].label_smoothing = 1;
  variants[6].normalize = Normalize::always;
  if (GetParam() == Input::logits) {
    for (double temperature : {0.7, 2.0, 10.0}) variants.emplace_back().temperature = temperature;
  }
  for (std::size_t k = 0; k < variants.size(); ++k) {
    const RowsOptions& options = variants[k];
    const std::vector<DType> dtypes = dtypes_of(GetParam());
    // The second and the third are only loaded differently: they take turns.
    for (DType dtype : {dtypes[0], dtypes[k % 2 + 1], dtypes[3]}) {
      for (Pattern pattern : kPatterns) {
        for (std::int64_t cols : {2, 260})
          check({GetParam(), GetParam(), dtype, dtype}, pattern, cols, options, random);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Conformance, EveryForm,
                         ::testing::Values(Input::logits, Input::log_probs, Input::probs, Input::counts));

TEST(Conformance, DifferentFormsAndDtypesOnTheTwoSides) {
  std::mt19937_64 random(kSeed + 3);
  constexpr Input kForms[] = {Input::logits, Input::log_probs, Input::probs, Input::counts};
  for (Input form_p : kForms) {
    for (Input form_q : kForms) {
      for (DType dtype_p : {dtypes_of(form_p)[0], dtypes_of(form_p)[2]}) {
        for (DType dtype_q : {dtypes_of(form_q)[0], dtypes_of(form_q)[3]}) {
          for (Pattern pattern : {Pattern::gaussian, Pattern::masked, Pattern::peaked}) {
            RowsOptions options;
            check({form_p, form_q, dtype_p, dtype_q}, pattern, 41, options, random);
            options.temperature = 0.7;  // on the logits' side alone
            check({form_p, form_q, dtype_p, dtype_q}, pattern, 260, options, random);
          }
        }
      }
    }
  }
}

TEST(Conformance, ProbabilitiesThatDoNotSumToOne) {
  std::mt19937_64 random(kSeed + 4);
  for (DType dtype : {DType::f32, DType::f64}) {
    for (double scale_q : {1e-30, 0.5, 7.0, 1e30}) {
      std::vector<std::vector<double>> p, q;
      for (Pattern pattern : kPatterns) {
        const LogitPair pair = logit_pair(pattern, 100, random);
        p.push_back(softmax(pair.p)), q.push_back(softmax(pair.q));
        for (double& x : q.back()) x *= scale_q;
      }
      const Batch batch_p(dtype, p), batch_q(dtype, q);
      const std::vector<std::uint8_t> labels(p.size(), 3);
      const RowsInput input = {batch_p.view(), batch_q.view(),
                               vector_view(labels.data(), static_cast<std::int64_t>(labels.size()))};
      for (Normalize normalize : {Normalize::never, Normalize::always}) {
        RowsOptions options;
        options.input_p = options.input_q = Input::probs;
        options.normalize = normalize;
        VerifyReport report;
        run_rows(kAllMeasures, input, options, &report);
        EXPECT_TRUE(report.ok()) << name_of(dtype) << " scale " << scale_q << describe(report);
      }
    }
  }
}

TEST(Conformance, AdditiveSmoothing) {
  const std::int32_t counts[3][3] = {{0, 3, 1}, {0, 0, 0}, {-1, 3, 1}};
  const float probs[] = {0.5, 0.5, 0};
  RowsOptions options;
  options.input_p = Input::counts, options.input_q = Input::probs, options.smooth = 1;
  const RowsInput input = {view(*counts, 3, 3), view(probs, 1, 3), {}};
  if (backend_under_test() == Backend::cuda) {
    EXPECT_THROW(run_rows({Measure::tv}, input, options), BackendUnavailable);
    return;
  }
  // (1, 4, 2) / 7, a third each, and a count that is none, against (3, 3, 2) / 8.
  const RowsResult by_hand = run_rows({Measure::tv}, input, options);
  EXPECT_DOUBLE_EQ(by_hand.values[0][0], 13.0 / 56);
  EXPECT_DOUBLE_EQ(by_hand.values[1][0], 1.0 / 12);
  EXPECT_TRUE(std::isnan(by_hand.values[2][0]));
  EXPECT_EQ(by_hand.status, (std::vector<std::uint8_t>{status_ok, status_ok, status_negative}));

  std::mt19937_64 random(kSeed + 8);
  for (double smooth : {1e-9, 0.5}) {
    options.smooth = smooth;
    for (Pattern pattern : {Pattern::gaussian, Pattern::masked}) {
      for (std::int64_t cols : {3, 260}) {
        check({Input::probs, Input::probs, DType::f32, DType::bf16}, pattern, cols, options, random);
        check({Input::counts, Input::log_probs, DType::i64, DType::f64}, pattern, cols, options, random);
        check({Input::logits, Input::counts, DType::f64, DType::u8}, pattern, cols, options, random);
      }
    }
  }
}

TEST(Conformance, TotalsBeyondTheRange) {
  const double p[] = {1e308, 1e308, 3e307}, q[] = {1e-305, 1, 1e-20};
  const std::uint8_t label = 0;
  RowsOptions options;
  options.input_p = options.input_q = Input::probs;
  options.normalize = Normalize::always;
  for (const auto& [a, b] : {std::pair{p, q}, std::pair{q, p}}) {
    VerifyReport report;
    run_rows(kAllMeasures, {view(a, 1, 3), view(b, 1, 3), vector_view(&label, 1)}, options, &report);
    EXPECT_TRUE(report.ok()) << describe(report);
  }
}

TEST(Conformance, CountsBeyondTheMantissa) {
  const std::int64_t big = std::int64_t{1} << 62;
  const std::int64_t p[] = {big + 1, big - 3, 5}, q[] = {big - 1, big + 2, 4};
  RowsOptions options;
  options.input_p = options.input_q = Input::counts;
  const std::int64_t label = 2;
  VerifyReport report;
  run_rows(kAllMeasures, {view(p, 1, 3), view(q, 1, 3), vector_view(&label, 1)}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

TEST(Conformance, CrossEntropyLossAndGradient) {
  std::mt19937_64 random(kSeed + 5);
  for (DType dtype : dtypes_of(Input::logits)) {
    for (Pattern pattern : kPatterns) {
      for (std::int64_t cols : {1, 2, 10, 33, 256, 257}) {
        for (Reduction reduction : {Reduction::none, Reduction::sum, Reduction::mean}) {
          std::vector<std::vector<double>> x;
          std::vector<std::int64_t> labels;
          constexpr std::int64_t kRows = 4;
          for (std::int64_t r = 0; r < kRows; ++r) {
            x.push_back(logit_pair(pattern, cols, random).p);
            const auto top = std::max_element(x.back().begin(), x.back().end()) - x.back().begin();
            labels.push_back(r == 0 ? top : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(cols)));
          }
          labels[2] = -100;
          const Batch logits(dtype, x, cols + 2, 1);
          Batch gradient(dtype, x, cols + 1, 5);
          std::vector<float> narrow(kRows);
          std::vector<double> wide(kRows);
          std::int64_t valid = -1;
          CrossEntropyOptions options;
          options.reduction = reduction;
          options.ignore_index = -100;
          options.label_smoothing = cols % 2 == 0 ? 0.1 : 0.0;
          options.temperature = cols % 3 == 0 ? 0.7 : 1.0;
          options.gradient_scale = cols % 5 == 0 ? -2.5 : 1.0;
          CrossEntropyOutput output;
          const std::int64_t losses = reduction == Reduction::none ? kRows : 1;
          output.loss = dtype == DType::f64 ? mutable_vector_view(wide.data(), losses)
                                            : mutable_vector_view(narrow.data(), losses);
          output.gradient = gradient.mutable_view();
          output.valid_rows = &valid;
          const VectorView label_view = vector_view(labels.data(), kRows);
          run(logits.view(), label_view, output, options);
          const VerifyReport report = verify_cross_entropy(logits.view(), label_view, output, options, {1 << 20});
          EXPECT_EQ(valid, kRows - 1);
          EXPECT_TRUE(report.ok()) << name_of(dtype) << " pattern " << int(pattern) << " cols " << cols << " reduction "
                                   << int(reduction) << describe(report);
        }
      }
    }
  }
}

/// Class weights (of both types, one of them 0), z-loss and softcap, apart and together, in rows of a warp and a block.
TEST(Conformance, CrossEntropyWithEveryOption) {
  std::mt19937_64 random(kSeed + 7);
  std::vector<CrossEntropyOptions> variants(6);
  variants[0].z_loss = 1e-4;
  variants[1].softcap = 30, variants[1].temperature = 0.7;
  variants[2].label_smoothing = 0.1;
  variants[3].reduction = Reduction::none, variants[3].gradient_scale = 1e30;
  variants[4].z_loss = 2, variants[4].softcap = 4, variants[4].label_smoothing = 0.3;
  variants[5].z_loss = 0.5, variants[5].softcap = 1e3, variants[5].reduction = Reduction::sum;
  for (std::size_t k = 0; k < variants.size(); ++k) {
    for (DType dtype : {DType::f32, DType::bf16, DType::f64}) {
      for (Pattern pattern : {Pattern::gaussian, Pattern::peaked, Pattern::masked, Pattern::wide}) {
        for (std::int64_t cols : {3, 260, 1031}) {
          if (cols > 260 && (pattern != Pattern::gaussian || k != 4)) continue;
          constexpr std::int64_t kRows = 4;
          std::vector<std::vector<double>> x;
          std::vector<std::uint16_t> labels;
          for (std::int64_t r = 0; r < kRows; ++r) {
            x.push_back(logit_pair(pattern, cols, random).p);
            const auto top = std::max_element(x.back().begin(), x.back().end()) - x.back().begin();
            labels.push_back(static_cast<std::uint16_t>(r == 0 ? top : random() % static_cast<std::uint64_t>(cols)));
          }
          labels[2] = 65535;
          std::vector<float> narrow_weights;
          for (std::int64_t c = 0; c < cols; ++c) narrow_weights.push_back(static_cast<float>(c % 7) / 3);
          const std::vector<double> wide_weights(narrow_weights.begin(), narrow_weights.end());
          CrossEntropyOptions options = variants[k];
          options.ignore_index = 65535;
          if (k == 2 || k == 4) options.class_weights = vector_view(narrow_weights.data(), cols);
          if (k == 3) options.class_weights = vector_view(wide_weights.data(), cols);
          const Batch logits(dtype, x, cols + 2, 1);
          Batch gradient(dtype, x, cols + 1, 5);
          std::vector<double> loss(kRows);
          CrossEntropyOutput output;
          output.loss = {loss.data(), dtype == DType::f64 ? DType::f64 : DType::f32,
                         options.reduction == Reduction::none ? kRows : 1};
          output.gradient = gradient.mutable_view();
          const VectorView label_view = vector_view(labels.data(), kRows);
          run(logits.view(), label_view, output, options);
          const VerifyReport report = verify_cross_entropy(logits.view(), label_view, output, options, {1 << 20});
          EXPECT_TRUE(report.ok()) << name_of(dtype) << " pattern " << int(pattern) << " cols " << cols << " variant "
                                   << k << describe(report);
        }
      }
    }
  }
}

/// Rows that a GPU's block does in several chunks, at every alignment: with a whole number of them and not, by few and
/// many threads, on chip and (in every dtype the last, in some the one before) too long for it.
TEST(Conformance, CrossEntropyLossOfLongRows) {
  std::mt19937_64 random(kSeed + 6);
  for (DType dtype : dtypes_of(Input::logits)) {
    const std::int64_t too_long = size_of(dtype) == 2 ? 120'001 : 60'001;
    for (std::int64_t cols :
         {std::int64_t{1025}, std::int64_t{4096}, std::int64_t{4099}, std::int64_t{8193}, too_long}) {
      SCOPED_TRACE(std::string(name_of(dtype)) + ", " + std::to_string(cols) + " columns");
      std::vector<std::vector<double>> x;
      const std::int64_t count = cols == too_long ? 2 : 3;
      for (std::int64_t r = 0; r < count; ++r) x.push_back(logit_pair(Pattern::gaussian, cols, random).p);
      const std::vector<std::int64_t> labels = {cols - 1, 0, cols / 2};
      const Batch logits(dtype, x, cols + 3, 1);
      Batch in_phase(dtype, x, cols + 3, 1), out_of_phase(dtype, x, cols + 1, 2);
      for (Batch* gradient : {&in_phase, &out_of_phase}) {
        std::vector<float> narrow(3);
        std::vector<double> wide(3);
        CrossEntropyOptions options;
        options.reduction = Reduction::none;
        options.label_smoothing = gradient == &in_phase ? 0.0 : 0.1;
        CrossEntropyOutput output;
        output.loss =
            dtype == DType::f64 ? mutable_vector_view(wide.data(), count) : mutable_vector_view(narrow.data(), count);
        output.gradient = gradient->mutable_view();
        const VectorView label_view = vector_view(labels.data(), count);
        run(logits.view(), label_view, output, options);
        const VerifyReport report = verify_cross_entropy(logits.view(), label_view, output, options, {1 << 20});
        EXPECT_TRUE(report.ok()) << describe(report);
      }
    }
  }
}

/// The result is float64 because of P, so it is held to float64's contract although only Q is read.
TEST(Conformance, AWideSideThatNoMeasureReads) {
  const double p[] = {1, 2, 3};
  const float q[] = {0.1f, 0.7f, -0.3f};
  const std::int64_t label = 1;
  VerifyReport report;
  run_rows({Measure::nll, Measure::entropy_q}, {view(p, 1, 3), view(q, 1, 3), vector_view(&label, 1)}, {}, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

}  // namespace
}  // namespace kullback::test
