#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "permutation.hpp"
#include "real.hpp"
#include "reference.hpp"

/// Measures of joint tables from their textbook definitions: I = H(X) + H(Y) - H(X,Y), quotients of entropies, the mean
/// of I as a sum over all hypergeometric counts with log-factorials, and closed forms of the chi-square tail.
namespace kullback::reference {
namespace {

inline double sqrt(double x) { return std::sqrt(x); }
inline double erfc(double x) { return std::erfc(x); }
inline double lgamma(double x) { return std::lgamma(x); }
inline __float128 sqrt(__float128 x) { return sqrtq(x); }
inline __float128 erfc(__float128 x) { return erfcq(x); }
inline __float128 lgamma(__float128 x) { return lgammaq(x); }

using Whole = unsigned __int128;

/// A table of weights > 0; for counts the weights are whole numbers.
template <class Weight> struct Table {
  struct Cell {
    Weight weight;
    std::size_t row, column;
  };
  std::vector<Cell> cells;
  std::vector<Weight> rows, columns;
  Weight total = 0;

  void add(std::int64_t row, std::int64_t column, Weight weight) {
    cells.push_back({weight, index_of(row, row_index_, rows), index_of(column, column_index_, columns)});
    rows[cells.back().row] += weight;
    columns[cells.back().column] += weight;
    total += weight;
  }

 private:
  using Index = std::map<std::int64_t, std::size_t>;
  static std::size_t index_of(std::int64_t name, Index& index, std::vector<Weight>& sums) {
    const auto found = index.try_emplace(name, sums.size());
    if (found.second) sums.push_back(0);
    return found.first->second;
  }
  Index row_index_, column_index_;
};

/// Value and a bound on its rounding error.
template <class Real> struct Bounded { Real value = 0, error = 0; };

template <class Real> struct Parts {
  Real samples = 0;
  Bounded<Real> x, y, xy, information, expected;  // H(X), H(Y), H(X,Y), I and the mean of I
  Real rows = 0, columns = 0, cells = 0, degrees = 0;
  Estimate<Real> permutation = {1, 0, 1};
};

template <class Real, class Weight> Bounded<Real> entropy(const std::vector<Weight>& weights, Weight total) {
  std::vector<Real> terms;
  for (Weight w : weights) terms.push_back(-(Real(w) / Real(total)) * log(Real(w) / Real(total)));
  const Real value = sum(terms);
  return {value, kUnit<Real> * (kRoundings * (1 + value) + Real(8 + std::log2(double(terms.size()) + 1)) * value)};
}

template <class Real, class Weight> Parts<Real> entropies(const Table<Weight>& table) {
  Parts<Real> p;
  p.samples = Real(table.total);
  std::vector<Weight> cells;
  for (const auto& cell : table.cells) cells.push_back(cell.weight);
  p.x = entropy<Real>(table.rows, table.total);
  p.y = entropy<Real>(table.columns, table.total);
  p.xy = entropy<Real>(cells, table.total);
  p.rows = Real(table.rows.size());
  p.columns = Real(table.columns.size());
  p.cells = Real(cells.size());
  p.degrees = (p.rows - 1) * (p.columns - 1);
  p.information.value = p.x.value + p.y.value - p.xy.value;
  p.information.error = p.x.error + p.y.error + p.xy.error + kRoundings * kUnit<Real> * (p.x.value + p.y.value);
  return p;
}

/// n_ij N = n_i n_j everywhere: empty cells are the ones that are not there.
bool is_independent(const Table<Whole>& table) {
  if (table.cells.size() != table.rows.size() * table.columns.size()) return false;
  return std::all_of(table.cells.begin(), table.cells.end(), [&](const auto& cell) {
    return cell.weight * table.total == table.rows[cell.row] * table.columns[cell.column];
  });
}

/// sum over i, j, n of n/N log(nN / (a_i b_j)) times the hypergeometric chance of n.
template <class Real> Bounded<Real> expected_information(const Table<Whole>& table) {
  const auto n_samples = static_cast<std::size_t>(table.total);
  std::vector<Real> log_factorial(n_samples + 1);
  for (std::size_t n = 0; n <= n_samples; ++n) log_factorial[n] = lgamma(Real(n) + 1);
  const auto lf = [&](std::size_t n) { return log_factorial[n]; };
  std::vector<Real> terms;
  Real absolute = 0;
  for (Whole row : table.rows) {
    for (Whole column : table.columns) {
      const auto a = static_cast<std::size_t>(row), b = static_cast<std::size_t>(column);
      const std::size_t first = std::max<std::size_t>(1, a + b > n_samples ? a + b - n_samples : 1);
      for (std::size_t n = first; n <= std::min(a, b); ++n) {
        const Real chance = exp(lf(a) + lf(b) + lf(n_samples - a) + lf(n_samples - b) - lf(n_samples) - lf(n) -
                                lf(a - n) - lf(b - n) - lf(n_samples - a - b + n));
        const Real logarithm = log(Real(n) * Real(n_samples) / (Real(a) * Real(b)));
        terms.push_back(Real(n) / Real(n_samples) * logarithm * chance);
        absolute += Real(n) / Real(n_samples) * (1 + fabs(logarithm)) * chance;
      }
    }
  }
  const Real chances_error = kRoundings * kUnit<Real> * (2 + 6 * lf(n_samples));
  return {sum(terms), absolute * (chances_error + sum_error<Real>(terms.size()))};
}

template <class Real> Parts<Real> parts_of(const Table<Whole>& table, bool with_expected) {
  if (table.total == 0) return {};
  Parts<Real> p = entropies<Real>(table);
  if (is_independent(table)) p.information = {};
  if (with_expected) p.expected = expected_information<Real>(table);
  return p;
}

/// Averages over the classes of the third variable.
template <class Real> Parts<Real> mean_of(const std::vector<Parts<Real>>& strata) {
  Parts<Real> mean;
  for (const Parts<Real>& p : strata) mean.samples += p.samples, mean.degrees += p.degrees;
  if (mean.samples == 0) return mean;
  const auto add = [&](Bounded<Real>& to, const Bounded<Real>& from, Real weight) {
    to.value += weight * from.value;
    to.error += weight * (from.error + kUnit<Real> * Real(strata.size() + 4) * fabs(from.value));
  };
  for (const Parts<Real>& p : strata) {
    const Real weight = p.samples / mean.samples;
    add(mean.x, p.x, weight);
    add(mean.y, p.y, weight);
    add(mean.xy, p.xy, weight);
    add(mean.information, p.information, weight);
  }
  return mean;
}

/// Q(d/2, x): for even d, e^-x sum x^k / k!, for odd d, erfc(sqrt x) + e^-x sum x^(k+1/2) / Gamma(k + 3/2).
template <class Real> Real chi_square_tail(Real degrees, Real x) {
  if (degrees == 0 || x == 0) return 1;
  const auto d = static_cast<std::int64_t>(degrees);
  std::vector<Real> terms;
  if (d % 2 == 1) terms.push_back(erfc(sqrt(x)));
  const Real offset = d % 2 == 1 ? Real(1) / 2 : Real(0);
  for (std::int64_t k = 0; k < d / 2; ++k) {
    const Real power = Real(k) + offset;
    terms.push_back(exp(power * log(x) - x - lgamma(power + 1)));
  }
  return sum(terms);
}

template <class Real> Estimate<Real> exactly(Real value) { return {value, 0, fabs(value)}; }

template <class Real> Estimate<Real> estimate(const Bounded<Real>& b, Real scale) {
  return {b.value * scale, b.error * scale + kRoundings * kUnit<Real> * fabs(b.value) * scale, fabs(b.value) * scale};
}

template <class Real> Estimate<Real> difference(const Bounded<Real>& a, const Bounded<Real>& b, Real scale) {
  return estimate<Real>({a.value - b.value, a.error + b.error + kUnit<Real> * a.value}, scale);
}

/// a / b >= 0.
template <class Real> Estimate<Real> quotient(const Bounded<Real>& a, const Bounded<Real>& b) {
  const Real value = a.value / b.value;
  return {value, (a.error + value * b.error) / b.value + kRoundings * kUnit<Real> * value, value};
}

template <class Real> Bounded<Real> mean_entropy(const Parts<Real>& p, Normalizer normalizer) {
  const Real x = p.x.value, y = p.y.value, error = p.x.error + p.y.error + kRoundings * kUnit<Real> * (x + y);
  switch (normalizer) {
    case Normalizer::arithmetic: return {(x + y) / 2, error};
    case Normalizer::min: return {std::min(x, y), error};
    case Normalizer::max: return {std::max(x, y), error};
    case Normalizer::geometric: break;
  }
  const Real root = sqrt(x * y);
  return {root, root == 0 ? error : error * (x + y) / root};
}

template <class Real> Estimate<Real> normalised(const Parts<Real>& p, const Bounded<Real>& by) {
  if (p.rows <= 1 && p.columns <= 1) return exactly(Real(1));
  if (p.rows <= 1 || p.columns <= 1) return exactly(Real(0));
  return quotient(p.information, by);
}

/// I / H(of X): 1 where there is nothing to know.
template <class Real> Estimate<Real> share(const Parts<Real>& p, const Bounded<Real>& entropy, Real classes) {
  return classes <= 1 ? exactly(Real(1)) : quotient(p.information, entropy);
}

template <class Real> Estimate<Real> adjusted(const Parts<Real>& p, Normalizer normalizer) {
  if (p.rows <= 1 && p.columns <= 1) return exactly(Real(1));
  if (p.rows <= 1 || p.columns <= 1) return exactly(Real(0));
  // A class for each sample: every table with these margins has the same I.
  const bool x_alone = p.rows == p.samples, y_alone = p.columns == p.samples;
  if ((x_alone && y_alone) || ((x_alone || y_alone) && normalizer == Normalizer::min)) return exactly(Real(1));
  if (x_alone || y_alone) return exactly(Real(0));
  const Bounded<Real> mean = mean_entropy(p, normalizer);
  const Real i = p.information.value, e = p.expected.value, room = mean.value - e, value = (i - e) / room;
  Estimate<Real> result;
  result.value = value;
  result.error = (p.information.error + p.expected.error + fabs(value) * (mean.error + p.expected.error)) / room +
                 kRoundings * kUnit<Real> * (i + e + fabs(value) * (mean.value + e)) / room;
  result.magnitude = (i + e + fabs(value) * (mean.value + e)) / room;
  return result;
}

template <class Real> Estimate<Real> tail_of(const Parts<Real>& p) {
  const Real x = p.samples * p.information.value, value = chi_square_tail(p.degrees, x);
  if (value == 1) return exactly(value);
  const Real relative = p.samples * p.information.error / x + kRoundings * kUnit<Real> * (1 + p.degrees);
  return {value, value * (1 + x) * (relative + kRoundings * kUnit<Real>), value * (1 + x)};
}

template <class Real> Estimate<Real> miller_madow(const Parts<Real>& p, Real scale) {
  if (p.samples == 0) return {};
  const Real correction = (p.cells - p.rows - p.columns + 1) / (2 * p.samples);
  const Real size = p.information.value + (p.cells + p.rows + p.columns + 1) / (2 * p.samples);
  return {(p.information.value - correction) * scale, (p.information.error + kRoundings * kUnit<Real> * size) * scale,
          size * scale};
}

template <class Real>
Estimate<Real> measure_of(const Parts<Real>& p, Information measure, const InformationOptions& options) {
  const Real scale = per_nat<Real>(options.unit);
  switch (measure) {
    case Information::mi: return estimate(p.information, scale);
    case Information::nmi: return normalised(p, mean_entropy(p, options.normalizer));
    case Information::ami: return adjusted(p, options.normalizer);
    case Information::entropy_x: return estimate(p.x, scale);
    case Information::entropy_y: return estimate(p.y, scale);
    case Information::joint_entropy: return estimate(p.xy, scale);
    case Information::conditional_entropy_x: return difference(p.xy, p.y, scale);
    case Information::conditional_entropy_y: return difference(p.xy, p.x, scale);
    case Information::homogeneity: return share(p, p.x, p.rows);
    case Information::completeness: return share(p, p.y, p.columns);
    case Information::v_measure: return normalised(p, mean_entropy(p, Normalizer::arithmetic));
    case Information::g: return estimate(p.information, 2 * p.samples);
    case Information::g_pvalue: return tail_of(p);
    case Information::permutation_pvalue: return p.permutation;
    case Information::miller_madow: return miller_madow(p, scale);
    case Information::samples: return exactly(p.samples);
  }
  return exactly(Real(kNaN));
}

template <class Real>
std::vector<Estimate<Real>> all_of(const InformationSet& measures, const Parts<Real>& p,
                                   const InformationOptions& options) {
  std::vector<Estimate<Real>> result;
  for (Information m : measures) result.push_back(measure_of(p, m, options));
  return result;
}

template <class Real> std::vector<Estimate<Real>> unknown(const InformationSet& measures) {
  return std::vector<Estimate<Real>>(static_cast<std::size_t>(measures.size()), {Real(kNaN), 0, 0});
}

}  // namespace

template <class Real>
std::vector<Estimate<Real>> information(const InformationSet& measures, const std::vector<std::int64_t>& x,
                                        const std::vector<std::int64_t>& y, const std::vector<std::int64_t>& given,
                                        const InformationOptions& options) {
  const auto missing = [&](std::int64_t code) { return options.missing && code == *options.missing; };
  std::map<std::int64_t, Cells> strata;
  bool bad = false;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const std::int64_t z = given.empty() ? 0 : given[i];
    const std::int64_t weight =
        options.weights.size == 0 ? 1 : read_integer(options.weights.data, options.weights.dtype, std::int64_t(i));
    if (weight == 0) continue;
    for (std::int64_t code : {x[i], y[i], z}) bad = bad || (code < 0 && !missing(code));
    if (missing(x[i]) || missing(y[i]) || (!given.empty() && missing(z))) continue;
    strata[z][{x[i], y[i]}] += static_cast<std::uint64_t>(weight);
  }
  if (bad) return unknown<Real>(measures);
  std::vector<Parts<Real>> parts;
  for (const auto& stratum : strata) {
    Table<Whole> table;
    for (const auto& [classes, count] : stratum.second) table.add(classes.first, classes.second, count);
    parts.push_back(parts_of<Real>(table, measures.contains(Information::ami)));
  }
  Parts<Real> whole = !given.empty() ? mean_of(parts) : parts.empty() ? Parts<Real>{} : parts[0];
  if (measures.contains(Information::permutation_pvalue)) {
    whole.permutation = permutation_pvalue<Real>(strata, options.permutations, options.seed);
  }
  return all_of(measures, whole, options);
}

