/// The device and its attributes.
#include <cstdio>
#include <cstring>

#include "runtime/device_limits.hpp"
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

constexpr int kMajor = 9, kMinor = 0;
constexpr int kL2Bytes = 60 << 20;
constexpr int kBusBits = 6144, kMemoryKilohertz = 3'201'000, kClockKilohertz = 1'980'000;

cudaDeviceProp properties() {
  cudaDeviceProp result;
  std::memset(&result, 0, sizeof result);
  std::strcpy(result.name, "NVIDIA H200 (ptxsim)");
  std::memcpy(result.uuid.bytes, "ptxsim-h200-0000", sizeof result.uuid.bytes);
  result.totalGlobalMem = DeviceMemory::kCapacity;
  result.sharedMemPerBlock = kSharedPerBlock;
  result.sharedMemPerBlockOptin = kSharedPerBlockOptin;
  result.sharedMemPerMultiprocessor = kSharedPerMultiprocessor;
  result.reservedSharedMemPerBlock = kSharedReservedPerBlock;
  result.regsPerBlock = result.regsPerMultiprocessor = static_cast<int>(kRegistersPerMultiprocessor);
  result.warpSize = static_cast<int>(kWarpSize);
  result.memPitch = INT_MAX;
  result.maxThreadsPerBlock = static_cast<int>(kMaxThreads);
  const auto copy = [](int(&to)[3], const Dimensions& from) {
    to[0] = static_cast<int>(from.x);
    to[1] = static_cast<int>(from.y);
    to[2] = static_cast<int>(from.z);
  };
  copy(result.maxThreadsDim, kMaxBlock);
  copy(result.maxGridSize, kMaxGrid);
  result.totalConstMem = 65536;
  result.major = kMajor;
  result.minor = kMinor;
  result.textureAlignment = 512;
  result.texturePitchAlignment = 32;
  result.multiProcessorCount = kMultiprocessors;
  result.maxThreadsPerMultiProcessor = static_cast<int>(kMaxThreadsPerMultiprocessor);
  result.maxBlocksPerMultiProcessor = static_cast<int>(kMaxBlocksPerMultiprocessor);
  result.l2CacheSize = kL2Bytes;
  result.memoryBusWidth = kBusBits;
  result.asyncEngineCount = 3;
  result.canMapHostMemory = result.concurrentKernels = result.ECCEnabled = result.unifiedAddressing = 1;
  result.streamPrioritiesSupported = result.globalL1CacheSupported = result.localL1CacheSupported = 1;
  result.managedMemory = result.concurrentManagedAccess = result.computePreemptionSupported = 1;
  result.hostRegisterSupported = result.memoryPoolsSupported = result.clusterLaunch = 1;
  return result;
}

