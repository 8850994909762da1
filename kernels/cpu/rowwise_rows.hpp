#pragma once

#include "kernels/cpu/given_rows.hpp"
#include "kernels/cpu/softmax_pairs.hpp"
#include "kernels/math/online_softmax.hpp"
#include "kernels/row_results.hpp"

/// The row-wise engine: rows [first, last) of a job on one thread. A row is read from memory once: a first sweep finds
/// its normalisers, a second, over the row now in cache, sums the terms of every asked measure block by block.
/// (given_rows.hpp does both in one for rows without a normaliser.)
namespace kullback::cpu {

/// The sums over the columns that a row's outputs are made of.
struct RowSums {
  CompensatedSum<double> term[kTermCount];
  LogSum log_term[kTermCount];
  CompensatedSum<double> log_p, log_q;         // for label smoothing
  CompensatedSum<double> diff, absolute_diff;  // of softmax pairs
};

template <class M, class T>
static double block_term(const PairBlock<T>& b, const TermParameters<T>& parameters, std::int64_t n) {
  constexpr bool kNeedsEven = (M::kFields & kNeedsBeta) != 0;
  const bool even = parameters.beta == T(0.5);
  if constexpr (kHasNear<M>) {
    if (b.near && (even || !kNeedsEven)) return lane_sum<T>(n, [&](std::int64_t i) { return M::near(b[i]); });
  }
  if constexpr (kNeedsEven) {
    if (even) return lane_sum<T>(n, [&](std::int64_t i) { return M::term(b[i], EvenParameters<T>{}); });
  }
  const TermParameters<T> w = parameters;
  return lane_sum<T>(n, [&](std::int64_t i) { return M::term(b[i], w); });
}

/// Of terms that are logarithms.
template <class M, class T>
static LogSum block_log_term(PairBlock<T>& b, const TermParameters<T>& parameters, std::int64_t n) {
  const TermParameters<T> w = parameters;
  for (std::int64_t i = 0; i < n; ++i) b.log_term[i] = M::term(b[i], w);
  double max = -kInf<double>;
  for (std::int64_t i = 0; i < n; ++i) max = b.log_term[i] > max ? b.log_term[i] : max;
  if (!(abs(max) < kInf<double>)) return {max, 0};
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) b.log_term[i] = exp(b.log_term[i] - max);
  return {max, block_sum(b.log_term, n)};
}

template <class T> static double sum_of_first(const T* x, std::int64_t n, PairBlock<T>& b) {
  for (std::int64_t i = 0; i < padded(n); ++i) b.term[i] = i < n ? x[i] : T(0);
  return block_sum(b.term, padded(n));
}

/// What a pair of rows needs to know of both sides' normalisers.
struct PairNormalisers {
  LogOffset offset;        // Pairing::logs
  MixedNormalisers mixed;  // Pairing::mixed
};

template <class... Ms> constexpr unsigned terms_of_q(MeasureList<Ms...>) {
  return (0u | ... | (kReadsQ<Ms> ? kTermBit<Ms> : 0u));
}

/// The columns of the block at column c as pairs, as far as the plan's fields go; `with_q`: also q of near columns.
/// Returns its padded size.
template <class T>
static std::int64_t fill_block(const RowsJob& job, const RowsPlan& plan, const Side<T>& p, const Side<T>& q,
                               const PairNormalisers& normalisers, bool with_q, std::int64_t c, PairBlock<T>& b) {
  const std::int64_t columns = block_columns(job.cols, c), n = padded(columns);
  const auto load = [&](const Side<T>& side, T* x, double* remainder) -> const T* {
    if (plan.wide && !side.is_log()) load_block_remainder(side.view, side.row, c, columns, remainder);
    return job.cols > kBlock ? block_at(side.view, side.row, c, columns, side.pad(), x) : x;
  };
  const T *x_p = b.x_p, *x_q = b.x_q;
  if (plan.p) {
    x_p = load(p, b.x_p, b.remainder_p);
    fill_side(p, x_p, b.remainder_p, n, plan.fields & kNeedsLogP, b.p, b.log_p);
  }
  if (plan.q) x_q = load(q, b.x_q, b.remainder_q);
  if constexpr (sizeof(T) == sizeof(float)) {
    if (plan.pairing == Pairing::logs && p.quick && q.quick) {
      if (plan.fields & kNeedsLogQ) fill_logs<Form::softmax>(q, x_q, b.remainder_q, n, b.log_q);
      pair_softmax(b, x_p, x_q, q, with_q, normalisers.offset, n);
      return n;
    }
  }
  if (plan.q) fill_side(q, x_q, b.remainder_q, n, plan.fields & kNeedsLogQ, b.q, b.log_q);
  switch (plan.pairing) {
    case Pairing::single: break;
    case Pairing::logs: pair_logs(b, x_p, x_q, p.scale, normalisers.offset, n); break;
    case Pairing::probs: pair_probs(b, plan.fields, n); return n;
    case Pairing::shares:
      if constexpr (sizeof(T) == sizeof(double)) pair_shares(b, x_p, x_q, p, q, plan.fields, n);
      break;
    case Pairing::mixed:
      if constexpr (sizeof(T) == sizeof(double)) pair_mixed(b, x_p, x_q, p, q, normalisers.mixed, n);
      break;
  }
  if (plan.fields & kNeedsS) fill_relative(b, plan.fields, n);
  return n;
}

