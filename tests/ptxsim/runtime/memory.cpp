/// Allocation, copies, symbols, pointer attributes.
#include <algorithm>
#include <cstring>

#include "ptx/declaration.hpp"
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

std::uint64_t address_of(const void* pointer) { return reinterpret_cast<std::uint64_t>(pointer); }

bool is_device(const void* pointer) { return device_memory().is_device(address_of(pointer)); }

/// Of host memory nothing is known.
bool is_valid(const void* pointer, std::size_t size) {
  return !is_device(pointer) || device_memory().holds(address_of(pointer), size);
}

cudaError_t allocate(void** pointer, std::size_t size) {
  *pointer = nullptr;
  if (size == 0) return cudaSuccess;
  *pointer = reinterpret_cast<void*>(device_memory().allocate(size));
  return *pointer != nullptr ? cudaSuccess : cudaErrorMemoryAllocation;
}

cudaError_t release(void* pointer, const char* function) {
  if (pointer == nullptr || device_memory().release(address_of(pointer))) return cudaSuccess;
  report("free", std::string(function) + " of a pointer that is not an allocation");
  return cudaErrorInvalidValue;
}

/// Host memory that kernels can access lies in device memory.
cudaError_t allocate_host(void** pointer, std::size_t size, cudaMemoryType type) {
  if (pointer == nullptr) return cudaErrorInvalidValue;
  *pointer = nullptr;
  if (size == 0) return cudaSuccess;
  const std::uint64_t address = device_memory().allocate_initialised(size);
  if (address == 0) return cudaErrorMemoryAllocation;
  state().host_allocations[address] = {size, type};
  *pointer = reinterpret_cast<void*>(address);
  return cudaSuccess;
}

cudaError_t copy(void* to, const void* from, std::size_t size, cudaMemcpyKind kind) {
  if (size == 0) return cudaSuccess;
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault) return cudaErrorInvalidMemcpyDirection;
  if (to == nullptr || from == nullptr) return cudaErrorInvalidValue;
  if (!is_valid(to, size) || !is_valid(from, size)) {
    report("memcpy", "OUT OF BOUNDS cudaMemcpy of " + std::to_string(size) + " bytes");
    return cudaErrorInvalidValue;
  }
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if ((to_device && !is_device(to)) || (from_device && !is_device(from))) return cudaErrorInvalidValue;
  std::memmove(to, from, size);
  device_memory().host_wrote(address_of(to), size);
  return cudaSuccess;
}

cudaError_t set(void* to, int value, std::size_t size) {
  if (size == 0) return cudaSuccess;
  if (!is_device(to)) return cudaErrorInvalidValue;
  if (!is_valid(to, size)) {
    report("memset", "OUT OF BOUNDS cudaMemset of " + std::to_string(size) + " bytes");
    return cudaErrorInvalidValue;
  }
  std::memset(to, value, size);
  device_memory().host_wrote(address_of(to), size);
  return cudaSuccess;
}

char* byte(void* pointer, std::size_t offset) { return static_cast<char*>(pointer) + offset; }
const char* byte(const void* pointer, std::size_t offset) { return static_cast<const char*>(pointer) + offset; }

cudaError_t copy_rows(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch, std::size_t width,
                      std::size_t height, cudaMemcpyKind kind) {
  if (width > to_pitch || width > from_pitch) return cudaErrorInvalidPitchValue;
  for (std::size_t row = 0; row < height; ++row) {
    const cudaError_t error = copy(byte(to, row * to_pitch), byte(from, row * from_pitch), width, kind);
    if (error != cudaSuccess) return error;
  }
  return cudaSuccess;
}

cudaError_t set_rows(void* to, std::size_t pitch, int value, std::size_t width, std::size_t height) {
  for (std::size_t row = 0; row < height; ++row) {
    if (const cudaError_t error = set(byte(to, row * pitch), value, width)) return error;
  }
  return cudaSuccess;
}

/// Calls f with the variable's address.
template <class F> cudaError_t with_symbol(const void* symbol, F f) {
  const auto found = state().symbols.find(symbol);
  const Variable* variable = found == state().symbols.end() ? nullptr : found->second.find();
  if (variable == nullptr) return cudaErrorSymbolNotFound;
  return f(reinterpret_cast<char*>(variable->offset), variable->size);
}

}  // namespace

PTXSIM_EXPORT cudaError_t cudaMalloc(void** pointer, std::size_t size) {
  return api_outside_capture([&] { return pointer == nullptr ? cudaErrorInvalidValue : allocate(pointer, size); });
}

