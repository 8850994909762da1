#include <cstddef>
#include <cstdint>
#include <vector>

#include "real.hpp"
#include "reference.hpp"

namespace kullback::reference {
namespace {

template <class Real> bool all_finite(const std::vector<Real>& x) {
  for (Real v : x) {
    if (!(fabs(v) < Real(kInfinity))) return false;
  }
  return true;
}

/// log(1 / (1 + exp(-y))).
template <class Real> Real log_sigmoid(Real y) { return y > 0 ? -log1p(exp(-y)) : y - log1p(exp(y)); }

}  // namespace

template <class Real> Estimate<Real> gaussian_kl(MatrixView p, MatrixView q, std::int64_t row) {
  const std::vector<Real> a = read_row<Real>(p, p.rows == 1 ? 0 : row);
  const std::vector<Real> b = q.data ? read_row<Real>(q, q.rows == 1 ? 0 : row) : std::vector<Real>(a.size(), 0);
  if (!all_finite(a) || !all_finite(b)) return {Real(kNaN), 0, 0};
  const std::size_t dimensions = a.size() / 2;
  std::vector<Real> terms, magnitudes, errors;
  for (std::size_t i = 0; i < dimensions; ++i) {
    const Real distance = a[i] - b[i], log_ratio = b[dimensions + i] - a[dimensions + i];
    const Real variance_ratio = exp(-log_ratio), shift = distance * distance * exp(-b[dimensions + i]);
    terms.push_back((log_ratio + variance_ratio + shift - 1) / 2);
    magnitudes.push_back(fabs(terms.back()));
    // exp turns an absolute error of its argument into a relative one of its value.
    errors.push_back(kRoundings * kUnit<Real> * (fabs(log_ratio) + variance_ratio * (1 + fabs(log_ratio)) + shift + 1));
  }
  Estimate<Real> result{sum(terms), 0, sum(magnitudes)};
  if (!(result.magnitude < Real(kInfinity))) return result;
  result.error = sum(errors) + sum_error<Real>(dimensions) * result.magnitude;
  return result;
}

template <class Real>
Estimate<Real> binary_cross_entropy(MatrixView targets, MatrixView q, const BinaryCrossEntropyOptions& options,
                                    std::int64_t row) {
  const std::vector<Real> t = read_row<Real>(targets, targets.rows == 1 ? 0 : row);
  const std::vector<Real> x = read_row<Real>(q, q.rows == 1 ? 0 : row);
  if (x.empty()) return {};
  std::vector<Real> terms, errors;
  for (std::size_t j = 0; j < x.size(); ++j) {
    const bool is_probability = x[j] >= 0 && x[j] <= 1, is_logit = x[j] == x[j];
    const bool logits = options.input_q == Input::logits;
    if (!(t[j] >= 0 && t[j] <= 1) || !(logits ? is_logit : is_probability)) return {Real(kNaN), 0, 0};
    const Real y = logits ? x[j] / Real(options.temperature) : Real(0);
    const Real log_q = logits ? log_sigmoid(y) : log(x[j]), log_rest = logits ? log_sigmoid(-y) : log1p(-x[j]);
    const Real of_q = t[j] == 0 ? 0 : -t[j] * log_q, of_rest = t[j] == 1 ? 0 : -(1 - t[j]) * log_rest;
    terms.push_back(of_q + of_rest);
    // exp turns an absolute error of its argument into a relative one of its value.
    const Real size = fabs(y) < Real(kInfinity) ? 1 + fabs(y) : Real(1);
    errors.push_back(kRoundings * kUnit<Real> * size * terms.back());
  }
  const Real n = Real(x.size()), value = sum(terms) / n;
  if (!(value < Real(kInfinity))) return {value, 0, value};
  return {value, sum(errors) / n + (sum_error<Real>(x.size()) + kUnit<Real>)*value, value};
}

template Estimate<double> binary_cross_entropy(MatrixView, MatrixView, const BinaryCrossEntropyOptions&, std::int64_t);
template Estimate<Binary128> binary_cross_entropy(MatrixView, MatrixView, const BinaryCrossEntropyOptions&,
                                                  std::int64_t);
template Estimate<double> gaussian_kl(MatrixView, MatrixView, std::int64_t);
template Estimate<Binary128> gaussian_kl(MatrixView, MatrixView, std::int64_t);

}  // namespace kullback::reference
