/// Errors and their names.
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

struct Named {
  cudaError_t error;
  const char *name, *text;
};

#define PTXSIM_ERROR(error, text) \
  { error, #error, text }
constexpr Named kErrors[] = {
    PTXSIM_ERROR(cudaSuccess, "no error"),
    PTXSIM_ERROR(cudaErrorInvalidValue, "invalid argument"),
    PTXSIM_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    PTXSIM_ERROR(cudaErrorInvalidConfiguration, "invalid configuration argument"),
    PTXSIM_ERROR(cudaErrorInvalidPitchValue, "invalid pitch argument"),
    PTXSIM_ERROR(cudaErrorInvalidDevicePointer, "invalid device pointer"),
    PTXSIM_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    PTXSIM_ERROR(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    PTXSIM_ERROR(cudaErrorInvalidDeviceFunction, "invalid device function"),
    PTXSIM_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    PTXSIM_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    PTXSIM_ERROR(cudaErrorNoKernelImageForDevice, "no kernel image is available for execution on the device"),
    PTXSIM_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    PTXSIM_ERROR(cudaErrorSymbolNotFound, "named symbol not found"),
    PTXSIM_ERROR(cudaErrorNotReady, "device not ready"),
    PTXSIM_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    PTXSIM_ERROR(cudaErrorLaunchOutOfResources, "too many resources requested for launch"),
    PTXSIM_ERROR(cudaErrorHostMemoryAlreadyRegistered, "part or all of the requested memory range is already mapped"),
    PTXSIM_ERROR(cudaErrorHostMemoryNotRegistered, "pointer does not correspond to a registered memory region"),
    PTXSIM_ERROR(cudaErrorAssert, "device-side assert triggered"),
    PTXSIM_ERROR(cudaErrorMisalignedAddress, "misaligned address"),
    PTXSIM_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    PTXSIM_ERROR(cudaErrorNotSupported, "operation not supported"),
    PTXSIM_ERROR(cudaErrorStreamCaptureUnsupported, "operation not permitted when stream is capturing"),
    PTXSIM_ERROR(cudaErrorStreamCaptureInvalidated, "operation failed due to a previous error during capture"),
    PTXSIM_ERROR(cudaErrorStreamCaptureMerge, "operation would result in a merge of separate capture sequences"),
    PTXSIM_ERROR(cudaErrorStreamCaptureUnmatched, "capture was not ended in the same stream as it began"),
    PTXSIM_ERROR(cudaErrorStreamCaptureUnjoined, "capturing stream has unjoined work"),
    PTXSIM_ERROR(cudaErrorStreamCaptureIsolation, "dependency created on uncaptured work in another stream"),
    PTXSIM_ERROR(cudaErrorStreamCaptureImplicit,
                 "operation would make the legacy stream depend on a capturing blocking stream"),
    PTXSIM_ERROR(cudaErrorCapturedEvent, "operation not permitted on an event last recorded in a capturing stream"),
    PTXSIM_ERROR(cudaErrorGraphExecUpdateFailure,
                 "the graph update was not performed because it included changes which violated constraints"),
    PTXSIM_ERROR(cudaErrorInvalidClusterSize, "cluster misconfiguration"),
    PTXSIM_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef PTXSIM_ERROR

constexpr const char* kUnrecognised = "unrecognized error code";

cudaError_t current_error() { return state().sticky != cudaSuccess ? state().sticky : last_error(); }

}  // namespace

PTXSIM_EXPORT cudaError_t cudaGetLastError() {
  const cudaError_t error = current_error();
  last_error() = cudaSuccess;
  return error;
}

PTXSIM_EXPORT cudaError_t cudaPeekAtLastError() { return current_error(); }

PTXSIM_EXPORT const char* cudaGetErrorString(cudaError_t error) {
  for (const Named& each : kErrors) {
    if (each.error == error) return each.text;
  }
  return kUnrecognised;
}

PTXSIM_EXPORT const char* cudaGetErrorName(cudaError_t error) {
  for (const Named& each : kErrors) {
    if (each.error == error) return each.name;
  }
  return kUnrecognised;
}
