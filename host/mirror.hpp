#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kullback/device_memory.hpp"
#include "kullback/matrix_view.hpp"

namespace kullback {

/// Host memory as a backend sees it: the same, or a copy in device memory. A copy begins at the same address modulo 256
/// and ends with the last byte, so that alignment stays what it was and a step beyond the end would be noticed.
class Mirror {
 public:
  explicit Mirror(Backend backend) : on_device_(backend == Backend::cuda) {}

  MatrixView in(const MatrixView& v) {
    MatrixView m = v;
    m.data = at(v.data, bytes_of(v));
    return m;
  }
  VectorView in(const VectorView& v) {
    VectorView m = v;
    m.data = at(v.data, static_cast<std::size_t>(v.size) * size_of(v.dtype));
    return m;
  }
  MutableMatrixView out(const MutableMatrixView& v) {
    MutableMatrixView m = v;
    m.data = at(v.data, bytes_of(v), true);
    return m;
  }
  MutableVectorView out(const MutableVectorView& v) {
    MutableVectorView m = v;
    m.data = at(v.data, static_cast<std::size_t>(v.size) * size_of(v.dtype), true);
    return m;
  }
  template <class T> T* out(T* data, std::int64_t size) {
    return static_cast<T*>(at(data, static_cast<std::size_t>(size) * sizeof(T), true));
  }
  /// Scratch memory, filled with garbage on the host.
  Workspace workspace(std::size_t bytes) {
    if (on_device_) {
      scratch_on_device_ = DeviceMemory(bytes);
      return {scratch_on_device_.data(), bytes};
    }
    scratch_.assign(bytes, 0xa5);
    return {scratch_.data(), bytes};
  }
  /// Copies what was written back.
  void finish() {
    if (!copies_.empty()) synchronize(host_stream);
    for (const Copy& c : copies_) {
      if (c.written) copy_to_host(c.host, c.device(), c.bytes, host_stream);
    }
  }

 private:
  struct Copy {
    unsigned char* host;
    std::size_t bytes, offset;
    DeviceMemory memory;
    bool written;

    unsigned char* device() const { return static_cast<unsigned char*>(memory.data()) + offset; }
  };

  static std::size_t bytes_of(const MatrixView& v) {
    if (v.rows <= 0 || v.cols <= 0) return 0;
    return static_cast<std::size_t>((v.rows - 1) * v.row_stride + v.cols) * size_of(v.dtype);
  }

  void* at(const void* data, std::size_t bytes, bool written = false) {
    auto* host = static_cast<unsigned char*>(const_cast<void*>(data));
    if (!on_device_ || bytes == 0) return host;
    for (Copy& c : copies_) {  // in place: the output is an input, too
      if (host < c.host || host + bytes > c.host + c.bytes) continue;
      c.written |= written;
      return c.device() + (host - c.host);
    }
    constexpr std::size_t kAlignment = 256;
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(host) % kAlignment;
    copies_.push_back({host, bytes, offset, DeviceMemory(offset + bytes), written});
    copy_to_device(copies_.back().device(), host, bytes, host_stream);
    return copies_.back().device();
  }

  bool on_device_;
  std::vector<Copy> copies_;
  std::vector<unsigned char> scratch_;
  DeviceMemory scratch_on_device_;
};

}  // namespace kullback
