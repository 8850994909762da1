/// Weighted sums of measures and their gradients: against the sealed reference under the written contract, the
/// reference against finite differences of itself, and what the header promises of edges, places and arguments.
#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

using reference::Binary128;

MeasureSet differentiable() {
  MeasureSet set;
  for (Measure m : all_measures()) {
    if (has_gradient(m)) set.push_back(m);
  }
  return set;
}

/// What a call returned, gradients as bytes of their dtype's rows, one after the other.
struct Result {
  std::vector<double> loss;
  std::vector<std::vector<double>> gradient_p, gradient_q;
  std::vector<std::uint8_t> status;
  std::int64_t valid_rows = -1;
};

double load(DType dtype, const void* data, std::int64_t at) { return reference::read_real<double>(data, dtype, at); }

Result run_loss(const LossTerms& terms, const RowsInput& input, const DivergenceLossOptions& options,
                VerifyReport* report = nullptr) {
  const std::int64_t n = input.p.rows > 1 ? input.p.rows : input.q.rows > 0 ? input.q.rows : input.p.rows;
  RowsOptions of_rows;
  of_rows.input_p = options.input_p;
  bool needs_p = false, needs_q = false;
  for (Measure m : terms.measures()) needs_p |= measure_info(m).needs_p, needs_q |= measure_info(m).needs_q;
  const bool with_p = needs_p && options.input_p == Input::logits && input.p.rows == n;
  const bool with_q = needs_q && input.q.rows == n;
  const RowsInput read = {needs_p ? input.p : MatrixView{}, needs_q ? input.q : MatrixView{}, {}};
  const DType dtype = rows_result_dtype(read, of_rows);
  Result result;
  result.status.assign(static_cast<std::size_t>(n), 0xee);
  const std::int64_t losses = options.reduction == Reduction::none ? n : 1;
  std::vector<double> loss(static_cast<std::size_t>(losses), -1);
  const auto room = [](const MatrixView& side) {
    return std::vector<std::vector<double>>(static_cast<std::size_t>(side.rows),
                                            std::vector<double>(static_cast<std::size_t>(side.cols), -1));
  };
  Batch gradient_p(input.p.dtype, room(with_p ? input.p : MatrixView{}), input.p.cols + 2, 1);
  Batch gradient_q(input.q.dtype, room(with_q ? input.q : MatrixView{}), input.q.cols + 1, 3);
  DivergenceLossOutput output;
  output.loss = {loss.data(), dtype, losses};
  if (with_p && n > 0) output.gradient_p = gradient_p.mutable_view();
  if (with_q && n > 0) output.gradient_q = gradient_q.mutable_view();
  output.status = result.status.data();
  output.valid_rows = &result.valid_rows;
  std::vector<unsigned char> workspace(divergence_loss_workspace(terms, input, output, options));
  divergence_loss(terms, input, output, options, {workspace.data(), workspace.size()}, host_stream);
  if (report != nullptr) *report = verify_divergence_loss(terms, input, output, options, {1 << 20});
  for (std::int64_t k = 0; k < losses; ++k) result.loss.push_back(load(dtype, loss.data(), k));
  const auto widen = [n](const MatrixView& g, std::vector<std::vector<double>>& to) {
    for (std::int64_t r = 0; r < n; ++r) {
      auto& row = to.emplace_back();
      for (std::int64_t c = 0; c < g.cols; ++c) row.push_back(load(g.dtype, g.data, r * g.row_stride + c));
    }
  };
  if (with_p) widen(gradient_p.view(), result.gradient_p);
  if (with_q) widen(gradient_q.view(), result.gradient_q);
  for (const Batch* gradient : {&gradient_p, &gradient_q}) {
    const MatrixView g = gradient->view();
    for (std::int64_t r = 0; r < g.rows; ++r) {  // the gap before the next row, and the element before the first
      EXPECT_TRUE(std::isnan(load(g.dtype, g.data, r * g.row_stride + g.cols))) << "written beyond row " << r;
      EXPECT_TRUE(std::isnan(load(g.dtype, g.data, -1))) << "written before the first row";
    }
  }
  return result;
}