/// The second sweep.
template <class T>
static void sum_terms(const RowsJob& job, const RowsPlan& plan, const Side<T>& p, const Side<T>& q,
                      const PairNormalisers& normalisers, PairBlock<T>& b, RowSums& sums) {
  const TermParameters<T> parameters = term_parameters<T>(job.options, plan);
  const bool uneven = (plan.fields & kNeedsBeta) != 0 && parameters.beta != T(0.5);
  const bool with_q = uneven || (plan.sums & terms_of_q(AllTerms{})) != 0;
  sums = {};
  for (std::int64_t c = 0; c < job.cols; c += kBlock) {
    const std::int64_t columns = block_columns(job.cols, c), n = fill_block(job, plan, p, q, normalisers, with_q, c, b);
    for_each_measure(AllTerms{}, [&](auto term) {
      using M = decltype(term);
      if ((plan.sums & kTermBit<M>) == 0) return;
      if constexpr (kIsLogarithmic<M>) {
        sums.log_term[kTermIndex<M>].merge(block_log_term<M>(b, parameters, n));
      } else {
        sums.term[kTermIndex<M>].add(block_term<M>(b, parameters, n));
      }
    });
    if (plan.pairing == Pairing::logs && p.form == Form::softmax) {
      LaneSums<T> diff, absolute;
      for (std::int64_t i = 0; i < n; i += kLanes) {
#pragma omp simd
        for (std::int64_t l = 0; l < kLanes; ++l) diff.lane[l] += b.diff[i + l], absolute.lane[l] += abs(b.diff[i + l]);
      }
      sums.diff.add(diff.total());
      sums.absolute_diff.add(absolute.total());
    }
    if (plan.smooth && plan.label_p) sums.log_p.add(sum_of_first(b.log_p, columns, b));
    if (plan.smooth && plan.label_q) sums.log_q.add(sum_of_first(b.log_q, columns, b));
  }
}

template <class T>
static PairNormalisers sum_pair_terms(const RowsJob& job, const RowsPlan& plan, const Side<T>& p, const Side<T>& q,
                                      PairBlock<T>& b, RowSums& sums) {
  const bool softmax = plan.pairing == Pairing::logs && p.form == Form::softmax;
  PairNormalisers normalisers;
  if (softmax) normalisers.offset = softmax_offset(p, q);
  if constexpr (sizeof(T) == sizeof(double)) {
    if (plan.pairing == Pairing::mixed) {
      BlockArray<double> x;
      normalisers.mixed = {log_normaliser(p, x), log_normaliser(q, x)};
    }
  }
  sum_terms(job, plan, p, q, normalisers, b, sums);
  for (int repetition = 0; softmax && repetition < kMaxRefinements; ++repetition) {
    if (!refine<T>(normalisers.offset, sums.diff.value(), sums.absolute_diff.value())) break;
    sum_terms(job, plan, p, q, normalisers, b, sums);
  }
  return normalisers;
}

