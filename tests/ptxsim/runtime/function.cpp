/// Attributes of kernels and their occupancy.
#include <algorithm>

#include "ptx/declaration.hpp"
#include "runtime/device_limits.hpp"
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

constexpr unsigned kRegisterUnit = 256;                                  // registers are given to warps in units of
constexpr unsigned kSharedUnit = 128;                                    // shared memory to blocks
constexpr unsigned kUnknownRegisters = 32;                               // taken for kernels without machine code
constexpr int kProcessingClusters = 8, kMultiprocessorsPerCluster = 16;  // of an H100's GPCs, where clusters must fit

unsigned registers_of_warp(const Function& kernel) {
  const unsigned registers = kernel.registers_per_thread != 0 ? kernel.registers_per_thread : kUnknownRegisters;
  return static_cast<unsigned>(align_up(registers * kWarpSize, kRegisterUnit));
}

int blocks_per_multiprocessor(const Function& kernel, std::uint64_t threads, std::size_t dynamic_shared) {
  if (threads == 0 || threads > kMaxThreads || (kernel.max_threads != 0 && threads > kernel.max_threads)) return 0;
  if (dynamic_shared > kernel.max_dynamic_shared) return 0;
  const auto warps = static_cast<unsigned>((threads + kWarpSize - 1) / kWarpSize);
  const std::uint64_t shared =
      align_up(kernel.static_shared_bytes + dynamic_shared + kSharedReservedPerBlock, kSharedUnit);
  return static_cast<int>(std::min({kMaxBlocksPerMultiprocessor, kMaxWarpsPerMultiprocessor / warps,
                                    kRegistersPerMultiprocessor / (registers_of_warp(kernel) * warps),
                                    static_cast<unsigned>(kSharedPerMultiprocessor / shared)}));
}

/// Calls f with the kernel.
template <class F> cudaError_t with_kernel(const void* host_function, F f) {
  return api([&] {
    Function* kernel = find_kernel(host_function);
    return kernel == nullptr ? cudaErrorInvalidDeviceFunction : f(*kernel);
  });
}

}  // namespace

PTXSIM_EXPORT cudaError_t cudaFuncSetAttribute(const void* host_function, cudaFuncAttribute attribute, int value) {
  return with_kernel(host_function, [&](Function& kernel) {
    switch (attribute) {
      case cudaFuncAttributeMaxDynamicSharedMemorySize:
        if (value < 0 || static_cast<unsigned>(value) + kernel.static_shared_bytes > kSharedPerBlockOptin) {
          return cudaErrorInvalidValue;
        }
        kernel.max_dynamic_shared = std::max(static_cast<unsigned>(value), kSharedPerBlock);
        return cudaSuccess;
      case cudaFuncAttributeNonPortableClusterSizeAllowed: kernel.non_portable_cluster = value != 0; return cudaSuccess;
      case cudaFuncAttributePreferredSharedMemoryCarveout:
        return value < -1 || value > 100 ? cudaErrorInvalidValue : cudaSuccess;
      default: return cudaErrorInvalidValue;
    }
  });
}

PTXSIM_EXPORT cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* result, const void* host_function) {
  return with_kernel(host_function, [&](const Function& kernel) {
    if (result == nullptr) return cudaErrorInvalidValue;
    *result = cudaFuncAttributes();
    result->sharedSizeBytes = kernel.static_shared_bytes;
    result->localSizeBytes = kernel.local_bytes;
    result->numRegs =
        static_cast<int>(kernel.registers_per_thread != 0 ? kernel.registers_per_thread : kUnknownRegisters);
    const unsigned by_registers = kRegistersPerMultiprocessor / registers_of_warp(kernel) * kWarpSize;
    const unsigned by_bounds = kernel.max_threads != 0 ? kernel.max_threads : kMaxThreads;
    result->maxThreadsPerBlock = static_cast<int>(std::min({kMaxThreads, by_bounds, by_registers}));
    result->ptxVersion = static_cast<int>(kernel.module->architecture);
    result->binaryVersion = 90;
    result->maxDynamicSharedSizeBytes = static_cast<int>(kernel.max_dynamic_shared);
    result->preferredShmemCarveout = -1;
    result->clusterDimMustBeSet = kernel.explicit_cluster ? 1 : 0;
    result->requiredClusterWidth = static_cast<int>(kernel.required_cluster[0]);
    result->requiredClusterHeight = static_cast<int>(kernel.required_cluster[1]);
    result->requiredClusterDepth = static_cast<int>(kernel.required_cluster[2]);
    result->nonPortableClusterSizeAllowed = kernel.non_portable_cluster ? 1 : 0;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaFuncSetCacheConfig(const void* host_function, cudaFuncCache) {
  return with_kernel(host_function, [](const Function&) { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaFuncGetName(const char** name, const void* host_function) {
  return with_kernel(host_function, [&](const Function& kernel) {
    *name = kernel.name.c_str();
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* blocks, const void* host_function,
                                                                                 int threads,
                                                                                 std::size_t dynamic_shared, unsigned) {
  return with_kernel(host_function, [&](const Function& kernel) {
    if (blocks == nullptr || threads <= 0) return cudaErrorInvalidValue;
    *blocks = blocks_per_multiprocessor(kernel, static_cast<std::uint64_t>(threads), dynamic_shared);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void* host_function,
                                                                        int threads, std::size_t dynamic_shared) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(blocks, host_function, threads, dynamic_shared, 0);
}

PTXSIM_EXPORT cudaError_t cudaOccupancyAvailableDynamicSMemPerBlock(std::size_t* bytes, const void* host_function,
                                                                    int blocks, int) {
  return with_kernel(host_function, [&](const Function& kernel) {
    if (bytes == nullptr || blocks < 1 || blocks > static_cast<int>(kMaxBlocksPerMultiprocessor)) {
      return cudaErrorInvalidValue;
    }
    const unsigned share = kSharedPerMultiprocessor / static_cast<unsigned>(blocks) - kSharedReservedPerBlock;
    const unsigned available = std::min(kSharedPerBlockOptin, share);
    *bytes = available - std::min(available, kernel.static_shared_bytes);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void* host_function,
                                                         const cudaLaunchConfig_t* config) {
  return with_kernel(host_function, [&](const Function& kernel) {
    const unsigned* required = kernel.required_cluster;
    std::uint64_t size = required[0] != 0 ? std::uint64_t{required[0]} * required[1] * required[2] : 1;
    for (unsigned k = 0; k < config->numAttrs; ++k) {
      if (config->attrs[k].id != cudaLaunchAttributeClusterDimension) continue;
      const auto& value = config->attrs[k].val.clusterDim;
      size = std::uint64_t{value.x} * value.y * value.z;
    }
    const unsigned most = kernel.non_portable_cluster ? kMaxClusterSize : kPortableClusterSize;
    if (size == 0 || size > most) return cudaErrorInvalidClusterSize;
    const std::uint64_t threads = std::uint64_t{config->blockDim.x} * config->blockDim.y * config->blockDim.z;
    const int blocks = blocks_per_multiprocessor(kernel, threads, config->dynamicSmemBytes);
    *clusters = kProcessingClusters * (kMultiprocessorsPerCluster * blocks / static_cast<int>(size));
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaOccupancyMaxPotentialClusterSize(int* size, const void* host_function,
                                                               const cudaLaunchConfig_t*) {
  return with_kernel(host_function, [&](const Function& kernel) {
    *size = static_cast<int>(kernel.non_portable_cluster ? kMaxClusterSize : kPortableClusterSize);
    return cudaSuccess;
  });
}