void check(const LossTerms& terms, DType dtype, Pattern pattern, std::int64_t cols, DivergenceLossOptions options,
           std::mt19937_64& random) {
  constexpr std::int64_t kRows = 3;
  std::vector<std::vector<double>> p, q;
  std::vector<std::int32_t> labels;
  for (std::int64_t r = 0; r < kRows; ++r) {
    LogitPair pair = logit_pair(pattern, cols, random);
    labels.push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(cols)));
    if (r == 0)
      labels.back() = static_cast<std::int32_t>(std::max_element(pair.q.begin(), pair.q.end()) - pair.q.begin());
    if (options.input_p == Input::probs) pair.p = softmax(pair.p);
    if (options.input_p == Input::log_probs) {
      for (double& x : pair.p = softmax(pair.p)) x = std::log(x);
    }
    p.push_back(pair.p), q.push_back(pair.q);
  }
  const Batch batch_p(dtype, p, cols + 3, 1), batch_q(dtype, q, cols + 5, 3);
  if (!options.alpha) options.alpha = 0.7;
  VerifyReport report;
  run_loss(terms, {batch_p.view(), batch_q.view(), vector_view(labels.data(), kRows)}, options, &report);
  EXPECT_EQ(report.rows_checked, kRows);
  std::string names;
  for (Measure m : terms.measures()) names += std::string(measure_info(m).name) + " ";
  EXPECT_TRUE(report.ok()) << names << name_of(dtype) << " pattern " << int(pattern) << " cols " << cols << " form "
                           << int(options.input_p) << " alpha " << *options.alpha << " temperature "
                           << options.temperature << describe(report);
}

constexpr DType kDtypes[] = {DType::f32, DType::f16, DType::bf16, DType::f64};

TEST(DivergenceLoss, EveryMeasureDtypePatternAndLength) {
  std::mt19937_64 random(kSeed);
  for (Measure m : differentiable()) {
    for (DType dtype : kDtypes) {
      for (Pattern pattern : kPatterns) {
        for (std::int64_t cols : {1, 2, 33, 257}) {
          DivergenceLossOptions options;
          options.reduction = Reduction::none;
          check({{m, 1.0}}, dtype, pattern, cols, options, random);
        }
      }
    }
  }
}

TEST(DivergenceLoss, LongRows) {
  std::mt19937_64 random(kSeed + 1);
  for (Measure m : differentiable()) {
    check({{m, -2.5}}, DType::f32, Pattern::gaussian, 2003, {}, random);
    check({{m, 0.5}}, DType::bf16, Pattern::near_equal, 2003, {}, random);
  }
}

TEST(DivergenceLoss, EveryOption) {
  std::mt19937_64 random(kSeed + 2);
  const LossTerms distillation = {{Measure::kl, 0.9}, {Measure::nll, 0.1}};
  const LossTerms mixed = {{Measure::js, 2.0},      {Measure::reverse_kl, -0.5}, {Measure::entropy_q, -0.01},
                           {Measure::tsallis, 0.3}, {Measure::perplexity, 1e-3}, {Measure::hellinger, 0.0}};
  std::vector<DivergenceLossOptions> variants(11);
  variants[0].temperature = 2;
  variants[1].temperature = 0.7, variants[1].temperature_squared = true;
  variants[2].beta = 0.1;
  variants[3].reduction = Reduction::sum, variants[3].gradient_scale = -3e4;
  variants[4].reduction = Reduction::none, variants[4].gradient_scale = 1e-30;
  variants[5].gradient_scale = 1e30;
  variants[6].input_p = Input::probs;
  variants[7].input_p = Input::log_probs, variants[7].temperature = 3;
  variants[8].alpha = 2.0;
  variants[9].alpha = 1.0;
  variants[10].alpha = 0.2;
  for (const DivergenceLossOptions& options : variants) {
    for (const LossTerms* terms : {&distillation, &mixed}) {
      for (DType dtype : kDtypes) {
        for (Pattern pattern : kPatterns) check(*terms, dtype, pattern, 37, options, random);
      }
    }
  }
}

