#include "counters/banks.hpp"

#include <algorithm>

#include "machine/lanes.hpp"

namespace ptxsim {
namespace {

/// The most different words that lanes of the mask want from one bank.
unsigned largest_conflict(const std::array<std::uint64_t, kWarpSize>& offsets, Mask mask, unsigned size) {
  std::uint64_t words[kBanks][kWarpSize * 2];
  unsigned count[kBanks] = {};
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t end = offsets[lane] + size;
    for (std::uint64_t word = offsets[lane] / kBankBytes; word * kBankBytes < end; ++word) {
      const unsigned bank = word % kBanks;
      std::uint64_t* const last = words[bank] + count[bank];
      if (std::find(words[bank], last, word) != last) continue;
      *last = word;
      ++count[bank];
    }
  });
  return *std::max_element(std::begin(count), std::end(count));
}

}  // namespace

Wavefronts bank_wavefronts(const std::array<std::uint64_t, kWarpSize>& offsets, Mask mask, unsigned size) {
  const unsigned lanes = size >= 16 ? 8 : size == 8 ? 16 : 32;
  Wavefronts result;
  for (unsigned first = 0; first < kWarpSize; first += lanes) {
    const Mask part = mask & static_cast<Mask>(((std::uint64_t{1} << lanes) - 1) << first);
    if (part == 0) continue;
    ++result.ideal;
    result.needed += largest_conflict(offsets, part, size);
  }
  return result;
}

}  // namespace ptxsim
