/// Kernel launches.
#include "machine/launch.hpp"

#include <cstring>

#include "runtime/device_limits.hpp"
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

struct CallConfiguration {
  dim3 grid, block;
  std::size_t shared;
  cudaStream_t stream;
};
thread_local std::vector<CallConfiguration> pushed_configurations;

bool within(const Dimensions& dimensions, const Dimensions& limit) {
  const auto fits = [](unsigned value, unsigned most) { return value >= 1 && value <= most; };
  return fits(dimensions.x, limit.x) && fits(dimensions.y, limit.y) && fits(dimensions.z, limit.z);
}

cudaError_t check_cluster(const LaunchConfig& config) {
  const Function& kernel = *config.kernel;
  const Dimensions &cluster = config.cluster, &grid = config.grid;
  const std::uint64_t size = cluster.count();
  if (size > kMaxClusterSize || (size > kPortableClusterSize && !kernel.non_portable_cluster)) {
    return cudaErrorInvalidClusterSize;
  }
  if (grid.x % cluster.x != 0 || grid.y % cluster.y != 0 || grid.z % cluster.z != 0) return cudaErrorInvalidClusterSize;
  const unsigned* required = kernel.required_cluster;
  const bool matches =
      required[0] == 0 || (required[0] == cluster.x && required[1] == cluster.y && required[2] == cluster.z);
  return matches ? cudaSuccess : cudaErrorInvalidClusterSize;
}

/// The errors of a launch that does not begin.
cudaError_t check(const LaunchConfig& config) {
  const Function& kernel = *config.kernel;
  const std::uint64_t threads = config.block.count();
  if (!within(config.grid, kMaxGrid) || !within(config.block, kMaxBlock) || threads > kMaxThreads) {
    return cudaErrorInvalidConfiguration;
  }
  if (kernel.max_threads != 0 && threads > kernel.max_threads) return cudaErrorLaunchOutOfResources;
  const std::uint64_t fixed = kernel.static_shared_bytes;
  if (fixed > kSharedPerBlock || config.dynamic_shared > kernel.max_dynamic_shared ||
      fixed + config.dynamic_shared > kSharedPerBlockOptin) {
    return cudaErrorInvalidValue;
  }
  return check_cluster(config);
}

cudaError_t run_now(const LaunchConfig& config) {
  const Fault fault = run(config);
  // The launch itself was fine: the fault shows at a later call.
  if (fault != Fault::none) state().pending_fault = static_cast<cudaError_t>(fault);
  return cudaSuccess;
}

Dimensions dimensions_of(dim3 value) { return {value.x, value.y, value.z}; }

cudaError_t make_config(LaunchConfig& config, const void* host_function, dim3 grid, dim3 block, void** arguments,
                        std::size_t shared) {
  Function* kernel = find_kernel(host_function);
  if (kernel == nullptr) return cudaErrorInvalidDeviceFunction;
  config.kernel = kernel;
  config.grid = dimensions_of(grid);
  config.block = dimensions_of(block);
  if (kernel->required_cluster[0] != 0) {
    config.cluster = {kernel->required_cluster[0], kernel->required_cluster[1], kernel->required_cluster[2]};
  }
  if (shared > kSharedPerBlockOptin) return cudaErrorInvalidValue;
  config.dynamic_shared = static_cast<unsigned>(shared);
  config.parameters.resize(kernel->parameter_bytes);
  for (std::size_t k = 0; k < kernel->parameters.size(); ++k) {
    const Variable& parameter = kernel->parameters[k];
    std::memcpy(config.parameters.data() + parameter.offset, arguments[k], parameter.size);
  }
  return cudaSuccess;
}

cudaError_t launch(const LaunchConfig& config, cudaStream_t stream) {
  if (const cudaError_t error = check(config)) return error;
  return enqueue(stream, cudaGraphNodeTypeKernel, [config] { return run_now(config); });
}

cudaError_t apply(const cudaLaunchAttribute& attribute, LaunchConfig& config) {
  switch (attribute.id) {
    case cudaLaunchAttributeClusterDimension: {
      const auto& value = attribute.val.clusterDim;
      if (value.x == 0 || value.y == 0 || value.z == 0) return cudaErrorInvalidValue;
      config.cluster = {value.x, value.y, value.z};
      return cudaSuccess;
    }
    case cudaLaunchAttributeCooperative: return attribute.val.cooperative != 0 ? cudaErrorNotSupported : cudaSuccess;
    case cudaLaunchAttributeIgnore:
    case cudaLaunchAttributeAccessPolicyWindow:
    case cudaLaunchAttributePriority:
    case cudaLaunchAttributeProgrammaticStreamSerialization:
    case cudaLaunchAttributeClusterSchedulingPolicyPreference: return cudaSuccess;  // hints
    default: return cudaErrorNotSupported;
  }
}

}  // namespace

PTXSIM_EXPORT unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, std::size_t shared, CUstream_st* stream) {
  pushed_configurations.push_back({grid, block, shared, stream});
  return 0;
}

PTXSIM_EXPORT cudaError_t __cudaPopCallConfiguration(dim3* grid, dim3* block, std::size_t* shared, void* stream) {
  if (pushed_configurations.empty()) return cudaErrorMissingConfiguration;
  const CallConfiguration top = pushed_configurations.back();
  pushed_configurations.pop_back();
  *grid = top.grid;
  *block = top.block;
  *shared = top.shared;
  *static_cast<cudaStream_t*>(stream) = top.stream;
  return cudaSuccess;
}

// Kernel and function handles are the addresses of the host's functions.
PTXSIM_EXPORT cudaError_t __cudaGetKernel(cudaKernel_t* kernel, const void* host_function) {
  *kernel = static_cast<cudaKernel_t>(const_cast<void*>(host_function));
  return cudaSuccess;
}

PTXSIM_EXPORT cudaError_t cudaGetKernel(cudaKernel_t* kernel, const void* host_function) {
  return __cudaGetKernel(kernel, host_function);
}

PTXSIM_EXPORT cudaError_t cudaGetFuncBySymbol(cudaFunction_t* function, const void* host_function) {
  *function = static_cast<cudaFunction_t>(const_cast<void*>(host_function));
  return cudaSuccess;
}

PTXSIM_EXPORT cudaError_t cudaLaunchKernel(const void* host_function, dim3 grid, dim3 block, void** arguments,
                                           std::size_t shared, cudaStream_t stream) {
  return api([&] {
    LaunchConfig config;
    const cudaError_t error = make_config(config, host_function, grid, block, arguments, shared);
    return error != cudaSuccess ? error : launch(config, stream);
  });
}

PTXSIM_EXPORT cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void** arguments,
                                             std::size_t shared, cudaStream_t stream) {
  return cudaLaunchKernel(static_cast<const void*>(kernel), grid, block, arguments, shared, stream);
}

PTXSIM_EXPORT cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* wanted, const void* host_function,
                                              void** arguments) {
  return api([&] {
    if (wanted == nullptr) return cudaErrorInvalidValue;
    LaunchConfig config;
    cudaError_t error =
        make_config(config, host_function, wanted->gridDim, wanted->blockDim, arguments, wanted->dynamicSmemBytes);
    for (unsigned k = 0; k < wanted->numAttrs && error == cudaSuccess; ++k) error = apply(wanted->attrs[k], config);
    return error != cudaSuccess ? error : launch(config, wanted->stream);
  });
}

PTXSIM_EXPORT cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return api([&] {
    return enqueue(stream, cudaGraphNodeTypeHost, [=] {
      function(data);
      return cudaSuccess;
    });
  });
}
