#pragma once

#include "kernels/cuda/row_normaliser.cuh"
#include "kernels/math/row_pair.hpp"
#include "kernels/measures/all.hpp"
#include "kernels/row_plan.hpp"

/// Phase 2 of a row: the terms of every asked measure, column by column, from the row on chip.
namespace kullback::cuda {

/// Sums of parts of at most kPerLane terms: in double, which a float's terms do not fill, or compensated.
struct PlainSum {
  double sum = 0;
  __device__ void add(double x) { sum += x; }
  __device__ void merge(const PlainSum& other) { sum += other.sum; }
  __device__ double value() const { return sum; }
};
template <class T> struct SumFor { using type = PlainSum; };
template <> struct SumFor<double> { using type = CompensatedSum<double>; };

/// The sums of a group of terms.
template <class T, class Terms> struct TermSums {
  using Sum = typename SumFor<T>::type;
  static constexpr int kCount = count_of(Terms{});
  Sum term[kCount];
  LogSum log_term[kCount];
  Sum log_p, log_q;         // for label smoothing
  Sum diff, absolute_diff;  // of softmax pairs

  template <class Term> __device__ double operator()(Term) const {
    constexpr int k = index_in<Term>(Terms{});
    return kIsLogarithmic<Term> ? log_term[k].value() : term[k].value();
  }

  /// Every sum that is asked for, over the group. One after the other: together they would not fit the registers.
  template <class Group> __device__ void reduce(const Group& group, const RowsPlan& plan) {
    reduce_terms(group, plan.sums, Terms{});
    if constexpr (std::is_same_v<Terms, UsualTerms>) {
      if (plan.smooth) total(group, log_p), total(group, log_q);
      if (plan.pairing == Pairing::logs) total(group, diff), total(group, absolute_diff);
    }
  }

 private:
  template <class Group, class A> static __device__ void total(const Group& group, A& sum) {
    sum = group.reduce(sum, [](A a, const A& b) {
      a.merge(b);
      return a;
    });
  }
  template <class Group, class... Each>
  __device__ void reduce_terms(const Group& group, unsigned asked, MeasureList<Each...>) {
    (reduce_term<Each>(group, asked), ...);
  }
  template <class Term, class Group> __device__ void reduce_term(const Group& group, unsigned asked) {
    constexpr int k = index_in<Term>(Terms{});
    if ((asked & kTermBit<Term>) == 0) return;
    if constexpr (kIsLogarithmic<Term>) {
      total(group, log_term[k]);
    } else {
      total(group, term[k]);
    }
  }
};

/// In a branch that the whole launch takes or not: keeps the compiler from computing both sides and selecting.
__device__ inline void stay_a_branch() { asm volatile(""); }

/// A side's probabilities, whatever its form. Float logits at temperature 1 go the same way as in LogitColumns, so that
/// a measure's bits do not depend on what else is asked.
template <class T> class SideColumns {
 public:
  __device__ SideColumns(const RowSide<T>& side, T) : side_(side) {}
  __device__ T operator()(T x) const {
    switch (side_.form) {
      case Form::softmax: return probability<Form::softmax>(side_, x);
      case Form::log_prob: return probability<Form::log_prob>(side_, x);
      case Form::prob: return probability<Form::prob>(side_, x);
      case Form::share: return probability<Form::share>(side_, x);
    }
    return x;
  }

 private:
  const RowSide<T>& side_;
};

template <> class SideColumns<float> {
 public:
  __device__ SideColumns(const RowSide<float>& side, float reference)
      : side_(side), logits_(side, reference), plain_(scan_of(side, false) == Scan::exponentials_at_one) {}
  __device__ float operator()(float x) const {
    if (plain_) return logits_(x);
    switch (side_.form) {
      case Form::softmax: return probability<Form::softmax>(side_, x);
      case Form::log_prob: return probability<Form::log_prob>(side_, x);
      default: return x;  // shares are computed in double
    }
  }

 private:
  const RowSide<float>& side_;
  LogitSide logits_;
  bool plain_;
};

template <class T> __device__ T log_probability_of(const RowSide<T>& side, T x, double remainder) {
  switch (side.form) {
    case Form::softmax: return log_probability<Form::softmax>(side, x, remainder);
    case Form::log_prob: return log_probability<Form::log_prob>(side, x, remainder);
    case Form::prob: return log_probability<Form::prob>(side, x, remainder);
    case Form::share: return log_probability<Form::share>(side, x, remainder);
  }
  return x;
}

/// One entry of a side, with what rounding it to T took away.
template <class T> struct Entry {
  T x;
  double remainder;
};

/// A pair of rows whose normalisers are known.
template <class T> struct RowPair {
  RowSide<T> p, q;
  T reference_p, reference_q;  // softmax at temperature 1: see OnlineSoftmax
  LogOffset offset;            // Pairing::logs
  MixedNormalisers mixed;      // Pairing::mixed
};

/// The columns of a pair, whatever the forms of its sides.
template <class T> class AnyColumns {
 public:
  __device__ AnyColumns(const RowPair<T>& pair, const RowsPlan& plan, unsigned fields)
      : pair_(pair), plan_(plan), fields_(fields), p_(pair.p, pair.reference_p), q_(pair.q, pair.reference_q) {}

  __device__ Pair<T> operator()(const Entry<T>& a, const Entry<T>& b) const {
    const RowSide<T>&p = pair_.p, &q = pair_.q;
    Pair<T> c{};
    if (plan_.p) c.p = p_(a.x);
    if (plan_.q) c.q = q_(b.x);
    if (fields_ & kNeedsLogP) {
      stay_a_branch();
      c.log_p = log_probability_of(p, a.x, a.remainder);
    }
    if (fields_ & kNeedsLogQ) {
      stay_a_branch();
      c.log_q = log_probability_of(q, b.x, b.remainder);
    }
    Difference<T> d{};
    switch (plan_.pairing) {
      case Pairing::single: return c;
      case Pairing::logs: d = pair_logs(a.x, b.x, c.p, c.q, p.scale, SplitOffset<T>(pair_.offset)); break;
      case Pairing::probs:
        d.diff = c.p - c.q;
        if (fields_ & kNeedsLogRatio) {
          stay_a_branch();
          d.log_ratio = log_ratio_of_probs(c.p, c.q);
        }
        break;
      case Pairing::shares:
        if constexpr (sizeof(T) == sizeof(double)) {
          const SharePair shares(p, q);
          d.diff = shares.diff(a.x, b.x, a.remainder, b.remainder);
          if (fields_ & kNeedsLogRatio) d.log_ratio = shares.log_ratio_of(a.x, b.x, c.p, c.q);
        }
        break;
      case Pairing::mixed:
        if constexpr (sizeof(T) == sizeof(double)) {
          d = pair_mixed(p, q, pair_.mixed, a.x, b.x, p.is_log() ? 0.0 : a.remainder, q.is_log() ? 0.0 : b.remainder,
                         c.p, c.q);
        }
        break;
    }
    c.diff = d.diff;
    c.log_ratio = d.log_ratio;
    if (fields_ & kNeedsS) {
      stay_a_branch();
      c.s = relative_difference(c.diff, c.p, c.q);
    }
    return c;
  }

 private:
  const RowPair<T>& pair_;
  const RowsPlan& plan_;
  unsigned fields_;
  SideColumns<T> p_, q_;
};

/// The columns of two rows of float logits at temperature 1, in about half of the instructions: exponentials by the
/// special-function unit, relative to phase 1's integer, and a quotient of 2 ulp, all well inside the contract's 128 u.
class LogitColumns {
 public:
  __device__ LogitColumns(const RowPair<float>& pair, unsigned fields)
      : offset_(pair.offset),
        p_(pair.p, pair.reference_p),
        q_(pair.q, pair.reference_q),
        max_p_(pair.p.max),
        max_q_(pair.q.max),
        log_sum_p_(static_cast<float>(pair.p.log_sum)),
        log_sum_q_(static_cast<float>(pair.q.log_sum)),
        fields_(fields) {}

