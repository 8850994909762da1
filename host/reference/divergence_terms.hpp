#pragma once

#include "column.hpp"

/// The terms of the divergences beside kl, js and tv, each from its definition.
namespace kullback::reference {

template <class Real> Term<Real> rel_entr_term(const Column<Real>& c) {
  if (!c.has_p) return {};
  if (!c.has_q) return infinite<Real>();
  return {c.p * c.ratio, c.p * (fabs(c.ratio) + c.ratio_rounding), c.p * (fabs(c.ratio) + 1), c.p};
}

template <class Real> Term<Real> jeffreys_term(const Column<Real>& c) {
  if (!c.has_p && !c.has_q) return {};
  if (!c.has_p || !c.has_q) return infinite<Real>();
  const Real difference = c.p - c.q;
  return {difference * c.ratio, (c.p + c.q) * (fabs(c.ratio) + c.ratio_rounding),
          c.p * fabs(c.ratio) + fabs(difference), c.q * fabs(c.ratio) + fabs(difference)};
}

template <class Real> Term<Real> hellinger_sq_term(const Column<Real>& c) {
  const Real root_p = sqrt(c.p), root_q = sqrt(c.q), difference = root_p - root_q;
  return {difference * difference / 2, c.p + c.q, fabs(difference) * root_p / 2, fabs(difference) * root_q / 2};
}

/// log sqrt(pq)
template <class Real> Term<Real> affinity_term(const Column<Real>& c) {
  if (!c.has_p || !c.has_q) return {-Real(kInfinity), 0, 0, 0};
  return {(c.log_p + c.log_q) / 2, fabs(c.log_p) + fabs(c.log_q), Real(1) / 2, Real(1) / 2};
}

template <class Real> Term<Real> chi2_term(const Column<Real>& c) {
  if (!c.has_p && !c.has_q) return {};
  if (!c.has_q) return infinite<Real>();
  if (c.p > 0 && c.q > 0) {
    const Real difference = c.p - c.q, both = c.p + c.q;
    return {difference * (difference / c.q), both * (both / c.q), 2 * fabs(difference) * (c.p / c.q),
            fabs(difference) * (both / c.q)};
  }
  const Real square = c.has_p ? exp(2 * c.log_p - c.log_q) : 0;  // p or q underflows
  if (square == Real(kInfinity)) return infinite<Real>();
  const Real rounding = c.has_p ? square * (1 + 2 * fabs(c.log_p) + fabs(c.log_q)) : 0;
  return {square - 2 * c.p + c.q, rounding + 2 * c.p + c.q, 2 * square + 2 * c.p, square + c.q};
}

/// The same column with the roles of p and q exchanged.
template <class Real> Column<Real> exchanged(const Column<Real>& c) {
  return {c.q, c.p, c.log_q, c.log_p, c.error_q, c.error_p, -c.ratio, c.ratio_rounding, c.has_q, c.has_p};
}

template <class Real> Term<Real> chi2_reverse_term(const Column<Real>& c) {
  const Term<Real> term = chi2_term(exchanged(c));
  return {term.value, term.parts, term.by_log_q, term.by_log_p};
}

template <class Real> Term<Real> triangular_term(const Column<Real>& c) {
  const Real both = c.p + c.q, difference = fabs(c.p - c.q);
  if (both == 0) return {};
  return {difference * (difference / both), both, 3 * c.p * (difference / both), 3 * c.q * (difference / both)};
}

/// log of p^alpha q^(1-alpha)
template <class Real> Term<Real> log_power_term(const Column<Real>& c, Real alpha) {
  if (!c.has_p || (!c.has_q && alpha < 1)) return {-Real(kInfinity), 0, 0, 0};
  if (!c.has_q) return infinite<Real>();
  return {alpha * c.log_p + (1 - alpha) * c.log_q, fabs(alpha * c.log_p) + fabs((1 - alpha) * c.log_q), alpha,
          fabs(1 - alpha)};
}

/// (p^alpha q^(1-alpha) - alpha p - (1-alpha) q) / (alpha-1), alpha not 1
template <class Real> Term<Real> tsallis_term(const Column<Real>& c, Real alpha) {
  const Term<Real> logarithm = log_power_term(c, alpha);
  const Real power = exp(logarithm.value), by = alpha - 1;
  if (power == Real(kInfinity)) return infinite<Real>();
  const Real rounding = power > 0 ? power * (1 + logarithm.parts) : 0;
  return {(power - alpha * c.p + by * c.q) / by, (rounding + alpha * c.p + fabs(by) * c.q) / fabs(by),
          alpha * fabs(power - c.p) / fabs(by), fabs(power - c.q)};
}

}  // namespace kullback::reference
