/// Zoo of seeded bugs: barriers, warp masks, each beside a correct twin.
#include "executor.cuh"

using namespace executor;

namespace {

constexpr int kThreads = 64;

// ---- a barrier that only some threads reach
__global__ void barrier_in_a_branch(int* out, int limit) {
  if (threadIdx.x < limit) {
    out[threadIdx.x] = 1;
    __syncthreads();
  } else {
    out[threadIdx.x] = 3;
  }
}

TEST(ZooSynchronisation, BarrierInABranch) {
  const Array<int> out(kThreads);
  expect_report(R"(BARRIER: .*barrier_in_a_branch)", [&] { barrier_in_a_branch<<<1, kThreads>>>(out.data(), 40); });
  expect_silence([&] { barrier_in_a_branch<<<1, kThreads>>>(out.data(), kThreads); });
}

// ---- two barriers in two branches are one: hardware lets them meet
__global__ void two_barriers(int* out) {
  if (threadIdx.x < 40) {
    out[threadIdx.x] = 1;
    __syncthreads();
  } else {
    out[threadIdx.x] = 2;
    __syncthreads();
  }
}

TEST(ZooSynchronisation, BarriersInBothBranches) {
  const Array<int> out(kThreads);
  expect_silence([&] { two_barriers<<<1, kThreads>>>(out.data()); });
}

// ---- an early return before a barrier
__global__ void early_return(int* out, int size) {
  if (threadIdx.x >= size) return;
  out[threadIdx.x] = 1;
  __syncthreads();
}

TEST(ZooSynchronisation, EarlyReturn) {
  const Array<int> out(kThreads);
  expect_report(R"(BARRIER: .*early_return)", [&] { early_return<<<1, kThreads>>>(out.data(), 60); });
  expect_silence([&] { early_return<<<1, kThreads>>>(out.data(), kThreads); });
}

// ---- different barriers: nobody gets on
__global__ void deadlock(int* out) {
  if (threadIdx.x < 32) {
    asm volatile("bar.sync 1, 64;" ::: "memory");
  } else {
    asm volatile("bar.sync 2, 64;" ::: "memory");
  }
  out[threadIdx.x] = 1;
}

TEST(ZooSynchronisation, Deadlock) {
  const Array<int> out(kThreads);
  expect_report(
      R"(DEADLOCK in .*deadlock.*: \[32 threads wait in bar at zoo_synchronisation.cu:\d+ .*\] \[32 threads wait)",
      [&] {
        deadlock<<<1, kThreads>>>(out.data());
        EXPECT_EQ(cudaErrorLaunchFailure, cudaDeviceSynchronize());
      });
}

// ---- a full mask where not all lanes come
__global__ void full_mask(float* out, int size, unsigned mask) {
  float v = threadIdx.x;
  if (threadIdx.x < size) v += __shfl_down_sync(mask, v, 1, 16);
  out[threadIdx.x] = v;
}

TEST(ZooSynchronisation, FullMaskInABranch) {
  const Array<float> out(kThreads);
  expect_report(R"(WARP: shuffle reads lane|DEADLOCK|BARRIER)",
                [&] { full_mask<<<1, kThreads>>>(out.data(), 50, 0xffffffffu); });
  expect_silence([&] { full_mask<<<1, 48>>>(out.data(), 16, 0x0000ffffu); });
}

// ---- the last warp of a block that is no multiple of 32
__global__ void partial_warp(float* out, unsigned mask) {
  float v = 1.f;
  for (int step = 8; step > 0; step /= 2) v += __shfl_xor_sync(threadIdx.x < 32 ? 0xffffffffu : mask, v, step);
  out[threadIdx.x] = v;
}

TEST(ZooSynchronisation, PartialWarp) {
  const Array<float> out(kThreads);
  expect_report(R"(WARP: member mask names lanes that do not exist: .*partial_warp)",
                [&] { partial_warp<<<1, 48>>>(out.data(), 0xffffffffu); });
  expect_silence([&] { partial_warp<<<1, 48>>>(out.data(), 0x0000ffffu); });
  EXPECT_EQ(16.f, out.values()[47]);
}

// ---- a lane reads one that is not in the mask
__global__ void source_outside(float* out, int source) {
  float v = 1.f;
  if ((threadIdx.x & 31) < 16) v = __shfl_sync(0x0000ffffu, v, source);
  out[threadIdx.x] = v;
}

TEST(ZooSynchronisation, ShuffleSourceOutside) {
  const Array<float> out(kThreads);
  expect_report(R"(WARP: shuffle reads lane 20, which does not take part: .*source_outside)",
                [&] { source_outside<<<1, kThreads>>>(out.data(), 20); });
  expect_silence([&] { source_outside<<<1, kThreads>>>(out.data(), 10); });
}

// ---- a lane that is not in its own mask
__global__ void own_lane_missing(float* out) { out[threadIdx.x] = __shfl_sync(0x0000ffffu, 1.f, 0); }

TEST(ZooSynchronisation, OwnLaneMissing) {
  const Array<float> out(kThreads);
  expect_report(R"(WARP: member mask without the own lane: .*own_lane_missing)",
                [&] { own_lane_missing<<<1, kThreads>>>(out.data()); });
}

// ---- lanes of one operation that name different partners
template <bool kCorrect> __device__ unsigned partners() {
  if (threadIdx.x % 32 < 16) return 0x0000ffffu;
  return kCorrect ? 0xffff0000u : 0xffffffffu;
}

template <bool kCorrect> __global__ void disagreeing_sync(int* out) {
  __shared__ int values[kThreads];
  values[threadIdx.x] = static_cast<int>(threadIdx.x);
  __syncwarp(partners<kCorrect>());
  out[threadIdx.x] = values[threadIdx.x ^ 1];
}

template <bool kCorrect> __global__ void disagreeing_vote(int* out) {
  out[threadIdx.x] = static_cast<int>(__ballot_sync(partners<kCorrect>(), threadIdx.x & 1));
}

template <bool kCorrect> __global__ void disagreeing_shuffle(int* out) {
  __syncwarp(partners<kCorrect>());
  out[threadIdx.x] = __shfl_xor_sync(partners<kCorrect>(), static_cast<int>(threadIdx.x), 1);
}

TEST(ZooSynchronisation, DisagreeingMasks) {
  const Array<int> out(kThreads);
  const auto check = [&](auto wrong, auto correct) {
    expect_report("WARP: member masks disagree: .*disagreeing_", [&] { wrong<<<1, kThreads>>>(out.data()); });
    expect_silence([&] { correct<<<1, kThreads>>>(out.data()); });
  };
  check(disagreeing_sync<false>, disagreeing_sync<true>);
  check(disagreeing_vote<false>, disagreeing_vote<true>);
  check(disagreeing_shuffle<false>, disagreeing_shuffle<true>);
  EXPECT_EQ(kThreads - 2, out.values()[kThreads - 1]);
}

// ---- different operations that are meant to be one
__global__ void mixed(float* out) {
  float v = 1.f;
  if (threadIdx.x & 1) {
    v = __shfl_xor_sync(0xffffffffu, v, 1);
  } else {
    v = __shfl_down_sync(0xffffffffu, v, 1);
  }
  out[threadIdx.x] = v;
}

TEST(ZooSynchronisation, DifferentOperationsMeet) {
  const Array<float> out(kThreads);
  expect_report(R"(WARP: different operations meet: .*mixed)", [&] { mixed<<<1, kThreads>>>(out.data()); });
}

}  // namespace
