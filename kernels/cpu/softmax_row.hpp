#pragma once

#include "kernels/cpu/block.hpp"
#include "kernels/cpu/simd.hpp"
#include "kernels/math/online_softmax.hpp"

/// The normaliser of a row of float logits at temperature 1 in one pass: the online softmax of kernels/math, one state
/// to a lane.
namespace kullback::cpu {
namespace {  // each instruction set has its own

/// What the pass found. Without a maximum (a row without mass) or with `bad` entries (NaN, +inf, beyond 2^125) it says
/// nothing else.
struct SoftmaxRow {
  float max, reference;
  double sum;  ///< of exp(x - reference) over all entries but one of the largest
  bool bad;
};

class OnlineLanes {
 public:
  /// A block of whole lanes, -inf where there is no column.
  HWY_INLINE void add(const float* x, std::int64_t n) {
    FloatVec max[kVectors], sum[kVectors];
    if (hn::AllTrue(Floats(), hn::Eq(ceiling_, splat(-kInf<float>)))) refer(x, n);
    sweep(x, n, max, sum);
    FloatVec largest = max[0];
    for (std::int64_t v = 1; v < kVectors; ++v) largest = hn::Max(largest, max[v]);
    if (!hn::AllFalse(Floats(), hn::Gt(largest, ceiling_))) {  // rare: these columns are summed once more
      refer(x, n);
      sweep(x, n, max, sum);
    }
    for (std::int64_t v = 0; v < kVectors; ++v) {
      hn::Store(max[v], Floats(), max_ + v * kVectorLanes);
      hn::Store(sum[v], Floats(), part_ + v * kVectorLanes);
    }
    for (std::int64_t l = 0; l < kLanes; ++l) sum_[l] += static_cast<double>(part_[l]);
  }

  HWY_INLINE SoftmaxRow finish() {
    SoftmaxRow row;
    row.bad = !hn::AllTrue(Floats(), good_);
    row.reference = reference_;
    row.max = largest(max_, kLanes);
    std::int64_t winner = 0;
    while (winner + 1 < kLanes && max_[winner] != row.max) ++winner;
    // The lanes' largest entries are not in their sums yet; one of them stays out.
    max_[winner] = -kInf<float>;
    for (std::int64_t v = 0; v < kVectors; ++v) {
      const FloatVec max = hn::Load(Floats(), max_ + v * kVectorLanes);
      hn::Store(exp_at_most_64(hn::Sub(max, splat(reference_))), Floats(), part_ + v * kVectorLanes);
    }
    for (std::int64_t l = 0; l < kLanes; ++l) sum_[l] += static_cast<double>(part_[l]);
    fold_lanes(sum_);
    row.sum = sum_[0];
    return row;
  }

  OnlineLanes() {
    for (std::int64_t l = 0; l < kLanes; ++l) max_[l] = -kInf<float>, sum_[l] = -0.0;
  }

 private:
  static constexpr std::int64_t kVectors = kLanes / kVectorLanes;

  /// Every entry but the lane's largest so far goes into its sum.
  HWY_INLINE void sweep(const float* x, std::int64_t n, FloatVec (&max)[kVectors], FloatVec (&sum)[kVectors]) {
    const FloatVec reference = splat(reference_), lowest = splat(-kInf<float>), most = splat(0x1p125f);
    for (std::int64_t v = 0; v < kVectors; ++v) {
      max[v] = hn::Load(Floats(), max_ + v * kVectorLanes);
      sum[v] = hn::Zero(Floats());
    }
    FloatMask good = good_;
    for (std::int64_t i = 0; i < n; i += kLanes) {
      for (std::int64_t v = 0; v < kVectors; ++v) {
        const FloatVec entry = hn::LoadU(Floats(), x + i + v * kVectorLanes);
        const FloatMask fine = hn::Or(hn::Lt(hn::Abs(entry), most), hn::Eq(entry, lowest));  // not of a NaN
        good = hn::And(good, fine);
        const FloatVec smaller = hn::Min(entry, max[v]);
        max[v] = hn::Max(entry, max[v]);
        sum[v] = hn::Add(sum[v], exp_at_most_64(hn::Sub(smaller, reference)));
      }
    }
    good_ = good;
  }

  /// Of whole lanes; NaN are passed over.
  static HWY_INLINE float largest(const float* x, std::int64_t n) {
    FloatVec max = splat(-kInf<float>);
    for (std::int64_t i = 0; i < n; i += kVectorLanes) max = hn::Max(hn::LoadU(Floats(), x + i), max);
    return hn::GetLane(hn::MaxOfLanes(Floats(), max));
  }

  /// Chooses the reference for the largest entry so far, these columns included.
  void refer(const float* x, std::int64_t n) {
    const float here = largest(x, n), before = largest(max_, kLanes), max = here > before ? here : before;
    if (!(abs(max) < 0x1p125f)) return;  // no mass yet, or a row that is bad
    const float reference = ReferredExp<float, true>().reference_for(max);
    if (reference != reference_) {
      const double factor = exp(static_cast<double>(reference_) - static_cast<double>(reference));
      for (std::int64_t l = 0; l < kLanes; ++l) sum_[l] = sum_[l] > 0 ? sum_[l] * factor : -0.0;
    }
    reference_ = reference;
    ceiling_ = splat(reference + kReferenceWindow);
  }

  alignas(64) float max_[kLanes], part_[kLanes];
  alignas(64) double sum_[kLanes];
  float reference_ = 0;
  FloatVec ceiling_ = splat(-kInf<float>);  // what the reference serves; -inf: none was chosen
  FloatMask good_ = hn::Eq(hn::Zero(Floats()), hn::Zero(Floats()));
};

/// p = exp(x - reference) * inverse_sum for a block of whole lanes.
static HWY_INLINE void softmax_block(const float* x, std::int64_t n, float reference, float inverse_sum, float* p) {
  for (std::int64_t i = 0; i < n; i += kVectorLanes) {
    const FloatVec d = hn::Sub(hn::LoadU(Floats(), x + i), splat(reference));
    hn::StoreU(hn::Mul(exp_at_most_64(d), splat(inverse_sum)), Floats(), p + i);
  }
}

/// Lowest index of an entry that equals `max`; -1 if there is none.
static HWY_INLINE std::int64_t first_equal(const float* x, std::int64_t n, float max) {
  for (std::int64_t i = 0; i < n; ++i) {
    if (x[i] == max) return i;
  }
  return -1;
}

}  // namespace
}  // namespace kullback::cpu
