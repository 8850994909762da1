#include "permutation.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "real.hpp"

/// Draws as they are defined, with chances from log-factorials.
namespace kullback::reference {
namespace {

inline double lgamma(double x) { return std::lgamma(x); }
inline double floor(double x) { return std::floor(x); }
inline __float128 lgamma(__float128 x) { return lgammaq(x); }
inline __float128 floor(__float128 x) { return floorq(x); }

using Counter = std::array<std::uint32_t, 4>;

/// Philox4x32 with ten rounds.
Counter random_bits(Counter c, std::uint64_t seed) {
  std::uint32_t k0 = seed & 0xffffffff, k1 = seed >> 32;
  for (int round = 0; round < 10; ++round) {
    if (round > 0) k0 += 0x9E3779B9u, k1 += 0xBB67AE85u;
    const std::uint64_t a = c[0] * std::uint64_t{0xD2511F53}, b = c[2] * std::uint64_t{0xCD9E8D57};
    c = {std::uint32_t(b >> 32) ^ c[1] ^ k0, std::uint32_t(b), std::uint32_t(a >> 32) ^ c[3] ^ k1, std::uint32_t(a)};
  }
  return c;
}

/// (53 leading bits of two words) / 2^53
template <class Real> Real fraction(std::uint32_t high, std::uint32_t low) {
  return Real((std::uint64_t{high} << 21) + (low >> 11)) / Real(std::uint64_t{1} << 53);
}

template <class Real> class LogFactorials {
 public:
  explicit LogFactorials(std::uint64_t total) : known_(std::min<std::uint64_t>(total, 1 << 13) + 1) {
    for (std::size_t n = 1; n < known_.size(); ++n) known_[n] = lgamma(Real(n) + 1);
  }
  Real operator()(std::uint64_t n) const { return n < known_.size() ? known_[n] : lgamma(Real(n) + 1); }

 private:
  std::vector<Real> known_;
};

struct Margins {
  std::vector<std::uint64_t> rows, columns;
  std::uint64_t total = 0;
  std::uint32_t stratum = 0;
};

Margins margins_of(std::int64_t stratum, const Cells& cells) {
  std::map<std::int64_t, std::uint64_t> x, y;
  Margins m;
  for (const auto& [classes, count] : cells) x[classes.first] += count, y[classes.second] += count, m.total += count;
  for (const auto& sum : x) m.rows.push_back(sum.second);
  for (const auto& sum : y) m.columns.push_back(sum.second);
  for (auto* sums : {&m.rows, &m.columns}) std::sort(sums->begin(), sums->end(), std::greater<>());
  const bool fewer_columns = m.columns.size() < m.rows.size();
  if (fewer_columns || (m.columns.size() == m.rows.size() && m.columns > m.rows)) std::swap(m.rows, m.columns);
  m.stratum = static_cast<std::uint32_t>(stratum);
  return m;
}

template <class Real> class Drawing {
 public:
  Drawing(const LogFactorials<Real>& factorials, std::uint64_t seed) : lf_(factorials), seed_(seed) {}
  bool doubtful = false;  ///< some comparison was too close for an engine in double

  /// The samples of `row` that fall into a class which has `column` of `total`.
  std::uint64_t cell(std::uint64_t row, std::uint64_t column, std::uint64_t total, Counter counter) {
    const std::uint64_t least = row + column > total ? row + column - total : 0, most = std::min(row, column);
    if (least == most) return least;
    const auto log_chance = [&](std::uint64_t n) {
      return -lf_(n) - lf_(row - n) - lf_(column - n) - lf_(total - row - column + n);
    };
    const Real n = Real(total), a = Real(row), b = Real(column), mean = a * b / n;
    const Real variance = mean * (n - a) / n * (n - b) / (n - 1);
    const Real width = sqrt(8 / e_) * sqrt(variance + Real(0.5)) + 3 - sqrt(12 / e_);
    const Real highest = log_chance(static_cast<std::uint64_t>(floor((a + 1) * (b + 1) / (n + 2))));
    for (;; ++counter[0]) {
      const Counter bits = random_bits(counter, seed_);
      const Real u = fraction<Real>(bits[0], bits[1]) + Real(1) / Real(std::uint64_t{1} << 53);
      const Real x = mean + Real(0.5) + width * (fraction<Real>(bits[2], bits[3]) - Real(0.5)) / u;
      const Real k = floor(x), distance = fabs(x - mean);
      const Real close = Real(1e-10) + Real(1e-14) * distance + kUnit<Real> * n;
      if (x - k < close || k + 1 - x < close) doubtful = true;
      if (k < Real(least) || k > Real(most)) continue;
      const auto count = static_cast<std::uint64_t>(k);
      const Real excess = log_chance(count) - highest - 2 * log(u);
      if (fabs(excess) < Real(1e-9) + Real(1e-14) * distance + 64 * kUnit<Real> * lf_(total)) doubtful = true;
      if (excess >= 0) return count;
    }
  }

 private:
  const LogFactorials<Real>& lf_;
  std::uint64_t seed_;
  Real e_ = exp(Real(1));
};

/// What a cell adds to N I.
template <class Real>
Real information_term(std::uint64_t n, std::uint64_t row, std::uint64_t column, std::uint64_t total) {
  return n == 0 ? Real(0) : Real(n) * (log(Real(n)) + log(Real(total)) - log(Real(row)) - log(Real(column)));
}

template <class Real> Real random_information(const Margins& m, std::uint32_t permutation, Drawing<Real>& drawing) {
  std::vector<Real> terms;
  std::vector<std::uint64_t> open = m.columns;
  std::uint64_t samples = m.total;
  for (std::size_t i = 0; i < m.rows.size(); ++i) {
    std::uint64_t row = m.rows[i], others = samples;
    for (std::size_t j = 0; j < open.size(); ++j) {
      const auto cell = static_cast<std::uint32_t>(i * open.size() + j);
      const std::uint64_t n = drawing.cell(row, open[j], others, {0, cell, permutation, m.stratum});
      terms.push_back(information_term<Real>(n, m.rows[i], m.columns[j], m.total));
      others -= open[j];
      open[j] -= n;
      row -= n;
    }
    samples -= m.rows[i];
  }
  return sum(terms);
}

}  // namespace

template <class Real>
Estimate<Real> permutation_pvalue(const std::map<std::int64_t, Cells>& strata, std::int64_t permutations,
                                  std::uint64_t seed) {
  std::vector<Margins> margins;
  std::vector<Real> terms;
  std::uint64_t total = 0, cells = 0;
  for (const auto& [z, table] : strata) {
    margins.push_back(margins_of(z, table));
    total += margins.back().total;
    cells += margins.back().rows.size() * margins.back().columns.size();
    std::map<std::int64_t, std::uint64_t> x, y;
    for (const auto& [classes, count] : table) x[classes.first] += count, y[classes.second] += count;
    for (const auto& [classes, count] : table) {
      terms.push_back(information_term<Real>(count, x[classes.first], y[classes.second], margins.back().total));
    }
  }
  const LogFactorials<Real> factorials(total);
  const Real observed = sum(terms), size = Real(total) * (1 + log(Real(total) + 1));
  const Real equal = 64 * kUnit<Real> * Real(cells + 1) * size;  // of two sums that this arithmetic does not tell apart
  const Real allowed = Real(cells) / Real(std::uint64_t{1} << 38) + observed / Real(std::uint64_t{1} << 44);
  std::int64_t at_least = 0, doubtful = 0;
  Drawing<Real> drawing(factorials, seed);
  for (std::int64_t k = 0; k < permutations; ++k) {
    drawing.doubtful = false;
    std::vector<Real> sums;
    for (const Margins& m : margins) sums.push_back(random_information(m, static_cast<std::uint32_t>(k), drawing));
    const Real above = sum(sums) - observed;
    at_least += above >= -equal;
    doubtful += drawing.doubtful || (above < -equal && above > -allowed);
  }
  const Real n = Real(1 + permutations), p = Real(1 + at_least) / n;
  return {p, Real(doubtful) / n + kUnit<Real> * p, p};
}

template Estimate<double> permutation_pvalue(const std::map<std::int64_t, Cells>&, std::int64_t, std::uint64_t);
template Estimate<Binary128> permutation_pvalue(const std::map<std::int64_t, Cells>&, std::int64_t, std::uint64_t);

}  // namespace kullback::reference
