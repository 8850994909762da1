#pragma once

#include <hwy/highway.h>

#include "kernels/math/real.hpp"

/// Vectors of floats for the instruction set that this file is compiled for (Highway's static target; the engines are
/// compiled once for each, see row_engines.cpp). Every operation is IEEE's, fused where it says so, so that all targets
/// return the same bits.
namespace kullback::cpu {

namespace hn = hwy::HWY_NAMESPACE;

using Floats = hn::ScalableTag<float>;
using Ints = hn::RebindToSigned<Floats>;
using FloatVec = hn::Vec<Floats>;
using FloatMask = hn::Mask<Floats>;
inline constexpr std::int64_t kVectorLanes = HWY_LANES(float);

static HWY_INLINE FloatVec splat(float x) { return hn::Set(Floats(), x); }

/// a * b + c, rounded once.
static HWY_INLINE FloatVec fused(FloatVec a, FloatVec b, FloatVec c) {
#if HWY_TARGET == HWY_AVX2 || HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::MulAdd(a, b, c);
#else
  alignas(64) float x[kVectorLanes], y[kVectorLanes], z[kVectorLanes];
  hn::Store(a, Floats(), x), hn::Store(b, Floats(), y), hn::Store(c, Floats(), z);
  for (std::int64_t l = 0; l < kVectorLanes; ++l) x[l] = fma(x[l], y[l], z[l]);
  return hn::Load(Floats(), x);
#endif
}

/// 2^(j/16), j the low four bits of each lane.
static HWY_INLINE FloatVec sixteenth_power(hn::Vec<Ints> j) {
  alignas(64) static constexpr float kTable[16] = {0x1p+0f,        0x1.0b5586p+0f, 0x1.172b84p+0f, 0x1.2387a6p+0f,
                                                   0x1.306fep+0f,  0x1.3dea64p+0f, 0x1.4bfdaep+0f, 0x1.5ab07ep+0f,
                                                   0x1.6a09e6p+0f, 0x1.7a1148p+0f, 0x1.8ace54p+0f, 0x1.9c4918p+0f,
                                                   0x1.ae89fap+0f, 0x1.c199bep+0f, 0x1.d5818ep+0f, 0x1.ea4afap+0f};
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL
  return hn::TableLookupLanes(hn::Load(Floats(), kTable),
                              hn::IndicesFromVec(Floats(), hn::And(j, hn::Set(Ints(), 15))));
#elif HWY_TARGET == HWY_AVX2
  const auto index = hn::IndicesFromVec(Floats(), hn::And(j, hn::Set(Ints(), 7)));
  const FloatMask upper = hn::MaskFromVec(hn::BitCast(Floats(), hn::ShiftLeft<28>(j)));  // bit 3 as the sign
  return hn::IfThenElse(upper, hn::TableLookupLanes(hn::Load(Floats(), kTable + 8), index),
                        hn::TableLookupLanes(hn::Load(Floats(), kTable), index));
#else
  return hn::GatherIndex(Floats(), kTable, hn::And(j, hn::Set(Ints(), 15)));
#endif
}

/// e^x for x <= 64, about 1 ulp; 0 where it is below the smallest normal number. A NaN gives anything.
/// x = (n / 16) ln 2 + r with |r| <= ln 2 / 32; e^r - 1 by its Taylor series (the next term is 2^-27), 2^(n / 16) from
/// a table and the exponent (Tang 1989).
static HWY_INLINE FloatVec exp_at_most_64(FloatVec x) {
  constexpr float kPerLn2 = 0x1.715476p+4f, kHi = 0x1.62e4p-5f, kLo = 0x1.7f7d1cp-24f;  // 16 / ln 2; ln 2 / 16
  const FloatVec shifted = fused(x, splat(kPerLn2), splat(Real<float>::kRoundMagic));
  const FloatVec n = hn::Sub(shifted, splat(Real<float>::kRoundMagic));
  const FloatVec r = fused(n, splat(-kLo), fused(n, splat(-kHi), x));
  const FloatVec tail = fused(hn::Mul(r, r), fused(r, splat(1.0f / 6), splat(0.5f)), r);
  const hn::Vec<Ints> bits = hn::BitCast(Ints(), shifted);
  const FloatVec power = sixteenth_power(bits);
  const hn::Vec<Ints> exponent = hn::ShiftLeft<19>(hn::AndNot(hn::Set(Ints(), 15), bits));
  const FloatVec scaled = hn::BitCast(Floats(), hn::Add(hn::BitCast(Ints(), fused(power, tail, power)), exponent));
  constexpr float kSmallest = -0x1.5d58ap+6f;  // log of the smallest normal number, from above
  return hn::IfThenZeroElse(hn::Lt(x, splat(kSmallest)), scaled);
}

}  // namespace kullback::cpu
