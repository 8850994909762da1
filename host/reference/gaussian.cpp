#include <cstddef>
#include <cstdint>
#include <vector>

#include "real.hpp"
#include "reference.hpp"

namespace kullback::reference {

template <class Real> Estimate<Real> gaussian_kl(MatrixView p, MatrixView q, std::int64_t row) {
  const std::vector<Real> a = read_row<Real>(p, p.rows == 1 ? 0 : row);
  const std::vector<Real> b = q.data ? read_row<Real>(q, q.rows == 1 ? 0 : row) : std::vector<Real>(a.size(), 0);
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

template Estimate<double> gaussian_kl(MatrixView, MatrixView, std::int64_t);
template Estimate<Binary128> gaussian_kl(MatrixView, MatrixView, std::int64_t);

}  // namespace kullback::reference
