/// Memory pools: all of them are the device's memory.
#include <cstring>

#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

cudaMemPool_t default_pool() {
  static char pool;
  return reinterpret_cast<cudaMemPool_t>(&pool);
}

}  // namespace

PTXSIM_EXPORT cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  return api([&] {
    *pool = default_pool();
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaDeviceGetMemPool(cudaMemPool_t* pool, int device) {
  return cudaDeviceGetDefaultMemPool(pool, device);
}

PTXSIM_EXPORT cudaError_t cudaDeviceSetMemPool(int, cudaMemPool_t) {
  return api([] { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps*) {
  return api([&] {
    *pool = reinterpret_cast<cudaMemPool_t>(new char);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
  return api([&] {
    if (pool != default_pool()) delete reinterpret_cast<char*>(pool);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return api([] { return cudaSuccess; });
}

/// Everything is 0: no threshold, nothing reserved.
PTXSIM_EXPORT cudaError_t cudaMemPoolGetAttribute(cudaMemPool_t, cudaMemPoolAttr attribute, void* value) {
  return api([&] {
    const bool is_flag = attribute == cudaMemPoolReuseFollowEventDependencies ||
                         attribute == cudaMemPoolReuseAllowOpportunistic ||
                         attribute == cudaMemPoolReuseAllowInternalDependencies;
    std::memset(value, 0, is_flag ? sizeof(int) : sizeof(std::uint64_t));
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, std::size_t) {
  return api([] { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaMallocFromPoolAsync(void** pointer, std::size_t size, cudaMemPool_t,
                                                  cudaStream_t stream) {
  return cudaMallocAsync(pointer, size, stream);
}