PTXSIM_EXPORT cudaError_t cudaFree(void* pointer) {
  if (pointer == nullptr) {
    return api([] { return cudaSuccess; });
  }
  return api_outside_capture([&] {
    state().host_allocations.erase(address_of(pointer));
    return release(pointer, "cudaFree");
  });
}

/// In a capture the memory is there from the beginning, and stays.
PTXSIM_EXPORT cudaError_t cudaMallocAsync(void** pointer, std::size_t size, cudaStream_t stream) {
  return api([&] {
    if (pointer == nullptr) return cudaErrorInvalidValue;
    const Stream* found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    const cudaError_t error = allocate(pointer, size);
    if (error != cudaSuccess || !found->capturing) return error;
    return enqueue(stream, cudaGraphNodeTypeMemAlloc, [] { return cudaSuccess; });
  });
}

PTXSIM_EXPORT cudaError_t cudaFreeAsync(void* pointer, cudaStream_t stream) {
  return api([&] {
    const Stream* found = find_stream(stream);
    if (found == nullptr) return cudaErrorInvalidResourceHandle;
    if (!found->capturing) return release(pointer, "cudaFreeAsync");
    return enqueue(stream, cudaGraphNodeTypeMemFree, [] { return cudaSuccess; });
  });
}

PTXSIM_EXPORT cudaError_t cudaMallocHost(void** pointer, std::size_t size) {
  return api_outside_capture([&] { return allocate_host(pointer, size, cudaMemoryTypeHost); });
}

PTXSIM_EXPORT cudaError_t cudaHostAlloc(void** pointer, std::size_t size, unsigned) {
  return cudaMallocHost(pointer, size);
}

PTXSIM_EXPORT cudaError_t cudaMallocManaged(void** pointer, std::size_t size, unsigned) {
  return api_outside_capture([&] { return allocate_host(pointer, size, cudaMemoryTypeManaged); });
}

PTXSIM_EXPORT cudaError_t cudaFreeHost(void* pointer) {
  return api([&] {
    if (pointer == nullptr) return cudaSuccess;
    if (state().host_allocations.erase(address_of(pointer)) == 0) return cudaErrorInvalidValue;
    return release(pointer, "cudaFreeHost");
  });
}

