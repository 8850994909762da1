/// What must hold whatever the numbers: identities, bounds, symmetries, edges, and statuses.
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

constexpr double kU = 0x1p-24;
const double kLn2 = std::log(2.0);

RowsOptions probabilities() {
  RowsOptions options;
  options.input_p = options.input_q = Input::probs;
  return options;
}

const MeasureSet kDivergences = {Measure::kl,
                                 Measure::reverse_kl,
                                 Measure::js,
                                 Measure::tv,
                                 Measure::rel_entr,
                                 Measure::jeffreys,
                                 Measure::chi2,
                                 Measure::chi2_reverse,
                                 Measure::renyi,
                                 Measure::tsallis,
                                 Measure::hellinger_sq,
                                 Measure::hellinger,
                                 Measure::bhattacharyya,
                                 Measure::triangular,
                                 Measure::js_distance};

struct RandomRows {
  std::vector<std::vector<double>> p, q;
};

RandomRows random_rows(std::int64_t cols, unsigned seed) {
  std::mt19937_64 random(seed);
  RandomRows rows;
  for (Pattern pattern : kPatterns) {
    const LogitPair pair = logit_pair(pattern, cols, random);
    rows.p.push_back(pair.p), rows.q.push_back(pair.q);
  }
  return rows;
}

TEST(Properties, ARowAgainstItselfIsExactlyZero) {
  for (DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    for (std::int64_t cols : {1, 2, 33, 700}) {
      const Batch x(dtype, random_rows(cols, kSeed).p);
      for (double temperature : {1.0, 0.7}) {
        for (double alpha : {0.3, 0.5, 1.0, 2.5}) {
          RowsOptions options;
          options.temperature = temperature;
          options.alpha = alpha;
          const RowsResult r = run_rows(kDivergences, {x.view(), x.view(), {}}, options);
          const std::vector<double> zeros(static_cast<std::size_t>(kDivergences.size()), 0.0);
          for (const auto& row : r.values) EXPECT_EQ(row, zeros) << name_of(dtype) << " " << cols << " order " << alpha;
        }
      }
    }
  }
}

TEST(Properties, CountsThatAreMultiplesOfEachOtherAreTheSameDistribution) {
  RowsOptions options;
  options.input_p = options.input_q = Input::counts;
  const std::int64_t p[] = {1, 2, 3, 0, 7}, q[] = {1000003, 2000006, 3000009, 0, 7000021};
  const RowsResult r = run_rows({Measure::kl, Measure::js, Measure::tv}, {view(p, 1, 5), view(q, 1, 5), {}}, options);
  EXPECT_EQ(r.values[0], std::vector<double>(3, 0.0));
}

TEST(Properties, JsAndTvAreSymmetricBitForBitAndReverseKlIsKlSwapped) {
  const RandomRows rows = random_rows(300, kSeed + 1);
  std::vector<std::vector<double>> p, q;
  for (const auto& x : rows.p) p.push_back(softmax(x));
  for (const auto& x : rows.q) q.push_back(softmax(x));
  for (DType dtype : {DType::f32, DType::f64}) {
    const Batch a(dtype, p), b(dtype, q);
    const MeasureSet measures = {Measure::js, Measure::tv, Measure::kl, Measure::reverse_kl};
    const RowsResult forward = run_rows(measures, {a.view(), b.view(), {}}, probabilities());
    const RowsResult backward = run_rows(measures, {b.view(), a.view(), {}}, probabilities());
    for (std::size_t r = 0; r < p.size(); ++r) {
      EXPECT_TRUE(same_bits(forward.values[r][0], backward.values[r][0])) << r;
      EXPECT_TRUE(same_bits(forward.values[r][1], backward.values[r][1])) << r;
      EXPECT_TRUE(same_bits(forward.values[r][2], backward.values[r][3])) << r;
    }
  }
}

