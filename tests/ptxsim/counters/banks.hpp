/// Bank conflicts of shared memory: 32 banks of 4 bytes; lanes that want the same word share it. Requests of 8 bytes a
/// lane are served by half-warps, of 16 bytes by quarter-warps.
#pragma once
#include <array>
#include <cstdint>

#include "ptx/types.hpp"

namespace ptxsim {

constexpr unsigned kBanks = 32, kBankBytes = 4;

inline unsigned bank_of(std::uint64_t offset) { return offset / kBankBytes % kBanks; }

struct Wavefronts {
  unsigned needed = 0, ideal = 0;
};

Wavefronts bank_wavefronts(const std::array<std::uint64_t, kWarpSize>& offsets, Mask mask, unsigned size);

}  // namespace ptxsim