TEST(DivergenceLoss, OrdersOfRenyiAndTsallis) {
  std::mt19937_64 random(kSeed + 3);
  for (double alpha : {1e-3, 0.3, 0.5, 0.999, 1.0, 1.0001, 2.0, 3.3}) {
    for (Measure m : {Measure::renyi, Measure::tsallis}) {
      for (DType dtype : {DType::f32, DType::f64}) {
        for (Pattern pattern : {Pattern::gaussian, Pattern::near_equal, Pattern::masked}) {
          DivergenceLossOptions options;
          options.alpha = alpha;
          check({{m, 1.0}}, dtype, pattern, 40, options, random);
        }
      }
    }
  }
}

TEST(DivergenceLoss, ProbabilitiesThatUnderflowFloat) {
  const float p[2][4] = {{0, -50, -130, -3}, {0, -130, -137, -7}}, q[2][4] = {{0, -120, -2, -130}, {-130, 0, -5, -140}};
  const std::int32_t labels[] = {1, 0};
  for (Measure m : differentiable()) {
    for (double alpha : {0.5, 2.0}) {
      DivergenceLossOptions options;
      options.alpha = alpha;
      VerifyReport report;
      run_loss({{m, 1.0}}, {view(*p, 2, 4), view(*q, 2, 4), vector_view(labels, 2)}, options, &report);
      EXPECT_TRUE(report.ok()) << measure_info(m).name << " alpha " << alpha << describe(report);
    }
  }
}

/// The measure at logits moved by h in one entry.
Binary128 value_at(Measure m, std::vector<double> p, std::vector<double> q, bool move_q, std::size_t at, double h,
                   const RowsOptions& options) {
  (move_q ? q : p)[at] += h;
  const std::int32_t label = 1;
  const auto n = static_cast<std::int64_t>(p.size());
  const RowsInput input = {view(p.data(), 1, n), view(q.data(), 1, n), vector_view(&label, 1)};
  return reference::rows<Binary128>({m}, input, options, 0).values[0].value;
}

/// Logits are multiples of 1/64 and the steps powers of two, so that nothing is rounded before binary128. Two steps of
/// central differences leave an error of the fourth order.
TEST(DivergenceLoss, TheReferenceIsItsOwnFiniteDifference) {
  const std::vector<double> p = {1.5, -0.75, 0.25, 3.0, -2.0}, q = {0.5, 1.25, -1.0, 2.0, -2.5};
  for (double alpha : {0.4, 1.0, 2.5}) {
    RowsOptions of_rows;
    of_rows.alpha = alpha, of_rows.temperature = 2, of_rows.beta = 0.3;
    DivergenceLossOptions options;
    options.alpha = alpha, options.temperature = 2, options.beta = 0.3, options.reduction = Reduction::none;
    const std::int32_t label = 1;
    const RowsInput input = {view(p.data(), 1, 5), view(q.data(), 1, 5), vector_view(&label, 1)};
    for (Measure m : differentiable()) {
      const MeasureInfo info = measure_info(m);
      const auto found =
          reference::divergence_loss<Binary128>({{m, 1.0}}, input, options, 0, 1, info.needs_p, info.needs_q);
      for (bool of_q : {false, true}) {
        const auto& gradient = of_q ? found.gradient_q : found.gradient_p;
        for (std::size_t j = 0; j < gradient.size(); ++j) {
          const auto central = [&](double h) {
            const Binary128 above = value_at(m, p, q, of_q, j, h, of_rows);
            return (above - value_at(m, p, q, of_q, j, -h, of_rows)) / (2 * h);
          };
          const Binary128 difference = (4 * central(0x1p-11) - central(0x1p-10)) / 3;
          EXPECT_NEAR(static_cast<double>(gradient[j].value), static_cast<double>(difference), 1e-12)
              << info.name << " alpha " << alpha << (of_q ? " q " : " p ") << j;
        }
      }
    }
  }
}

