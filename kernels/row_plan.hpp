#pragma once

#include "kernels/engines.hpp"
#include "kernels/math/row_pair.hpp"

/// What a call of `rows` asks, decided once and the same for both backends.
namespace kullback {

struct RowsPlan {
  Form form_p, form_q;
  double temperature_p = 1, temperature_q = 1;
  unsigned fields = 0;        ///< PairField bits of the asked measures
  unsigned sums = 0;          ///< bit k asks for the k-th of AllTerms
  bool p = false, q = false;  ///< sides that are read
  bool terms = false;         ///< something is a sum over columns
  bool label_p = false, label_q = false;
  bool smooth = false;                  ///< label smoothing needs the sum of log p or log q
  bool wide = false;                    ///< computed in double
  bool top1 = false;                    ///< the largest entries' indices are asked for
  bool mass_p = false, mass_q = false;  ///< sides whose mass is asked for
  Pairing pairing = Pairing::single;
  Order order;  ///< of renyi and tsallis
};

/// `more`: PairField bits beside those of the asked measures.
RowsPlan plan_of(const RowsJob& job, unsigned more = 0);

/// The options as terms read them.
template <class T> KULLBACK_HD TermParameters<T> term_parameters(const RowsOptions& options, const RowsPlan& plan) {
  TermParameters<T> w;
  w.beta = static_cast<T>(options.beta);
  w.beta_q = static_cast<T>(1 - options.beta);
  if (plan.pairing == Pairing::logs || plan.pairing == Pairing::mixed) w.smallest = Real<T>::kMinNormal;
  const DoubleDouble& excess = plan.order.excess;
  w.swapped = plan.order.swapped;
  w.excess.hi = static_cast<T>(excess.hi);
  w.excess.lo = static_cast<T>((excess.hi - static_cast<double>(w.excess.hi)) + excess.lo);
  w.inverse_excess = static_cast<T>(1 / excess.hi);
  const DoubleDouble beyond = two_sum(plan.order.alpha, -1.0);
  w.alpha.hi = static_cast<T>(plan.order.alpha);
  w.alpha.lo = static_cast<T>(plan.order.alpha - static_cast<double>(w.alpha.hi));
  w.beyond.hi = static_cast<T>(beyond.hi);
  w.beyond.lo = static_cast<T>((beyond.hi - static_cast<double>(w.beyond.hi)) + beyond.lo);
  return w;
}

}  // namespace kullback
