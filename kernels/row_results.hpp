#pragma once

#include "kernels/engines.hpp"
#include "kernels/math/convert.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/row_side.hpp"
#include "kernels/measures/all.hpp"
#include "kernels/row_plan.hpp"

/// What becomes of a row's sums and facts, the same for both backends.
namespace kullback {

/// Log-probability of the smoothed label under one side: (1-e) log q[label] + e mean(log q).
KULLBACK_HD double smoothed_log_probability(const RowsJob& job, double log_q_label, double sum_of_log_q) {
  const double e = job.options.label_smoothing;
  const double own = e < 1 ? (1 - e) * log_q_label : 0.0;
  return e > 0 ? own + e * (sum_of_log_q / static_cast<double>(job.cols)) : own;
}

/// What a measure is multiplied by.
template <class M> KULLBACK_HD double unit_of(const RowsJob& job) {
  if (!M::kInfo.scaled) return 1;
  return M::kId == Measure::js_distance ? sqrt(job.unit_scale) : job.unit_scale;
}

/// Whether entries of a row of logarithms underflow as probabilities.
template <class T> KULLBACK_HD bool loses_probabilities(const RowSide<T>& side) {
  if (side.form == Form::log_prob) return -side.min > T(86);
  const double range = static_cast<double>(side.max) - static_cast<double>(side.min);
  return side.form == Form::softmax && range * static_cast<double>(side.scale.hi) + side.log_sum > 86;
}

/// Whether terms are asked for that are taken from logarithms where probabilities underflow: from those of float, which
/// are worth less the further they are from 0. A row that loses probabilities is then computed in double.
KULLBACK_HD bool reads_far_logarithms(const RowsPlan& plan) {
  return plan.pairing == Pairing::logs && (plan.fields & kNeedsLogs) != 0;
}

/// Whether an entropy is so small that what underflows may be a part of it: logarithms make it a hundred times what
/// underflow may cost. Such a row is computed in double if it loses probabilities. `sum` is of the terms asked for.
template <class Sum> KULLBACK_HD bool has_small_entropy(const RowsPlan& plan, const Sum& sum) {
  constexpr double kSmall = 0x1p-80;
  return ((plan.sums & kTermBit<Entropy>) != 0 && sum(Entropy{}) < kSmall) ||
         ((plan.sums & kTermBit<EntropyQ>) != 0 && sum(EntropyQ{}) < kSmall) ||
         ((plan.sums & kTermBit<CrossEntropy>) != 0 && sum(CrossEntropy{}) < kSmall);
}

/// Writes those of a row's outputs whose sums are in Group: all if it is AllTerms, those without sums if it is empty.
/// `sides`: the status of the sides that are read; `sum(Term{})`: a term's sum over the columns.
template <class Group, class Sum>
KULLBACK_HD void store_measures(const RowsJob& job, std::int64_t row, std::uint8_t sides, const Label& label,
                                const RowFacts& facts, const Sum& sum) {
  constexpr bool kAll = std::is_same_v<Group, AllTerms>;
  for (int k = 0; k < job.measures.size(); ++k) {
    with_measure(AllMeasures{}, job.measures[k], [&](auto measure) {
      using M = decltype(measure);
      if constexpr (kAll || kIsOfGroup<Group, M> || (kTermsOf<M> == 0 && count_of(Group{}) == 0)) {
        double value = value_of<M>(sum, facts) * unit_of<M>(job);
        if (kTermsOf<M> != 0 && job.cols == 0) value = 0;
        if (sides != status_ok || (M::kInfo.needs_labels && label.status == status_label_range)) value = kNaN<double>;
        // Whatever the row holds.
        if (M::kInfo.needs_labels && label.status == status_ignored) value = M::kId == Measure::perplexity ? 1 : 0;
        store_value(job.values.data, job.values.dtype, row * job.values.row_stride + k, value);
      }
    });
  }
}

}  // namespace kullback
