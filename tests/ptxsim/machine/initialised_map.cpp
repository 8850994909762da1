#include "machine/initialised_map.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "machine/device_memory.hpp"

namespace ptxsim {

InitialisedMap::InitialisedMap(std::uint64_t bytes)
    : words_(static_cast<std::uint64_t*>(reserve_address_space(bytes / 8))), bytes_(bytes) {}

InitialisedMap::~InitialisedMap() { munmap(words_, bytes_ / 8); }

void InitialisedMap::fill(std::uint64_t begin, std::uint64_t size, bool value) {
  const std::uint64_t end = begin + size;
  const auto fill_bits = [&](std::uint64_t from, std::uint64_t to) {  // inside one word
    const std::uint64_t bits = (to - from == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << (to - from)) - 1)
                               << (from % 64);
    std::uint64_t& word = words_[from / 64];
    word = value ? word | bits : word & ~bits;
  };
  const std::uint64_t first_whole = std::min(end, (begin + 63) / 64 * 64);
  const std::uint64_t last_whole = std::max(first_whole, end / 64 * 64);
  if (first_whole > begin) fill_bits(begin, first_whole);
  std::memset(words_ + first_whole / 64, value ? 0xff : 0, (last_whole - first_whole) / 8);
  if (end > last_whole) fill_bits(last_whole, end);
}

}  // namespace ptxsim