/// KL's gradient is (q - p) / T for hand: P = (3/4, 1/4), Q = (1/2, 1/2).
TEST(DivergenceLoss, KlByHand) {
  const double p[] = {std::log(3.0), 0.0}, q[] = {0.0, 0.0};
  const RowsInput input = {view(p, 1, 2), view(q, 1, 2), {}};
  const Result result = run_loss({{Measure::kl, 1.0}}, input, {});
  EXPECT_NEAR(result.loss[0], 0.75 * std::log(1.5) + 0.25 * std::log(0.5), 1e-15);
  EXPECT_NEAR(result.gradient_q[0][0], -0.25, 1e-16);
  EXPECT_NEAR(result.gradient_q[0][1], 0.25, 1e-16);
  // p (log(p/q) - KL)
  EXPECT_NEAR(result.gradient_p[0][0], 0.75 * (std::log(1.5) - result.loss[0]), 1e-15);
}

TEST(DivergenceLoss, EqualRowsHaveGradientZero) {
  std::mt19937_64 random(kSeed + 4);
  const Batch x(DType::f32, {logit_pair(Pattern::gaussian, 300, random).p});
  const Batch same(DType::f32, {std::vector<double>(300, 0.25)});
  const Batch tiny(DType::f32, {{0, -90, -95, -100, -88.5}});  // subnormal probabilities among them
  for (Measure m : differentiable()) {
    const MeasureInfo info = measure_info(m);
    if (!info.needs_p || !info.needs_q || m == Measure::cross_entropy) continue;
    for (double weight : {1.0, 30.0}) {
      for (double alpha : {0.3, 1.0, 3.0}) {
        DivergenceLossOptions options;
        options.alpha = alpha;
        for (const Batch* row : {&x, &same, &tiny}) {
          const Result result = run_loss({{m, weight}}, {row->view(), row->view(), {}}, options);
          for (const auto* gradient : {&result.gradient_p[0], &result.gradient_q[0]}) {
            for (double g : *gradient) ASSERT_EQ(g, 0) << info.name;
          }
        }
      }
    }
  }
}

/// A finite renyi whose sum is beyond float64, and a bhattacharyya whose exponential is, in closed form:
/// rows of two columns a gap of g apart, P = (0, -g), Q = (-g, 0), so that both are (1, e^-g) / (1 + e^-g).
TEST(DivergenceLoss, SumsFarFromOne) {
  const double p[] = {0, -2000}, q[] = {-2000, 0};
  const RowsInput input = {view(p, 1, 2), view(q, 1, 2), {}};
  DivergenceLossOptions options;
  options.alpha = 0.5;
  // S = 2 e^(-g/2) and D = -2 log S: the shares are 1/2, the gradient of each side alpha / (alpha - 1) (1/2 - p).
  const Result renyi = run_loss({{Measure::renyi, 3.0}}, input, options);
  EXPECT_NEAR(renyi.loss[0], 3 * (2000 - 2 * std::log(2.0)), 1e-11);
  EXPECT_NEAR(renyi.gradient_p[0][0], 1.5, 1e-13);
  EXPECT_NEAR(renyi.gradient_q[0][1], 1.5, 1e-13);
  const Result distance = run_loss({{Measure::bhattacharyya, 1.0}}, input, options);
  EXPECT_NEAR(distance.gradient_p[0][0], 0.25, 1e-13);
  EXPECT_NEAR(distance.gradient_q[0][0], -0.25, 1e-13);
}

TEST(DivergenceLoss, WeightsDoNotChangeTheDigits) {
  std::mt19937_64 random(kSeed + 7);
  for (Measure m : differentiable()) {
    for (double weight : {-1e-300, 1e-6, 4.0, 1e200}) {
      for (Pattern pattern : {Pattern::gaussian, Pattern::near_equal, Pattern::wide}) {
        DivergenceLossOptions options;
        options.alpha = pattern == Pattern::wide ? 7.0 : 1 + 1e-7;
        options.temperature = 2, options.temperature_squared = true;
        options.gradient_scale = 1 / weight;
        check({{m, weight}}, DType::f32, pattern, 20, options, random);
      }
    }
  }
}