TEST(Properties, SymmetricMeasuresAreSymmetricBitForBit) {
  const MeasureSet symmetric = {Measure::jeffreys,      Measure::hellinger_sq, Measure::hellinger,
                                Measure::bhattacharyya, Measure::triangular,   Measure::js_distance};
  const RandomRows rows = random_rows(300, kSeed + 5);
  std::vector<std::vector<double>> p, q;
  for (const auto& x : rows.p) p.push_back(softmax(x));
  for (const auto& x : rows.q) q.push_back(softmax(x));
  for (DType dtype : {DType::f32, DType::f64}) {
    const Batch a(dtype, p), b(dtype, q);
    const RowsResult forward = run_rows(symmetric, {a.view(), b.view(), {}}, probabilities());
    const RowsResult backward = run_rows(symmetric, {b.view(), a.view(), {}}, probabilities());
    EXPECT_EQ(forward.values, backward.values) << name_of(dtype);
    EXPECT_EQ(run_rows({Measure::chi2}, {a.view(), b.view(), {}}, probabilities()).values,
              run_rows({Measure::chi2_reverse}, {b.view(), a.view(), {}}, probabilities()).values);
  }
}

/// Within `units` of float32's u of one another.
void expect_close(double a, double b, double units, const char* what) {
  if (a == b) return;  // infinite ones, too
  EXPECT_LE(std::fabs(a - b), units * kU * std::fabs(b) + 0x1p-60) << what << ": " << a << " and " << b;
}

TEST(Properties, MeasuresThatAreFunctionsOfOneAnother) {
  const RandomRows rows = random_rows(200, kSeed + 6);
  const Batch a(DType::f32, rows.p), b(DType::f32, rows.q);
  const RowsInput input = {a.view(), b.view(), {}}, swapped = {b.view(), a.view(), {}};
  const auto of_order = [](const MeasureSet& measures, const RowsInput& in, double alpha) {
    RowsOptions options;
    options.alpha = alpha;
    return run_rows(measures, in, options).values;
  };
  const MeasureSet both = {Measure::renyi, Measure::tsallis};
  const auto v = run_rows({Measure::kl, Measure::reverse_kl, Measure::jeffreys, Measure::js, Measure::js_distance,
                           Measure::hellinger_sq, Measure::hellinger, Measure::bhattacharyya, Measure::chi2,
                           Measure::rel_entr, Measure::entropy, Measure::cross_entropy},
                          input)
                     .values;
  const auto half = of_order(both, input, 0.5), one = of_order(both, input, 1), two = of_order(both, input, 2);
  const auto below = of_order(both, input, 1 - 1e-9), above = of_order(both, input, 1 + 1e-9);
  const auto low = of_order({Measure::tsallis}, input, 0.3), high = of_order({Measure::tsallis}, swapped, 0.7);
  for (std::size_t r = 0; r < v.size(); ++r) {
    const double kl = v[r][0], reverse_kl = v[r][1], hellinger_sq = v[r][5];
    expect_close(v[r][2], kl + reverse_kl, 400, "jeffreys = kl + reverse_kl");
    expect_close(v[r][4] * v[r][4], v[r][3], 400, "js_distance^2 = js");
    expect_close(v[r][6] * v[r][6], hellinger_sq, 400, "hellinger^2");
    expect_close(v[r][7], -std::log1p(-hellinger_sq), 400 / (1 - std::min(hellinger_sq, 0.999)), "bhattacharyya");
    expect_close(half[r][0], 2 * v[r][7], 400, "renyi of order 1/2 = 2 bhattacharyya");
    expect_close(half[r][1], 2 * hellinger_sq, 400, "tsallis of order 1/2 = 2 hellinger_sq");
    expect_close(two[r][1], v[r][8], 400, "tsallis of order 2 = chi2");
    expect_close(two[r][0], std::log1p(v[r][8]), 400, "renyi of order 2 = log(1 + chi2)");
    for (int k : {0, 1}) {
      expect_close(one[r][std::size_t(k)], kl, 400, "of order 1");
      if (kl == kInf) continue;  // of order below 1 they stay finite
      expect_close(below[r][std::size_t(k)], kl, 400, "just below order 1");
      expect_close(above[r][std::size_t(k)], kl, 400, "just above order 1");
    }
    expect_close(0.7 * low[r][0], 0.3 * high[r][0], 400, "orders that add up to 1");
    if (kl < kInf) expect_close(v[r][9] + v[r][10], v[r][11], 400, "rel_entr + entropy = cross_entropy");
  }
}

