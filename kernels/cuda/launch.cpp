#include "kernels/cuda/launch.hpp"

#include <string>

#include "kullback/error.hpp"

namespace kullback::cuda {

void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // reported here; a sticky error stays
  throw DeviceError(std::string("CUDA, while ") + doing + ": " + cudaGetErrorString(status));
}

namespace {

// As much as the kernel can ever have, whatever this launch needs: the limit belongs to the kernel, and a smaller
// launch of another thread, or between a graph's capture and its replay, must not lower it.
cudaError_t allow_most_shared_memory(const void* kernel) {
  int device = 0, most = 0;
  cudaFuncAttributes attributes;
  cudaError_t status = cudaGetDevice(&device);
  if (status == cudaSuccess) status = cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, device);
  if (status == cudaSuccess) status = cudaFuncGetAttributes(&attributes, kernel);
  if (status != cudaSuccess) return status;
  return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                              most - static_cast<int>(attributes.sharedSizeBytes));
}

}  // namespace

void launch(const void* kernel, const LaunchShape& shape, void** parameters, Stream stream) {
  if (shape.blocks == 0) return;
  if (shape.blocks > kMostBlocksOfGrid) {
    throw DeviceError("CUDA: this call needs " + std::to_string(shape.blocks) + " blocks, a grid has at most " +
                      std::to_string(kMostBlocksOfGrid));
  }
  const cudaError_t pending = cudaPeekAtLastError();
  constexpr std::size_t kWithoutOptIn = 48 << 10;
  cudaError_t status = cudaSuccess;
  if (shape.shared_bytes > kWithoutOptIn) status = allow_most_shared_memory(kernel);
  if (status == cudaSuccess) {
    const dim3 grid(static_cast<unsigned>(shape.blocks));
    status = cudaLaunchKernel(kernel, grid, dim3(static_cast<unsigned>(shape.threads)), parameters, shape.shared_bytes,
                              native(stream));
  }
  if (status == cudaSuccess) return;
  if (status == pending) {
    throw DeviceError(std::string("CUDA: an error was pending before this call: ") + cudaGetErrorString(status));
  }
  check(status, "launching a kernel");
}

void set_zero(void* device, std::size_t bytes, Stream stream) {
  check(cudaMemsetAsync(device, 0, bytes, native(stream)), "clearing memory");
}

DeviceLimits device_limits() {
  int device = 0, multiprocessors = 0, shared = 0;
  check(cudaGetDevice(&device), "asking for the current device");
  check(cudaDeviceGetAttribute(&multiprocessors, cudaDevAttrMultiProcessorCount, device), "asking for its size");
  check(cudaDeviceGetAttribute(&shared, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "asking for shared memory");
  return {multiprocessors, shared};
}

}  // namespace kullback::cuda
