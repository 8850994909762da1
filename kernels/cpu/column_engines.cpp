/// Measures whose columns are distributions of their own, for one instruction set; see row_engines.cpp. All is computed
/// in double, a row at a time, in blocks of columns whose order does not depend on where the row lies.
#include "kernels/cpu/column_engines.hpp"

#include "kernels/cpu/block.hpp"
#include "kernels/math/column_terms.hpp"

namespace kullback::cpu {

using Block = BlockArray<double>;

static std::int64_t row_of(const MatrixView& view, std::int64_t row) { return view.rows == 1 ? 0 : row; }

/// NaN for a row with an entry that is none.
static void store_sum(const MutableVectorView& values, std::int64_t row, double sum, bool bad) {
  store_value(values.data, values.dtype, row, bad ? kNaN<double> : sum);
}

static void gaussian_kl_range(const GaussianKlJob& job, std::int64_t first, std::int64_t last) {
  const std::int64_t dimensions = job.p.cols / 2;
  alignas(64) Block mean_p, log_variance_p, mean_q = {}, log_variance_q = {}, term;
  for (std::int64_t row = first; row < last; ++row) {
    CompensatedSum<double> sum;
    bool bad = false;
    for (std::int64_t c = 0; c < dimensions; c += kBlock) {
      const std::int64_t n = block_columns(dimensions, c);
      load_block(job.p, row_of(job.p, row), c, n, 0.0, mean_p);
      load_block(job.p, row_of(job.p, row), dimensions + c, n, 0.0, log_variance_p);
      if (job.q.data != nullptr) {
        load_block(job.q, row_of(job.q, row), c, n, 0.0, mean_q);
        load_block(job.q, row_of(job.q, row), dimensions + c, n, 0.0, log_variance_q);
      }
      double largest = 0;
#pragma omp simd reduction(max : largest)
      for (std::int64_t i = 0; i < padded(n); ++i) {
        const double in_p = abs(mean_p[i]) + abs(log_variance_p[i]), in_q = abs(mean_q[i]) + abs(log_variance_q[i]);
        const double size = 0x1p-2 * in_p + 0x1p-2 * in_q;
        largest = size < kInf<double> ? largest : kInf<double>;
        term[i] = gaussian_term(mean_p[i], log_variance_p[i], mean_q[i], log_variance_q[i]);
      }
      bad = bad || largest > 0;
      sum.add(block_sum(term, padded(n)));
    }
    store_sum(job.values, row, 0.5 * sum.value() * job.unit_scale, bad);
  }
}

template <bool kLogits>
static void binary_cross_entropy_range_of(const BinaryCrossEntropyJob& job, std::int64_t first, std::int64_t last) {
  const std::int64_t cols = job.q.cols;
  const Scale<double> scale = Scale<double>::reciprocal(job.temperature);
  alignas(64) Block t, q, term;
  for (std::int64_t row = first; row < last; ++row) {
    CompensatedSum<double> sum;
    bool bad = false;
    for (std::int64_t c = 0; c < cols; c += kBlock) {
      const std::int64_t n = block_columns(cols, c);
      load_block(job.targets, row_of(job.targets, row), c, n, 0.0, t);
      load_block(job.q, row_of(job.q, row), c, n, 0.0, q);
      double wrong = 0;
#pragma omp simd reduction(max : wrong)
      for (std::int64_t i = 0; i < n; ++i) {
        const bool fine = t[i] >= 0 && t[i] <= 1 && (kLogits ? q[i] == q[i] : q[i] >= 0 && q[i] <= 1);
        wrong = fine ? wrong : 1;
        if constexpr (kLogits) {
          const TwoTerms<double> y = scale({q[i], 0});
          term[i] = binary_term(t[i], softplus({-y.hi, -y.lo}), softplus(y));
        } else {
          term[i] = binary_term(t[i], surprisal(q[i]), surprisal_of_rest(q[i]));
        }
      }
      for (std::int64_t i = n; i < padded(n); ++i) term[i] = 0;
      bad = bad || wrong > 0;
      sum.add(block_sum(term, padded(n)));
    }
    const double mean = cols > 0 ? sum.value() / static_cast<double>(cols) : 0;
    store_sum(job.values, row, mean * job.unit_scale, bad);
  }
}

static void binary_cross_entropy_range(const BinaryCrossEntropyJob& job, std::int64_t first, std::int64_t last) {
  if (job.logits) {
    binary_cross_entropy_range_of<true>(job, first, last);
  } else {
    binary_cross_entropy_range_of<false>(job, first, last);
  }
}

extern const ColumnEngines KULLBACK_COLUMN_ENGINES = {gaussian_kl_range, binary_cross_entropy_range};

}  // namespace kullback::cpu