template <class Real>
std::vector<Estimate<Real>> information_joint(const InformationSet& measures, MatrixView joint,
                                              const InformationOptions& options) {
  if (joint.rows == 0 || joint.cols == 0) return all_of(measures, Parts<Real>{}, options);
  const bool floating = is_floating(joint.dtype);
  Table<Whole> counts;
  Table<Real> weights;
  for (std::int64_t i = 0; i < joint.rows; ++i) {
    for (std::int64_t j = 0; j < joint.cols; ++j) {
      const std::int64_t index = i * joint.row_stride + j;
      const Real weight = read_real<Real>(joint.data, joint.dtype, index);
      if (!(weight >= 0 && weight < Real(kInfinity))) return unknown<Real>(measures);
      if (weight > 0) weights.add(i, j, weight);
      if (!floating && weight > 0) {
        counts.add(i, j, static_cast<std::uint64_t>(read_integer(joint.data, joint.dtype, index)));
      }
    }
  }
  if (weights.total == 0) return unknown<Real>(measures);
  if (!floating && counts.total >> 64 == 0) {
    Parts<Real> p = parts_of<Real>(counts, measures.contains(Information::ami));
    if (measures.contains(Information::permutation_pvalue)) {
      Cells cells;
      for (const auto& cell : counts.cells) {
        cells[{std::int64_t(cell.row), std::int64_t(cell.column)}] = static_cast<std::uint64_t>(cell.weight);
      }
      p.permutation = permutation_pvalue<Real>({{0, cells}}, options.permutations, options.seed);
    }
    return all_of(measures, p, options);
  }
  Parts<Real> p = entropies<Real>(weights);
  const Real rounding = Real(weights.cells.size()) * kUnit<Real> * (3 + 3 * log(Real(weights.cells.size())));
  for (Bounded<Real>* part : {&p.x, &p.y, &p.xy, &p.information}) part->error += rounding;
  std::vector<Estimate<Real>> result = all_of(measures, p, options);
  for (int k = 0; k < measures.size(); ++k) {
    const Information m = measures[k];
    const bool of_counts = m == Information::ami || m == Information::g || m == Information::g_pvalue ||
                           m == Information::permutation_pvalue || m == Information::miller_madow ||
                           m == Information::samples;
    if (of_counts) result[static_cast<std::size_t>(k)] = {Real(kNaN), 0, 0};
  }
  return result;
}

template std::vector<Estimate<double>> information(const InformationSet&, const std::vector<std::int64_t>&,
                                                   const std::vector<std::int64_t>&, const std::vector<std::int64_t>&,
                                                   const InformationOptions&);
template std::vector<Estimate<Binary128>> information(const InformationSet&, const std::vector<std::int64_t>&,
                                                      const std::vector<std::int64_t>&,
                                                      const std::vector<std::int64_t>&, const InformationOptions&);
template std::vector<Estimate<double>> information_joint(const InformationSet&, MatrixView, const InformationOptions&);
template std::vector<Estimate<Binary128>> information_joint(const InformationSet&, MatrixView,
                                                            const InformationOptions&);

}  // namespace kullback::reference
