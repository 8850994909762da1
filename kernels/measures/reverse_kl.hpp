#pragma once

#include "kernels/measures/kl.hpp"

namespace kullback {

/// KL with the roles swapped: sum q log(q/p) - q + p.
struct ReverseKl {
  static constexpr Measure kId = Measure::reverse_kl;
  static constexpr MeasureInfo kInfo = {"reverse_kl", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::term;
  static constexpr unsigned kFields = Kl::kFields;

  template <class T, class Parameters> static KULLBACK_HD T term(const Pair<T>& x, const Parameters& parameters) {
    return Kl::term(x.swapped(), parameters);
  }
  template <class T> static KULLBACK_HD T near(const Pair<T>& x) { return Kl::near(x.swapped()); }

  static constexpr unsigned kSlopeFields = Kl::kSlopeFields;
  template <class T> static KULLBACK_HD T slope_q(const Pair<T>& x, const TermParameters<T>&) {
    return p_log_ratio(x.swapped());
  }
  template <class T> static KULLBACK_HD T slope_p(const Pair<T>& x, const TermParameters<T>&) { return x.diff; }
};

}  // namespace kullback
