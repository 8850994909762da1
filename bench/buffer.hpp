#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace kullback::bench {

/// Host memory for inputs and outputs, aligned to a huge page and offered to the kernel as such, so that page walks do
/// not blur the times. Not initialised: whoever fills it in parallel decides where its pages lie.
template <class T> class Buffer {
 public:
  explicit Buffer(std::size_t size) : size_(size) {
    const std::size_t bytes = (size * sizeof(T) / kHugePage + 1) * kHugePage;
    memory_.reset(static_cast<T*>(std::aligned_alloc(kHugePage, bytes)));
    if (!memory_) throw std::bad_alloc();
    madvise(memory_.get(), bytes, MADV_HUGEPAGE);
  }
  T* data() const { return memory_.get(); }
  std::int64_t size() const { return static_cast<std::int64_t>(size_); }
  T& operator[](std::int64_t i) const { return memory_.get()[i]; }

 private:
  static constexpr std::size_t kHugePage = std::size_t{2} << 20;
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::size_t size_;
  std::unique_ptr<T, Free> memory_;
};

}  // namespace kullback::bench
