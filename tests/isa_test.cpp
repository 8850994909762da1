/// The row engines compiled for each instruction set return the same bits.
#include "kernels/cpu/row_engines.hpp"
#include "kernels/measures/all.hpp"
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

struct Result {
  std::vector<double> values;
  std::vector<float> gradient;
  bool operator==(const Result& other) const {
    return std::memcmp(values.data(), other.values.data(), values.size() * sizeof(double)) == 0 &&
           std::memcmp(gradient.data(), other.gradient.data(), gradient.size() * sizeof(float)) == 0;
  }
};

/// One plan that exercises a pairing; the engines take plans as data. `sums`: the terms that are summed.
Result run(const cpu::RowEngines& engines, const Batch& p, const Batch& q, Form form, bool wide, unsigned sums) {
  const std::int64_t rows = p.view().rows, cols = p.view().cols;
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), 1);
  Result result;
  result.values.resize(static_cast<std::size_t>(rows * kAllMeasures.size()));
  result.gradient.resize(static_cast<std::size_t>(rows * cols));
  RowsJob job{};
  job.measures = kAllMeasures;
  job.p = p.view(), job.q = q.view();
  job.labels = vector_view(labels.data(), rows);
  job.values = mutable_view(result.values.data(), rows, kAllMeasures.size());
  job.unit_scale = 1;
  job.rows = rows, job.cols = cols;
  RowsPlan plan;
  plan.form_p = plan.form_q = form;
  plan.temperature_p = plan.temperature_q = form == Form::softmax ? 0.7 : 1.0;
  plan.fields = kNeedsPairing | kNeedsLogP | kNeedsLogQ | kNeedsLogs;
  plan.p = plan.q = plan.terms = plan.label_p = plan.label_q = true;
  plan.sums = sums;
  plan.mass_p = plan.mass_q = sums == ~0u;
  plan.order = order_of(0.7);
  plan.wide = wide;
  plan.pairing = form == Form::prob ? Pairing::probs : Pairing::logs;
  engines.rows(job, plan, 0, rows);
  if (form != Form::softmax || p.view().dtype != DType::f32) return result;
  CrossEntropyJob loss{};
  loss.logits = p.view();
  loss.labels = job.labels;
  loss.output.gradient = mutable_view(result.gradient.data(), rows, cols);
  loss.options.label_smoothing = 0.1;
  engines.cross_entropy(loss, {1.0, nullptr, {0, 0}}, 0, rows, nullptr);
  return result;
}

TEST(InstructionSets, ReturnTheSameBits) {
  std::mt19937_64 random(kSeed);
  for (DType dtype : {DType::f32, DType::bf16, DType::f16, DType::f64}) {
    for (std::int64_t cols : {7, 256, 515}) {
      std::vector<std::vector<double>> logits_p, logits_q, probs_p, probs_q;
      for (Pattern pattern : kPatterns) {
        const LogitPair pair = logit_pair(pattern, cols, random);
        logits_p.push_back(pair.p), logits_q.push_back(pair.q);
        probs_p.push_back(softmax(pair.p)), probs_q.push_back(softmax(pair.q));
      }
      const Batch a(dtype, logits_p), b(dtype, logits_q), c(dtype, probs_p), d(dtype, probs_q);
      const bool wide = dtype == DType::f64;
      for (Form form : {Form::softmax, Form::prob}) {
        const Batch& p = form == Form::softmax ? a : c;
        const Batch& q = form == Form::softmax ? b : d;
        // All together; and alone those that a sweep of their own sums.
        for (unsigned sums : {~0u, kTermBit<Kl>, kTermBit<Js>}) {
          const Result baseline = run(cpu::kBaselineEngines, p, q, form, wide, sums);
          EXPECT_TRUE(std::isfinite(baseline.values[0]));
#if defined(KULLBACK_DISPATCH)
          // What this machine cannot execute, it cannot compare.
          if (cpu::detect_isa() >= cpu::Isa::avx2) {
            EXPECT_EQ(baseline, run(cpu::kAvx2Engines, p, q, form, wide, sums)) << "avx2 " << name_of(dtype) << cols;
          }
          if (cpu::detect_isa() >= cpu::Isa::avx512) {
            EXPECT_EQ(baseline, run(cpu::kAvx512Engines, p, q, form, wide, sums))
                << "avx512 " << name_of(dtype) << cols;
          }
#endif
        }
      }
    }
  }
}

}  // namespace
}  // namespace kullback::test
