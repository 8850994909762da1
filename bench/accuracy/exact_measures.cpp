#include <algorithm>
#include <cmath>
#include <cstddef>

#include "bench/accuracy/exact.hpp"
#include "bench/accuracy/side.hpp"
#include "bench/accuracy/total.hpp"

namespace kullback::accuracy {
namespace {

template <class Real> struct Totals {
  Total<Real> entropy, entropy_q, cross_entropy, kl, reverse_kl, js, tv, rel_entr, jeffreys, hellinger_sq, affinity,
      chi2, chi2_reverse, triangular, power, tsallis;
};

template <class Real> void add_entropy(const Real& p, const Real& log_p, Total<Real>& total) {
  if (p == Real(0)) return;
  const Real term = -(p * log_p);
  total.add(term, std::fabs(static_cast<double>(term)));
}

/// The terms of every measure of two sides in one column where not both are 0.
template <class Real>
void add_column(const Real& p, const Real& log_p, const Real& q, const Real& log_q, double beta, double alpha,
                Totals<Real>& t) {
  const double p_size = static_cast<double>(p), q_size = static_cast<double>(q), both = p_size + q_size;
  const bool has_p = p > Real(0), has_q = q > Real(0), equal = p == q && log_p == log_q;
  const Real difference = p - q, ratio = log_p - log_q, infinity = Real(kInfinity);
  const double difference_size = std::fabs(static_cast<double>(difference));
  const double ratio_size = has_p && has_q ? std::fabs(static_cast<double>(ratio)) : 0;
  const double kl_size = equal ? 0 : both * (1 + ratio_size);

  if (has_p) t.cross_entropy.add(-(p * log_q), p_size * std::fabs(static_cast<double>(log_q)));
  const Real forward = !has_p ? Real(0) : has_q ? p * ratio : infinity;
  const Real backward = !has_q ? Real(0) : has_p ? -(q * ratio) : infinity;
  t.rel_entr.add(forward, kl_size);
  t.kl.add(forward - difference, kl_size);
  t.reverse_kl.add(backward + difference, kl_size);
  t.jeffreys.add(forward + backward, kl_size);

  if (!equal) {  // -p + m and -q + m cancel: beta p + (1 - beta) q - m = 0
    const Real weight_p = Real(beta) * p, weight_q = (Real(1) - Real(beta)) * q, log_m = log(weight_p + weight_q);
    const Real of_p = has_p ? weight_p * (log_p - log_m) : Real(0), of_q = has_q ? weight_q * (log_q - log_m) : Real(0);
    t.js.add(of_p + of_q, both + std::fabs(static_cast<double>(of_p)) + std::fabs(static_cast<double>(of_q)));
  }
  t.tv.add(abs(difference) / Real(2), equal ? 0 : both);
  const Real root_p = sqrt(p), root_q = sqrt(q), root_difference = root_p - root_q;
  t.hellinger_sq.add(root_difference * root_difference / Real(2), difference_size);
  t.affinity.add(root_p * root_q, both);
  const Real square = difference * difference;
  t.chi2.add(square / q, has_q ? difference_size * both / q_size : 0);
  t.chi2_reverse.add(square / p, has_p ? difference_size * both / p_size : 0);
  t.triangular.add(square / (p + q), difference_size);

  if (alpha == 1) return;
  const Real a = Real(alpha), b = Real(1) - Real(alpha);
  Real power = equal ? p : Real(0);
  if (!equal && has_p && has_q) power = exp(a * log_p + b * log_q);
  if (has_p && !has_q && alpha > 1) power = infinity;
  const double power_size = static_cast<double>(power) * (1 + ratio_size);
  t.power.add(power, power_size);
  if (equal) return;  // a p + (1 - a) p = p
  t.tsallis.add((power - (a * p + b * q)) / (a - Real(1)),
                (power_size + std::fabs(alpha) * p_size + std::fabs(1 - alpha) * q_size) / std::fabs(alpha - 1));
}

template <class Real> Exact root_of(const Total<Real>& total, double growth) {
  const Exact squared = total.exact(growth);
  const Real value = sqrt(abs(total.sum.value()));
  Exact e = finish(value, static_cast<double>(value), static_cast<double>(value), growth);
  if (std::isfinite(e.high) && squared.error > 0) {
    const double by_root = std::sqrt(squared.error);
    e.error += e.high > by_root ? squared.error / e.high : by_root;
  }
  return e;
}

template <class Real> struct Row {
  Side<Real> p, q;
  Totals<Real> totals;
  double growth = 0;
};

template <class Real> Exact bhattacharyya(const Row<Real>& row) {
  const Real value = -log(row.totals.affinity.sum.value());
  const double over =
      std::fabs(static_cast<double>(row.p.mass - Real(1))) + std::fabs(static_cast<double>(row.q.mass - Real(1)));
  const double given = (row.p.given_logs ? 1 : 0) + (row.q.given_logs ? 1 : 0);
  const double relative = row.totals.affinity.size / static_cast<double>(row.totals.affinity.sum.value());
  const double magnitude = std::fabs(static_cast<double>(value)) + (over + given) / 2;
  return finish(value, magnitude, relative + magnitude, row.growth);
}

template <class Real> Exact renyi(const Row<Real>& row, double alpha) {
  const Totals<Real>& t = row.totals;
  const Real a = Real(alpha), weights = a * row.p.mass + (Real(1) - a) * row.q.mass;
  if (alpha == 1) {
    const double mass = static_cast<double>(row.p.mass);
    const Exact kl = t.kl.exact(row.growth);
    return finish(t.kl.sum.value() / row.p.mass, kl.magnitude / mass, t.kl.size / mass, row.growth);
  }
  const Real value = log(t.power.sum.value() / weights) / (a - Real(1));
  const double spread = std::fabs(alpha) + std::fabs(1 - alpha), magnitude = std::fabs(static_cast<double>(value));
  // Equal rows have no rounding: the powers are the probabilities themselves.
  const double size = t.tsallis.size == 0 ? 0
                                          : t.power.size / static_cast<double>(t.power.sum.value()) +
                                                spread * 2 / static_cast<double>(weights);
  if (t.tsallis.size == 0 && row.p.mass == row.q.mass) return {};
  return finish(value, magnitude, size / std::fabs(alpha - 1) + magnitude, row.growth);
}

template <class Real>
Exact value_of(Measure measure, const Row<Real>& row, const RowPair& given, const RowsOptions& options) {
  const Totals<Real>& t = row.totals;
  const double growth = row.growth;
  switch (measure) {
    case Measure::entropy: return t.entropy.exact(growth);
    case Measure::entropy_q: return t.entropy_q.exact(growth);
    case Measure::cross_entropy: return t.cross_entropy.exact(growth);
    case Measure::nll: return nll_of(row.q, given.label, options.label_smoothing).exact(growth);
    case Measure::nll_p: return nll_of(row.p, given.label, options.label_smoothing).exact(growth);
    case Measure::kl: return t.kl.exact(growth);
    case Measure::reverse_kl: return t.reverse_kl.exact(growth);
    case Measure::js: return t.js.exact(growth);
    case Measure::tv: return t.tv.exact(growth);
    case Measure::top1_agree: return {row.p.top == row.q.top ? 1.0 : 0.0, 0, 1, 0};
    case Measure::rel_entr: return t.rel_entr.exact(growth);
    case Measure::jeffreys: return t.jeffreys.exact(growth);
    case Measure::js_distance: return root_of(t.js, growth);
    case Measure::hellinger_sq: return t.hellinger_sq.exact(growth);
    case Measure::hellinger: return root_of(t.hellinger_sq, growth);
    case Measure::bhattacharyya: return bhattacharyya(row);
    case Measure::chi2: return t.chi2.exact(growth);
    case Measure::chi2_reverse: return t.chi2_reverse.exact(growth);
    case Measure::triangular: return t.triangular.exact(growth);
    case Measure::renyi: return renyi(row, *options.alpha);
    case Measure::tsallis: return *options.alpha == 1 ? t.kl.exact(growth) : t.tsallis.exact(growth);
    case Measure::lse: {
      const double size = std::max(1.0, std::fabs(static_cast<double>(row.q.log_mass)));
      return finish(row.q.log_mass, size, size, growth);
    }
    case Measure::max_prob: {
      const Real& largest = row.q.p[row.q.top];
      return finish(largest, static_cast<double>(largest), static_cast<double>(largest), growth);
    }
    case Measure::top1: return {static_cast<double>(row.q.top), 0, static_cast<double>(row.q.top), 0};
    case Measure::perplexity: {
      const Total<Real> total = nll_of(row.q, given.label, options.label_smoothing);
      const Real value = exp(total.sum.value());
      const double size = static_cast<double>(value);
      return finish(value, size * std::max(1.0, total.magnitude), size * (1 + total.size), growth);
    }
  }
  return {kNaN, 0, 0, 0};
}

}  // namespace

template <class Real> std::vector<Exact> exact_measures(const RowPair& given, const RowsOptions& options) {
  const MeasureSet measures = all_measures();
  Row<Real> row;
  row.p = side_of<Real>(given.p, given.cols, options.input_p, options);
  row.q = side_of<Real>(given.q, given.cols, options.input_q, options);
  if (row.p.no_mass || row.q.no_mass) {
    return std::vector<Exact>(static_cast<std::size_t>(measures.size()), Exact{kNaN, 0, 0, 0});
  }
  row.growth = kRoundings + 4 * std::max(row.p.largest_log, row.q.largest_log) * std::max(1.0, *options.alpha);
  for (std::size_t j = 0; j < row.p.p.size(); ++j) {
    const Real &p = row.p.p[j], &q = row.q.p[j];
    add_entropy(p, row.p.log_p[j], row.totals.entropy);
    add_entropy(q, row.q.log_p[j], row.totals.entropy_q);
    if (p == Real(0) && q == Real(0)) continue;
    add_column(p, row.p.log_p[j], q, row.q.log_p[j], options.beta, *options.alpha, row.totals);
  }
  std::vector<Exact> values;
  for (Measure m : measures) values.push_back(value_of(m, row, given, options));
  return values;
}

template std::vector<Exact> exact_measures<Binary128>(const RowPair&, const RowsOptions&);
template std::vector<Exact> exact_measures<Mpfr>(const RowPair&, const RowsOptions&);

}  // namespace kullback::accuracy
