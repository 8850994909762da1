#pragma once

#include "kernels/math/mutual_information.hpp"

/// The exact mean of mutual information over all tables with given margins (Vinh, Epps & Bailey 2010). Each cell is
/// hypergeometric: with margins a, b and total N its count n has the mean ab/N, so that the mean of the cell's term is
/// that of the generalised KL term of nN against ab: nothing cancels. The chances are built by their ratios from the
/// mode outwards and divided by their sum, as far as they matter: about sqrt(ab/N) counts a cell, and no log-gamma.
namespace kullback {

struct Margins {
  std::uint64_t a, b, total;
};

/// p(n + 1) / p(n)
KULLBACK_HD double hypergeometric_ratio(const Margins& m, std::uint64_t n) {
  const double up = static_cast<double>(m.a - n) * static_cast<double>(m.b - n);
  return up / (static_cast<double>(n + 1) * static_cast<double>(m.total - m.a - m.b + n + 1));
}

/// The most likely count: floor((a + 1)(b + 1) / (N + 2)).
KULLBACK_HD std::uint64_t hypergeometric_mode(const Margins& m) {
  using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(m.a + 1) * (m.b + 1) / (static_cast<Wide>(m.total) + 2));
}

/// The mean of count_term over the counts n of a cell.
template <class Unsigned, class Signed> KULLBACK_HD double expected_term(const Margins& m) {
  constexpr double kNegligible = 0x1p-120;
  const std::uint64_t mode = hypergeometric_mode(m);
  const auto term = [&](std::uint64_t n) { return count_term<Unsigned, Signed>(n, m.a, m.b, m.total); };
  CompensatedSum<double> weights, terms;
  weights.add(1);
  terms.add(term(mode));
  double p = 1;
  for (std::uint64_t n = mode;; ++n) {  // beyond the largest count the ratio is 0
    p *= hypergeometric_ratio(m, n);
    if (p < kNegligible) break;
    weights.add(p);
    terms.add(p * term(n + 1));
  }
  p = 1;
  for (std::uint64_t n = mode; n > 0; --n) {  // before the least count it is infinite
    p /= hypergeometric_ratio(m, n - 1);
    if (p < kNegligible) break;
    weights.add(p);
    terms.add(p * term(n - 1));
  }
  return terms.value() / weights.value();
}

/// In nats. Classes without samples add nothing.
template <class Unsigned, class Signed>
KULLBACK_HD double expected_information(const std::uint64_t* row_sums, std::int64_t rows, const std::uint64_t* col_sums,
                                        std::int64_t cols, std::uint64_t total) {
  CompensatedSum<double> sum;
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols && row_sums[i] > 0; ++j) {
      if (col_sums[j] > 0) sum.add(expected_term<Unsigned, Signed>({row_sums[i], col_sums[j], total}));
    }
  }
  const double n = static_cast<double>(total);
  return sum.value() / n / n;
}

KULLBACK_HD double expected_information(const std::uint64_t* row_sums, std::int64_t rows, const std::uint64_t* col_sums,
                                        std::int64_t cols, std::uint64_t total) {
  if (total == 0) return 0;
  if (total >> 32 == 0) {
    return expected_information<std::uint64_t, std::int64_t>(row_sums, rows, col_sums, cols, total);
  }
  return expected_information<unsigned __int128, __int128>(row_sums, rows, col_sums, cols, total);
}

}  // namespace kullback
