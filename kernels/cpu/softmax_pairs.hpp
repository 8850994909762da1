#pragma once

#include "kernels/cpu/pair_block.hpp"

/// Pairs of float softmax rows at temperature 1. Where log p - log q = d is small, which in most calls is nearly
/// everywhere, p and d give p - q and s without a second exponential or a division, and most terms need no more.
namespace kullback::cpu {

/// (1 - e^-d) / d for |d| <= kNearLogRatio, minimax to 2^-28.6.
struct LossMinimax {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.99999999898197592,    -0.4999999819489787,    0.16666669693717327,
                            -0.041666877302646348,  0.008333234058151384,   -0.0013882365218370506,
                            0.00019851342342144288, -2.5541422932091412e-5, 2.7555631082278571e-6};
    return c[k];
  }
};
/// tanh(d / 2) / d in d^2, minimax to 2^-30.
struct HalfTanhMinimax {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.49999999956149414,     -0.041666640144067491, 0.0041664051548618943,
                            -0.00042067576424926383, 4.1124682294066854e-5, -3.0563440728003467e-6};
    return c[k];
  }
};
inline constexpr float kNearLogRatio = 1.09375f;  // |s| < 1/2, see is_near

struct NearPair {
  float diff, s;

  KULLBACK_HD NearPair(float p, float d) {
    diff = p * (d * horner<LossMinimax, 9>(d));
    s = d * horner<HalfTanhMinimax, 6>(d * d);
  }
};

/// One group of columns, of which some are not near.
static HWY_INLINE void pair_far_group(PairBlock<float>& b, std::int64_t i, const float* x_p, const float* x_q,
                                      const SplitOffset<float>& offset) {
  for (std::int64_t l = 0; l < kLanes; ++l) {
    set_difference(b, i + l, pair_logs(x_p[i + l], x_q[i + l], b.p[i + l], b.q[i + l], Scale<float>{}, offset));
  }
#pragma omp simd
  for (std::int64_t l = 0; l < kLanes; ++l) {
    const float p = b.p[i + l], s = relative_difference(b.diff[i + l], p, b.q[i + l]), d = b.log_ratio[i + l];
    const NearPair small(p, d);
    const bool near = (abs(d) <= kNearLogRatio) & (p > 0);
    b.diff[i + l] = near ? small.diff : b.diff[i + l];
    b.s[i + l] = near ? small.s : s;
  }
}

/// p - q, s and the log ratio from p and the logits. q is filled everywhere if it is asked for; else in groups of near
/// columns it is 0.
static void pair_softmax(PairBlock<float>& b, const float* x_p, const float* x_q, const Side<float>& side_q,
                         bool with_q, const LogOffset& log_offset, std::int64_t n) {
  const SplitOffset<float> offset(log_offset);
  b.near = true;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    int far = 0;
#pragma omp simd reduction(| : far)
    for (std::int64_t l = i; l < i + kLanes; ++l) {
      const float d = offset.subtract_from(two_sum_of_finite(x_p[l], -x_q[l]));
      far |= !(abs(d) <= kNearLogRatio && b.p[l] > 0);
      b.log_ratio[l] = d;
      b.q[l] = 0;
    }
    if (with_q || far != 0) softmax_block(x_q + i, kLanes, side_q.reference, side_q.inverse, b.q + i);
    if (far != 0) {
      b.near = false;
      pair_far_group(b, i, x_p, x_q, offset);
      continue;
    }
#pragma omp simd
    for (std::int64_t l = i; l < i + kLanes; ++l) {
      const NearPair near(b.p[l], b.log_ratio[l]);
      b.diff[l] = near.diff;
      b.s[l] = near.s;
    }
  }
}

}  // namespace kullback::cpu