TEST(Properties, WhatIsAskedOfQAlone) {
  std::vector<std::vector<double>> rows = {{1, 3, 2, 3}, {-5, -5, -5, -5}, {200, 0, 1, 190}};
  const Batch x(DType::f32, rows);
  const std::int64_t labels[] = {1, 0, 0};
  RowsOptions options;
  options.ignore_index = 7;
  const MeasureSet measures = {Measure::lse, Measure::max_prob, Measure::top1, Measure::nll, Measure::perplexity};
  const RowsResult r = run_rows(measures, {{}, x.view(), vector_view(labels, 3)}, options);
  const double index[] = {1, 0, 0}, lse[] = {3 + std::log(2 + std::exp(-1.0) + std::exp(-2.0)), std::log(4.0) - 5, 200};
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_NEAR(r.values[k][0], lse[k], 4 * kU * std::fabs(lse[k])) << k;
    EXPECT_NEAR(r.values[k][1], std::exp(-r.values[k][3]), 1e-5) << k;
    EXPECT_EQ(r.values[k][2], index[k]);
    EXPECT_NEAR(r.values[k][4], std::exp(r.values[k][3]), 1e-5) << k;
  }
  const std::int64_t ignored[] = {7, 7, 7}, beyond[] = {4, 4, 4};
  for (const auto& row : run_rows({Measure::perplexity}, {{}, x.view(), vector_view(ignored, 3)}, options).values)
    EXPECT_EQ(row[0], 1);
  for (const auto& row : run_rows({Measure::perplexity}, {{}, x.view(), vector_view(beyond, 3)}, options).values)
    EXPECT_TRUE(std::isnan(row[0]));
  // Of probabilities as given the mass is their sum, of counts their total.
  const double p[] = {0.5, 0.25, 0.125};
  EXPECT_NEAR(run_one(Measure::lse, {{}, view(p, 1, 3), {}}, probabilities()), std::log(0.875), 1e-15);
  const std::int32_t counts[] = {3, 4, 13};
  options.input_q = Input::counts;
  EXPECT_NEAR(run_one(Measure::lse, {{}, view(counts, 1, 3), {}}, options), std::log(20.0), 1e-15);
  EXPECT_EQ(run_one(Measure::max_prob, {{}, view(counts, 1, 3), {}}, options), 0.65);
}

TEST(Properties, MoreBounds) {
  for (std::int64_t cols : {2, 10, 300}) {
    const RandomRows rows = random_rows(cols, kSeed + 7);
    const Batch a(DType::f32, rows.p), b(DType::f32, rows.q);
    const auto v = run_rows({Measure::hellinger_sq, Measure::hellinger, Measure::tv, Measure::triangular, Measure::chi2,
                             Measure::kl, Measure::bhattacharyya, Measure::js_distance},
                            {a.view(), b.view(), {}})
                       .values;
    std::vector<double> last(v.size(), 0);
    for (double alpha : {0.1, 0.4, 0.6, 1.0, 1.3, 2.0, 4.0}) {  // renyi grows with its order
      RowsOptions options;
      options.alpha = alpha;
      const auto renyi = run_rows({Measure::renyi}, {a.view(), b.view(), {}}, options).values;
      for (std::size_t r = 0; r < v.size(); ++r) {
        EXPECT_GE(renyi[r][0] * (1 + 256 * kU), last[r]) << alpha;
        last[r] = renyi[r][0];
      }
    }
    for (const auto& row : v) {
      for (double x : row) EXPECT_GE(x, 0);
      const double slack = 1 + 256 * kU;
      EXPECT_LE(row[1], slack);
      EXPECT_LE(row[0], row[2] * slack) << "hellinger_sq <= tv";
      EXPECT_LE(row[2], std::sqrt(2.0) * row[1] * slack) << "tv <= sqrt 2 hellinger";
      EXPECT_LE(2 * row[0], row[3] * slack) << "2 hellinger_sq <= triangular";
      EXPECT_LE(row[3], 4 * row[0] * slack) << "triangular <= 4 hellinger_sq";
      EXPECT_LE(row[5], std::log1p(row[4]) * slack) << "kl <= log(1 + chi2)";
      EXPECT_LE(row[7], std::sqrt(kLn2) * slack);
    }
  }
}

