#pragma once

#include "kernels/cpu/block.hpp"
#include "kernels/math/exp_log.hpp"

namespace kullback::cpu {

/// The largest of a row of probabilities, and whether all are in range. As unsigned integers non-negative floats are in
/// their order, and negative ones, infinity and NaN above all that are accepted.
struct alignas(64) TopEntries {
  std::uint32_t lane[kLanes];

  KULLBACK_HD TopEntries() {
    for (std::int64_t l = 0; l < kLanes; ++l) lane[l] = 0;
  }
  KULLBACK_HD void add(std::int64_t l, float x) {
    const auto bits = static_cast<std::uint32_t>(bits_of(x));
    lane[l] = bits > lane[l] ? bits : lane[l];
  }
  KULLBACK_HD float max() const {
    std::uint32_t top = 0;
    for (std::int64_t l = 0; l < kLanes; ++l) top = lane[l] > top ? lane[l] : top;
    return __builtin_bit_cast(float, top);
  }
};

}  // namespace kullback::cpu
