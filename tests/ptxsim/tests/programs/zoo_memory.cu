/// Zoo of seeded bugs: bounds, alignment, uninitialised memory, each beside a correct twin.
#include "executor.cuh"

using namespace executor;

namespace {

constexpr int kThreads = 64;

// ---- a guard that is off by one
__global__ void fill(float* out, int size, bool correct) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  if (correct ? k < size : k <= size) out[k] = 1.f;
}

TEST(ZooMemory, GuardOffByOne) {
  const Array<float> out(256);
  expect_report(
      R"(OUT OF BOUNDS 4-byte write of global byte 1024 of 1024: block\(4,0,0\) thread\(0,0,0\) of .*fill.* at zoo_memory.cu:\d+)",
      [&] { fill<<<5, kThreads>>>(out.data(), 256, false); });
  expect_silence([&] { fill<<<5, kThreads>>>(out.data(), 256, true); });
}

// ---- vector loads that round the width up
__global__ void sum_vectors(const float* in, float* out, int size) {
  const auto* vectors = reinterpret_cast<const float4*>(in);
  if (threadIdx.x >= (size + 3) / 4) return;
  const float4 v = vectors[threadIdx.x];
  out[threadIdx.x] = v.x + v.y + v.z + v.w;
}

TEST(ZooMemory, VectorTail) {
  const Array<float> in(63), padded(64), out(16);
  expect_report(R"(OUT OF BOUNDS 16-byte read of global byte 240 of 252: .*thread\(15,0,0\) of .*sum_vectors)",
                [&] { sum_vectors<<<1, kThreads>>>(in.data(), out.data(), 63); });
  expect_silence([&] { sum_vectors<<<1, kThreads>>>(padded.data(), out.data(), 63); });
}

// ---- a vector load from an odd pointer, which faults
TEST(ZooMemory, MisalignedVector) {
  const Array<float> in(80), out(16);
  expect_report(R"(MISALIGNED 16-byte access: block\(0,0,0\) thread\(\d+,0,0\) of .*sum_vectors)", [&] {
    sum_vectors<<<1, kThreads>>>(in.data() + 1, out.data(), 64);
    EXPECT_EQ(cudaErrorMisalignedAddress, cudaDeviceSynchronize());
  });
}

// ---- one static array runs into the next
__global__ void two_arrays(float* out, int offset) {
  __shared__ float first[kThreads];
  __shared__ float second[kThreads];
  first[threadIdx.x] = 1.f;
  second[threadIdx.x] = 2.f;
  __syncthreads();
  out[threadIdx.x] = first[threadIdx.x + offset] + second[threadIdx.x];
}

TEST(ZooMemory, StaticSharedOverrun) {
  const Array<float> out(kThreads);
  expect_report(R"(OUT OF BOUNDS 4-byte read of shared first\+256: .*thread\(63,0,0\) of .*two_arrays)",
                [&] { two_arrays<<<1, kThreads>>>(out.data(), 1); });
  expect_silence([&] { two_arrays<<<1, kThreads>>>(out.data(), 0); });
}

// ---- less dynamic shared memory than the kernel uses
__global__ void dynamic(float* out) {
  extern __shared__ float values[];
  values[threadIdx.x] = threadIdx.x;
  __syncthreads();
  out[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

TEST(ZooMemory, TooLittleDynamicShared) {
  const Array<float> out(kThreads);
  expect_report(R"(OUT OF BOUNDS 4-byte write of dynamic shared\+\d+: .* of .*dynamic)",
                [&] { dynamic<<<1, kThreads, (kThreads - 1) * sizeof(float)>>>(out.data()); });
  expect_silence([&] { dynamic<<<1, kThreads, kThreads * sizeof(float)>>>(out.data()); });
}

// ---- memory that nobody has written
__global__ void copy(const float* in, float* out) { out[threadIdx.x] = in[threadIdx.x]; }

TEST(ZooMemory, UninitialisedGlobal) {
  const auto in = Array<float>::uninitialised(kThreads);
  const Array<float> zeros(kThreads), out(kThreads);
  expect_report(R"(UNINITIALISED read of global byte \d+ of 256: .* of .*copy)",
                [&] { copy<<<1, kThreads>>>(in.data(), out.data()); });
  expect_silence([&] { copy<<<1, kThreads>>>(zeros.data(), out.data()); });
}

template <bool kCorrect> __global__ void partial_fill(float* out) {
  __shared__ float values[kThreads];
  if (kCorrect || threadIdx.x > 0) values[threadIdx.x] = 1.f;
  __syncthreads();
  out[threadIdx.x] = values[kThreads - 1 - threadIdx.x];
}

TEST(ZooMemory, UninitialisedShared) {
  const Array<float> out(kThreads);
  expect_report(R"(UNINITIALISED read of shared values\+0: .*thread\(63,0,0\) of .*partial_fill)",
                [&] { partial_fill<false><<<1, kThreads>>>(out.data()); });
  expect_silence([&] { partial_fill<true><<<1, kThreads>>>(out.data()); });
}

// ---- memory that was freed
TEST(ZooMemory, UseAfterFree) {
  const Array<float> out(kThreads);
  expect_report(R"(OUT OF BOUNDS 4-byte read of global byte \d+ of \d+: .* of .*copy)", [&] {
    float* freed = nullptr;
    EXPECT_CUDA(cudaMalloc(&freed, kThreads * sizeof(float)));
    EXPECT_CUDA(cudaFree(freed));
    copy<<<1, kThreads>>>(freed, out.data());
  });
}

TEST(ZooMemory, HostPointer) {
  const Array<float> out(kThreads);
  std::vector<float> host(kThreads);
  expect_report(R"(ILLEGAL ADDRESS: .* of .*copy)", [&] {
    copy<<<1, kThreads>>>(host.data(), out.data());
    EXPECT_EQ(cudaErrorIllegalAddress, cudaDeviceSynchronize());
  });
}

TEST(ZooMemory, CopyBeyondTheEnd) {
  const Array<float> out(kThreads);
  std::vector<float> host(kThreads + 1);
  expect_report("OUT OF BOUNDS cudaMemcpy of 260 bytes", [&] {
    EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(out.data(), host.data(), 260, cudaMemcpyHostToDevice));
  });
  expect_report("OUT OF BOUNDS cudaMemset of 260 bytes",
                [&] { EXPECT_EQ(cudaErrorInvalidValue, cudaMemset(out.data(), 0, 260)); });
  cudaGetLastError();
}

}  // namespace
