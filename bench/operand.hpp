#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>

#include "bench/buffer.hpp"
#include "bench/platform.hpp"
#include "kullback/device_memory.hpp"
#include "kullback/rows.hpp"

namespace kullback::bench {

inline std::size_t bytes_of(const MatrixView& m) {
  return static_cast<std::size_t>(m.rows * m.cols) * size_of(m.dtype);
}
inline std::size_t bytes_of(const VectorView& v) { return static_cast<std::size_t>(v.size) * size_of(v.dtype); }

/// Where operands lie, and how many copies of each there are.
struct Placement {
  Backend backend = Backend::cpu;
  Stream stream;
  std::int64_t copies = 1;
};

/// As many copies of data of this size as lie `cold_bytes` apart when calls go round them.
inline Placement placement(const Platform& platform, std::size_t bytes) {
  const std::size_t cold = std::max(platform.cold_bytes, std::size_t{1}), each = std::max(bytes, std::size_t{1});
  return {platform.backend, platform.stream, static_cast<std::int64_t>((cold + each - 1) / each)};
}

/// Memory that calls read or write. The CPU reads the host's memory itself; a device has copies.
class Operand {
 public:
  Operand() = default;
  /// An output, or scratch memory.
  Operand(std::size_t bytes, const Placement& where) : Operand(nullptr, bytes, where) {
    if (bytes == 0) return;
    host_memory_ = std::make_shared<Buffer<std::byte>>(bytes);
    if (!device_memory_) base_ = host_memory_->data();
  }
  /// An input, to be filled on the host before `upload`.
  Operand(const void* host, std::size_t bytes, const Placement& where)
      : base_(static_cast<std::byte*>(const_cast<void*>(host))), host_(base_), bytes_(bytes), where_(where) {
    if (where.backend != Backend::cuda || bytes == 0) return;
    constexpr std::size_t kAlignment = 256;
    stride_ = (bytes + kAlignment - 1) / kAlignment * kAlignment;
    device_memory_ = std::make_shared<DeviceMemory>(stride_ * static_cast<std::size_t>(where.copies));
    base_ = static_cast<std::byte*>(device_memory_->data());
  }

  std::size_t bytes() const { return bytes_; }
  void* data(std::int64_t call = 0) const { return base_ + static_cast<std::size_t>(call % where_.copies) * stride_; }
  void upload() const {
    for (std::int64_t copy = 0; device_memory_ && copy < where_.copies; ++copy) {
      copy_to_device(data(copy), host_, bytes_, where_.stream);
    }
  }
  /// What call 0 wrote to this output, where the host can read it.
  void* on_host() const {
    if (!device_memory_) return base_;
    copy_to_host(host_memory_->data(), base_, bytes_, where_.stream);
    return host_memory_->data();
  }

 private:
  std::byte* base_ = nullptr;
  const std::byte* host_ = nullptr;
  std::size_t bytes_ = 0, stride_ = 0;
  Placement where_;
  std::shared_ptr<Buffer<std::byte>> host_memory_;
  std::shared_ptr<DeviceMemory> device_memory_;
};

/// A view of host memory, for the reference, and of what the calls read.
template <class View> class InputView {
 public:
  InputView() = default;
  InputView(const View& host, const Placement& where) : host_(host), memory_(host.data, bytes_of(host), where) {}
  const View& host() const { return host_; }
  View at(std::int64_t call) const {
    View view = host_;
    view.data = memory_.data(call);
    return view;
  }
  void upload() const { memory_.upload(); }

 private:
  View host_;
  Operand memory_;
};

}  // namespace kullback::bench
