/// Rows at the edges of the engines' ways, each found by planting an error that no other test noticed (mutants.py).
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

const MeasureSet kPaired = {Measure::kl, Measure::reverse_kl, Measure::js, Measure::tv};

/// An element of a floating dtype, decoded from the definition of the formats.
double load(const MatrixView& v, std::int64_t row, std::int64_t col) {
  const std::int64_t at = row * v.row_stride + col;
  if (v.dtype == DType::f32) return static_cast<const float*>(v.data)[at];
  if (v.dtype == DType::f64) return static_cast<const double*>(v.data)[at];
  const int mantissa_bits = v.dtype == DType::f16 ? 10 : 7, largest = v.dtype == DType::f16 ? 31 : 255;
  const int bits = static_cast<const std::uint16_t*>(v.data)[at];
  const int exponent = (bits & 0x7fff) >> mantissa_bits, fraction = bits & ((1 << mantissa_bits) - 1);
  if (exponent == largest) return fraction != 0 ? kNaN : (bits & 0x8000) != 0 ? -kInf : kInf;
  const int significand = exponent == 0 ? fraction : fraction + (1 << mantissa_bits);
  const double x = std::ldexp(significand, std::max(exponent, 1) - largest / 2 - mantissa_bits);
  return (bits & 0x8000) != 0 ? -x : x;
}

TEST(Edges, TheLossOfACertainOutcomeIsPlusZero) {
  const double one = 3;
  const std::int64_t label = 0;
  const RowsInput input = {view(&one, 1, 1), view(&one, 1, 1), vector_view(&label, 1)};
  for (Measure measure : {Measure::nll, Measure::nll_p}) EXPECT_TRUE(same_bits(run_one(measure, input), 0.0));
}

TEST(Edges, ALossBesideACountBeyondTheMantissa) {
  const std::int64_t counts[] = {(std::int64_t{1} << 62) + 1, 3}, label = 0;
  RowsOptions options;
  options.input_q = Input::counts;
  // -log(n / (n + 3)) = 3 / n to 2^-61.
  const double got = run_one(Measure::nll, {{}, view(counts, 1, 2), vector_view(&label, 1)}, options);
  EXPECT_NEAR(got * 0x1p62, 3, 1e-14);
}

TEST(Edges, SmoothedLossesAskedAlone) {
  const double q[] = {0, std::log(3.0)};
  const std::int64_t label = 1;
  RowsOptions options;
  options.label_smoothing = 0.5;
  // q = (1/4, 3/4); targets 1/4 and 3/4.
  EXPECT_NEAR(run_one(Measure::nll, {{}, view(q, 1, 2), vector_view(&label, 1)}, options),
              -0.25 * std::log(0.25) - 0.75 * std::log(0.75), 1e-15);
}

TEST(Edges, LabelsOf16BitsAreUnsigned) {
  constexpr std::int64_t kCols = 40001;
  std::vector<float> q(kCols, 0.0f);
  q.back() = 2;
  const std::uint16_t label = kCols - 1;
  EXPECT_NEAR(run_one(Measure::nll, {{}, view(q.data(), 1, kCols), vector_view(&label, 1)}),
              std::log(kCols - 1 + std::exp(2.0)) - 2, 1e-6);
}