/// What a good row of at least one column tells beside its sums.
template <class T>
static RowFacts facts_of(const RowsJob& job, const RowsPlan& plan, const Side<T>& p, const Side<T>& q,
                         const Label& label, const RowSums& sums) {
  RowFacts facts{};
  facts.order = plan.order;
  facts.top1_p = p.argmax, facts.top1_q = q.argmax;
  facts.mass_p = p.mass, facts.mass_q = q.mass;
  facts.lse_q = q.log_mass;
  if (plan.q) facts.max_q = largest_probability(q);
  const auto log_probability = [&](const Side<T>& side, const CompensatedSum<double>& logs) {
    return smoothed_log_probability(job, log_probability_at(side, label.index), logs.value());
  };
  if (label.status == status_ok && plan.label_p) facts.log_p_label = log_probability(p, sums.log_p);
  if (label.status == status_ok && plan.label_q) facts.log_q_label = log_probability(q, sums.log_q);
  return facts;
}

/// `sum(Term{})` of a row.
struct SumOf {
  const RowSums& sums;
  template <class Term> double operator()(Term) const {
    constexpr int k = kTermIndex<Term>;
    return kIsLogarithmic<Term> ? sums.log_term[k].value() : sums.term[k].value();
  }
};

/// Whether a side's entries underflow as probabilities. Leaves the first block of short rows in b.x_p and b.x_q.
static bool lose_probabilities(const RowsPlan& plan, Side<float>& p, Side<float>& q, PairBlock<float>& b) {
  if (plan.p) find_smallest(p, b.x_p);
  if (plan.q) find_smallest(q, b.x_q);
  return (plan.p && loses_probabilities(p)) || (plan.q && loses_probabilities(q));
}
static bool lose_probabilities(const RowsPlan&, Side<double>&, Side<double>&, PairBlock<double>&) { return false; }

/// False, with nothing written, for a row that needs a wider type.
template <class T>
static bool one_row(const RowsJob& job, const RowsPlan& plan, Side<T>& p, Side<T>& q, std::int64_t row, PairBlock<T>& b,
                    RowSums& sums) {
  std::uint8_t status = status_ok;
  RowFacts facts{};
  facts.lse_q = -kInf<double>;
  const Label label = read_label(job.labels, row, job.cols, job.options.ignore_index);
  const bool swept = sweep_given(job, plan, p, q, row, b, sums.term);
  if (job.cols > 0 && !swept) {
    if (plan.p) prepare_row(p, row, b.x_p, b.term, b.remainder_p), status |= p.status;
    if (plan.q) prepare_row(q, row, b.x_q, b.term, b.remainder_q), status |= q.status;
  }
  if ((plan.p && leaves_float(p)) || (plan.q && leaves_float(q))) return false;
  const bool good = status == status_ok;
  if (good && job.cols > 0 && reads_far_logarithms(plan) && lose_probabilities(plan, p, q, b)) return false;
  if (good && plan.terms && !swept) {
    sum_pair_terms(job, plan, p, q, b, sums);
    if (has_small_entropy(plan, SumOf{sums}) && lose_probabilities(plan, p, q, b)) return false;
  }
  if (good && job.cols > 0) facts = facts_of(job, plan, p, q, label, sums);
  if (job.status != nullptr) job.status[row] = status | label.status;
  store_measures<AllTerms>(job, row, status, label, facts, SumOf{sums});
  return true;
}

template <class T>
static void rows_range_as(const RowsJob& job, const RowsPlan& plan, std::int64_t first, std::int64_t last) {
  const bool check = job.options.normalize == Normalize::check;
  PairBlock<T> block;
  RowSums sums{};
  Side<T> p = side_of<T>(job.p, plan.form_p, plan.temperature_p, check, plan.mass_p, plan.top1);
  Side<T> q = side_of<T>(job.q, plan.form_q, plan.temperature_q, check, plan.mass_q, plan.top1);
  for (std::int64_t row = first; row < last; ++row) {
    if (!one_row(job, plan, p, q, row, block, sums)) rows_range_as<double>(job, plan, row, row + 1);
  }
}

static void rows_range(const RowsJob& job, const RowsPlan& plan, std::int64_t first, std::int64_t last) {
  if (plan.wide) {
    rows_range_as<double>(job, plan, first, last);
  } else {
    rows_range_as<float>(job, plan, first, last);
  }
}

}  // namespace kullback::cpu
