/// What the current device is, where pointers lie, and memory for programs without a toolkit.
#include <atomic>
#include <string>
#include <utility>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/loss_kernels.hpp"
#include "kernels/engines.hpp"
#include "kullback/device_memory.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace cuda {
namespace {

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// "CUDA 13.0 for all-major" or "CUDA 13.0 for sm_80, sm_90".
std::string build_text() {
  int runtime = 0;
  cudaRuntimeGetVersion(&runtime);
  return "built with CUDA " + version_text(runtime) + " for " KULLBACK_CUDA_ARCHITECTURES;
}

/// A kernel's fault, or the device's: every call fails until the process ends, whoever caused it.
bool is_sticky(cudaError_t error) {
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorContextIsDestroyed:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable: return true;
    default: return false;
  }
}

[[noreturn]] void throw_pending(cudaError_t error) {
  throw DeviceError(std::string("CUDA: an error was pending before this call: ") + cudaGetErrorString(error));
}

/// `error`: what keeps the backend from running, where the runtime said so.
struct Finding {
  BackendStatus status;
  cudaError_t error;
};

Finding no(const std::string& why, cudaError_t error) {
  cudaGetLastError();
  return {{false, "CUDA backend: " + why}, error};
}

Finding find() {
  int driver = 0, devices = 0, device = 0, major = 0, minor = 0, multiprocessors = 0;
  const cudaError_t versioned = cudaDriverGetVersion(&driver);
  if (versioned != cudaSuccess && is_sticky(versioned)) return no(cudaGetErrorString(versioned), versioned);
  if (versioned != cudaSuccess || driver == 0) {
    return no("no NVIDIA driver is installed (" + build_text() + ")", versioned);
  }
  const std::string versions = "driver for CUDA " + version_text(driver) + ", " + build_text();
  const cudaError_t counted = cudaGetDeviceCount(&devices);
  if (counted != cudaSuccess || devices == 0) {
    return no(std::string(counted == cudaSuccess ? "no device is visible" : cudaGetErrorString(counted)) + " (" +
                  versions + ")",
              counted);
  }
  cudaFuncAttributes attributes;
  const cudaError_t found = [&] {
    for (const auto& [attribute, value] :
         {std::pair{cudaDevAttrComputeCapabilityMajor, &major}, std::pair{cudaDevAttrComputeCapabilityMinor, &minor},
          std::pair{cudaDevAttrMultiProcessorCount, &multiprocessors}}) {
      if (cudaGetDevice(&device) != cudaSuccess) break;
      const cudaError_t status = cudaDeviceGetAttribute(value, attribute, device);
      if (status != cudaSuccess) return status;
    }
    // A small one: where modules are loaded lazily, as little as possible is loaded for the question.
    return cudaFuncGetAttributes(&attributes, reinterpret_cast<const void*>(kCountValid));
  }();
  const std::string which = "device " + std::to_string(device) + " of " + std::to_string(devices) + ", sm_" +
                            std::to_string(major) + std::to_string(minor) + ", " + std::to_string(multiprocessors) +
                            " multiprocessors (" + versions + ")";
  if (found == cudaErrorNoKernelImageForDevice || found == cudaErrorInvalidDeviceFunction) {
    return no("this build has no kernels for " + which, found);
  }
  if (found != cudaSuccess) return no(std::string(cudaGetErrorString(found)) + " on " + which, found);
  return {{true, "CUDA backend, " + which}, cudaSuccess};
}

}  // namespace

BackendStatus status() { return find().status; }

void require_available() {
  static std::atomic<bool> was_available{false};  // a failure may pass, and is looked for again
  if (was_available) return;
  const Finding finding = find();
  if (is_sticky(finding.error)) throw_pending(finding.error);
  if (!finding.status.available) throw BackendUnavailable(finding.status.description);
  was_available = true;
}

int current_device() {
  int device = 0;
  check(cudaGetDevice(&device), "asking for the current device");
  return device;
}

Location location_of(const void* pointer) {
  cudaPointerAttributes attributes;
  const cudaError_t status = cudaPointerGetAttributes(&attributes, pointer);
  if (status != cudaSuccess) {
    cudaGetLastError();
    switch (status) {
      case cudaErrorInvalidValue:
      case cudaErrorNoDevice:
      case cudaErrorDevicesUnavailable:
      case cudaErrorInsufficientDriver:
      case cudaErrorStubLibrary:
      case cudaErrorSystemDriverMismatch:
      case cudaErrorCompatNotSupportedOnDevice:
      case cudaErrorSystemNotReady:
      case cudaErrorInitializationError: return {Place::host, -1};
      default: throw_pending(status);
    }
  }
  switch (attributes.type) {
    case cudaMemoryTypeDevice:
      return {attributes.device == current_device() ? Place::device : Place::other_device, attributes.device};
    case cudaMemoryTypeManaged:
    case cudaMemoryTypeHost: return {Place::either, attributes.device};
    default: break;
  }
  return {Place::host, -1};
}

}  // namespace cuda

DeviceMemory::DeviceMemory(std::size_t bytes) : bytes_(bytes) {
  cuda::require_available();
  if (bytes > 0) cuda::check(cudaMalloc(&data_, bytes), "allocating memory");
}

DeviceMemory::~DeviceMemory() {
  if (data_ != nullptr) cudaFree(data_);
}

DeviceMemory::DeviceMemory(DeviceMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}

DeviceMemory& DeviceMemory::operator=(DeviceMemory&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

void copy_to_device(void* device, const void* host, std::size_t bytes, Stream stream) {
  cuda::require_available();
  cuda::check(cudaMemcpyAsync(device, host, bytes, cudaMemcpyHostToDevice, cuda::native(stream)),
              "copying to the device");
  synchronize(stream);
}

void copy_to_host(void* host, const void* device, std::size_t bytes, Stream stream) {
  cuda::require_available();
  cuda::check(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, cuda::native(stream)),
              "copying to the host");
  synchronize(stream);
}

void synchronize(Stream stream) {
  cuda::require_available();
  cuda::check(cudaStreamSynchronize(cuda::native(stream)), "waiting for the stream");
}

}  // namespace kullback
