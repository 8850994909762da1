#pragma once

#include <cstddef>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"

/// Memory of the current CUDA device for programs that have no CUDA toolkit: a buffer and copies. Programs that have
/// one pass their own pointers. Everything throws BackendUnavailable where there is no device, DeviceError where it
/// reports an error.
namespace kullback {

/// An owned allocation (cudaMalloc, aligned to 256 bytes or more). Not for use inside a stream capture.
class KULLBACK_EXPORT DeviceMemory {
 public:
  DeviceMemory() = default;
  explicit DeviceMemory(std::size_t bytes);
  ~DeviceMemory();
  DeviceMemory(DeviceMemory&& other) noexcept;
  DeviceMemory& operator=(DeviceMemory&& other) noexcept;
  DeviceMemory(const DeviceMemory&) = delete;
  DeviceMemory& operator=(const DeviceMemory&) = delete;

  /// Null for 0 bytes.
  void* data() const noexcept { return data_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

/// In the order of the stream; return when the copy is done.
KULLBACK_EXPORT void copy_to_device(void* device, const void* host, std::size_t bytes, Stream stream);
KULLBACK_EXPORT void copy_to_host(void* host, const void* device, std::size_t bytes, Stream stream);
/// Waits until everything that was given to the stream is done; reports what went wrong in it.
KULLBACK_EXPORT void synchronize(Stream stream);

}  // namespace kullback
