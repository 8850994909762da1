/// Zoo of seeded bugs: races in shared memory, each beside a correct twin.
#include <cuda_pipeline_primitives.h>

#include "executor.cuh"

using namespace executor;

namespace {

constexpr int kThreads = 64;

// ---- a missing barrier between writing and reading across warps
template <bool kCorrect> __global__ void exchange(float* out) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = threadIdx.x;
  if (kCorrect) __syncthreads();
  out[threadIdx.x] = values[threadIdx.x ^ 32];
}

TEST(ZooSharedRaces, MissingBarrier) {
  const Array<float> out(kThreads);
  expect_report(
      R"(RACE .* of shared values\+\d+: block\(0,0,0\) thread\(\d+,0,0\) of .*exchange.* at zoo_shared_races.cu:\d+)"
      "|UNINITIALISED read of shared values",
      [&] { exchange<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { exchange<true><<<1, kThreads>>>(out.data()); });
}

// ---- a flag from warp to warp: the writer fences before it sets it, the reader after it has seen it
template <bool kWriter, bool kReader> __global__ void producer_and_consumer(float* out) {
  __shared__ float values[32];
  __shared__ int flag;
  if (threadIdx.x == 0) flag = 0;
  __syncthreads();
  if (threadIdx.x < 32) {
    values[threadIdx.x] = threadIdx.x;
    if (kWriter) __threadfence_block();
    __syncwarp();
    if (threadIdx.x == 0) atomicExch(&flag, 1);
  } else {
    if (threadIdx.x == 32) {
      while (atomicAdd(&flag, 0) == 0) continue;
      if (kReader) __threadfence_block();
    }
    __syncwarp();
    out[threadIdx.x] = values[63 - threadIdx.x];
  }
}

TEST(ZooSharedRaces, FlagBetweenWarps) {
  const Array<float> out(kThreads);
  const std::string race = R"(RACE write->read of shared values\+\d+: .* of .*producer_and_consumer)";
  expect_report(race, [&] { producer_and_consumer<false, true><<<1, kThreads>>>(out.data()); });
  expect_report(race, [&] { producer_and_consumer<true, false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { producer_and_consumer<true, true><<<1, kThreads>>>(out.data()); });
  EXPECT_EQ(31.f, out.values()[32]);
}

// ---- a missing barrier before shared memory is used again
template <bool kCorrect> __global__ void reuse(float* out) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  const float other = values[threadIdx.x ^ 32];
  if (kCorrect) __syncthreads();
  values[threadIdx.x] = other + 1;
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x ^ 32];
}

TEST(ZooSharedRaces, MissingReuseBarrier) {
  const Array<float> out(kThreads);
  expect_report(R"(RACE (read->write|write->read) of shared values\+\d+: .* of .*reuse)",
                [&] { reuse<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { reuse<true><<<1, kThreads>>>(out.data()); });
}

// ---- an asynchronous copy that may land before its place has been read
template <bool kCorrect> __global__ void reuse_by_copy(const float* in, float* out) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  const float other = values[threadIdx.x ^ 32];
  if (kCorrect) __syncthreads();
  __pipeline_memcpy_async(&values[threadIdx.x], &in[threadIdx.x], sizeof(float));
  __pipeline_commit();
  if (!kCorrect) __syncthreads();  // too late
  __pipeline_wait_prior(0);
  __syncthreads();
  out[threadIdx.x] = other + values[threadIdx.x ^ 32];
}

TEST(ZooSharedRaces, MissingBarrierBeforeACopy) {
  const Array<float> in(kThreads), out(kThreads);
  expect_report(R"(RACE read->write of shared values\+\d+: .* of .*reuse_by_copy)",
                [&] { reuse_by_copy<false><<<1, kThreads>>>(in.data(), out.data()); });
  expect_silence([&] { reuse_by_copy<true><<<1, kThreads>>>(in.data(), out.data()); });
}

