/// Diagonal Gaussians and Bernoulli columns: against the sealed reference under the written contract, against frozen
/// 25-digit values (mpmath), and what the header promises of edges and arguments.
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

double kl_of(const std::vector<double>& p, const std::vector<double>& q, const GaussianKlOptions& options = {}) {
  const auto cols = static_cast<std::int64_t>(p.size());
  double value = -7;
  const MatrixView of_q = q.empty() ? MatrixView{} : view(q.data(), 1, cols);
  run(view(p.data(), 1, cols), of_q, mutable_vector_view(&value, 1), options);
  return value;
}

double bce_of(double t, double q, const BinaryCrossEntropyOptions& options = {}) {
  double value = -7;
  run(view(&t, 1, 1), view(&q, 1, 1), mutable_vector_view(&value, 1), options);
  return value;
}

TEST(GaussianKl, FrozenValues) {
  EXPECT_DOUBLE_EQ(kl_of({1, 0}, {}), 0.5);
  EXPECT_DOUBLE_EQ(kl_of({0, 1e-6}, {}), 2.500000833333541440448779e-13);
  EXPECT_DOUBLE_EQ(kl_of({0.25, 0.5, 0.5, 0.5}, {0.25, 0.5 + 1e-6, 0.5, 0.5}), 3.032653298737579039716433e-13);
  EXPECT_DOUBLE_EQ(kl_of({1, 0}, {}, {Unit::bits, {}}), 0.5 / std::log(2.0));
  EXPECT_EQ(kl_of({3, -2}, {3, -2}), 0);
  EXPECT_DOUBLE_EQ(kl_of({1e-300, -1400}, {0, -1400}), 51433333.04259946173717095);
  EXPECT_EQ(kl_of({0, 800}, {}), kInf);
  EXPECT_TRUE(std::isnan(kl_of({kInf, 0}, {})));
  EXPECT_TRUE(std::isnan(kl_of({0, 0}, {0, -kInf})));
}

TEST(BinaryCrossEntropy, FrozenValues) {
  EXPECT_DOUBLE_EQ(bce_of(1, 40), 4.248354255291588986304978e-18);
  EXPECT_DOUBLE_EQ(bce_of(0, -40), 4.248354255291588986304978e-18);
  BinaryCrossEntropyOptions options;
  options.temperature = 2;
  EXPECT_DOUBLE_EQ(bce_of(0.25, 3, options), 1.326413277982752409499483);
  EXPECT_EQ(bce_of(1, kInf), 0);
  EXPECT_EQ(bce_of(0, kInf), kInf);
  options = {Input::probs, 1.0, Unit::bits, {}};
  EXPECT_DOUBLE_EQ(bce_of(0.25, 1e-12, options), 6.907755278982887057082313 / std::log(2.0));
  EXPECT_EQ(bce_of(1, 1, options), 0);
  EXPECT_EQ(bce_of(0.5, 1, options), kInf);
  for (const auto& [t, q] : {std::pair{-0.1, 0.5}, {1.5, 0.5}, {kNaN, 0.5}, {0.5, -0.1}, {0.5, 1.1}, {0.5, kNaN}}) {
    EXPECT_TRUE(std::isnan(bce_of(t, q, options))) << t << " " << q;
  }
}

constexpr DType kDtypes[] = {DType::f32, DType::f16, DType::bf16, DType::f64};

/// Values of either type.
struct Values {
  std::vector<double> room;
  MutableVectorView view;
  Values(std::int64_t size, DType dtype)
      : room(static_cast<std::size_t>(size)), view{room.data(), dtype == DType::f64 ? DType::f64 : DType::f32, size} {}
};

