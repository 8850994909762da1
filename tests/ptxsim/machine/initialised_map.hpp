/// One bit per byte of a memory: whether it has been written.
#pragma once
#include <cstdint>

namespace ptxsim {

class InitialisedMap {
 public:
  explicit InitialisedMap(std::uint64_t bytes);
  ~InitialisedMap();
  InitialisedMap(const InitialisedMap&) = delete;
  InitialisedMap& operator=(const InitialisedMap&) = delete;

  /// Any range.
  void set(std::uint64_t begin, std::uint64_t size) { fill(begin, size, true); }
  void clear(std::uint64_t begin, std::uint64_t size) { fill(begin, size, false); }

  /// One naturally aligned access of 1 to 32 bytes; `bytes` has a bit for each byte looked at.
  void set_access(std::uint64_t offset, std::uint32_t bytes) {
    words_[offset / 64] |= static_cast<std::uint64_t>(bytes) << (offset % 64);
  }
  bool is_set(std::uint64_t offset, std::uint32_t bytes) const {
    return (static_cast<std::uint32_t>(words_[offset / 64] >> (offset % 64)) & bytes) == bytes;
  }

 private:
  void fill(std::uint64_t begin, std::uint64_t size, bool value);

  std::uint64_t* words_;
  std::uint64_t bytes_;
};

}  // namespace ptxsim
