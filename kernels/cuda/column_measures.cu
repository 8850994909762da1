/// Measures whose columns are distributions of their own. Everything is computed in double, whose exponentials take far
/// longer than a column's bytes: threads read their columns from device memory as they need them.
#include "kernels/cuda/column_kernels.hpp"
#include "kernels/cuda/group.cuh"
#include "kernels/cuda/row_stream.cuh"
#include "kernels/math/column_terms.hpp"
#include "kernels/math/sum.hpp"

namespace kullback::cuda {
namespace {

static_assert(kColumnThreads <= kMostBlockThreads);

/// One side of a row, read in double.
class SideOfRow {
 public:
  __device__ SideOfRow(const MatrixView& view, std::int64_t row) : reader_(view.dtype), row_(row_data(view, row)) {}
  __device__ double operator[](std::int64_t column) const {
    return reader_.read<double>(row_ + column * reader_.bytes());
  }

 private:
  Reader<AnyElement> reader_;
  const char* row_;
};

struct ColumnSum {
  CompensatedSum<double> terms;
  unsigned long long bad = 0;  ///< entries that are none

  __device__ void add(double term, bool good) {
    terms.add(term);
    bad += !good;
  }
  __device__ static ColumnSum merge(ColumnSum a, const ColumnSum& b) {
    a.terms.merge(b.terms);
    a.bad += b.bad;
    return a;
  }
};

/// Every row: what of_row(row)(column, sum) adds up over `cols` columns, times `factor`; NaN for a row with a bad
/// entry. A column's thread, and so a row's order of summation, depends on the length alone.
template <class OfRow>
__device__ void sum_rows(const MutableVectorView& values, std::int64_t cols, double factor, int row_threads,
                         OfRow of_row) {
  const RowGroup<> group(row_threads);
  const int rows_of_block = static_cast<int>(blockDim.x) / group.size();
  for (std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * rows_of_block; first < values.size;
       first += static_cast<std::int64_t>(gridDim.x) * rows_of_block) {
    const std::int64_t row = first + static_cast<int>(threadIdx.x) / group.size();
    const bool own = row < values.size;  // groups without a row go along for the others' shuffles
    ColumnSum sum;
    if (own) {
      const auto add = of_row(row);
      for (std::int64_t c = group.rank(); c < cols; c += group.size()) add(c, sum);
    }
    sum = group.reduce(sum, ColumnSum::merge);
    if (!own || group.rank() != 0) continue;
    store_value(values.data, values.dtype, row, sum.bad > 0 ? kNaN<double> : sum.terms.value() * factor);
  }
}

__global__ void __launch_bounds__(kColumnThreads, 1) gaussian_kl_kernel(GaussianKlJob job, int row_threads) {
  const std::int64_t dimensions = job.p.cols / 2;
  const bool has_q = job.q.data != nullptr;
  sum_rows(job.values, dimensions, 0.5 * job.unit_scale, row_threads, [&](std::int64_t row) {
    const SideOfRow p(job.p, row), q(job.q, row);  // without Q a null view, which is not read
    return [=](std::int64_t c, ColumnSum& sum) {
      const double m = p[c], a = p[dimensions + c], n = has_q ? q[c] : 0, b = has_q ? q[dimensions + c] : 0;
      const double size = (0.25 * abs(m) + 0.25 * abs(a)) + (0.25 * abs(n) + 0.25 * abs(b));
      sum.add(gaussian_term(m, a, n, b), size < kInf<double>);
    };
  });
}

__global__ void __launch_bounds__(kColumnThreads, 1)
    binary_cross_entropy_kernel(BinaryCrossEntropyJob job, int row_threads) {
  const std::int64_t cols = job.q.cols;
  const Scale<double> scale = Scale<double>::reciprocal(job.temperature);
  const double factor = cols > 0 ? job.unit_scale / static_cast<double>(cols) : 0;
  sum_rows(job.values, cols, factor, row_threads, [&](std::int64_t row) {
    const SideOfRow targets(job.targets, row), side(job.q, row);
    return [=, logits = job.logits](std::int64_t c, ColumnSum& sum) {
      const double t = targets[c], q = side[c];
      const bool target = t >= 0 && t <= 1;
      if (logits) {
        const TwoTerms<double> y = scale({q, 0});
        sum.add(binary_term(t, softplus({-y.hi, -y.lo}), softplus(y)), target && q == q);
      } else {
        sum.add(binary_term(t, surprisal(q), surprisal_of_rest(q)), target && q >= 0 && q <= 1);
      }
    };
  });
}

}  // namespace

void (*const kGaussianKl)(GaussianKlJob, int) = gaussian_kl_kernel;
void (*const kBinaryCrossEntropy)(BinaryCrossEntropyJob, int) = binary_cross_entropy_kernel;

}  // namespace kullback::cuda