TEST(ColumnMeasures, EveryDtypeAndLength) {
  std::mt19937_64 random(kSeed);
  for (DType dtype : kDtypes) {
    for (Pattern pattern : {Pattern::near_equal, Pattern::wide}) {
      for (std::int64_t cols : {2, 66, 262, 2102}) {
        std::vector<std::vector<double>> p, q, t;
        for (int r = 0; r < 3; ++r) {
          const LogitPair pair = logit_pair(pattern, cols, random);
          p.push_back(pair.p), q.push_back(pair.q), t.emplace_back();
          for (double x : pair.p) t.back().push_back(1 / (1 + std::exp(-x)));
        }
        const Batch batch_p(dtype, p, cols + 3, 1), batch_q(dtype, q, cols + 1, 3), batch_t(dtype, t, cols, 2);
        if (cols > 262 && dtype != DType::bf16) continue;  // a block's rows
        Values values(3, dtype);
        const std::string trace =
            std::string(name_of(dtype)) + " pattern " + std::to_string(int(pattern)) + " cols " + std::to_string(cols);
        for (const MatrixView& side : {batch_q.view(), MatrixView{}}) {
          run(batch_p.view(), side, values.view, GaussianKlOptions{});
          const VerifyReport report = verify_gaussian_kl(batch_p.view(), side, values.view, {}, {});
          EXPECT_TRUE(report.ok()) << trace << describe(report);
        }
        for (Input form : {Input::logits, Input::probs}) {
          BinaryCrossEntropyOptions options;
          options.input_q = form, options.temperature = 0.7;
          const MatrixView side = form == Input::logits ? batch_q.view() : batch_t.view();
          run(batch_t.view(), side, values.view, options);
          const VerifyReport report = verify_binary_cross_entropy(batch_t.view(), side, values.view, options, {});
          EXPECT_TRUE(report.ok()) << trace << describe(report);
        }
      }
    }
  }
}

TEST(ColumnMeasures, OneRowServesMany) {
  const float p[3][2] = {{0, 0}, {1, 0}, {2, 0}}, q[2] = {1, 0};
  float values[3];
  run(view(*p, 3, 2), view(q, 1, 2), mutable_vector_view(values, 3), GaussianKlOptions{});
  EXPECT_EQ(values[0], 0.5f);
  EXPECT_EQ(values[1], 0);
  EXPECT_EQ(values[2], 0.5f);
}

TEST(ColumnMeasures, VerifyFindsAWrongValue) {
  const double p[2][2] = {{1, 0}, {2, 0}};
  double values[2] = {0.5, 2.0 + 1e-14};
  const VerifyReport report = verify_gaussian_kl(view(*p, 2, 2), {}, mutable_vector_view(values, 2), {}, {});
  EXPECT_EQ(report.rows_wrong, 1);
  EXPECT_EQ(report.wrong.at(0).row, 1);
}

TEST(ColumnMeasures, RefuseWhatTheyCannotDo) {
  const float x[6] = {};
  float values[3];
  const MutableVectorView out = mutable_vector_view(values, 2);
  const auto refused = [](auto call) { EXPECT_THROW(call(), InvalidArgument); };
  refused([&] { gaussian_kl(view(x, 2, 3), {}, out, {}, host_stream); });
  refused([&] { gaussian_kl(view(x, 3, 2), {}, out, {}, host_stream); });
  refused([&] { gaussian_kl(view(x, 2, 2), view(x, 3, 2), out, {}, host_stream); });
  refused([&] { binary_cross_entropy(view(x, 2, 3), view(x, 2, 2), out, {}, host_stream); });
  refused([&] { binary_cross_entropy(view(x, 2, 2), view(values, 1, 2), out, {}, host_stream); });
  refused([&] {
    binary_cross_entropy(view(x, 2, 2), view(x, 2, 2), out, {Input::counts, 1.0, Unit::nats, {}}, host_stream);
  });
  refused([&] {
    binary_cross_entropy(view(x, 2, 2), view(x, 2, 2), out, {Input::probs, 0.0, Unit::nats, {}}, host_stream);
  });
}

}  // namespace
}  // namespace kullback::test