TEST(Properties, Bounds) {
  for (std::int64_t cols : {2, 10, 300, 5000}) {
    const RandomRows rows = random_rows(cols, kSeed + 2);
    const Batch a(DType::f32, rows.p), b(DType::f32, rows.q);
    const RowsResult r = run_rows({Measure::kl, Measure::reverse_kl, Measure::js, Measure::tv, Measure::entropy},
                                  {a.view(), b.view(), {}});
    for (const auto& v : r.values) {
      EXPECT_GE(v[0], 0);
      EXPECT_GE(v[1], 0);
      EXPECT_GE(v[2], 0);
      EXPECT_LE(v[2], kLn2 * (1 + 16 * kU));
      EXPECT_GE(v[3], 0);
      EXPECT_LE(v[3], 1 + 16 * kU);
      EXPECT_GE(v[4], 0);
      EXPECT_LE(v[4], std::log(static_cast<double>(cols)) * (1 + 128 * kU));
      EXPECT_GE(v[0] * (1 + 128 * kU), 2 * v[3] * v[3] * (1 - 128 * kU)) << "Pinsker";
    }
  }
}

TEST(Properties, DisjointRowsReachTheLimits) {
  const float p[] = {0.25f, 0.75f, 0, 0}, q[] = {0, 0, 0.5f, 0.5f};
  const RowsInput input = {view(p, 1, 4), view(q, 1, 4), {}};
  EXPECT_NEAR(run_one(Measure::js, input, probabilities()), kLn2, kLn2 * 16 * kU);
  EXPECT_EQ(run_one(Measure::tv, input, probabilities()), 1);
  EXPECT_EQ(run_one(Measure::kl, input, probabilities()), kInf);
  EXPECT_EQ(run_one(Measure::reverse_kl, input, probabilities()), kInf);
  EXPECT_EQ(run_one(Measure::cross_entropy, input, probabilities()), kInf);
  for (Measure m : {Measure::rel_entr, Measure::jeffreys, Measure::chi2, Measure::chi2_reverse, Measure::bhattacharyya,
                    Measure::renyi})
    EXPECT_EQ(run_one(m, input, probabilities()), kInf) << measure_info(m).name;
  EXPECT_NEAR(run_one(Measure::hellinger, input, probabilities()), 1, 16 * kU);
  EXPECT_NEAR(run_one(Measure::hellinger_sq, input, probabilities()), 1, 16 * kU);
  EXPECT_EQ(run_one(Measure::triangular, input, probabilities()), 2);
  RowsOptions of_order = probabilities();
  of_order.alpha = 0.25;
  EXPECT_NEAR(run_one(Measure::tsallis, input, of_order), 4.0 / 3, 1e-6);
  of_order.alpha = 2;
  EXPECT_EQ(run_one(Measure::tsallis, input, of_order), kInf);
  EXPECT_EQ(run_one(Measure::renyi, input, of_order), kInf);
}

TEST(Properties, ACommonOffsetChangesNothing) {
  std::mt19937_64 random(kSeed + 3);
  std::vector<std::vector<double>> p(4), q(4), p_shifted(4), q_shifted(4);
  for (std::size_t r = 0; r < 4; ++r) {
    for (int c = 0; c < 500; ++c) {
      // Multiples of 2^-10 below 2^4: adding 512 loses nothing in float32.
      const double a = std::ldexp(static_cast<double>(random() % 16384), -10),
                   b = std::ldexp(double(random() % 16384), -10);
      p[r].push_back(a), q[r].push_back(b);
      p_shifted[r].push_back(a + 512), q_shifted[r].push_back(b - 512);
    }
  }
  const std::uint8_t labels[] = {0, 100, 200, 250};
  const Batch a(DType::f32, p), b(DType::f32, q), c(DType::f32, p_shifted), d(DType::f32, q_shifted);
  const VectorView label_view = vector_view(labels, 4);
  const RowsResult plain = run_rows({Measure::entropy, Measure::nll, Measure::nll_p}, {a.view(), b.view(), label_view});
  const RowsResult shifted =
      run_rows({Measure::entropy, Measure::nll, Measure::nll_p}, {c.view(), d.view(), label_view});
  for (std::size_t r = 0; r < 4; ++r) {
    for (std::size_t k = 0; k < 3; ++k) {
      // Not bit for bit: exponentials are taken relative to an integer, which need not move along.
      EXPECT_NEAR(plain.values[r][k] / shifted.values[r][k], 1, 8 * kU) << r << k;
    }
  }
}

