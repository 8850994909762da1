#pragma once

#include "kernels/measures/pair.hpp"

namespace kullback {

/// Relative entropy, plain: sum p log(p/q); terms of both signs; +inf where q = 0 < p.
struct RelEntr {
  static constexpr Measure kId = Measure::rel_entr;
  static constexpr MeasureInfo kInfo = {"rel_entr", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsDiff | kNeedsS | kNeedsLogRatio;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters&) {
    return p_log_ratio(x);
  }
  template <class T> static KULLBACK_HD T near(const Pair<T>& x) { return x.p * near_log_ratio(x); }

  static constexpr unsigned kSlopeFields = Kl::kSlopeFields;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) { return -x.diff; }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>&) { return p_log_ratio(x); }
};

}  // namespace kullback
