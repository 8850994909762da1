#pragma once

#include "kernels/measures/hellinger.hpp"

namespace kullback {

/// The sum of a Bhattacharyya distance: sum sqrt(pq), whose logarithm is asked for where it underflows.
struct Affinity {
  static constexpr unsigned kFields = kNeedsDiff | kNeedsLogs;
  static constexpr bool kLogarithmic = true;

  template <class T> static KULLBACK_HD double term(const Pair<T>& x, const TermParameters<T>& w) {
    return 0.5 * (precise_log(x.p, x.log_p, w) + precise_log(x.q, x.log_q, w));
  }
};

/// HellingerSq beside it: the sums of a measure are of one group, see kernels/measures/all.hpp.
struct AffinityGap : HellingerSq {};

/// Bhattacharyya distance (Bhattacharyya 1943): -log of the affinity a = sum sqrt(pq). Near a = 1 it comes from
/// a - 1 = (sum p - 1)/2 + (sum q - 1)/2 - hellinger_sq, whose parts keep their digits.
struct Bhattacharyya {
  static constexpr Measure kId = Measure::bhattacharyya;
  static constexpr MeasureInfo kInfo = {"bhattacharyya", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::function;
  static constexpr unsigned kFields = kNeedsMass;
  using Terms = MeasureList<AffinityGap, Affinity>;

  template <class Sum> static KULLBACK_HD double value(const Sum& sum, const RowFacts& row) {
    const double log_affinity = sum(Affinity{}), apart = sum(AffinityGap{});
    const double over_p = (row.mass_p.hi - 1) + row.mass_p.lo, over_q = (row.mass_q.hi - 1) + row.mass_q.lo;
    const bool near = abs(log_affinity) < 0.7 && apart < 1 && abs(over_p) < 1 && abs(over_q) < 1;
    return 0.0 - (near ? log1p(0.5 * (over_p + over_q) - apart) : log_affinity);  // never -0
  }

  using SlopeOf = HellingerSq;
  static KULLBACK_HD double chain(double value, const RowFacts&) { return exp(value); }
  static KULLBACK_HD double log_sum(double value, const RowFacts&) { return -value; }
};

}  // namespace kullback