TEST(Properties, UniformRowsHaveClosedForms) {
  for (std::int64_t cols : {1, 2, 8, 1000, 50257}) {
    const Batch x(DType::f32, {std::vector<double>(static_cast<std::size_t>(cols), 3.25)});
    const std::int32_t label = static_cast<std::int32_t>(cols / 2);
    const RowsResult r = run_rows({Measure::entropy, Measure::cross_entropy, Measure::nll},
                                  {x.view(), x.view(), vector_view(&label, 1)});
    const double expected = std::log(static_cast<double>(cols));
    EXPECT_NEAR(r.values[0][0], expected, 128 * kU * expected);
    EXPECT_NEAR(r.values[0][1], expected, 128 * kU * expected);
    EXPECT_NEAR(r.values[0][2], expected, 32 * kU * expected);
  }
}

TEST(Properties, AConfidentRightAnswerKeepsItsSmallLoss) {
  // -log softmax = log1p(e^-20), log1p(e^-60): textbook kernels return 0.
  for (const auto& [gap, expected] :
       {std::pair{20.0, 2.0611536203143807e-9}, std::pair{60.0, 8.7565107626965204e-27}}) {
    const float x[] = {static_cast<float>(gap), 0};
    const std::uint8_t label = 0;
    const double loss = run_one(Measure::nll, {{}, view(x, 1, 2), vector_view(&label, 1)});
    EXPECT_NEAR(loss, expected, 32 * kU * expected);
  }
}

TEST(Properties, OneRowServesMany) {
  const RandomRows rows = random_rows(77, kSeed + 4);
  const Batch many(DType::f32, rows.p), one(DType::f32, {rows.q[0]});
  const Batch repeated(DType::f32, std::vector<std::vector<double>>(rows.p.size(), rows.q[0]));
  const MeasureSet measures = {Measure::kl, Measure::js, Measure::entropy_q, Measure::top1_agree};
  EXPECT_EQ(run_rows(measures, {many.view(), one.view(), {}}).values,
            run_rows(measures, {many.view(), repeated.view(), {}}).values);
  EXPECT_EQ(run_rows(measures, {one.view(), many.view(), {}}).values,
            run_rows(measures, {repeated.view(), many.view(), {}}).values);
}

