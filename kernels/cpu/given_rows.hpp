#pragma once

#include "kernels/cpu/pair_block.hpp"
#include "kernels/measures/all.hpp"

/// Float probabilities as given, without a normaliser: one measure needs one sweep, which checks the entries on its way
/// and keeps nothing in memory. The sums are those of the engine's two sweeps, bit for bit.
namespace kullback::cpu {

/// Terms that probabilities are enough for.
template <class M>
inline constexpr bool kIsOfGiven =
    !kIsLogarithmic<M> && (M::kFields & kNeedsDiff) != 0 && (M::kFields & (kNeedsLogP | kNeedsLogQ | kNeedsLogs)) == 0;

/// The terms of one group of columns, added to the lanes.
template <class M>
static HWY_INLINE void add_group(const float* p, const float* q, TopEntries& top_p, TopEntries& top_q,
                                 LaneSums<float>& sums) {
  alignas(64) float diff[kLanes], s[kLanes], log_ratio[kLanes];
  int far = 0;
#pragma omp simd reduction(| : far)
  for (std::int64_t l = 0; l < kLanes; ++l) {
    top_p.add(l, p[l]), top_q.add(l, q[l]);
    diff[l] = p[l] - q[l];
    s[l] = (M::kFields & kNeedsS) != 0 ? relative_difference(diff[l], p[l], q[l]) : 0;
    far |= !is_near(s[l], 0.0f);
  }
  if constexpr (kHasNear<M>) {
    if (far == 0) {
#pragma omp simd
      for (std::int64_t l = 0; l < kLanes; ++l)
        sums.lane[l] += M::near(Pair<float>{p[l], q[l], diff[l], s[l], 0, 0, 0});
      return;
    }
#pragma omp simd
    for (std::int64_t l = 0; l < kLanes; ++l) log_ratio[l] = log_ratio_of_probs(p[l], q[l]);
  }
  for (std::int64_t l = 0; l < kLanes; ++l) {
    const float ratio = kHasNear<M> ? log_ratio[l] : 0;
    sums.lane[l] += M::term(Pair<float>{p[l], q[l], diff[l], s[l], 0, 0, ratio}, EvenParameters<float>{});
  }
}

template <class M>
static bool sweep_term(Side<float>& p, Side<float>& q, PairBlock<float>& b, CompensatedSum<double>& sum) {
  const std::int64_t cols = p.view.cols;
  TopEntries top_p, top_q;
  sum = {};
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    const float* x_p = block_at(p.view, p.row, c, n, 0.0f, b.x_p);
    const float* x_q = block_at(q.view, q.row, c, n, 0.0f, b.x_q);
    LaneSums<float> sums;
    for (std::int64_t i = 0; i < n; i += kLanes) {
      add_group<M>(x_p + i, x_q + i, top_p, top_q, sums);
    }
    sum.add(sums.total());
  }
  return p.set_range(top_p.max()) && q.set_range(top_q.max());
}

/// False, with nothing of use in the sums, where the plan or the row asks for more.
static bool sweep_given(const RowsJob& job, const RowsPlan& plan, Side<float>& p, Side<float>& q, std::int64_t row,
                        PairBlock<float>& b, CompensatedSum<double>* terms) {
  const bool one = plan.sums != 0 && (plan.sums & (plan.sums - 1)) == 0;
  const bool even = (plan.fields & kNeedsBeta) == 0 || static_cast<float>(job.options.beta) == 0.5f;
  if (plan.pairing != Pairing::probs || !one || !even || plan.smooth || !p.needs_range_alone() ||
      !q.needs_range_alone() || job.cols == 0) {
    return false;
  }
  p.start_row(row), q.start_row(row);
  bool served = false;
  for_each_measure(AllTerms{}, [&](auto term) {
    using M = decltype(term);
    if constexpr (kIsOfGiven<M>) {
      if (plan.sums == kTermBit<M>) served = sweep_term<M>(p, q, b, terms[kTermIndex<M>]);
    }
  });
  return served;
}
static bool sweep_given(const RowsJob&, const RowsPlan&, Side<double>&, Side<double>&, std::int64_t, PairBlock<double>&,
                        CompensatedSum<double>*) {
  return false;
}

}  // namespace kullback::cpu