TEST(DivergenceLoss, ProbabilitiesThatDoNotSumToOne) {
  const float p[] = {0.5f, 0.75f, 0.75f}, q[] = {0.5f, 1, 0};
  for (Measure m : differentiable()) {
    if (measure_info(m).needs_labels) continue;
    for (double alpha : {0.5, 1.0, 2.0}) {
      DivergenceLossOptions options;
      options.alpha = alpha;
      for (Input form : {Input::probs, Input::log_probs}) {
        options.input_p = form;
        VerifyReport report;
        run_loss({{m, 1.0}}, {view(p, 1, 3), view(q, 1, 3), {}}, options, &report);
        EXPECT_TRUE(report.ok()) << measure_info(m).name << " alpha " << alpha << describe(report);
      }
    }
  }
  const std::uint8_t counts[] = {2, 3, 3};
  DivergenceLossOptions options;
  options.input_p = Input::counts;
  VerifyReport report;
  run_loss({{Measure::kl, 1.0}}, {view(counts, 1, 3), view(q, 1, 3), {}}, options, &report);
  EXPECT_TRUE(report.ok()) << describe(report);
}

/// Near-equal rows are where a bound is easily so loose that it lets anything pass.
TEST(DivergenceLoss, VerifyNoticesAGradientThatIsNotThere) {
  std::mt19937_64 random(kSeed + 8);
  const LogitPair pair = logit_pair(Pattern::near_equal, 33, random);
  const Batch p(DType::f32, {pair.p}), q(DType::f32, {pair.q});
  const std::int32_t label = 5;
  const RowsInput input = {p.view(), q.view(), vector_view(&label, 1)};
  for (Measure m : differentiable()) {
    const MeasureInfo info = measure_info(m);
    for (double alpha : {0.5, 1 - 1e-9, 2.0}) {
      DivergenceLossOptions options;
      options.alpha = alpha;
      std::vector<float> gradient(33, 0);
      DivergenceLossOutput output;
      (info.needs_q ? output.gradient_q : output.gradient_p) = mutable_view(gradient.data(), 1, 33);
      EXPECT_FALSE(verify_divergence_loss({{m, 1.0}}, input, output, options, {16}).ok()) << info.name;
    }
  }
}

TEST(DivergenceLoss, MaskedEntriesHaveGradientZero) {
  const double p[] = {1, -kInf, 2, 0}, q[] = {0.5, -kInf, -kInf, 1};
  const RowsInput input = {view(p, 1, 4), view(q, 1, 4), {}};
  const Result kl = run_loss({{Measure::kl, 1.0}}, input, {});
  EXPECT_EQ(kl.loss[0], kInf);
  EXPECT_EQ(kl.gradient_q[0][1], 0);
  EXPECT_EQ(kl.gradient_q[0][2], 0);
  const std::vector<double> sp = softmax({1, -kInf, 2, 0}), sq = softmax({0.5, -kInf, -kInf, 1});
  EXPECT_NEAR(kl.gradient_q[0][0], sq[0] - sp[0], 1e-15);
  for (double g : kl.gradient_p[0]) EXPECT_TRUE(std::isnan(g));
  const Result js = run_loss({{Measure::js, 1.0}}, input, {});
  EXPECT_EQ(js.gradient_p[0][1], 0);
  EXPECT_EQ(js.gradient_q[0][2], 0);
  EXPECT_GT(js.gradient_p[0][2], 0);
}

