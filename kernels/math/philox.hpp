#pragma once

#include <cstdint>

#include "kernels/math/hd.hpp"

/// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): a counter and a seed give 128 random bits. Nothing is kept from
/// one draw to the next, so draws may be made in any order and by any thread.
namespace kullback {

struct PhiloxWords {
  std::uint32_t word[4];
};

KULLBACK_HD PhiloxWords philox(PhiloxWords counter, std::uint64_t seed) {
  constexpr std::uint64_t kMultiplier[2] = {0xD2511F53, 0xCD9E8D57};
  constexpr std::uint32_t kWeyl[2] = {0x9E3779B9, 0xBB67AE85};
  auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
  PhiloxWords c = counter;
  for (int round = 0; round < 10; ++round, key0 += kWeyl[0], key1 += kWeyl[1]) {
    const std::uint64_t first = kMultiplier[0] * c.word[0], second = kMultiplier[1] * c.word[2];
    c = {{static_cast<std::uint32_t>(second >> 32) ^ c.word[1] ^ key0, static_cast<std::uint32_t>(second),
          static_cast<std::uint32_t>(first >> 32) ^ c.word[3] ^ key1, static_cast<std::uint32_t>(first)}};
  }
  return c;
}

/// A word pair as a multiple of 2^-53 in [0, 1).
KULLBACK_HD double uniform(std::uint32_t high, std::uint32_t low) {
  return static_cast<double>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
}

}  // namespace kullback
