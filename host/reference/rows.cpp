#include <cstddef>
#include <cstdint>
#include <vector>

#include "column.hpp"
#include "divergence_terms.hpp"
#include "real.hpp"
#include "reference.hpp"
#include "side.hpp"

namespace kullback::reference {
namespace {

template <class Real> Term<Real> entropy_term(Real p, Real log_p, bool has_p) {
  if (!has_p) return {};
  return {-p * log_p, p * fabs(log_p), p * (fabs(log_p) + 1), 0};
}

template <class Real> Term<Real> cross_entropy_term(const Column<Real>& c) {
  if (!c.has_p) return {};
  if (!c.has_q) return infinite<Real>();
  return {-c.p * c.log_q, c.p * fabs(c.log_q), c.p * fabs(c.log_q), c.p};
}

template <class Real> Term<Real> kl_term(const Column<Real>& c) {
  if (!c.has_p) return {c.q, c.q, 0, c.q};
  if (!c.has_q) return infinite<Real>();
  return {c.p * c.ratio - c.p + c.q, c.p * (fabs(c.ratio) + c.ratio_rounding) + c.p + c.q, c.p * fabs(c.ratio),
          fabs(c.p - c.q)};
}

template <class Real> Term<Real> reverse_kl_term(const Column<Real>& c) {
  const Term<Real> term = kl_term(exchanged(c));
  return {term.value, term.parts, term.by_log_q, term.by_log_p};
}

template <class Real> Term<Real> js_term(const Column<Real>& c, Real beta) {
  const Real m = beta * c.p + (1 - beta) * c.q;
  if (m == 0) return {};
  const Real log_pm = c.p > 0 ? log(c.p / m) : 0, log_qm = c.q > 0 ? log(c.q / m) : 0;
  const Real kl_pm = c.p * log_pm - c.p + m, kl_qm = c.q * log_qm - c.q + m;
  const Real by_log_p = beta * c.p * fabs(log_pm), by_log_q = (1 - beta) * c.q * fabs(log_qm);
  return {beta * kl_pm + (1 - beta) * kl_qm, by_log_p + by_log_q + 4 * m, by_log_p, by_log_q};
}

template <class Real> Term<Real> tv_term(const Column<Real>& c) {
  return {fabs(c.p - c.q) / 2, (c.p + c.q) / 2, c.p / 2, c.q / 2};
}

/// -sum t log q for the target t = (1-e) one-hot + e / n.
template <class Real> Estimate<Real> nll(const Side<Real>& side, std::size_t label, Real smoothing) {
  const Real each = smoothing / Real(side.p.size());
  std::vector<Real> terms, errors;
  for (std::size_t j = 0; j < side.p.size(); ++j) {
    const Real target = each + (j == label ? 1 - smoothing : 0);
    if (target == 0) continue;
    if (!(side.log_p[j] > -Real(kInfinity))) return {Real(kInfinity), 0, Real(kInfinity)};
    terms.push_back(-target * side.log_p[j]);
    errors.push_back(target * side.log_error[j] + kRoundings * kUnit<Real> * fabs(terms.back()));
  }
  Estimate<Real> result{sum(terms), sum(errors), 0};
  for (Real& term : terms) term = fabs(term);
  result.magnitude = sum(terms);
  if (terms.size() > 1) result.error += sum_error<Real>(terms.size()) * result.magnitude;
  return result;
}

/// log(p/q): of the quotient where that cannot overflow, because a difference of logarithms loses digits.
template <class Real> void set_ratio(const Side<Real>& p, const Side<Real>& q, Column<Real>& c) {
  if (!c.has_p || !c.has_q) return;
  c.ratio = c.log_p - c.log_q;
  c.ratio_rounding = (p.linear ? fabs(c.log_p) : 0) + (q.linear ? fabs(c.log_q) : 0);
  if (p.linear && q.linear && fabs(c.ratio) < 700) {
    c.ratio = log(c.p / c.q);
    c.ratio_rounding = 1;
  }
}

template <class Real> std::vector<Column<Real>> pair_up(const Side<Real>* p, const Side<Real>* q) {
  std::vector<Column<Real>> columns(p ? p->p.size() : q ? q->p.size() : 0);
  for (std::size_t j = 0; j < columns.size(); ++j) {
    Column<Real>& c = columns[j];
    if (p) c.p = p->p[j], c.log_p = p->log_p[j], c.error_p = p->log_error[j], c.has_p = c.log_p > -Real(kInfinity);
    if (q) c.q = q->p[j], c.log_q = q->log_p[j], c.error_q = q->log_error[j], c.has_q = c.log_q > -Real(kInfinity);
    if (p && q) set_ratio(*p, *q, c);
  }
  return columns;
}

struct Needs {
  bool p, q, labels, scaled;
};

Needs needs_of(Measure measure) {
  switch (measure) {
    case Measure::entropy: return {true, false, false, true};
    case Measure::perplexity: return {false, true, true, false};
    case Measure::lse:
    case Measure::max_prob:
    case Measure::top1: return {false, true, false, false};
    case Measure::entropy_q: return {false, true, false, true};
    case Measure::nll: return {false, true, true, true};
    case Measure::nll_p: return {true, false, true, true};
    case Measure::cross_entropy:
    case Measure::kl:
    case Measure::reverse_kl:
    case Measure::js:
    case Measure::js_distance:
    case Measure::rel_entr:
    case Measure::jeffreys:
    case Measure::bhattacharyya:
    case Measure::renyi: return {true, true, false, true};
    case Measure::tv:
    case Measure::hellinger_sq:
    case Measure::hellinger:
    case Measure::chi2:
    case Measure::chi2_reverse:
    case Measure::triangular:
    case Measure::tsallis:
    case Measure::top1_agree: return {true, true, false, false};
  }
  return {};
}

template <class Real> struct Row {
  Side<Real> p, q;
  std::vector<Column<Real>> columns;
  std::size_t label = 0;
  std::uint8_t status = status_ok;
};

/// sqrt of a sum that is 0 or more, its estimate perhaps a little less: roots differ by no more than the root of what
/// they are of does, nor that over either.
template <class Real> Estimate<Real> root(const Estimate<Real>& x) {
  const Real value = x.value < 0 ? 0 : sqrt(x.value), error = sqrt(x.error);
  if (!(value < Real(kInfinity))) return {value, 0, value};
  return {value, (value > error ? x.error / value : error) + kRoundings * kUnit<Real> * value, value};
}

template <class Real> Estimate<Real> exponential(const Estimate<Real>& x) {
  const Real value = exp(x.value);
  if (!(value < Real(kInfinity))) return {value, 0, value};
  return {value, value * (x.error + kRoundings * kUnit<Real> * (1 + fabs(x.value))),
          value * (x.magnitude > 1 ? x.magnitude : 1)};
}

/// -log sum sqrt(pq). Its parts are what the masses are above 1, half of each, and the distance of the rows.
template <class Real> Estimate<Real> bhattacharyya(const Row<Real>& row) {
  if (row.columns.empty()) return {};
  const Estimate<Real> log_affinity = log_of_sum(row.columns, affinity_term<Real>);
  const Real over = fabs(row.p.mass - 1) + fabs(row.q.mass - 1), given = row.p.given_logs + row.q.given_logs;
  return {-log_affinity.value, log_affinity.error, log_affinity.magnitude + (over + given) / 2};
}

template <class Real> Estimate<Real> tsallis(const Row<Real>& row, Real alpha) {
  if (alpha == 1) return sum_terms(row.columns, kl_term<Real>);
  return sum_terms(row.columns, [&](const Column<Real>& c) { return tsallis_term(c, alpha); });
}

template <class Real> Estimate<Real> renyi(const Row<Real>& row, Real alpha) {
  if (row.columns.empty()) return {};
  const Real mass = alpha * row.p.mass + (1 - alpha) * row.q.mass;
  const Real mass_error = alpha * row.p.mass_error + fabs(1 - alpha) * row.q.mass_error;
  Estimate<Real> e;
  if (alpha == 1) {
    e = sum_terms(row.columns, kl_term<Real>);
    e = {e.value / mass, (e.error + e.value * mass_error / mass) / mass, e.magnitude / mass};
  } else {
    e = log_of_sum(row.columns, [&](const Column<Real>& c) { return log_power_term(c, alpha); });
    const Real log_mass = log(mass), value = (e.value - log_mass) / (alpha - 1);
    const Real error = e.error + mass_error / mass + kRoundings * kUnit<Real> * (1 + fabs(log_mass));
    e = {value, error / fabs(alpha - 1), fabs(value)};
  }
  if (!(fabs(e.value) < Real(kInfinity))) e.error = 0;
  return e;
}

template <class Real> Estimate<Real> evaluate(Measure measure, const Row<Real>& row, const RowsOptions& options) {
  const Real beta = options.beta, smoothing = options.label_smoothing;
  switch (measure) {
    case Measure::entropy:
      return sum_terms(row.columns, [](const Column<Real>& c) { return entropy_term(c.p, c.log_p, c.has_p); });
    case Measure::entropy_q:
      return sum_terms(row.columns, [](const Column<Real>& c) {
        const Term<Real> term = entropy_term(c.q, c.log_q, c.has_q);
        return Term<Real>{term.value, term.parts, 0, term.by_log_p};
      });
    case Measure::cross_entropy: return sum_terms(row.columns, cross_entropy_term<Real>);
    case Measure::nll: return nll(row.q, row.label, smoothing);
    case Measure::nll_p: return nll(row.p, row.label, smoothing);
    case Measure::kl: return sum_terms(row.columns, kl_term<Real>);
    case Measure::reverse_kl: return sum_terms(row.columns, reverse_kl_term<Real>);
    case Measure::js: return sum_terms(row.columns, [&](const Column<Real>& c) { return js_term(c, beta); });
    case Measure::tv: return sum_terms(row.columns, tv_term<Real>);
    case Measure::top1_agree: return {Real(row.p.top == row.q.top), 0, 1};
    case Measure::rel_entr: return sum_terms(row.columns, rel_entr_term<Real>);
    case Measure::jeffreys: return sum_terms(row.columns, jeffreys_term<Real>);
    case Measure::js_distance: return root(evaluate(Measure::js, row, options));
    case Measure::hellinger_sq: return sum_terms(row.columns, hellinger_sq_term<Real>);
    case Measure::hellinger: return root(evaluate(Measure::hellinger_sq, row, options));
    case Measure::bhattacharyya: return bhattacharyya(row);
    case Measure::chi2: return sum_terms(row.columns, chi2_term<Real>);
    case Measure::chi2_reverse: return sum_terms(row.columns, chi2_reverse_term<Real>);
    case Measure::triangular: return sum_terms(row.columns, triangular_term<Real>);
    case Measure::renyi: return renyi(row, Real(options.alpha.value_or(kNaN)));
    case Measure::tsallis: return tsallis(row, Real(options.alpha.value_or(kNaN)));
    case Measure::lse:
      return {row.q.log_mass, row.q.log_mass_error, fabs(row.q.log_mass) > 1 ? fabs(row.q.log_mass) : 1};
    case Measure::max_prob:
      if (row.q.p.empty()) return {};
      return {row.q.p[row.q.top], row.q.p[row.q.top] * row.q.log_error[row.q.top], row.q.p[row.q.top]};
    case Measure::top1: return {Real(row.q.top), 0, Real(row.q.top)};
    case Measure::perplexity: return exponential(nll(row.q, row.label, smoothing));
  }
  return {Real(kNaN), 0, 0};
}

std::uint8_t find_label(const RowsInput& input, const RowsOptions& options, std::int64_t cols, std::int64_t row,
                        std::size_t& index) {
  const std::int64_t label = read_integer(input.labels.data, input.labels.dtype, row);
  if (options.ignore_index && label == *options.ignore_index) return status_ignored;
  if (label < 0 || label >= cols) return status_label_range;
  index = static_cast<std::size_t>(label);
  return status_ok;
}

}  // namespace

template <class Real>
RowEstimates<Real> rows(const MeasureSet& measures, const RowsInput& input, const RowsOptions& options,
                        std::int64_t index) {
  Needs needs{};
  for (Measure m : measures) {
    const Needs n = needs_of(m);
    needs = {needs.p || n.p, needs.q || n.q, needs.labels || n.labels, false};
  }
  Row<Real> row;
  if (needs.p)
    row.p = load_side<Real>(input.p, index, options.input_p, options.temperature, options.normalize, options.smooth);
  if (needs.q)
    row.q = load_side<Real>(input.q, index, options.input_q, options.temperature, options.normalize, options.smooth);
  const int bad = row.p.status | row.q.status;
  if (bad == status_ok) row.columns = pair_up(needs.p ? &row.p : nullptr, needs.q ? &row.q : nullptr);
  int label_status = status_ok;
  const std::int64_t cols = needs.q ? input.q.cols : input.p.cols;
  if (needs.labels) label_status = find_label(input, options, cols, index, row.label);

  RowEstimates<Real> result;
  result.status = static_cast<std::uint8_t>(bad | label_status);
  for (Measure m : measures) {
    const Needs n = needs_of(m);
    Estimate<Real> e;
    const bool ignored = n.labels && label_status == status_ignored;
    if (!ignored && (bad != status_ok || (n.labels && label_status == status_label_range))) {
      e.value = Real(kNaN);
    } else if (!ignored) {
      e = evaluate(m, row, options);
      Real unit = n.scaled ? per_nat<Real>(options.unit) : Real(1);
      if (m == Measure::js_distance) unit = sqrt(unit);
      const bool finite = fabs(e.value) < Real(kInfinity);
      e = {e.value * unit, finite ? e.error * unit + kRoundings * kUnit<Real> * e.magnitude : 0, e.magnitude * unit};
      if (m == Measure::top1_agree || m == Measure::top1) e.error = 0;
    } else if (m == Measure::perplexity) {
      e = {1, 0, 1};
    }
    result.values.push_back(e);
  }
  return result;
}

template RowEstimates<double> rows(const MeasureSet&, const RowsInput&, const RowsOptions&, std::int64_t);
template RowEstimates<Binary128> rows(const MeasureSet&, const RowsInput&, const RowsOptions&, std::int64_t);

}  // namespace kullback::reference
