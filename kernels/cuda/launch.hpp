#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <cstdint>

#include "kullback/backend.hpp"

/// Launching kernels from the host: errors become exceptions, nothing synchronises, everything can be captured.
namespace kullback::cuda {

/// Throws DeviceError: "while <doing>: <what the runtime says>".
void check(cudaError_t status, const char* doing);

struct LaunchShape {
  std::int64_t blocks;
  int threads;
  std::size_t shared_bytes = 0;
};

/// Only kernels that stride over what is left may be given fewer blocks than there is work for.
inline constexpr std::int64_t kMostBlocksOfGrid = (std::int64_t{1} << 31) - 1;

/// Runs `kernel` with the addresses of its parameters. An error that was pending before is told apart.
void launch(const void* kernel, const LaunchShape& shape, void** parameters, Stream stream);

template <class... Parameters>
void launch(void (*kernel)(Parameters...), const LaunchShape& shape, Stream stream, Parameters... values) {
  void* addresses[] = {&values...};
  launch(reinterpret_cast<const void*>(kernel), shape, addresses, stream);
}

inline cudaStream_t native(Stream stream) { return static_cast<cudaStream_t>(stream.handle); }

void set_zero(void* device, std::size_t bytes, Stream stream);

/// Of the current device.
struct DeviceLimits {
  int multiprocessors;
  std::int64_t shared_bytes_per_block;  ///< with opt-in
};
DeviceLimits device_limits();

}  // namespace kullback::cuda
