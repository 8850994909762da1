/// What kernels take from NVIDIA's libraries, as nvcc compiles it: libdevice, 16-bit floats, cooperative groups, CUB's
/// block and warp primitives, atomics of libcu++. Every result against the host.
#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>

#include <cmath>
#include <cub/block/block_load.cuh>
#include <cub/block/block_radix_sort.cuh>
#include <cub/block/block_reduce.cuh>
#include <cub/block/block_scan.cuh>
#include <cub/block/block_store.cuh>
#include <cub/warp/warp_reduce.cuh>
#include <cub/warp/warp_scan.cuh>
#include <cuda/atomic>
#include <numeric>

#include "executor.cuh"

using namespace executor;
namespace cg = cooperative_groups;

namespace {

constexpr int kThreads = 64, kFunctions = 16;

__global__ void mathematics(const float* in, float* out) {
  const float v = in[threadIdx.x], a = fabsf(v);
  const double d = v;
  float* results = out + threadIdx.x * kFunctions;
  results[0] = expf(v);
  results[1] = logf(a + 1e-3f);
  results[2] = log1pf(a);
  results[3] = erff(v);
  results[4] = powf(a, 1.7f);
  results[5] = sinf(v * 1000.f);
  results[6] = tanhf(v);
  results[7] = expm1f(v);
  results[8] = rsqrtf(a + 1.f);
  results[9] = static_cast<float>(exp(d));
  results[10] = static_cast<float>(log(fabs(d) + 1.));
  results[11] = fmodf(v, 0.7f);
  results[12] = rintf(v * 3);
  results[13] = static_cast<float>(lgamma(fabs(d) + 2.));
  results[14] = static_cast<float>(sqrt(fabs(d)) / 3.);
  results[15] = __fdividef(v, 3.f);
}

TEST(Libraries, Mathematics) {
  std::vector<float> in(kThreads);
  for (int k = 0; k < kThreads; ++k) in[k] = static_cast<float>(k - 31) * 0.13f;
  const Array<float> device_in(in), out(kThreads * kFunctions);
  mathematics<<<1, kThreads>>>(device_in.data(), out.data());
  const std::vector<float> results = out.values();
  for (int k = 0; k < kThreads; ++k) {
    const double v = in[k], a = std::fabs(v);
    const double expected[kFunctions] = {std::exp(v),          std::log(a + 1e-3f),
                                         std::log1p(a),        std::erf(v),
                                         std::pow(a, 1.7f),    std::sin(static_cast<double>(in[k] * 1000.f)),
                                         std::tanh(v),         std::expm1(v),
                                         1 / std::sqrt(a + 1), std::exp(v),
                                         std::log(a + 1),      std::fmod(v, 0.7f),
                                         std::rint(in[k] * 3), std::lgamma(a + 2),
                                         std::sqrt(a) / 3,     v / 3};
    for (int f = 0; f < kFunctions; ++f) {
      EXPECT_NEAR(expected[f], results[k * kFunctions + f], 2e-6 * (1 + std::fabs(expected[f]))) << f << " of " << v;
    }
  }
}

__global__ void sixteen_bits(const float* in, __nv_bfloat16* brain, __half* half) {
  const int k = threadIdx.x;
  __nv_bfloat162 b = __floats2bfloat162_rn(in[k], in[(k + 1) % kThreads]);
  b = __hmax2(__hfma2(b, b, __float2bfloat162_rn(0.5f)), __float2bfloat162_rn(0.6f));
  brain[2 * k] = b.x;
  brain[2 * k + 1] = b.y;
  const __half2 h = h2exp(__hmul2(__floats2half2_rn(in[k], -in[k]), __float2half2_rn(0.5f)));
  half[2 * k] = __low2half(h);
  half[2 * k + 1] = __high2half(h);
}

TEST(Libraries, SixteenBitFloats) {
  std::vector<float> in(kThreads);
  for (int k = 0; k < kThreads; ++k) in[k] = static_cast<float>(k - 31) * 0.13f;
  const Array<float> device_in(in);
  const Array<__nv_bfloat16> brain(2 * kThreads);
  const Array<__half> half(2 * kThreads);
  sixteen_bits<<<1, kThreads>>>(device_in.data(), brain.data(), half.data());
  const auto brains = brain.values();
  const auto halves = half.values();
  const auto round = [](float x) { return __bfloat162float(__float2bfloat16(x)); };
  for (int k = 0; k < kThreads; ++k) {
    const float a = round(in[k]);
    EXPECT_EQ(std::fmax(round(a * a + 0.5f), round(0.6f)), __bfloat162float(brains[2 * k]));
    const double expected = std::exp(0.5 * __half2float(__float2half(in[k])));
    EXPECT_NEAR(expected, __half2float(halves[2 * k]), 2e-3 * expected);
  }
}

__global__ void groups(const int* in, int* out) {
  auto block = cg::this_thread_block();
  auto warp = cg::tiled_partition<32>(block);
  auto tile = cg::tiled_partition<8>(warp);
  const int v = in[threadIdx.x];
  const int sum = cg::reduce(warp, v, cg::plus<int>());
  const int greatest = cg::reduce(tile, v, cg::greater<int>());
  const float sum_of_floats = cg::reduce(warp, static_cast<float>(v), cg::plus<float>());
  block.sync();
  if (warp.thread_rank() == 0) out[warp.meta_group_rank()] = sum;
  if (tile.thread_rank() == 0) out[8 + threadIdx.x / 8] = greatest;
  if (threadIdx.x == 0) out[30] = static_cast<int>(sum_of_floats);
  out[32 + threadIdx.x] = __popc(__match_any_sync(~0u, v & 3));
  if (threadIdx.x % 3 == 0) {
    auto together = cg::coalesced_threads();
    if (together.thread_rank() == 0) atomicAdd(out + 31, static_cast<int>(together.size()));
  }
}

TEST(Libraries, CooperativeGroups) {
  std::vector<int> in(kThreads);
  for (int k = 0; k < kThreads; ++k) in[k] = k * 37 % 101 - 20;
  const Array<int> device_in(in);
  const Array<int> out(32 + kThreads);
  EXPECT_CUDA(cudaMemset(out.data(), 0, 4 * (32 + kThreads)));
  groups<<<1, kThreads>>>(device_in.data(), out.data());
  const std::vector<int> results = out.values();
  EXPECT_EQ(std::accumulate(in.begin(), in.begin() + 32, 0), results[0]);
  EXPECT_EQ(std::accumulate(in.begin() + 32, in.end(), 0), results[1]);
  EXPECT_EQ(*std::max_element(in.begin() + 8, in.begin() + 16), results[9]);
  EXPECT_EQ(results[0], results[30]);
  EXPECT_EQ(22, results[31]);
  for (int k = 0; k < kThreads; ++k) {
    const int first = k / 32 * 32;
    const auto same = [&](int v) { return (v & 3) == (in[k] & 3); };
    EXPECT_EQ(std::count_if(in.begin() + first, in.begin() + first + 32, same), results[32 + k]);
  }
}

__global__ void asynchronous(const float4* in, float4* out) {
  __shared__ float4 values[kThreads];
  __pipeline_memcpy_async(&values[threadIdx.x], &in[threadIdx.x], sizeof(float4));
  __pipeline_commit();
  __pipeline_wait_prior(0);
  __syncthreads();
  out[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

TEST(Libraries, AsynchronousCopies) {
  std::vector<float4> in(kThreads);
  for (int k = 0; k < kThreads; ++k) in[k] = make_float4(k, k + .25f, k + .5f, k + .75f);
  const Array<float4> device_in(in);
  expect_silence([&] {
    const Array<float4> out(kThreads);
    asynchronous<<<1, kThreads>>>(device_in.data(), out.data());
    const auto results = out.values();
    for (int k = 0; k < kThreads; ++k) ASSERT_EQ(in[kThreads - 1 - k].z, results[k].z);
  });
}

/// Loads, sorts, scans and stores 4 items a thread, and reduces them.
__global__ void block_primitives(const int* in, int* sorted, int* scanned, int* sums) {
  using Load = cub::BlockLoad<int, kThreads, 4, cub::BLOCK_LOAD_WARP_TRANSPOSE>;
  using Sort = cub::BlockRadixSort<int, kThreads, 4>;
  using Scan = cub::BlockScan<int, kThreads>;
  using Reduce = cub::BlockReduce<int, kThreads>;
  using RakingReduce = cub::BlockReduce<int, kThreads, cub::BLOCK_REDUCE_RAKING>;
  using Store = cub::BlockStore<int, kThreads, 4, cub::BLOCK_STORE_TRANSPOSE>;
  __shared__ union {
    typename Load::TempStorage load;
    typename Sort::TempStorage sort;
    typename Scan::TempStorage scan;
    typename Reduce::TempStorage reduce;
    typename RakingReduce::TempStorage raking;
    typename Store::TempStorage store;
  } storage;
  int items[4], sums_before[4];
  Load(storage.load).Load(in, items);
  __syncthreads();
  Scan(storage.scan).ExclusiveSum(items, sums_before);
  __syncthreads();
  Store(storage.store).Store(scanned, sums_before);
  __syncthreads();
  const int sum = Reduce(storage.reduce).Sum(items);
  __syncthreads();
  const int greatest = RakingReduce(storage.raking).Reduce(items[0], cuda::maximum<int>());
  __syncthreads();
  Sort(storage.sort).Sort(items);
  __syncthreads();
  Store(storage.store).Store(sorted, items);
  if (threadIdx.x == 0) {
    sums[0] = sum;
    sums[1] = greatest;
  }
}

TEST(Libraries, CubBlockPrimitives) {
  std::vector<int> in(4 * kThreads);
  for (std::size_t k = 0; k < in.size(); ++k) in[k] = static_cast<int>(k * 7919 % 1009) - 500;
  std::vector<int> expected_sorted = in, expected_scan(in.size());
  std::sort(expected_sorted.begin(), expected_sorted.end());
  std::exclusive_scan(in.begin(), in.end(), expected_scan.begin(), 0);
  int greatest = in[0];
  for (std::size_t k = 0; k < in.size(); k += 4) greatest = std::max(greatest, in[k]);
  const Array<int> device_in(in);
  expect_silence([&] {
    const Array<int> sorted(in.size()), scanned(in.size()), sums(2);
    block_primitives<<<1, kThreads>>>(device_in.data(), sorted.data(), scanned.data(), sums.data());
    ASSERT_EQ(expected_sorted, sorted.values());
    ASSERT_EQ(expected_scan, scanned.values());
    ASSERT_EQ((std::vector<int>{std::accumulate(in.begin(), in.end(), 0), greatest}), sums.values());
  });
}

__global__ void warp_primitives(const float* in, float* sums, int* scans) {
  using Reduce = cub::WarpReduce<float, 8>;
  using Scan = cub::WarpScan<int>;
  __shared__ typename Reduce::TempStorage reduce[kThreads / 8];
  __shared__ typename Scan::TempStorage scan[kThreads / 32];
  const float sum = Reduce(reduce[threadIdx.x / 8]).Sum(in[threadIdx.x]);
  if (threadIdx.x % 8 == 0) sums[threadIdx.x / 8] = sum;
  int total = 0;
  Scan(scan[threadIdx.x / 32]).InclusiveSum(1, total);
  scans[threadIdx.x] = total;
}

TEST(Libraries, CubWarpPrimitives) {
  std::vector<float> in(kThreads);
  std::iota(in.begin(), in.end(), 0.f);
  const Array<float> device_in(in);
  expect_silence([&] {
    const Array<float> sums(kThreads / 8);
    const Array<int> scans(kThreads);
    warp_primitives<<<1, kThreads>>>(device_in.data(), sums.data(), scans.data());
    const auto results = sums.values();
    const auto counts = scans.values();
    for (int k = 0; k < kThreads / 8; ++k) ASSERT_EQ(64.f * k + 28.f, results[k]);
    for (int k = 0; k < kThreads; ++k) ASSERT_EQ(k % 32 + 1, counts[k]);
  });
}

__global__ void atomics(double* sum, __nv_bfloat162* pair, int* words, unsigned long long* greatest) {
  atomicAdd(sum, 0.5);
  atomicAdd(pair, __floats2bfloat162_rn(1.f, 2.f));
  cuda::atomic_ref<int, cuda::thread_scope_device> word(words[0]);
  word.fetch_add(2, cuda::memory_order_relaxed);
  atomicCAS(words + 1, 0, static_cast<int>(threadIdx.x) + 1);
  atomicMax(greatest, threadIdx.x * 1000000007ull);
}

TEST(Libraries, Atomics) {
  const Array<double> sum(1);
  const Array<__nv_bfloat162> pair(1);
  const Array<int> words(2);
  const Array<unsigned long long> greatest(1);
  atomics<<<2, kThreads>>>(sum.data(), pair.data(), words.data(), greatest.data());
  EXPECT_EQ(64., sum.values()[0]);
  EXPECT_EQ(128.f, __bfloat162float(pair.values()[0].x));
  EXPECT_EQ(256.f, __bfloat162float(pair.values()[0].y));
  EXPECT_EQ(256, words.values()[0]);
  EXPECT_NE(0, words.values()[1]);
  EXPECT_EQ(63 * 1000000007ull, greatest.values()[0]);
  if (ptxsim_error_count) EXPECT_EQ(std::vector<std::string>(), take_reports());
}

/// 128-bit integers and directed roundings, which nvcc makes of carry chains and of .rz, .rm, .rp.
__global__ void arithmetic(const long long* in, __int128* products, float* floats) {
  const long long v = in[threadIdx.x];
  products[threadIdx.x] = static_cast<__int128>(v) * 1000003 - v / 7;
  float* results = floats + 4 * threadIdx.x;
  results[0] = __ll2float_rz(v);
  results[1] = __fadd_ru(__ll2float_rn(v), 1.1f);
  results[2] = __fdiv_rd(1.f, __ll2float_rn(v | 1));
  results[3] = __fsqrt_ru(fabsf(__ll2float_rn(v)));
}

TEST(Libraries, WideIntegersAndDirectedRounding) {
  std::vector<long long> in(kThreads);
  for (int k = 0; k < kThreads; ++k) in[k] = (k - 30) * 0x0123456789abcdefll + k;
  const Array<long long> device_in(in);
  const Array<__int128> products(kThreads);
  const Array<float> floats(4 * kThreads);
  arithmetic<<<1, kThreads>>>(device_in.data(), products.data(), floats.data());
  const auto wide = products.values();
  const auto results = floats.values();
  for (int k = 0; k < kThreads; ++k) {
    EXPECT_TRUE(wide[k] == static_cast<__int128>(in[k]) * 1000003 - in[k] / 7) << k;
    const auto nearest = static_cast<float>(in[k]);
    const float towards_zero = std::fabs(static_cast<long double>(nearest)) > std::fabs(static_cast<long double>(in[k]))
                                   ? std::nextafterf(nearest, 0)
                                   : nearest;
    EXPECT_EQ(towards_zero, results[4 * k]);
    EXPECT_GE(static_cast<long double>(results[4 * k + 1]), static_cast<long double>(nearest) + 1.1f);
    EXPECT_LE(static_cast<long double>(results[4 * k + 2]) * static_cast<float>(in[k] | 1), in[k] < 0 ? 1.0001L : 1.0L);
    EXPECT_GE(static_cast<long double>(results[4 * k + 3]) * results[4 * k + 3],
              std::fabs(static_cast<long double>(nearest)));
  }
}

}  // namespace
