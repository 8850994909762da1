#pragma once

#include "kernels/measures/nll.hpp"

/// What is asked of Q's row alone.
namespace kullback {

/// log of the mass of Q's row as it was given: log sum exp(x / T) of logits.
struct Lse {
  static constexpr Measure kId = Measure::lse;
  static constexpr MeasureInfo kInfo = {"lse", false, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = kNeedsMass;

  static KULLBACK_HD double value(const RowFacts& row) { return row.lse_q; }
};

/// The largest probability of Q.
struct MaxProb {
  static constexpr Measure kId = Measure::max_prob;
  static constexpr MeasureInfo kInfo = {"max_prob", false, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return row.max_q; }
};

/// The index of Q's largest entry (lowest on ties).
struct Top1 {
  static constexpr Measure kId = Measure::top1;
  static constexpr MeasureInfo kInfo = {"top1", false, true, false, false};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return static_cast<double>(row.top1_q); }
};

/// exp of the label's negative log-likelihood in nats.
struct Perplexity {
  static constexpr Measure kId = Measure::perplexity;
  static constexpr MeasureInfo kInfo = {"perplexity", false, true, true, false};
  static constexpr MeasureKind kKind = MeasureKind::facts;
  static constexpr unsigned kFields = 0;

  static KULLBACK_HD double value(const RowFacts& row) { return exp(Nll::value(row)); }

  using SlopeOf = Nll;
  static KULLBACK_HD double chain(double value, const RowFacts&) { return value; }
};

}  // namespace kullback