/// -1 for an attribute that there is no answer to.
int attribute(cudaDeviceAttr which) {
  switch (which) {
    case cudaDevAttrMaxThreadsPerBlock: return static_cast<int>(kMaxThreads);
    case cudaDevAttrMaxBlockDimX: return static_cast<int>(kMaxBlock.x);
    case cudaDevAttrMaxBlockDimY: return static_cast<int>(kMaxBlock.y);
    case cudaDevAttrMaxBlockDimZ: return static_cast<int>(kMaxBlock.z);
    case cudaDevAttrMaxGridDimX: return static_cast<int>(kMaxGrid.x);
    case cudaDevAttrMaxGridDimY: return static_cast<int>(kMaxGrid.y);
    case cudaDevAttrMaxGridDimZ: return static_cast<int>(kMaxGrid.z);
    case cudaDevAttrMaxSharedMemoryPerBlock: return kSharedPerBlock;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: return kSharedPerBlockOptin;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: return kSharedPerMultiprocessor;
    case cudaDevAttrReservedSharedMemoryPerBlock: return kSharedReservedPerBlock;
    case cudaDevAttrTotalConstantMemory: return 65536;
    case cudaDevAttrWarpSize: return static_cast<int>(kWarpSize);
    case cudaDevAttrMaxPitch: return INT_MAX;
    case cudaDevAttrMaxRegistersPerBlock:
    case cudaDevAttrMaxRegistersPerMultiprocessor: return kRegistersPerMultiprocessor;
    case cudaDevAttrClockRate: return kClockKilohertz;
    case cudaDevAttrMemoryClockRate: return kMemoryKilohertz;
    case cudaDevAttrGlobalMemoryBusWidth: return kBusBits;
    case cudaDevAttrL2CacheSize: return kL2Bytes;
    case cudaDevAttrMultiProcessorCount: return kMultiprocessors;
    case cudaDevAttrMaxThreadsPerMultiProcessor: return kMaxThreadsPerMultiprocessor;
    case cudaDevAttrMaxBlocksPerMultiprocessor: return kMaxBlocksPerMultiprocessor;
    case cudaDevAttrAsyncEngineCount: return 3;
    case cudaDevAttrTextureAlignment: return 512;
    case cudaDevAttrComputeCapabilityMajor: return kMajor;
    case cudaDevAttrComputeCapabilityMinor: return kMinor;
    case cudaDevAttrGpuOverlap:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrEccEnabled:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrStreamPrioritiesSupported:
    case cudaDevAttrGlobalL1CacheSupported:
    case cudaDevAttrLocalL1CacheSupported:
    case cudaDevAttrManagedMemory:
    case cudaDevAttrConcurrentManagedAccess:
    case cudaDevAttrComputePreemptionSupported:
    case cudaDevAttrHostRegisterSupported:
    case cudaDevAttrMemoryPoolsSupported:
    case cudaDevAttrClusterLaunch: return 1;
    case cudaDevAttrKernelExecTimeout:
    case cudaDevAttrIntegrated:
    case cudaDevAttrComputeMode:
    case cudaDevAttrPciBusId:
    case cudaDevAttrPciDeviceId:
    case cudaDevAttrPciDomainId:
    case cudaDevAttrTccDriver:
    case cudaDevAttrIsMultiGpuBoard:
    case cudaDevAttrMultiGpuBoardGroupID:
    case cudaDevAttrPageableMemoryAccess:
    case cudaDevAttrCooperativeLaunch:
    case cudaDevAttrDirectManagedMemAccessFromHost:
    case cudaDevAttrMaxPersistingL2CacheSize:
    case cudaDevAttrMaxAccessPolicyWindowSize: return 0;
    default: return -1;
  }
}

cudaError_t check_device(int device) { return device == 0 ? cudaSuccess : cudaErrorInvalidDevice; }

}  // namespace

PTXSIM_EXPORT cudaError_t cudaGetDeviceCount(int* count) {
  return api([&] {
    *count = 1;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGetDevice(int* device) {
  return api([&] {
    *device = 0;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaSetDevice(int device) {
  return api([&] { return check_device(device); });
}

PTXSIM_EXPORT cudaError_t cudaInitDevice(int device, unsigned, unsigned) { return cudaSetDevice(device); }

PTXSIM_EXPORT cudaError_t cudaSetDeviceFlags(unsigned) {
  return api([] { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaDriverGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

PTXSIM_EXPORT cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = kVersion;
  return cudaSuccess;
}

PTXSIM_EXPORT cudaError_t cudaGetDeviceProperties(cudaDeviceProp* result, int device) {
  return api([&] {
    if (result == nullptr) return cudaErrorInvalidValue;
    if (device == 0) *result = properties();
    return check_device(device);
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int device) {
  return api([&] {
    if (value == nullptr) return cudaErrorInvalidValue;
    if (device != 0) return cudaErrorInvalidDevice;
    const int result = attribute(which);
    if (result < 0) return cudaErrorInvalidValue;
    *value = result;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceSynchronize() {
  return api_outside_capture([] { return cudaSuccess; });
}

/// Ends a sticky error; allocations stay, as tests that go on after a fault want them to.
PTXSIM_EXPORT cudaError_t cudaDeviceReset() {
  const std::lock_guard lock(state().mutex);
  state().sticky = state().pending_fault = last_error() = cudaSuccess;
  return cudaSuccess;
}

PTXSIM_EXPORT cudaError_t cudaDeviceGetLimit(std::size_t* value, cudaLimit limit) {
  return api([&] {
    *value = limit == cudaLimitStackSize ? 1024 : limit == cudaLimitPrintfFifoSize ? 1 << 20 : 8 << 20;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  return api([&] {
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = -5;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceGetPCIBusId(char* text, int size, int device) {
  return api([&] {
    std::snprintf(text, static_cast<std::size_t>(size), "0000:00:00.0");
    return check_device(device);
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceCanAccessPeer(int* can, int, int) {
  return api([&] {
    *can = 0;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaProfilerStart() { return cudaSuccess; }
PTXSIM_EXPORT cudaError_t cudaProfilerStop() { return cudaSuccess; }