/// Pinned memory of the program's own: copies are as fast as ever, kernels cannot access it.
PTXSIM_EXPORT cudaError_t cudaHostRegister(void* pointer, std::size_t size, unsigned) {
  return api([&] {
    if (pointer == nullptr || size == 0 || is_device(pointer)) return cudaErrorInvalidValue;
    const auto [known, is_new] = state().host_allocations.try_emplace(address_of(pointer), HostAllocation());
    if (!is_new) return cudaErrorHostMemoryAlreadyRegistered;
    known->second = {size, cudaMemoryTypeHost};
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaHostUnregister(void* pointer) {
  return api([&] {
    if (is_device(pointer)) return cudaErrorInvalidValue;
    return state().host_allocations.erase(address_of(pointer)) != 0 ? cudaSuccess : cudaErrorHostMemoryNotRegistered;
  });
}

PTXSIM_EXPORT cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned) {
  return api([&] {
    if (!is_device(host)) return cudaErrorInvalidValue;
    *device = host;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemGetInfo(std::size_t* available, std::size_t* total) {
  return api([&] {
    const std::uint64_t used = device_memory().allocated_bytes();
    if (total != nullptr) *total = DeviceMemory::kCapacity;
    if (available != nullptr) *available = DeviceMemory::kCapacity - std::min(DeviceMemory::kCapacity, used);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemcpy(void* to, const void* from, std::size_t size, cudaMemcpyKind kind) {
  return api_outside_capture(
      [&] { return enqueue(nullptr, cudaGraphNodeTypeMemcpy, [=] { return copy(to, from, size, kind); }); });
}

PTXSIM_EXPORT cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t size, cudaMemcpyKind kind,
                                          cudaStream_t stream) {
  return api([&] { return enqueue(stream, cudaGraphNodeTypeMemcpy, [=] { return copy(to, from, size, kind); }); });
}

PTXSIM_EXPORT cudaError_t cudaMemcpy2D(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                                       std::size_t width, std::size_t height, cudaMemcpyKind kind) {
  return api_outside_capture([&] { return copy_rows(to, to_pitch, from, from_pitch, width, height, kind); });
}

PTXSIM_EXPORT cudaError_t cudaMemcpy2DAsync(void* to, std::size_t to_pitch, const void* from, std::size_t from_pitch,
                                            std::size_t width, std::size_t height, cudaMemcpyKind kind,
                                            cudaStream_t stream) {
  return api([&] {
    return enqueue(stream, cudaGraphNodeTypeMemcpy,
                   [=] { return copy_rows(to, to_pitch, from, from_pitch, width, height, kind); });
  });
}

PTXSIM_EXPORT cudaError_t cudaMemset(void* to, int value, std::size_t size) {
  return api_outside_capture(
      [&] { return enqueue(nullptr, cudaGraphNodeTypeMemset, [=] { return set(to, value, size); }); });
}

PTXSIM_EXPORT cudaError_t cudaMemsetAsync(void* to, int value, std::size_t size, cudaStream_t stream) {
  return api([&] { return enqueue(stream, cudaGraphNodeTypeMemset, [=] { return set(to, value, size); }); });
}

PTXSIM_EXPORT cudaError_t cudaMemset2D(void* to, std::size_t pitch, int value, std::size_t width, std::size_t height) {
  return api_outside_capture([&] { return set_rows(to, pitch, value, width, height); });
}

PTXSIM_EXPORT cudaError_t cudaMemset2DAsync(void* to, std::size_t pitch, int value, std::size_t width,
                                            std::size_t height, cudaStream_t stream) {
  return api([&] {
    return enqueue(stream, cudaGraphNodeTypeMemset, [=] { return set_rows(to, pitch, value, width, height); });
  });
}

PTXSIM_EXPORT cudaError_t cudaGetSymbolAddress(void** pointer, const void* symbol) {
  return api([&] {
    return with_symbol(symbol, [&](char* address, std::uint64_t) {
      *pointer = address;
      return cudaSuccess;
    });
  });
}

PTXSIM_EXPORT cudaError_t cudaGetSymbolSize(std::size_t* size, const void* symbol) {
  return api([&] {
    return with_symbol(symbol, [&](char*, std::uint64_t bytes) {
      *size = bytes;
      return cudaSuccess;
    });
  });
}

PTXSIM_EXPORT cudaError_t cudaMemcpyToSymbolAsync(const void* symbol, const void* from, std::size_t size,
                                                  std::size_t offset, cudaMemcpyKind kind, cudaStream_t stream) {
  return api([&] {
    return with_symbol(symbol, [&](char* address, std::uint64_t) {
      return enqueue(stream, cudaGraphNodeTypeMemcpy, [=] { return copy(address + offset, from, size, kind); });
    });
  });
}

PTXSIM_EXPORT cudaError_t cudaMemcpyFromSymbolAsync(void* to, const void* symbol, std::size_t size, std::size_t offset,
                                                    cudaMemcpyKind kind, cudaStream_t stream) {
  return api([&] {
    return with_symbol(symbol, [&](char* address, std::uint64_t) {
      return enqueue(stream, cudaGraphNodeTypeMemcpy, [=] { return copy(to, address + offset, size, kind); });
    });
  });
}

PTXSIM_EXPORT cudaError_t cudaMemcpyToSymbol(const void* symbol, const void* from, std::size_t size, std::size_t offset,
                                             cudaMemcpyKind kind) {
  return cudaMemcpyToSymbolAsync(symbol, from, size, offset, kind, nullptr);
}

PTXSIM_EXPORT cudaError_t cudaMemcpyFromSymbol(void* to, const void* symbol, std::size_t size, std::size_t offset,
                                               cudaMemcpyKind kind) {
  return cudaMemcpyFromSymbolAsync(to, symbol, size, offset, kind, nullptr);
}

PTXSIM_EXPORT cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* result, const void* pointer) {
  return api([&] {
    if (result == nullptr) return cudaErrorInvalidValue;
    *result = cudaPointerAttributes();
    const std::uint64_t address = address_of(pointer);
    cudaMemoryType type = device_memory().holds(address, 1) ? cudaMemoryTypeDevice : cudaMemoryTypeUnregistered;
    auto host = state().host_allocations.upper_bound(address);
    if (host != state().host_allocations.begin()) {
      --host;
      if (address - host->first < host->second.size) type = host->second.type;
    }
    auto* const mutable_pointer = const_cast<void*>(pointer);
    result->type = type;
    result->device = type == cudaMemoryTypeUnregistered ? cudaInvalidDeviceId : 0;
    result->devicePointer = is_device(pointer) && type != cudaMemoryTypeUnregistered ? mutable_pointer : nullptr;
    result->hostPointer = type == cudaMemoryTypeDevice ? nullptr : mutable_pointer;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaMemAdvise(const void*, std::size_t, cudaMemoryAdvise, cudaMemLocation) {
  return api([] { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaMemPrefetchAsync(const void*, std::size_t, cudaMemLocation, unsigned, cudaStream_t) {
  return api([] { return cudaSuccess; });
}
