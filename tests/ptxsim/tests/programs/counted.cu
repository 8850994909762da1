/// Kernels whose counters, as nvcc compiles them, can be worked out by hand; counters_test.py has the numbers.
#include <cuda_runtime.h>

#include <cstdio>

__global__ void coalesced(const float* in, float* out) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[k] * 2.f;
}

__global__ void stride_of_two(const float* in, float* out) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[2 * k];
}

__global__ void misaligned_by_four(const float* in, float* out) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[k + 1];
}

__global__ void vectors(const float4* in, float4* out) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[k];
}

__global__ void reread(const float* in, float* out) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  out[k] = in[threadIdx.x & 31];
}

/// A thread walks down a row: a warp's lanes are a column.
__global__ void columns(const float* in, float* out) {
  float sum = 0;
  for (int k = 0; k < 8; ++k) sum += in[threadIdx.x * 8 + k];
  out[threadIdx.x] = sum;
}

template <int kWidth> __global__ void transpose(float* out) {
  __shared__ float tile[32][kWidth];
  tile[threadIdx.y][threadIdx.x] = threadIdx.x;
  __syncthreads();
  out[threadIdx.y * 32 + threadIdx.x] = tile[threadIdx.x][threadIdx.y];
}

__global__ void histogram(unsigned* out, int bins) {
  __shared__ unsigned counts[32];
  counts[threadIdx.x] = 0;
  __syncwarp();
  atomicAdd(&counts[threadIdx.x % bins], 1u);
  __syncwarp();
  out[threadIdx.x] = counts[threadIdx.x];
}

__global__ void global_counter(unsigned* out) { atomicAdd(out, threadIdx.x); }

int main() {
  float* in = nullptr;
  float* out = nullptr;
  unsigned* counts = nullptr;
  cudaMalloc(&in, 1 << 20);
  cudaMalloc(&out, 1 << 20);
  cudaMalloc(&counts, 4096);
  cudaMemset(in, 0, 1 << 20);
  cudaMemset(counts, 0, 4096);
  coalesced<<<4, 256>>>(in, out);
  stride_of_two<<<4, 256>>>(in, out);
  misaligned_by_four<<<4, 256>>>(in, out);
  vectors<<<4, 256>>>(reinterpret_cast<float4*>(in), reinterpret_cast<float4*>(out));
  reread<<<4, 256>>>(in, out);
  columns<<<1, 32>>>(in, out);
  transpose<32><<<1, dim3(32, 32)>>>(out);
  transpose<33><<<1, dim3(32, 32)>>>(out);
  histogram<<<1, 32>>>(counts, 1);
  histogram<<<1, 32>>>(counts, 4);
  histogram<<<1, 32>>>(counts, 32);
  global_counter<<<2, 64>>>(counts);
  std::printf("%s\n", cudaGetErrorString(cudaDeviceSynchronize()));
  return cudaGetLastError() == cudaSuccess ? 0 : 1;
}
