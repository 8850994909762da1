/// Does what its argument says; status_test.py looks at the exit status.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstring>

__global__ void fine(int* out) { out[threadIdx.x] = 1; }

__global__ void racy(int* out) { out[0] = static_cast<int>(threadIdx.x); }

__global__ void video(unsigned* sum) {
  const unsigned a = threadIdx.x, b = 7;
  asm volatile("vabsdiff4.u32.u32.u32.add %0, %1, %2, %0;" : "+r"(*sum) : "r"(a), "r"(b));
}

int main(int argc, char** argv) {
  const auto asked = [&](const char* what) { return argc > 1 && std::strcmp(argv[1], what) == 0; };
  void* memory = nullptr;
  cudaMalloc(&memory, 4096);
  fine<<<1, 32>>>(static_cast<int*>(memory));
  if (asked("race")) racy<<<1, 32>>>(static_cast<int*>(memory));
  if (asked("instruction")) video<<<1, 32>>>(static_cast<unsigned*>(memory));
  if (asked("function")) cudaCreateTextureObject(nullptr, nullptr, nullptr, nullptr);
  std::printf("%s\n", cudaGetErrorString(cudaDeviceSynchronize()));
  return asked("own status") ? 7 : 0;
}