  __device__ Pair<float> operator()(const Entry<float>& a, const Entry<float>& b) const {
    Pair<float> c{};
    c.p = p_(a.x);
    c.q = q_(b.x);
    const Difference<float> d = from_log_ratio(c.p, c.q, offset_.subtract_from(two_sum(a.x, -b.x)));
    c.diff = d.diff;
    c.log_ratio = d.log_ratio;
    if (fields_ & kNeedsLogP) {
      stay_a_branch();
      c.log_p = (a.x - max_p_) - log_sum_p_;
    }
    if (fields_ & kNeedsLogQ) {
      stay_a_branch();
      c.log_q = (b.x - max_q_) - log_sum_q_;
    }
    if (fields_ & kNeedsS) {
      stay_a_branch();
      const float w = c.p + c.q;
      c.s = w > 0 ? __fdividef(c.diff, w) : 0.0f;
    }
    return c;
  }

 private:
  SplitOffset<float> offset_;
  LogitSide p_, q_;
  float max_p_, max_q_, log_sum_p_, log_sum_q_;
  unsigned fields_;
};

/// Adds up terms in T, at most a chunk's, before they reach the sums. In double they go there at once: that keeps the
/// registers of a part and loses nothing, as the sums are compensated.
template <class T> struct Part {
  T part = 0;
  __device__ void add(T x, typename SumFor<T>::type&) { part += x; }
  __device__ void flush(typename SumFor<T>::type& sum) const { sum.add(static_cast<double>(part)); }
};
template <> struct Part<double> {
  __device__ void add(double x, CompensatedSum<double>& sum) { sum.add(x); }
  __device__ void flush(CompensatedSum<double>&) const {}
};

/// The terms of a chunk's columns. Asked: those of Terms that may be asked for; of a list of one the compiler knows
/// that it is.
template <class T, class Terms, class Asked> struct TermParts {
  TermSums<T, Terms>& sums;
  Part<T> term[count_of(Terms{})];
  Part<T> log_p, log_q, diff, absolute_diff;

  __device__ explicit TermParts(TermSums<T, Terms>& s) : sums(s) {}

  /// `asked`: bits of terms.
  __device__ void add(const Pair<T>& c, unsigned asked, const TermParameters<T>& parameters) {
    for_each_measure(Asked{}, [&](auto one) {
      using Term = decltype(one);
      constexpr int k = index_in<Term>(Terms{});
      if constexpr (kIsLogarithmic<Term>) {
        if ((asked & kTermBit<Term>) != 0) {
          stay_a_branch();
          sums.log_term[k].add(Term::term(c, parameters));
        }
      } else if constexpr (std::is_same_v<Asked, MeasureList<Term>>) {
        term[k].add(Term::term(c, parameters), sums.term[k]);
      } else if ((asked & kTermBit<Term>) != 0) {
        stay_a_branch();
        term[k].add(Term::term(c, parameters), sums.term[k]);
      }
    });
  }
  /// For RowPair's refinement.
  __device__ void add_differences(const Pair<T>& c) {
    diff.add(c.diff, sums.diff);
    absolute_diff.add(abs(c.diff), sums.absolute_diff);
  }
  __device__ void add_logs(const Pair<T>& c) {
    log_p.add(c.log_p, sums.log_p);
    log_q.add(c.log_q, sums.log_q);
  }

  __device__ void flush() {
#pragma unroll
    for (int k = 0; k < count_of(Terms{}); ++k) term[k].flush(sums.term[k]);
    log_p.flush(sums.log_p), log_q.flush(sums.log_q);
    diff.flush(sums.diff), absolute_diff.flush(sums.absolute_diff);
  }
};

}  // namespace kullback::cuda
