#include <cstddef>
#include <cstdint>
#include <vector>

#include "column.hpp"
#include "real.hpp"
#include "reference.hpp"
#include "side.hpp"

/// Gradients from the definition: with g_j = dD/dq_j, dD/dy_i = q_i (g_i - sum_j q_j g_j) / T for q = softmax(y / T). A
/// multiple of q in the slopes q g changes nothing; they are taken so that they vanish at q = p, where a divergence's
/// gradient does, because the contract's bound is relative to their absolute values.
namespace kullback::reference {
namespace {

/// q g of one column, and what the bound is relative to.
template <class Real> struct Slope { Real value = 0, parts = 0; };

template <class Real> Slope<Real> whole(Real a) { return {a, fabs(a)}; }
template <class Real> Slope<Real> infinite_slope() { return {Real(kInfinity), 0}; }

/// The columns as P or Q sees them: `own` is the side whose slope is asked for.
template <class Real> struct View {
  Real own, other, log_own, log_other;
  Real ratio;  ///< log(own / other), where both are there
  bool has_own, has_other;

  /// own - other, of what they differ by where they are close.
  Real difference() const {
    return has_own && has_other && fabs(ratio) < Real(0.5) ? other * expm1(ratio) : own - other;
  }
};

/// own (e^x - 1), whose factors may leave the range where the product does not.
template <class Real> Real changed(const View<Real>& c, Real x) {
  return fabs(x) < 1 ? c.own * expm1(x) : exp(c.log_own + x) - c.own;
}

template <class Real> Slope<Real> js_slope(const View<Real>& c, Real weight) {
  const Real m = weight * c.own + (1 - weight) * c.other;
  if (c.own == 0) return {};
  const Real apart = (1 - weight) * c.difference() / m;  // own/m - 1
  return whole<Real>(weight * c.own * (fabs(apart) < Real(0.5) ? log1p(apart) : log(c.own / m)));
}

/// Of KL(own, other).
template <class Real> Slope<Real> kl_slope(const View<Real>& c) {
  if (!c.has_own) return {};
  return c.has_other ? whole<Real>(c.own * c.ratio) : infinite_slope<Real>();
}

/// Of sum (own - other)^2 / other: 2 (own^2 / other - own).
template <class Real> Slope<Real> chi2_slope(const View<Real>& c) {
  if (!c.has_own) return {};
  return c.has_other ? whole<Real>(2 * changed<Real>(c, c.ratio)) : infinite_slope<Real>();
}

/// Of sum (other - own)^2 / own: own - other^2 / own.
template <class Real> Slope<Real> chi2_reverse_slope(const View<Real>& c) {
  if (!c.has_other) return whole<Real>(c.own);
  return c.has_own ? whole<Real>(-changed<Real>(c, -2 * c.ratio)) : infinite_slope<Real>();
}

/// own^a other^(1-a) where one of the two is 0.
template <class Real> Real power_at_zero(const View<Real>& c, Real a) {
  if (!c.has_own) return a < 0 && c.has_other ? Real(kInfinity) : Real(0);
  return a > 1 ? Real(kInfinity) : a < 1 ? Real(0) : c.own;
}

/// Of Tsallis's divergence of order alpha. `of_q`: own is Q.
template <class Real> Slope<Real> tsallis_slope(const View<Real>& c, Real alpha, bool of_q) {
  if (alpha == 1) return of_q ? whole<Real>(c.difference()) : kl_slope(c);
  if (c.has_own && c.has_other) {
    if (of_q) return whole<Real>(-changed<Real>(c, -alpha * c.ratio));
    return whole<Real>(alpha * (changed<Real>(c, (alpha - 1) * c.ratio) / (alpha - 1)));
  }
  const Real plain = of_q ? power_at_zero(c, 1 - alpha) : power_at_zero(c, alpha);
  if (!(plain < Real(kInfinity))) return infinite_slope<Real>();
  return whole<Real>(of_q ? c.own - plain : alpha * (plain - c.own) / (alpha - 1));
}

/// Of Renyi's, from the share of the column in the sum, exp(log_sum).
template <class Real> Slope<Real> renyi_slope(const View<Real>& c, Real alpha, bool of_q, Real log_sum) {
  if (fabs(log_sum) < Real(0.5)) {
    const Slope<Real> near = tsallis_slope(c, alpha, of_q);
    return {near.value * exp(-log_sum), near.parts * exp(-log_sum)};
  }
  Real share = 0;
  if (c.has_own && c.has_other) share = exp(c.log_other + (of_q ? 1 - alpha : alpha) * c.ratio - log_sum);
  if (c.has_own != c.has_other) share = power_at_zero(c, of_q ? 1 - alpha : alpha);  // 0 or infinite
  return whole<Real>(of_q ? -share : alpha * share / (alpha - 1));
}

bool is_log_of_sum(Measure measure) { return measure == Measure::bhattacharyya || measure == Measure::renyi; }

/// `value`: of the measure at this row; `mass`: alpha sum p + (1 - alpha) sum q.
template <class Real>
Slope<Real> slope_of(Measure measure, const View<Real>& c, const RowsOptions& options, bool of_q, Real value,
                     Real mass) {
  const Real own_weight = of_q ? 1 - Real(options.beta) : Real(options.beta);
  const Real alpha = options.alpha.value_or(kNaN);
  const auto scaled = [](Slope<Real> slope, Real factor) {
    return Slope<Real>{slope.value * factor, slope.parts * fabs(factor)};
  };
  const auto by_root = [&](Slope<Real> slope) { return value > 0 ? scaled(slope, 1 / (2 * value)) : Slope<Real>{}; };
  switch (measure) {
    case Measure::entropy:
    case Measure::entropy_q:
      return (measure == Measure::entropy_q) == of_q && c.has_own ? whole<Real>(-c.own * c.log_own) : Slope<Real>{};
    case Measure::cross_entropy:
      if (of_q) return whole<Real>(c.difference());
      if (!c.has_own) return {};
      return c.has_other ? whole<Real>(-c.own * c.log_other) : infinite_slope<Real>();
    case Measure::rel_entr:
    case Measure::kl: return of_q ? whole<Real>(c.difference()) : kl_slope(c);
    case Measure::reverse_kl: return of_q ? kl_slope(c) : whole<Real>(c.difference());
    case Measure::jeffreys: {
      const Slope<Real> kl = kl_slope(c);
      const Real difference = c.difference();
      return {kl.value + difference, kl.parts + fabs(difference)};
    }
    case Measure::js: return js_slope(c, own_weight);
    case Measure::js_distance: return by_root(js_slope(c, own_weight));
    case Measure::tv: {
      const Real difference = c.difference();
      return whole<Real>(difference == 0 ? Real(0) : difference > 0 ? c.own / 2 : -c.own / 2);
    }
    case Measure::hellinger_sq:
    case Measure::hellinger: {
      const Slope<Real> slope = whole<Real>(c.has_own && c.has_other ? -c.own / 2 * expm1(-c.ratio / 2) : c.own / 2);
      return measure == Measure::hellinger ? by_root(slope) : slope;
    }
    case Measure::bhattacharyya:
      if (value < Real(0.5)) return scaled(slope_of<Real>(Measure::hellinger_sq, c, options, of_q, 0, 0), exp(value));
      return c.has_own && c.has_other ? whole<Real>(-exp((c.log_own + c.log_other) / 2 + value) / 2) : Slope<Real>{};
    case Measure::chi2: return of_q ? chi2_reverse_slope(c) : chi2_slope(c);
    case Measure::chi2_reverse: return of_q ? chi2_slope(c) : chi2_reverse_slope(c);
    case Measure::triangular: {
      const Real both = c.own + c.other;
      return both == 0 ? Slope<Real>{} : whole<Real>(c.own * c.difference() / both * (c.own + 3 * c.other) / both);
    }
    case Measure::tsallis: return tsallis_slope(c, alpha, of_q);
    case Measure::renyi:
      if (alpha == 1) return scaled(tsallis_slope(c, alpha, of_q), 1 / mass);
      return renyi_slope(c, alpha, of_q, (alpha - 1) * value + log(mass));
    default: return {};
  }
}

template <class Real> std::vector<View<Real>> columns_of(const Side<Real>& own, const Side<Real>* other) {
  std::vector<View<Real>> columns(own.p.size());
  for (std::size_t j = 0; j < columns.size(); ++j) {
    View<Real>& c = columns[j];
    c = {own.p[j], 0, own.log_p[j], 0, 0, own.log_p[j] > -Real(kInfinity), false};
    if (other == nullptr) continue;
    c.other = other->p[j], c.log_other = other->log_p[j], c.has_other = c.log_other > -Real(kInfinity);
    if (c.has_own && c.has_other) c.ratio = c.log_own - c.log_other;
  }
  return columns;
}

/// Of the label's negative log-likelihood: q_j - [j = label], the label's entry from the others.
template <class Real> Slope<Real> label_entry(const Side<Real>& side, std::size_t j, std::size_t label, Real others) {
  return whole<Real>(j == label ? -others : side.p[j]);
}

template <class Real>
std::vector<Estimate<Real>> gradient_row(const LossTerms& loss, const std::vector<Estimate<Real>>& values,
                                         const RowsOptions& options, const Side<Real>& side, const Side<Real>* other,
                                         std::size_t label, bool of_q, Real scale) {
  const std::vector<View<Real>> columns = columns_of(side, other);
  const std::size_t n = columns.size();
  std::vector<Real> entries(n, 0), parts(n, 0), errors(n, 0);
  Real worst = 0;  // relative error of a probability or of what is made of it
  for (std::size_t j = 0; j < n; ++j) {
    if (!columns[j].has_own) continue;
    const Real ratio = fabs(columns[j].ratio) + fabs(columns[j].log_own) + 1;
    const Real errors = side.log_error[j] + (other && columns[j].has_other ? other->log_error[j] : 0);
    worst = errors > worst ? errors : worst;
    worst = ratio * kUnit<Real> > worst ? ratio * kUnit<Real> : worst;
  }
  for (int k = 0; k < loss.measures().size(); ++k) {
    const Measure measure = loss.measures()[k];
    const Real weight = loss.weight(k), value = values[static_cast<std::size_t>(k)].value;
    if (weight == 0) continue;
    if ((measure == Measure::perplexity || is_log_of_sum(measure)) && !(fabs(value) < Real(kInfinity)) &&
        (of_q || measure != Measure::perplexity)) {
      entries.assign(n, Real(kNaN));
      continue;
    }
    if (measure == Measure::nll || measure == Measure::nll_p || measure == Measure::perplexity) {
      if ((measure == Measure::nll_p) == of_q) continue;
      std::vector<Real> others = side.p;
      others[label] = 0;
      const Real rest = sum(others), factor = weight * (measure == Measure::perplexity ? value : 1);
      for (std::size_t j = 0; j < n; ++j) {
        const Slope<Real> entry = label_entry(side, j, label, rest);
        entries[j] += factor * entry.value, parts[j] += fabs(factor) * entry.parts;
      }
      continue;
    }
    const Real alpha = options.alpha.value_or(1.0);
    const Real mass = other == nullptr ? Real(1)
                      : of_q           ? alpha * other->mass + (1 - alpha) * side.mass
                                       : alpha * side.mass + (1 - alpha) * other->mass;
    // A function's slope is as wrong as its value.
    const Real value_error = values[static_cast<std::size_t>(k)].error;
    const bool is_root = measure == Measure::hellinger || measure == Measure::js_distance;
    const Real relative = is_root && value > 0 ? value_error / value : is_log_of_sum(measure) ? value_error : Real(0);
    std::vector<Real> slopes, magnitudes;
    for (const View<Real>& c : columns) {
      const Slope<Real> slope = slope_of(measure, c, options, of_q, value, mass);
      slopes.push_back(slope.value), magnitudes.push_back(slope.parts);
    }
    const Real total = sum(slopes), absolute = sum(magnitudes);
    for (std::size_t j = 0; j < n; ++j) {
      entries[j] += weight * (slopes[j] - side.p[j] * total);
      if (!(fabs(total) < Real(kInfinity))) entries[j] = Real(kNaN);
      const Real size = fabs(weight) * (magnitudes[j] + side.p[j] * absolute);
      parts[j] += size;
      errors[j] += size * relative;
    }
  }
  std::vector<Estimate<Real>> gradient;
  for (std::size_t j = 0; j < n; ++j) {
    const bool unknown = entries[j] != entries[j];
    const Real size = parts[j] * fabs(scale);
    if (!columns[j].has_own && !unknown) {
      gradient.push_back({});
    } else {
      const Real error = size * 64 * (worst + sum_error<Real>(n)) + errors[j] * fabs(scale);
      gradient.push_back({entries[j] * scale, unknown ? Real(0) : error, size});
    }
  }
  return gradient;
}

}  // namespace

std::int64_t count_valid_rows(const RowsInput& input, std::int64_t rows, const DivergenceLossOptions& options) {
  if (!options.ignore_index || input.labels.data == nullptr) return rows;
  std::int64_t valid = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    valid += read_integer(input.labels.data, input.labels.dtype, row) != *options.ignore_index;
  }
  return valid;
}