TEST(DivergenceLoss, IgnoredAndBadRows) {
  const float p[4][2] = {{1, 2}, {3, 4}, {0, 1}, {2, 0}}, q[4][2] = {{2, 1}, {NAN, 0}, {1, 1}, {0, 3}};
  const std::int64_t labels[] = {0, 1, -100, 5};
  const RowsInput input = {view(*p, 4, 2), view(*q, 4, 2), vector_view(labels, 4)};
  DivergenceLossOptions options;
  options.reduction = Reduction::none;
  options.ignore_index = -100;
  const Result without = run_loss({{Measure::kl, 1.0}}, input, options);
  EXPECT_EQ(without.status, (std::vector<std::uint8_t>{status_ok, status_nan, status_ignored, status_ok}))
      << "no measure reads the labels";
  EXPECT_EQ(without.valid_rows, 3);
  EXPECT_TRUE(std::isnan(without.loss[1]));
  EXPECT_TRUE(std::isnan(without.gradient_q[1][0]) && std::isnan(without.gradient_p[1][1]));
  EXPECT_EQ(without.loss[2], 0);
  EXPECT_EQ(without.gradient_q[2], (std::vector<double>{0, 0}));
  const Result with = run_loss({{Measure::kl, 1.0}, {Measure::nll, 1.0}}, input, options);
  EXPECT_EQ(with.status[3], status_label_range);
  EXPECT_TRUE(std::isnan(with.loss[3]) && std::isnan(with.gradient_q[3][0]));
  options.reduction = Reduction::mean;
  const std::int64_t all[] = {-100, -100, -100, -100};
  const Result ignored = run_loss({{Measure::kl, 1.0}}, {input.p, input.q, vector_view(all, 4)}, options);
  EXPECT_EQ(ignored.loss[0], 0);
  EXPECT_EQ(ignored.valid_rows, 0);
}

TEST(DivergenceLoss, NoRowsAndNoColumns) {
  DivergenceLossOptions options;
  const float x = 0;
  EXPECT_EQ(run_loss({{Measure::kl, 1.0}}, {view(&x, 0, 4), view(&x, 0, 4), {}}, options).loss[0], 0);
  EXPECT_EQ(run_loss({{Measure::js, 1.0}}, {view(&x, 2, 0), view(&x, 2, 0), {}}, options).loss[0], 0);
}