TEST(Properties, BadRowsAreNanAndTouchNoOther) {
  const std::vector<double> good = {0.5, 0.25, 0.25};
  struct Bad {
    Input form;
    std::vector<double> row;
    int status;
  };
  const Bad bad_rows[] = {
      {Input::logits, {0, kNaN, 1}, status_nan},
      {Input::logits, {0, kInf, 1}, status_infinite},
      {Input::logits, {-kInf, -kInf, -kInf}, status_zero_mass},
      {Input::log_probs, {0, kNaN, 1}, status_nan},
      {Input::log_probs, {kInf, 0, 0}, status_infinite},
      {Input::log_probs, {-kInf, -kInf, -kInf}, status_zero_mass},
      {Input::probs, {0.5, kNaN, 0.5}, status_nan},
      {Input::probs, {0.5, -0.1, 0.6}, status_negative},
      {Input::probs, {0, 0, 0}, status_zero_mass},
      {Input::probs, {kInf, 0, 0}, status_infinite},
      {Input::counts, {3, -1, 4}, status_negative},
      {Input::counts, {0, 0, 0}, status_zero_mass},
  };
  for (const Bad& bad : bad_rows) {
    RowsOptions options;
    options.input_p = options.input_q = bad.form;
    const std::vector<double> fine = bad.form == Input::counts ? std::vector<double>{2, 1, 1} : good;
    const DType dtype = bad.form == Input::counts ? DType::i32 : DType::f32;
    const Batch clean(dtype, {fine, fine, fine}), spoilt(dtype, {fine, bad.row, fine});
    const std::int64_t labels[] = {0, 1, 2};
    const VectorView label_view = vector_view(labels, 3);
    const RowsResult expected = run_rows(kAllMeasures, {clean.view(), clean.view(), label_view}, options);
    for (const auto& [p, q] : {std::pair{spoilt.view(), clean.view()}, std::pair{clean.view(), spoilt.view()}}) {
      const RowsResult r = run_rows(kAllMeasures, {p, q, label_view}, options);
      for (double x : r.values[1]) EXPECT_TRUE(std::isnan(x)) << int(bad.form) << " status " << bad.status;
      EXPECT_EQ(r.status[1], bad.status) << int(bad.form);
      EXPECT_EQ(r.values[0], expected.values[0]);
      EXPECT_EQ(r.values[2], expected.values[2]);
      EXPECT_EQ(r.status[0], status_ok);
      EXPECT_EQ(r.status[2], status_ok);
    }
  }
}

TEST(Properties, LabelsOutOfRangeReadNothingAndIgnoredOnesAreZero) {
  const float x[] = {1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3, static_cast<float>(kNaN), 2, 3};
  const std::int64_t labels[] = {-1, 3, std::numeric_limits<std::int64_t>::max(), -100, -100};
  RowsOptions options;
  options.ignore_index = -100;
  const RowsResult r =
      run_rows({Measure::nll, Measure::entropy_q}, {{}, view(x, 5, 3), vector_view(labels, 5)}, options);
  for (int row : {0, 1, 2}) {
    EXPECT_TRUE(std::isnan(r.values[row][0])) << row;
    EXPECT_EQ(r.status[row], status_label_range) << row;
  }
  EXPECT_EQ(r.values[3][0], 0);
  EXPECT_EQ(r.status[3], status_ignored);
  EXPECT_EQ(r.values[4][0], 0);  // whatever the row holds
  EXPECT_TRUE(std::isnan(r.values[4][1]));
  EXPECT_EQ(r.status[4], status_ignored | status_nan);
  for (int row = 0; row < 4; ++row) EXPECT_NEAR(r.values[row][1], 0.83239545, 1e-6);  // H(softmax(1,2,3)) by hand
}

TEST(Properties, NormalizeCheckToleratesRoundingAndNothingMore) {
  RowsOptions options = probabilities();
  options.normalize = Normalize::check;
  const auto status = [&](DType dtype, double sum) {
    const Batch x(dtype, {{sum / 2, sum / 2}});
    return int(run_rows({Measure::entropy}, {x.view(), {}, {}}, options).status[0]);
  };
  EXPECT_EQ(status(DType::f32, 1 + 0.9e-5), status_ok);
  EXPECT_EQ(status(DType::f32, 1 + 1.1e-5), status_not_normalized);
  EXPECT_EQ(status(DType::f32, 1 - 1.1e-5), status_not_normalized);
  EXPECT_EQ(status(DType::f64, 1 + 0.9e-12), status_ok);
  EXPECT_EQ(status(DType::f64, 1 + 1.1e-12), status_not_normalized);
  EXPECT_EQ(status(DType::f16, 1 + 0x1p-10), status_ok);
  EXPECT_EQ(status(DType::f16, 1 + 0x1p-9), status_not_normalized);
  options.input_p = Input::log_probs;
  const Batch x(DType::f64, {{std::log(0.5), std::log(0.5)}, {std::log(0.5), std::log(0.51)}});
  const RowsResult r = run_rows({Measure::entropy}, {x.view(), {}, {}}, options);
  EXPECT_EQ(r.status[0], status_ok);
  EXPECT_EQ(r.status[1], status_not_normalized);
  EXPECT_TRUE(std::isnan(r.values[1][0]));
  options.input_p = Input::logits;  // are normalised by themselves
  for (DType dtype : {DType::f32, DType::f64}) {
    const Batch logits(dtype, {{std::log(0.5), std::log(0.51)}});
    EXPECT_EQ(run_rows({Measure::entropy}, {logits.view(), {}, {}}, options).status[0], status_ok);
  }
}

