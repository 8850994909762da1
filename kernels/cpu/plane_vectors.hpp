#pragma once

#include <hwy/highway.h>

#include <cstring>

#include "kernels/cpu/plane_layout.hpp"
#include "kernels/math/real.hpp"

/// Vectors of words and of doubles for the instruction set that this file is compiled for (Highway's static target; see
/// plane_engines.cpp).
namespace kullback::cpu {

namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::ScalableTag<std::uint64_t>;
using Doubles = hn::RebindToFloat<Words>;
using WordVec = hn::Vec<Words>;
using DoubleVec = hn::Vec<Doubles>;
inline constexpr std::int64_t kWordLanes = HWY_LANES(std::uint64_t);

#if defined(__AVX512VPOPCNTDQ__)
/// Set bits of each word, and what a sum of these is a sum of.
static HWY_INLINE WordVec bit_counts(WordVec v) { return WordVec{_mm512_popcnt_epi64(v.raw)}; }
static HWY_INLINE WordVec word_counts(WordVec v) { return v; }
#else
/// Set bits of each byte; kWordsAtATime of them add up without a carry.
static HWY_INLINE WordVec bit_counts(WordVec v) {
#if HWY_TARGET == HWY_AVX2
  const hn::Repartition<std::uint8_t, Words> d;
  alignas(16) static constexpr std::uint8_t kOfNibble[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};
  const auto table = hn::LoadDup128(d, kOfNibble);
  const auto nibble = hn::Set(d, 15);
  const auto low = hn::And(hn::BitCast(d, v), nibble);
  const auto high = hn::And(hn::BitCast(d, hn::ShiftRight<4>(v)), nibble);
  return hn::BitCast(Words(), hn::Add(hn::TableLookupBytes(table, low), hn::TableLookupBytes(table, high)));
#else
  const auto mask = [](std::uint64_t byte) { return hn::Set(Words(), byte * 0x0101010101010101); };
  const WordVec pairs = hn::Sub(v, hn::And(hn::ShiftRight<1>(v), mask(0x55)));
  const WordVec fours = hn::Add(hn::And(pairs, mask(0x33)), hn::And(hn::ShiftRight<2>(pairs), mask(0x33)));
  return hn::And(hn::Add(fours, hn::ShiftRight<4>(fours)), mask(0x0f));
#endif
}
static HWY_INLINE WordVec word_counts(WordVec v) {
#if HWY_TARGET == HWY_AVX2
  return hn::SumsOf8(hn::BitCast(hn::Repartition<std::uint8_t, Words>(), v));
#else
  const auto mask = hn::Set(Words(), 0x00ff00ff00ff00ff);
  const WordVec twos = hn::Add(hn::And(v, mask), hn::And(hn::ShiftRight<8>(v), mask));
  const WordVec fours = hn::Add(twos, hn::ShiftRight<16>(twos));
  return hn::And(hn::Add(fours, hn::ShiftRight<32>(fours)), hn::Set(Words(), 0xffff));
#endif
}
#endif

/// Bit s is set where codes[s] is `code`.
static HWY_INLINE std::uint64_t equal_bits(const std::uint8_t* codes, std::uint8_t code) {
  std::uint64_t result = 0;
#if HWY_TARGET == HWY_SCALAR
  constexpr std::uint64_t kOnes = 0x0101010101010101, kLow = 0x7f * kOnes;
  for (std::int64_t at = 0; at < kWordSamples; at += 8) {
    std::uint64_t eight;
    std::memcpy(&eight, codes + at, sizeof(eight));
    eight ^= code * kOnes;
    const std::uint64_t equal = ~(((eight & kLow) + kLow) | eight) & ~kLow;  // the top bit of each byte
    result |= (((equal >> 7) * 0x0102040810204080) >> 56) << at;
  }
#else
  const hn::Repartition<std::uint8_t, Words> d;
  std::uint8_t bits[2 * sizeof(result)];  // a store may write 8 bytes
  for (std::int64_t at = 0; at < kWordSamples; at += 8 * kWordLanes)
    hn::StoreMaskBits(d, hn::Eq(hn::Load(d, codes + at), hn::Set(d, code)), bits + at / 8);
  std::memcpy(&result, bits, sizeof(result));
#endif
  return result;
}

static HWY_INLINE DoubleVec splat(double x) { return hn::Set(Doubles(), x); }

/// a * b + c, rounded once.
static HWY_INLINE DoubleVec fused(DoubleVec a, DoubleVec b, DoubleVec c) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3
  return hn::MulAdd(a, b, c);
#else
  alignas(64) double x[kWordLanes], y[kWordLanes], z[kWordLanes];
  hn::Store(a, Doubles(), x), hn::Store(b, Doubles(), y), hn::Store(c, Doubles(), z);
  for (std::int64_t l = 0; l < kWordLanes; ++l) x[l] = fma(x[l], y[l], z[l]);
  return hn::Load(Doubles(), x);
#endif
}

/// Of integers below 2^52.
static HWY_INLINE DoubleVec to_double(WordVec n) {
  const auto magic = hn::Set(Words(), 0x4330000000000000);  // 2^52
  return hn::Sub(hn::BitCast(Doubles(), hn::Or(n, magic)), splat(0x1p52));
}

}  // namespace kullback::cpu
