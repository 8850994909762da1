#pragma once

#include "kernels/math/exp_log.hpp"

namespace kullback::cuda {

/// e^x for normalisers. float: the special-function unit's 2^y (2^-22 relative error, PTX ISA, ex2.approx) with y = x
/// log2(e) in two terms, since rounding y alone would cost up to 64 u; 7 issue slots. Results below the smallest normal
/// number are 0. double: the exact-order polynomial of kernels/math.
struct DeviceExp {
  __device__ float operator()(float x) const {
    constexpr float kLog2E = 0x1.715476p+0f, kRestOfLog2E = 0x1.4ae0cp-26f, kLn2 = 0x1.62e43p-1f;
    constexpr float kZeroBelow = -150;  // keeps -inf out of the difference
    x = fmaxf(x, kZeroBelow);
    const float y = x * kLog2E;
    const float lost = fma(fma(x, kLog2E, -y), kLn2, x * (kRestOfLog2E * kLn2));
    float e;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(e) : "f"(y));
    return fma(e, lost, e);
  }
  __device__ double operator()(double x) const { return kullback::exp(x); }
};

}  // namespace kullback::cuda