/// One teacher row for all, and the bits of a row in a batch, alone, in place and on other threads.
TEST(DivergenceLoss, ARowsBitsAreItsOwn) {
  std::mt19937_64 random(kSeed + 5);
  constexpr std::int64_t kRows = 500, kCols = 2001;  // enough for threads to meet
  std::vector<std::vector<double>> q;
  for (std::int64_t r = 0; r < kRows; ++r) q.push_back(logit_pair(Pattern::gaussian, kCols, random).q);
  const Batch one(DType::f32, {logit_pair(Pattern::gaussian, kCols, random).p});
  Batch many(DType::f32, q);
  const LossTerms terms = {{Measure::js, 1.0}, {Measure::reverse_kl, 0.5}};
  DivergenceLossOptions options;
  options.reduction = Reduction::sum;
  options.execution.threads = 2;
  const Result both = run_loss(terms, {one.view(), many.view(), {}}, options);
  EXPECT_TRUE(both.gradient_p.empty());
  options.execution.threads = 1;
  EXPECT_EQ(run_loss(terms, {one.view(), many.view(), {}}, options).gradient_q, both.gradient_q);
  EXPECT_EQ(run_loss(terms, {one.view(), many.view(), {}}, options).loss, both.loss);
  for (std::int64_t r : {0, 33, 499}) {
    const Result alone = run_loss(terms, {one.view(), many.row(r), {}}, options);
    EXPECT_EQ(alone.gradient_q[0], both.gradient_q[static_cast<std::size_t>(r)]);
  }
  DivergenceLossOutput output;
  output.gradient_q = many.mutable_view();
  std::vector<unsigned char> workspace(
      divergence_loss_workspace(terms, {one.view(), many.view(), {}}, output, options));
  divergence_loss(terms, {one.view(), many.view(), {}}, output, options, {workspace.data(), workspace.size()},
                  host_stream);
  for (std::int64_t r = 0; r < kRows; ++r) {
    for (std::int64_t c = 0; c < kCols; ++c) {
      ASSERT_EQ(load(DType::f32, many.view().data, r * kCols + c),
                both.gradient_q[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
    }
  }
}

/// The hard-label case is cross_entropy's, whose numbers have tests of their own.
TEST(DivergenceLoss, NllIsCrossEntropy) {
  std::mt19937_64 random(kSeed + 6);
  const Batch x(DType::f32, {logit_pair(Pattern::peaked, 77, random).q, logit_pair(Pattern::gaussian, 77, random).q});
  const std::int32_t labels[] = {3, 70};
  const Result result = run_loss({{Measure::nll, 1.0}}, {{}, x.view(), vector_view(labels, 2)}, {});
  float loss = 0;
  std::vector<float> gradient(154);
  CrossEntropyOutput output;
  output.loss = mutable_vector_view(&loss, 1);
  output.gradient = mutable_view(gradient.data(), 2, 77);
  std::vector<unsigned char> workspace(cross_entropy_workspace(x.view(), vector_view(labels, 2), output, {}));
  cross_entropy(x.view(), vector_view(labels, 2), output, {}, {workspace.data(), workspace.size()}, host_stream);
  EXPECT_EQ(result.loss[0], loss);
  for (std::size_t k = 0; k < 154; ++k) {
    EXPECT_NEAR(result.gradient_q[k / 77][k % 77], gradient[k], 1e-6 * std::fabs(gradient[k])) << k;
  }
}

template <class Call> std::string refusal(Call call) {
  try {
    call();
  } catch (const InvalidArgument& error) {
    return error.what();
  }
  return "nothing was refused";
}

TEST(DivergenceLoss, BadArgumentsAreRefused) {
  float p[2][3] = {}, q[2][3] = {}, loss[2] = {7, 7};
  const std::int32_t labels[] = {0, 1};
  const RowsInput input = {view(*p, 2, 3), view(*q, 2, 3), vector_view(labels, 2)};
  const auto refused = [&](const LossTerms& terms, DivergenceLossOutput output, const DivergenceLossOptions& options) {
    return refusal([&] { divergence_loss(terms, input, output, options, {}, host_stream); });
  };
  DivergenceLossOutput none;
  EXPECT_EQ(refused({}, none, {}), "measures: 0 asked, expected 1 to 32");
  EXPECT_EQ(refused({{Measure::top1, 1.0}}, none, {}),
            "terms: top1 has no gradient, expected a differentiable measure");
  EXPECT_EQ(refused({{Measure::kl, 1.0}, {Measure::kl, 2.0}}, none, {}),
            "terms: kl stands there twice, expected each measure once");
  EXPECT_NE(refused({{Measure::kl, kNaN}}, none, {}).find("weight of kl"), std::string::npos);
  DivergenceLossOptions hot;
  hot.temperature = 1e18, hot.temperature_squared = true;
  EXPECT_NE(refused({{Measure::kl, 1e300}}, none, hot).find("weight times temperature^2"), std::string::npos);
  EXPECT_NE(refused({{Measure::renyi, 1.0}}, none, {}).find("alpha"), std::string::npos);
  DivergenceLossOutput narrow;
  narrow.loss = mutable_vector_view(loss, 2);
  EXPECT_EQ(refused({{Measure::kl, 1.0}}, narrow, {}), "loss: has 2 elements, expected 1");
  DivergenceLossOutput overlapping;
  overlapping.gradient_q = mutable_view(*p, 2, 3);
  EXPECT_EQ(refused({{Measure::kl, 1.0}}, overlapping, {}), "gradient_q and P overlap in memory");
  DivergenceLossOutput of_p;
  of_p.gradient_p = mutable_view(*p, 2, 3);
  DivergenceLossOptions probs;
  probs.input_p = Input::probs;
  EXPECT_EQ(refused({{Measure::kl, 1.0}}, of_p, probs),
            "gradient_p: is asked with respect to rows that are not logits");
  EXPECT_NE(refused({{Measure::entropy_q, 1.0}}, of_p, {}).find("gradient_p: is asked of a side of 0 rows"),
            std::string::npos);
  DivergenceLossOptions infinite;
  infinite.gradient_scale = kInf;
  EXPECT_NE(refused({{Measure::kl, 1.0}}, none, infinite).find("gradient_scale"), std::string::npos);
  DivergenceLossOutput reduced;
  reduced.loss = mutable_vector_view(loss, 1);
  EXPECT_NE(refused({{Measure::kl, 1.0}}, reduced, {}).find("workspace"), std::string::npos);
  EXPECT_EQ(loss[0], 7) << "nothing is written";
}

}  // namespace
}  // namespace kullback::test