// ---- lanes of a warp that rely on running in lockstep
template <bool kCorrect> __global__ void neighbours(float* out) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = 0;
  __syncthreads();
  values[threadIdx.x] = threadIdx.x;
  if (kCorrect) __syncwarp();
  out[threadIdx.x] = values[threadIdx.x ^ 1];
}

TEST(ZooSharedRaces, MissingSyncWarp) {
  const Array<float> out(kThreads);
  expect_report(R"(RACE .* of shared values\+\d+: .* of .*neighbours)",
                [&] { neighbours<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { neighbours<true><<<1, kThreads>>>(out.data()); });
}

// ---- a shuffle taken for a memory fence
__global__ void shuffle_is_no_fence(float* out) {
  __shared__ float values[kThreads];
  values[threadIdx.x] = 0;
  __syncthreads();
  values[threadIdx.x] = threadIdx.x;
  const float one = __shfl_xor_sync(0xffffffffu, 1.f, 1);
  out[threadIdx.x] = values[threadIdx.x ^ 1] + one;
}

TEST(ZooSharedRaces, ShuffleIsNoFence) {
  const Array<float> out(kThreads);
  expect_report(R"(RACE .* of shared values\+\d+: .* of .*shuffle_is_no_fence)",
                [&] { shuffle_is_no_fence<<<1, kThreads>>>(out.data()); });
}

// ---- bins that are counted without an atomic
template <bool kCorrect> __global__ void histogram(unsigned* out) {
  __shared__ unsigned bins[4];
  if (threadIdx.x < 4) bins[threadIdx.x] = 0;
  __syncthreads();
  if (kCorrect) {
    atomicAdd(&bins[threadIdx.x % 4], 1u);
  } else {
    bins[threadIdx.x % 4] += 1;
  }
  __syncthreads();
  if (threadIdx.x < 4) out[threadIdx.x] = bins[threadIdx.x];
}

TEST(ZooSharedRaces, HistogramWithoutAtomics) {
  const Array<unsigned> out(4);
  expect_report(R"(RACE .* of shared bins\+\d+: .* of .*histogram)",
                [&] { histogram<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { histogram<true><<<1, kThreads>>>(out.data()); });
}

// ---- a tree reduction whose last steps have no barrier
template <bool kCorrect> __global__ void tree(float* out) {
  extern __shared__ float partial[];
  partial[threadIdx.x] = 1;
  __syncthreads();
  for (int step = kThreads / 2; step > 0; step /= 2) {
    if (threadIdx.x < step) partial[threadIdx.x] += partial[threadIdx.x + step];
    if (kCorrect || step > 16) __syncthreads();
  }
  if (threadIdx.x == 0) *out = partial[0];
}

TEST(ZooSharedRaces, UnrolledLastWarp) {
  const Array<float> out(1);
  expect_report(R"(RACE .* of dynamic shared\+\d+: .* of .*tree)",
                [&] { tree<false><<<1, kThreads, kThreads * sizeof(float)>>>(out.data()); });
  expect_silence([&] { tree<true><<<1, kThreads, kThreads * sizeof(float)>>>(out.data()); });
  EXPECT_EQ(kThreads, out.values()[0]);
}

// ---- several threads write one flag, even if with one value
template <bool kCorrect> __global__ void flag(int* out) {
  __shared__ int found;
  if (threadIdx.x == 0) found = 0;
  __syncthreads();
  if (kCorrect) {
    if (threadIdx.x % 7 == 3) atomicExch(&found, 1);
  } else {
    if (threadIdx.x % 7 == 3) found = 1;
  }
  __syncthreads();
  if (threadIdx.x == 0) *out = found;
}

TEST(ZooSharedRaces, ManyWriters) {
  const Array<int> out(1);
  expect_report(R"(RACE write->write of shared found\+0: .* of .*flag)",
                [&] { flag<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { flag<true><<<1, kThreads>>>(out.data()); });
}

}  // namespace
