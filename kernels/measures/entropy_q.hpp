#pragma once

#include "kernels/measures/entropy.hpp"

namespace kullback {

/// Shannon entropy of Q: -sum q log q.
struct EntropyQ {
  static constexpr Measure kId = Measure::entropy_q;
  static constexpr MeasureInfo kInfo = {"entropy_q", false, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = kNeedsLogQ;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters& parameters) {
    return Entropy::term(x.swapped(), parameters);
  }

  static constexpr unsigned kSlopeFields = kNeedsLogQ;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>& w) { return term(x, w); }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>&, const TermParameters<T>&) { return 0; }
};

}  // namespace kullback
