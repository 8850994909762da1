#pragma once

#include "kernels/cpu/code_tile.hpp"
#include "kernels/cpu/isa.hpp"
#include "kernels/cpu/plane_layout.hpp"

/// The leaves of the bit-plane engine, compiled for each instruction set (plane_engines.cpp).
namespace kullback::cpu {

struct PlaneEngines {
  /// Fills words [first, last) of the planes of a group's columns. A missing code has no bit; any other code out of
  /// range has none and sets bad[c].
  void (*pack)(const CodeColumns& columns, const PlaneShape& shape, std::int64_t first, std::int64_t last,
               std::uint64_t* group, std::uint8_t* bad);
  /// counts [planes][kGroup]: the bits of each plane.
  void (*tally)(const PlaneShape& shape, const std::uint64_t* group, std::uint64_t* counts);
  /// Adds to pair.counts, or starts them: words [first, last) of groups x and y, at most kWordsAtATime.
  void (*count)(const PlaneShape& shape, const std::uint64_t* x, const std::uint64_t* y, std::int64_t first,
                std::int64_t last, bool start, const GroupPair& pair);
  /// I(X;Y) * scale of all pairs of two groups, in the bits of kernels/math/mutual_information.hpp; fewer than 2^26
  /// samples. out: [kGroup] rows, `stride` apart, of kGroup.
  void (*mutual_information)(const GroupPair& pair, double scale, double* out, std::int64_t stride);
};
extern const PlaneEngines kBaselinePlanes, kAvx2Planes, kAvx512Planes;

/// AVX-512 alone has no population count of words: such a machine is served as well by AVX2's table of nibbles.
inline const PlaneEngines& plane_engines() {
#if defined(KULLBACK_DISPATCH)
  if (detect_isa() == Isa::avx512 && __builtin_cpu_supports("avx512vpopcntdq")) return kAvx512Planes;
  if (detect_isa() >= Isa::avx2) return kAvx2Planes;
#endif
  return kBaselinePlanes;
}

}  // namespace kullback::cpu
