#pragma once

#include "kernels/cpu/row_side.hpp"
#include "kernels/math/row_pair.hpp"

/// Pairs of columns, block by block.
namespace kullback::cpu {

template <class T> struct alignas(64) PairBlock {
  BlockArray<T> x_p, x_q;  // the rows, where they are not read in place
  BlockArray<T> p, q, diff, s, log_p, log_q, log_ratio, term;
  BlockArray<double> remainder_p, remainder_q, log_term;
  bool near;  // every column is, see is_near

  KULLBACK_HD Pair<T> operator[](std::int64_t i) const {
    return {p[i], q[i], diff[i], s[i], log_p[i], log_q[i], log_ratio[i]};
  }
};

template <class T> KULLBACK_HD void set_difference(PairBlock<T>& b, std::int64_t i, Difference<T> d) {
  b.diff[i] = d.diff;
  b.log_ratio[i] = d.log_ratio;
}

template <bool kUnitScale, class T>
static void pair_logs_at(PairBlock<T>& b, const T* x_p, const T* x_q, const Scale<T>& scale_p,
                         const LogOffset& log_offset, std::int64_t n) {
  const Scale<T> scale = kUnitScale ? Scale<T>{} : scale_p;  // known to the compiler
  const SplitOffset<T> offset(log_offset);
  for (std::int64_t i = 0; i < n; ++i) {
    set_difference(b, i, pair_logs(x_p[i], x_q[i], b.p[i], b.q[i], scale, offset));
  }
}

template <class T>
static void pair_logs(PairBlock<T>& b, const T* x_p, const T* x_q, const Scale<T>& scale, const LogOffset& offset,
                      std::int64_t n) {
  const bool unit = scale.hi == 1 && scale.lo == 0;
  unit ? pair_logs_at<true>(b, x_p, x_q, scale, offset, n) : pair_logs_at<false>(b, x_p, x_q, scale, offset, n);
}

/// s, and whether all columns are near.
template <class T> static void fill_relative(PairBlock<T>& b, unsigned fields, std::int64_t n) {
  const bool with_ratio = (fields & kNeedsLogRatio) != 0;
  int far = 0;
#pragma omp simd reduction(| : far)
  for (std::int64_t i = 0; i < n; ++i) {
    b.s[i] = relative_difference(b.diff[i], b.p[i], b.q[i]);
    far |= with_ratio && !is_near(b.s[i], b.log_ratio[i]);
  }
  b.near = with_ratio && far == 0;
}

/// p - q, s and, in groups of columns that are not all near, the log ratio.
template <class T> static void pair_probs(PairBlock<T>& b, unsigned fields, std::int64_t n) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) b.diff[i] = b.p[i] - b.q[i];
  if ((fields & kNeedsS) == 0) return;
  b.near = true;
  for (std::int64_t i = 0; i < n; i += kLanes) {
    int far = 0;
#pragma omp simd reduction(| : far)
    for (std::int64_t l = i; l < i + kLanes; ++l) {
      b.s[l] = relative_difference(b.diff[l], b.p[l], b.q[l]);
      b.log_ratio[l] = 0;
      far |= !is_near(b.s[l], T(0));
    }
    if (far == 0) continue;
    b.near = false;
    if ((fields & kNeedsLogRatio) == 0) continue;
#pragma omp simd
    for (std::int64_t l = i; l < i + kLanes; ++l) b.log_ratio[l] = log_ratio_of_probs(b.p[l], b.q[l]);
  }
}

static inline void pair_shares(PairBlock<double>& b, const double* x_p, const double* x_q, const Side<double>& p,
                               const Side<double>& q, unsigned fields, std::int64_t n) {
  const SharePair pair(p, q);
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    b.diff[i] = pair.diff(x_p[i], x_q[i], b.remainder_p[i], b.remainder_q[i]);
  }
  if ((fields & kNeedsLogRatio) == 0) return;
  for (std::int64_t i = 0; i < n; ++i) b.log_ratio[i] = pair.log_ratio_of(x_p[i], x_q[i], b.p[i], b.q[i]);
}

/// log of a softmax row's normaliser as two doubles. The row is in cache.
static inline DoubleDouble precise_log_sum(const Side<double>& side, BlockArray<double>& x) {
  const Shift<double> shift(side);
  DoubleDouble sum = {1, 0};  // of the largest entry
  for (std::int64_t c = 0; c < side.view.cols; c += kBlock) {
    const std::int64_t n = block_columns(side.view.cols, c);
    load_block(side.view, side.row, c, n, side.pad(), x);
    for (std::int64_t i = 0; i < n; ++i) {
      if (c + i != side.argmax) sum = add(sum, exp(shift(x[i])));
    }
  }
  return log(sum);
}

static inline DoubleDouble log_normaliser(const Side<double>& side, BlockArray<double>& x) {
  if (side.form == Form::softmax) return precise_log_sum(side, x);
  return side.form == Form::share ? log_of_total(side.total, side.share_exponent) : DoubleDouble{0, 0};
}

static inline void pair_mixed(PairBlock<double>& b, const double* x_p, const double* x_q, const Side<double>& p,
                              const Side<double>& q, const MixedNormalisers& normalisers, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) {
    const double remainder_p = p.is_log() ? 0.0 : b.remainder_p[i], remainder_q = q.is_log() ? 0.0 : b.remainder_q[i];
    set_difference(b, i, pair_mixed(p, q, normalisers, x_p[i], x_q[i], remainder_p, remainder_q, b.p[i], b.q[i]));
  }
}

}  // namespace kullback::cpu
