#pragma once

#include <vector>

#include "real.hpp"
#include "reference.hpp"

/// A pair of rows column by column, and the sum of what each adds to a measure.
namespace kullback::reference {

/// One column: both probabilities, their logarithms, and how wrong they may be.
template <class Real> struct Column {
  Real p = 0, q = 0, log_p = 0, log_q = 0;
  Real error_p = 0, error_q = 0;  ///< relative errors of p and q (absolute ones of their logarithms)
  Real ratio = 0;                 ///< log(p / q), where both are positive
  Real ratio_rounding = 0;        ///< its error, in units of rounding, beyond those of p and q
  bool has_p = false, has_q = false;
};

/// What one column adds to a measure.
template <class Real> struct Term {
  Real value = 0;
  Real parts = 0;     ///< sum of the absolute values that were added up or cancelled to make it
  Real by_log_p = 0;  ///< |d value / d log p|: how an error of p moves it
  Real by_log_q = 0;
};

template <class Real> Term<Real> infinite() { return {Real(kInfinity), 0, 0, 0}; }

/// Adds up term(column) over the columns of the sides that are there.
template <class Real, class TermOf> Estimate<Real> sum_terms(const std::vector<Column<Real>>& columns, TermOf term_of) {
  std::vector<Real> values, magnitudes, errors;
  for (const Column<Real>& c : columns) {
    const Term<Real> term = term_of(c);
    if (term.value == Real(kInfinity)) return {term.value, 0, term.value};
    const Real both = c.error_p + c.error_q;
    values.push_back(term.value);
    magnitudes.push_back(fabs(term.value));
    errors.push_back(kRoundings * kUnit<Real> * term.parts + term.by_log_p * c.error_p + term.by_log_q * c.error_q +
                     term.parts * both * both);
  }
  const Real magnitude = sum(magnitudes);
  return {sum(values), sum(errors) + sum_error<Real>(values.size()) * magnitude, magnitude};
}

/// log of the sum of e^value over terms that are logarithms, about their largest, whose `parts` move them by roundings.
template <class Real, class TermOf>
Estimate<Real> log_of_sum(const std::vector<Column<Real>>& columns, TermOf term_of) {
  std::vector<Term<Real>> terms;
  Real largest = -Real(kInfinity);
  for (const Column<Real>& c : columns) {
    terms.push_back(term_of(c));
    if (terms.back().value > largest) largest = terms.back().value;
  }
  if (!(fabs(largest) < Real(kInfinity))) return {largest, 0, fabs(largest)};
  std::vector<Real> weights, errors;
  for (std::size_t j = 0; j < terms.size(); ++j) {
    const Term<Real>& t = terms[j];
    if (t.value == -Real(kInfinity)) continue;
    weights.push_back(exp(t.value - largest));
    errors.push_back(weights.back() * (kRoundings * kUnit<Real> * (1 + t.parts + fabs(t.value - largest)) +
                                       t.by_log_p * columns[j].error_p + t.by_log_q * columns[j].error_q));
  }
  const Real total = sum(weights), value = largest + log(total);
  const Real relative = sum(errors) / total + sum_error<Real>(weights.size());
  return {value, relative + kRoundings * kUnit<Real> * (1 + fabs(largest) + fabs(value)), fabs(value)};
}

}  // namespace kullback::reference
