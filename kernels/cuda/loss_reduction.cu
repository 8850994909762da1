#include <cub/block/block_reduce.cuh>

#include "kernels/cuda/loss_kernels.hpp"
#include "kernels/math/convert.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/loss.hpp"
#include "kernels/math/sum.hpp"

/// What surrounds the rows of a cross-entropy: counting valid labels, reducing losses. Integers may be counted in any
/// order; losses are added in an order that depends on their number alone.
namespace kullback::cuda {
namespace {

/// Over the block, for its first thread.
template <class A, class Merge> __device__ A block_reduce(const A& own, Merge merge) {
  using Reduce = cub::BlockReduce<A, kReduceThreads, cub::BLOCK_REDUCE_WARP_REDUCTIONS>;
  __shared__ typename Reduce::TempStorage shared;
  return Reduce(shared).Reduce(own, merge);
}
__device__ CompensatedSum<double> block_sum(const CompensatedSum<double>& own) {
  return block_reduce(own, [](CompensatedSum<double> a, const CompensatedSum<double>& b) {
    a.merge(b);
    return a;
  });
}

__global__ void __launch_bounds__(kReduceThreads)
    count_valid_kernel(VectorView labels, std::optional<std::int64_t> ignored, std::int64_t* count) {
  unsigned long long valid = 0;
  for (std::int64_t row = std::int64_t{blockIdx.x} * kReduceThreads + threadIdx.x; row < labels.size;
       row += std::int64_t{gridDim.x} * kReduceThreads) {
    valid += !ignored || label_value(labels, row) != *ignored;
  }
  const auto total = block_reduce(valid, [](unsigned long long a, unsigned long long b) { return a + b; });
  if (threadIdx.x == 0) atomicAdd(reinterpret_cast<unsigned long long*>(count), total);
}

__global__ void __launch_bounds__(kReduceThreads) reduce_losses_kernel(LossReduction reduction) {
  const std::int64_t first = std::int64_t{blockIdx.x} * kReducedRows;
  const std::int64_t last = min(first + kReducedRows, reduction.count());
  CompensatedSum<double> sum;
  for (std::int64_t i = first + threadIdx.x; i < last; i += kReduceThreads) {
    const Label at = reduction.labels.data == nullptr
                         ? Label{i, status_ok}
                         : read_label(reduction.labels, i, reduction.terms.size, reduction.ignored);
    if (at.status == status_ok) sum.add(class_weight(reduction.terms, at.index));
  }
  sum = block_sum(sum);
  if (threadIdx.x == 0) {
    reduction.partial[2 * blockIdx.x] = sum.sum;
    reduction.partial[2 * blockIdx.x + 1] = sum.lost;
  }
}

__global__ void __launch_bounds__(kReduceThreads) finish_loss_kernel(LossReduction reduction) {
  const std::int64_t partials = (reduction.count() + kReducedRows - 1) / kReducedRows;
  CompensatedSum<double> sum;
  for (std::int64_t i = threadIdx.x; i < partials; i += kReduceThreads) {
    sum.merge({reduction.partial[2 * i], reduction.partial[2 * i + 1]});
  }
  sum = block_sum(sum);
  if (threadIdx.x != 0) return;
  if (reduction.sum != nullptr) {
    const DoubleDouble total = sum.two_terms();
    reduction.sum[0] = total.hi;
    reduction.sum[1] = total.lo;
  } else {
    const double divisor = loss_divisor(reduction.valid_rows, reduction.row_weights);
    store_value(reduction.loss.data, reduction.loss.dtype, 0, sum.value() / divisor);
  }
}

}  // namespace

void (*const kCountValid)(VectorView, std::optional<std::int64_t>, std::int64_t*) = count_valid_kernel;
void (*const kReduceLosses)(LossReduction) = reduce_losses_kernel;
void (*const kFinishLoss)(LossReduction) = finish_loss_kernel;

}  // namespace kullback::cuda