template <class Real>
DivergenceEstimates<Real> divergence_loss(const LossTerms& loss, const RowsInput& input,
                                          const DivergenceLossOptions& options, std::int64_t row,
                                          std::int64_t valid_rows, bool with_p, bool with_q) {
  RowsOptions of_rows;
  of_rows.input_p = options.input_p;
  of_rows.temperature = options.temperature;
  of_rows.beta = options.beta;
  of_rows.alpha = options.alpha;
  of_rows.ignore_index = options.ignore_index;
  DivergenceEstimates<Real> result;
  const std::size_t size_p = with_p ? static_cast<std::size_t>(input.p.cols) : 0;
  const std::size_t size_q = with_q ? static_cast<std::size_t>(input.q.cols) : 0;
  result.gradient_p.assign(size_p, {});
  result.gradient_q.assign(size_q, {});
  const bool has_labels = input.labels.data != nullptr;
  const std::int64_t label = has_labels ? read_integer(input.labels.data, input.labels.dtype, row) : 0;
  if (has_labels && options.ignore_index && label == *options.ignore_index) {
    result.status = status_ignored;
    return result;
  }
  bool needs_p = false, needs_q = false;
  for (Measure m : loss.measures()) needs_p |= measure_info(m).needs_p, needs_q |= measure_info(m).needs_q;
  const RowEstimates<Real> values = rows<Real>(loss.measures(), input, of_rows, row);
  result.status = values.status;
  const Real square = options.temperature_squared ? Real(options.temperature) * Real(options.temperature) : Real(1);
  if (result.status != status_ok) {
    result.loss.value = Real(kNaN);
    result.gradient_p.assign(size_p, {Real(kNaN), 0, 0});
    result.gradient_q.assign(size_q, {Real(kNaN), 0, 0});
    return result;
  }
  for (int k = 0; k < loss.measures().size(); ++k) {
    const Estimate<Real>& value = values.values[static_cast<std::size_t>(k)];
    const Real weight = Real(loss.weight(k)) * square, size = fabs(weight);
    if (weight == 0) continue;
    result.loss.value += weight * value.value;
    result.loss.magnitude += size * value.magnitude;
    result.loss.error += size * (value.error + 16 * kUnit<Real> * value.magnitude);
  }
  if (!(fabs(result.loss.value) < Real(kInfinity))) result.loss.error = 0;
  Real scale = Real(options.gradient_scale) * square / Real(options.temperature);
  if (options.reduction == Reduction::mean) scale /= Real(valid_rows);
  Side<Real> p, q;
  if (needs_p) p = load_side<Real>(input.p, row, options.input_p, options.temperature, Normalize::never);
  if (needs_q) q = load_side<Real>(input.q, row, Input::logits, options.temperature, Normalize::never);
  const auto at = static_cast<std::size_t>(label);
  if (with_p) {
    result.gradient_p = gradient_row(loss, values.values, of_rows, p, needs_q ? &q : nullptr, at, false, scale);
  }
  if (with_q) {
    result.gradient_q = gradient_row(loss, values.values, of_rows, q, needs_p ? &p : nullptr, at, true, scale);
  }
  return result;
}

template DivergenceEstimates<double> divergence_loss(const LossTerms&, const RowsInput&, const DivergenceLossOptions&,
                                                     std::int64_t, std::int64_t, bool, bool);
template DivergenceEstimates<Binary128> divergence_loss(const LossTerms&, const RowsInput&,
                                                        const DivergenceLossOptions&, std::int64_t, std::int64_t, bool,
                                                        bool);

}  // namespace kullback::reference
