/// What the race checker remembers of each byte: its last plain write, the last atomic one since, and two reads.
/// Usually the four bytes of a word are accessed together, so there is one record for a word; it is split into four
/// when an access covers less.
#pragma once
#include <cstdint>

#include "machine/race_clock.hpp"

namespace ptxsim {

struct AccessRecord {
  std::uint32_t block = 0;  // 0: none
  Time time = 0;
  std::uint32_t instruction = 0;
  std::uint16_t thread = 0;
  bool is_atomic = false;
  bool is_split = false;  // of a word's write: look at the bytes
};

struct Shadow {
  AccessRecord write, atomic, reads[2];
};

class ShadowMemory {
 public:
  explicit ShadowMemory(std::uint64_t bytes);
  ~ShadowMemory();
  ShadowMemory(const ShadowMemory&) = delete;
  ShadowMemory& operator=(const ShadowMemory&) = delete;

  void clear();

  /// Calls f(shadow, offset) for what an access touches; an access that replaces everything is_write.
  template <class F> void for_each(std::uint64_t offset, unsigned size, bool is_write, F f) {
    for (const std::uint64_t end = offset + size; offset < end;) {
      Shadow& word = words_[offset / 4];
      const bool whole = offset % 4 == 0 && end - offset >= 4;
      if (whole && !word.write.is_split) {
        f(word, offset);
        offset += 4;
        continue;
      }
      if (!word.write.is_split) split(word, offset / 4);
      const std::uint64_t next = whole ? offset + 4 : offset + 1;
      for (; offset < next; ++offset) f(bytes_[offset], offset);
      if (whole && is_write) word = bytes_[offset - 4];
    }
  }

 private:
  void split(Shadow& word, std::uint64_t index);

  std::uint64_t size_;
  Shadow* words_;
  Shadow* bytes_;
};

}  // namespace ptxsim