TEST(Properties, EmptyShapes) {
  const MatrixView no_rows = {nullptr, DType::f32, 0, 5, 5}, no_columns = {nullptr, DType::f32, 3, 0, 0};
  RowsOutput none;
  none.values = {nullptr, DType::f32, 0, 1, 1};
  EXPECT_NO_THROW(run({Measure::kl}, {no_rows, no_rows, {}}, none, {}));
  const std::int32_t labels[] = {0, 0, 0};
  const RowsResult r = run_rows(kAllMeasures, {no_columns, no_columns, vector_view(labels, 3)});
  for (int row = 0; row < 3; ++row) {
    for (int k = 0; k < kAllMeasures.size(); ++k) {
      const Measure m = kAllMeasures[k];
      const double value = r.values[static_cast<std::size_t>(row)][static_cast<std::size_t>(k)];
      if (measure_info(m).needs_labels) {
        EXPECT_TRUE(std::isnan(value)) << k;
      } else {
        EXPECT_EQ(value, m == Measure::top1_agree ? 1 : m == Measure::lse ? -kInf : 0) << k;
      }
    }
    EXPECT_EQ(r.status[row], status_label_range);
  }
}

TEST(Properties, CrossEntropyReductionsAndEdges) {
  const float x[] = {1, 2, 3, 0, -std::numeric_limits<float>::infinity(), 0};
  const std::int32_t labels[] = {2, 0};
  const double first = std::log1p(std::exp(-1.0) + std::exp(-2.0)), second = kLn2;
  const auto loss = [&](Reduction reduction, std::optional<std::int64_t> ignore, std::vector<float>* gradient) {
    CrossEntropyOptions options;
    options.reduction = reduction;
    options.ignore_index = ignore;
    float value = -1;
    CrossEntropyOutput output;
    output.loss = mutable_vector_view(&value, 1);
    if (gradient != nullptr) gradient->assign(6, 9), output.gradient = mutable_view(gradient->data(), 2, 3);
    run(view(x, 2, 3), vector_view(labels, 2), output, options);
    return static_cast<double>(value);
  };
  std::vector<float> gradient;
  EXPECT_NEAR(loss(Reduction::sum, {}, nullptr), first + second, 1e-6);
  EXPECT_NEAR(loss(Reduction::mean, {}, &gradient), (first + second) / 2, 1e-6);
  EXPECT_NEAR(gradient[3], -0.25, 1e-7);  // (1/2 - 1) / 2 rows
  EXPECT_EQ(gradient[4], 0);              // its logit is -inf
  EXPECT_NEAR(gradient[5], 0.25, 1e-7);
  EXPECT_NEAR(loss(Reduction::mean, 0, &gradient), first, 1e-6);
  EXPECT_EQ(gradient[3], 0);
  EXPECT_EQ(gradient[5], 0);
  EXPECT_NEAR(gradient[0] + gradient[1] + gradient[2], 0, 1e-7);
}

TEST(Properties, CrossEntropyOfIgnoredRowsAloneIsZero) {
  const float x[] = {1, static_cast<float>(kNaN)};
  const std::int64_t label = -1;
  CrossEntropyOptions options;
  options.ignore_index = -1;
  float loss = 7, gradient[] = {7, 7};
  std::int64_t valid = 7;
  CrossEntropyOutput output;
  output.loss = mutable_vector_view(&loss, 1);
  output.gradient = mutable_view(gradient, 1, 2);
  output.valid_rows = &valid;
  run(view(x, 1, 2), vector_view(&label, 1), output, options);
  EXPECT_EQ(loss, 0);
  EXPECT_EQ(gradient[0], 0);
  EXPECT_EQ(gradient[1], 0);
  EXPECT_EQ(valid, 0);
}

}  // namespace
}  // namespace kullback::test