TEST(Edges, FarOffsetsKeepTheResidualOfTheDifference) {
  std::mt19937_64 random(kSeed);
  RecordProperty("seed", kSeed);
  std::normal_distribution<double> normal;
  std::vector<float> p, q;
  for (int c = 0; c < 300; ++c) {
    p.push_back(static_cast<float>(normal(random)));
    q.push_back(p.back() + 1000.0f);  // rounds to 2^-14: the rows differ by that much
  }
  VerifyReport report;
  run_rows(kPaired, {view(p.data(), 1, 300), view(q.data(), 1, 300), {}}, {}, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

/// The same distribution in two forms: what differs is the last bit of each entry, and the answers are near 1e-16.
TEST(Edges, TheSameRowInDifferentForms) {
  std::mt19937_64 random(kSeed);
  RecordProperty("seed", kSeed);
  constexpr Input kForms[] = {Input::logits, Input::log_probs, Input::probs};
  for (std::int64_t cols : {2, 10, 300}) {
    for (int repetition = 0; repetition < 20; ++repetition) {
      const std::vector<double> logits = logit_pair(Pattern::gaussian, cols, random).p;
      const std::vector<double> probs = softmax(logits);
      std::vector<double> log_probs;
      for (double p : probs) log_probs.push_back(std::log(p));
      const std::vector<double>* rows[] = {&logits, &log_probs, &probs};
      for (std::size_t p = 0; p < 3; ++p) {
        for (std::size_t q = 0; q < 3; ++q) {
          if (p == q) continue;
          RowsOptions options;
          options.input_p = kForms[p], options.input_q = kForms[q];
          VerifyReport report;
          run_rows(kPaired, {view(rows[p]->data(), 1, cols), view(rows[q]->data(), 1, cols), {}}, options, &report);
          EXPECT_TRUE(report.ok()) << p << q << " of " << cols << describe(report);
        }
      }
    }
  }
}

TEST(Edges, NearlyEqualRowsInDifferentForms) {
  const double logs[] = {std::log(0.6), std::log(0.4) + 1e-9}, probs[] = {0.6, 0.4};
  RowsOptions options;
  options.input_p = Input::log_probs, options.input_q = Input::probs;
  VerifyReport report;
  run_rows(kPaired, {view(logs, 1, 2), view(probs, 1, 2), {}}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

TEST(Edges, NormalisedLogProbabilitiesHaveNoTemperature) {
  const double p[] = {0, 1, 3}, q[] = {1, -1, 2};
  RowsOptions options;
  options.input_q = Input::log_probs;
  options.normalize = Normalize::always;
  options.temperature = 0.7;
  VerifyReport report;
  run_rows(kPaired, {view(p, 1, 3), view(q, 1, 3), {}}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

TEST(Edges, MassesWhoseSumLeavesFloat32) {
  const float logs_p[] = {88.0f, 88.5f, 1.0f}, logs_q[] = {88.4f, 88.6f, 0.5f};
  const float masses_p[] = {3e38f, 1e30f, 2e38f}, masses_q[] = {2.9e38f, 2e30f, 3e38f};
  RowsOptions options;
  options.input_p = options.input_q = Input::log_probs;
  VerifyReport report;
  run_rows(kPaired, {view(logs_p, 1, 3), view(logs_q, 1, 3), {}}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
  options.input_p = options.input_q = Input::probs;
  run_rows(kPaired, {view(masses_p, 1, 3), view(masses_q, 1, 3), {}}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

/// Temperatures bring differences that overflow float32 back into range.
TEST(Edges, LogitsWhoseDifferenceLeavesFloat32) {
  const float p[] = {3e38f, -3e38f, 0, -std::numeric_limits<float>::infinity()}, q[] = {-3.4e38f, 3.4e38f, 1e38f, 0};
  const std::int32_t label = 1;
  RowsOptions options;
  options.temperature = 0x1p60;
  const RowsInput input = {view(p, 1, 4), view(q, 1, 4), vector_view(&label, 1)};
  EXPECT_NEAR(run_one(Measure::nll_p, input, options) / (6e38 / 0x1p60), 1, 1e-6);
  VerifyReport report;
  run_rows(kAllMeasures, input, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);

  float loss = 0, gradient[4] = {7, 7, 7, 7};
  CrossEntropyOptions of_loss;
  of_loss.temperature = 0x1p60;
  of_loss.reduction = Reduction::none;
  CrossEntropyOutput output;
  output.loss = mutable_vector_view(&loss, 1), output.gradient = mutable_view(gradient, 1, 4);
  run(input.p, input.labels, output, of_loss);
  EXPECT_NEAR(loss / (6e38 / 0x1p60), 1, 1e-6);
  EXPECT_EQ(gradient[0], static_cast<float>(1 / 0x1p60));
  EXPECT_EQ(gradient[1], static_cast<float>(-1 / 0x1p60));
  EXPECT_EQ(gradient[3], 0);
}

/// Many such rows: a GPU's blocks do several, one after the other.
TEST(Edges, ManyRowsWhoseDifferencesLeaveFloat32) {
  for (const auto& [count, cols] : {std::pair<std::int64_t, std::int64_t>{560, 300}, {140, 1100}}) {
    SCOPED_TRACE(std::to_string(count) + " x " + std::to_string(cols));
    std::vector<float> p(static_cast<std::size_t>(count * cols), -3e38f), q = p, gradient(p.size()), loss(count);
    std::vector<std::int32_t> labels;
    for (std::int64_t r = 0; r < count; ++r) {  // P: 2 or 3 equal outcomes; Q: the first of them
      const auto first = static_cast<std::size_t>(r * cols);
      p[first] = p[first + 7] = q[first] = 3e38f;
      if (r % 2 == 1) p[first + 9] = 3e38f;
      labels.push_back(r % 3 == 0 ? 0 : 7);
    }
    const RowsInput input = {view(p.data(), count, cols), view(q.data(), count, cols),
                             vector_view(labels.data(), count)};
    CrossEntropyOptions options;
    options.reduction = Reduction::none;
    CrossEntropyOutput output;
    output.loss = mutable_vector_view(loss.data(), count), output.gradient = mutable_view(gradient.data(), count, cols);
    run(input.p, input.labels, output, options);
    const RowsResult rows_result = run_rows({Measure::reverse_kl, Measure::nll_p}, input);
    for (std::int64_t r = 0; r < count; ++r) {
      const double outcomes = r % 2 == 1 ? 3 : 2;
      const auto first = static_cast<std::size_t>(r * cols);
      EXPECT_NEAR(loss[static_cast<std::size_t>(r)], std::log(outcomes), 1e-6) << r;
      for (double value : rows_result.values[static_cast<std::size_t>(r)])
        EXPECT_NEAR(value, std::log(outcomes), 1e-6) << r;
      for (std::size_t c : {0, 7, 9, 11}) {
        const double expected = (p[first + c] > 0) / outcomes - (labels[static_cast<std::size_t>(r)] == int(c));
        EXPECT_NEAR(gradient[first + c], expected, 1e-7) << r << ", " << c;
      }
    }
  }
}

/// -p log p of a probability that float32 does not hold, but its product with its logarithm: e^-88, of others that are
/// nearly nothing beside 1.
TEST(Edges, EntropiesOfProbabilitiesThatUnderflow) {
  for (const std::int64_t cols : {2, 300, 1100}) {
    std::vector<float> x(static_cast<std::size_t>(2 * cols), -88), logs = x;
    x[0] = logs[0] = 0;
    x[static_cast<std::size_t>(2 * cols - 1)] = 2, logs[static_cast<std::size_t>(2 * cols - 1)] = 0;
    for (std::int64_t c = 0; c + 1 < cols; ++c) x[static_cast<std::size_t>(cols + c)] = -86;
    const double others = static_cast<double>(cols - 1), own = std::exp(-88.0), expected = others * (own * 88 + own);
    for (const Input form : {Input::logits, Input::log_probs}) {
      const std::vector<float>& values = form == Input::logits ? x : logs;
      const RowsInput input = {view(values.data(), 2, cols), view(values.data(), 2, cols), {}};
      RowsOptions options;
      options.input_p = options.input_q = form;
      // The largest entry's -p log p is the others' mass; that of log-probabilities is 0 as given.
      const double of_form = form == Input::logits ? expected : others * own * 88;
      const RowsResult result =
          run_rows({Measure::entropy, Measure::entropy_q, Measure::cross_entropy}, input, options);
      for (const auto& row : result.values) {
        for (double value : row) EXPECT_NEAR(value / of_form, 1, 0x1p-17) << cols << " columns, form " << int(form);
      }
    }
  }
}

/// Logits so far below the largest that float32 has their logarithms to a few u of a thousand only: (p/q)^a q of the
/// second column is all of these, and its exponent is known exactly.
TEST(Edges, TermsOfLogitsFarBelowTheLargest) {
  const float below_p = 0x1.ee7842p+8f, below_q = 0x1.00d67cp+10f;
  const float p[] = {0, -below_p}, q[] = {0, -below_q};
  const double chi2 = std::exp(static_cast<double>(below_q) - 2 * static_cast<double>(below_p));
  RowsOptions options;
  options.alpha = 2;
  for (const Input form : {Input::logits, Input::log_probs}) {
    options.input_p = options.input_q = form;
    const RowsResult result =
        run_rows({Measure::chi2, Measure::tsallis, Measure::renyi}, {view(p, 1, 2), view(q, 1, 2), {}}, options);
    EXPECT_NEAR(result.values[0][0] / chi2, 1, 1e-6) << int(form);
    EXPECT_NEAR(result.values[0][1] / chi2, 1, 1e-6) << int(form);
    EXPECT_NEAR(result.values[0][2], std::log(chi2), 1e-5) << int(form);
  }
}

/// Losses of two columns: ln 2 each, but for one of 1e17, beside which they must not be lost.
TEST(Edges, ManyLossesAreReduced) {
  const std::int64_t count = 10'000;
  std::vector<double> logits(static_cast<std::size_t>(2 * count), 0.5);
  std::vector<std::int32_t> labels(static_cast<std::size_t>(count), 1);
  std::int64_t valid = -1, expected_valid = count;
  for (std::size_t r = 5; r < labels.size(); r += 7) labels[r] = -100, --expected_valid;
  double loss = -1;
  CrossEntropyOptions options;
  options.ignore_index = -100;
  CrossEntropyOutput output;
  output.loss = mutable_vector_view(&loss, 1), output.valid_rows = &valid;
  const MatrixView x = view(logits.data(), count, 2);
  const VectorView y = vector_view(labels.data(), count);
  options.reduction = Reduction::mean;
  run(x, y, output, options);
  EXPECT_EQ(valid, expected_valid);
  EXPECT_NEAR(loss, std::log(2.0), 1e-15);

  logits[0] = 1e17;
  options.reduction = Reduction::sum;
  run(x, y, output, options);
  EXPECT_NEAR(loss - 1e17, std::log(2.0) * static_cast<double>(expected_valid - 1), 16) << "a unit of 1e17";
}

/// Exponentials are taken relative to a reference, which follows the largest entry so far.
TEST(Edges, LogitsThatRiseAlongTheRow) {
  std::vector<float> slightly(512, 64.5f), steeply(512, 0.0f), elsewhere(512, 0.0f);
  std::fill(slightly.begin(), slightly.begin() + 256, 63.75f);
  steeply[300] = steeply[301] = elsewhere[301] = 200.25f;
  elsewhere[301 - 256] = 200.5f;
  const std::int32_t label = 300;
  const auto nll = [&](const std::vector<float>& x) {
    const MatrixView row = view(x.data(), 1, 512);
    return run_one(Measure::nll, {row, row, vector_view(&label, 1)});
  };
  EXPECT_NEAR(nll(slightly), std::log(256.0) + std::log1p(std::exp(-0.75)), 4e-7);
  EXPECT_NEAR(nll(steeply), std::log(2.0), 1e-7);

  const auto agree = [&](const std::vector<float>& a, const std::vector<float>& b) {
    return run_one(Measure::top1_agree, {view(a.data(), 1, 512), view(b.data(), 1, 512), {}});
  };
  EXPECT_EQ(agree(steeply, steeply), 1);
  std::swap(steeply[300], steeply[44]);
  std::swap(steeply[301], steeply[45]);
  EXPECT_EQ(agree(steeply, elsewhere), 0);  // 44 and 45
  steeply[44] = 0;
  EXPECT_EQ(agree(steeply, elsewhere), 1);
  elsewhere[301] = 201;
  EXPECT_EQ(agree(steeply, elsewhere), 0);  // 45 and 301
}

/// -inf beside masks of finite logits so low that their distance from 0 overflows an exponential: threads, lanes and
/// blocks that saw nothing but -inf are merged with others that did not.
TEST(Edges, TwoKindsOfMask) {
  const double no = -kInf;
  for (const auto& [low, temperature] : {std::pair{-1e4, 1.0}, {-9.5, 0.1}, {-90.0, 1.0}}) {
    for (std::int64_t cols : {40, 300, 3000}) {
      std::vector<std::vector<double>> p(2), q(2);
      for (std::int64_t c = 0; c < cols; ++c) {
        const double x = low + static_cast<double>(c % 7) / 4, y = low - static_cast<double>(c % 5) / 8;
        p[0].push_back(c < cols / 2 ? no : x), q[0].push_back(c < cols / 2 ? no : y);
        p[1].push_back(c % 32 == 3 ? x : no), q[1].push_back(c % 32 == 3 ? y : no);
      }
      const std::int32_t labels[] = {static_cast<std::int32_t>(cols - 1), 3};
      for (DType dtype : {DType::f32, DType::bf16, DType::f64}) {
        SCOPED_TRACE(std::string(name_of(dtype)) + ", " + std::to_string(cols) + " columns at " + std::to_string(low));
        const Batch a(dtype, p), b(dtype, q);
        RowsOptions options;
        options.temperature = temperature;
        VerifyReport report;
        run_rows(kAllMeasures, {a.view(), b.view(), vector_view(labels, 2)}, options, &report);
        EXPECT_TRUE(report.ok()) << describe(report);
      }
    }
  }
}

/// Logits of 16 bits whose difference takes 28: small ones in one row, a spread of thousands in the other.
TEST(Edges, NarrowLogitsFarApart) {
  const std::vector<double> p = {2992, 6208, 9344, -5024, 2400, -2080, -1824, 346, 680, -8704, 6560},
                            q = {0.00686645508, -0.00643920898, 0.00315856934, 0.000549316406,
                                 0.00175476074, -0.00317382812, -0.00390625,   0.00939941406,
                                 0.00750732422, 0.000128746033, 0.00738525391};
  for (DType dtype : {DType::bf16, DType::f16, DType::f32}) {
    const Batch a(dtype, {p}), b(dtype, {q});
    for (const MeasureSet& measures :
         {MeasureSet{Measure::kl}, MeasureSet{Measure::js}, MeasureSet{Measure::kl, Measure::tv}}) {
      VerifyReport report;
      run_rows(measures, {a.view(), b.view(), {}}, {}, &report);
      EXPECT_TRUE(report.ok()) << name_of(dtype) << describe(report);
    }
  }
}

/// float holds the gradient, but not gradient_scale / temperature.
TEST(Edges, GradientsWhoseFactorLeavesFloat32) {
  const float x[] = {0, 1e-9f, -30e-10f};
  const std::int32_t label = 1;
  for (const auto& [scale, temperature] : {std::pair{1e30, 1e-10}, {1e-40, 1e-10}, {1e-30, 1e10}, {1e300, 0x1p60}}) {
    float loss = 0, gradient[3] = {7, 7, 7};
    CrossEntropyOptions options;
    options.gradient_scale = scale, options.temperature = temperature;
    CrossEntropyOutput output;
    output.loss = mutable_vector_view(&loss, 1), output.gradient = mutable_view(gradient, 1, 3);
    run(view(x, 1, 3), vector_view(&label, 1), output, options);
    const VerifyReport report = verify_cross_entropy(view(x, 1, 3), vector_view(&label, 1), output, options, {});
    EXPECT_TRUE(report.ok()) << scale << describe(report);
  }
}

/// p = exp(-200) is nothing that float holds, but it is not 0.
TEST(Edges, AProbabilityThatUnderflowsAgainstNoneIsInfinite) {
  const float p[] = {0, -200}, q[] = {0, -std::numeric_limits<float>::infinity()};
  const RowsInput input = {view(p, 1, 2), view(q, 1, 2), {}};
  EXPECT_EQ(run_one(Measure::rel_entr, input), kInf);
  EXPECT_EQ(run_one(Measure::kl, input), kInf);
}

/// Shares of 1e308 and 1e-320 are 1/2 and nothing a double can hold, but their logarithms are ordinary numbers.
TEST(Edges, SharesThatUnderflowHaveLogarithms) {
  const double p[] = {1e308, 1e308, 1e-320, 0}, q[] = {1e-300, 1e-320, 1e-320, 1e-10};
  const std::int32_t label = 2;
  RowsOptions options;
  options.input_p = options.input_q = Input::probs;
  options.normalize = Normalize::always;
  const RowsInput input = {view(p, 1, 4), view(q, 1, 4), vector_view(&label, 1)};
  EXPECT_NEAR(run_one(Measure::nll_p, input, options), std::log(2.0) + 308 * std::log(10.0) - std::log(1e-320), 1e-10);
  EXPECT_NEAR(run_one(Measure::cross_entropy, input, options),
              0.5 * (std::log(1e-10) - std::log(1e-300)) + 0.5 * (std::log(1e-10) - std::log(1e-320)), 1e-10);
  VerifyReport report;
  run_rows(kAllMeasures, input, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
  const double logs[] = {2, 1, -700, -5};
  options.input_q = Input::log_probs;
  run_rows(kAllMeasures, {input.p, view(logs, 1, 4), input.labels}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

/// Terms that are ordinary numbers though p or q, or a quotient on the way, are none that float32 holds.
TEST(Edges, TermsOfProbabilitiesThatUnderflow) {
  const std::vector<double> pairs[][2] = {
      {{0, -100}, {0, -160}}, {{0, -40, -1}, {0, -120, -1}}, {{0, -200}, {-200, 0}}, {{0, -1e4, 1}, {0, -1e9, 1}}};
  for (const auto& [p, q] : pairs) {
    for (DType dtype : {DType::f32, DType::bf16}) {
      const Batch a(dtype, {p}), b(dtype, {q});
      const std::uint8_t label = 0;
      for (double alpha : {0.5, 2.0}) {
        for (const auto& [x, y] : {std::pair{a.view(), b.view()}, {b.view(), a.view()}}) {
          RowsOptions options;
          options.alpha = alpha;
          VerifyReport report;
          run_rows(kAllMeasures, {x, y, vector_view(&label, 1)}, options, &report);
          EXPECT_TRUE(report.ok()) << describe(report);
        }
      }
    }
  }
  const float p[] = {1e-5f, 1}, q[] = {1e-44f, 1};
  RowsOptions options;
  options.input_p = options.input_q = Input::probs;
  VerifyReport report;
  run_rows({Measure::chi2, Measure::hellinger, Measure::bhattacharyya}, {view(p, 1, 2), view(q, 1, 2), {}}, options,
           &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

/// Near label_smoothing = 1 the target is small, and so is q: their difference must not come from 1 - q.
TEST(Edges, GradientsOfASmoothedLabel) {
  std::mt19937_64 random(kSeed);
  RecordProperty("seed", kSeed);
  for (double smoothing : {1.0, 1 - 1e-12, 0.999, 0.5, 1e-12}) {
    for (Pattern pattern : {Pattern::gaussian, Pattern::uniform, Pattern::peaked}) {
      const std::vector<double> x = logit_pair(pattern, 5000, random).p;
      const Batch logits(DType::f64, {x, x});
      const std::int32_t labels[] = {17, static_cast<std::int32_t>(std::max_element(x.begin(), x.end()) - x.begin())};
      Batch gradient(DType::f64, {x, x});
      CrossEntropyOptions options;
      options.label_smoothing = smoothing;
      CrossEntropyOutput output;
      output.gradient = gradient.mutable_view();
      run(logits.view(), vector_view(labels, 2), output, options);
      const VerifyReport report = verify_cross_entropy(logits.view(), vector_view(labels, 2), output, options, {});
      EXPECT_TRUE(report.ok()) << smoothing << describe(report);
    }
  }
}

/// By hand, as PyTorch has it: the mean is over the weights of the labels that count; NaN where these sum to 0, but 0
/// of ignored rows alone.
TEST(Edges, TheMeanOfWeightedLosses) {
  const float x[4][2] = {{0, 0}, {0, std::log(3.0f)}, {1, 2}, {0, 0}};
  const float weights[] = {3, 1}, zeros[] = {0, 0};
  CrossEntropyOptions options;
  options.ignore_index = -1;
  const auto call = [&](const std::vector<std::int32_t>& labels, const float* w) {
    float loss = -7, gradient[4][2];
    std::int64_t valid = -7;
    options.class_weights = vector_view(w, 2);
    CrossEntropyOutput output = {mutable_vector_view(&loss, 1), mutable_view(*gradient, 4, 2), nullptr, &valid};
    run(view(*x, 4, 2), vector_view(labels.data(), 4), output, options);
    return std::vector<double>{loss, gradient[0][0], gradient[1][1], gradient[2][0], static_cast<double>(valid)};
  };
  const std::vector<double> mean = call({0, 1, -1, 1}, weights);
  EXPECT_NEAR(mean[0], (3 * std::log(2.0) + std::log(4.0 / 3) + std::log(2.0)) / 5, 1e-7);
  EXPECT_NEAR(mean[1], -3 * 0.5 / 5, 2e-8);
  EXPECT_NEAR(mean[2], -0.25 / 5, 1e-8);
  EXPECT_EQ(mean[3], 0);
  EXPECT_EQ(mean[4], 3);
  const std::vector<double> weightless = call({0, 1, -1, 1}, zeros);
  EXPECT_TRUE(std::isnan(weightless[0]));
  EXPECT_TRUE(std::isnan(weightless[1]));
  EXPECT_EQ(weightless[3], 0);
  EXPECT_EQ(call({-1, -1, -1, -1}, weights), (std::vector<double>{0, 0, 0, 0, 0}));
}

/// A masked class of weight 0 adds nothing, one with a weight makes a smoothed loss infinite.
TEST(Edges, WeightsOfMaskedClasses) {
  const double x[] = {1, -kInf, 2};
  const std::int64_t label = 0;
  for (const auto& [weight, expected] : {std::pair{0.0, 2 * (0.9 + 0.1 / 3)}, {0.5, kInf}}) {
    const double weights[] = {2, weight, 0};
    double loss = -7, gradient[3];
    CrossEntropyOptions options;
    options.label_smoothing = 0.1;
    options.reduction = Reduction::sum;
    options.class_weights = vector_view(weights, 3);
    run(view(x, 1, 3), vector_view(&label, 1), {mutable_vector_view(&loss, 1), mutable_view(gradient, 1, 3)}, options);
    EXPECT_DOUBLE_EQ(loss, expected * std::log1p(std::exp(1.0)));
    EXPECT_EQ(gradient[1], 0);
  }
}

TEST(Edges, BadRowsOfACrossEntropyAreNanWithTheirGradient) {
  for (DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    const Batch logits(dtype, {{1, 1}, {kNaN, 0}, {kInf, 0}, {1, 1}, {-kInf, -kInf}, {kNaN, 0}});
    Batch gradient(dtype, std::vector<std::vector<double>>(6, {7, 7}));
    const std::vector<std::int32_t> labels = {0, 0, 0, 2, 0, -1};
    const std::vector<std::uint8_t> want = {status_ok,          status_nan,       status_infinite,
                                            status_label_range, status_zero_mass, status_ignored};
    std::vector<float> narrow(6);
    std::vector<double> wide(6);
    std::vector<std::uint8_t> status(6, 0xee);
    CrossEntropyOptions options;
    options.reduction = Reduction::none;
    options.ignore_index = -1;
    CrossEntropyOutput output;
    output.loss = dtype == DType::f64 ? mutable_vector_view(wide.data(), 6) : mutable_vector_view(narrow.data(), 6);
    output.gradient = gradient.mutable_view();
    output.status = status.data();
    const VectorView label_view = vector_view(labels.data(), 6);
    run(logits.view(), label_view, output, options);
    EXPECT_EQ(status, want) << name_of(dtype);
    for (std::size_t r = 0; r < 6; ++r) {
      const double loss = dtype == DType::f64 ? wide[r] : narrow[r];
      const bool bad = r > 0 && r < 5;
      EXPECT_EQ(std::isnan(loss), bad) << name_of(dtype) << " row " << r;
      for (std::int64_t c = 0; c < 2; ++c) {
        const double g = load(gradient.view(), static_cast<std::int64_t>(r), c);
        EXPECT_EQ(std::isnan(g), bad) << name_of(dtype) << " row " << r;
        if (!bad) {
          const double unit = dtype == DType::f64 ? 0x1p-53 : 0x1p-24;
          EXPECT_NEAR(g, r == 5 ? 0 : c == 0 ? -0.5 : 0.5, 2 * unit) << name_of(dtype) << " row " << r;
        }
      }
    }
    EXPECT_NEAR(dtype == DType::f64 ? wide[0] : narrow[0], std::log(2.0), 1e-6);
  }
}

}  // namespace
}  // namespace kullback::test
