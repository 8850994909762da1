#pragma once

#include "kernels/cpu/plane_vectors.hpp"
#include "kernels/math/mutual_information.hpp"

/// The finish of kernels/math/mutual_information.hpp for sixteen pairs at a time: its operations in its order, so the
/// same bits. With fewer than 2^26 samples every product and difference of counts is exact in double.
namespace kullback::cpu {

inline constexpr std::int64_t kPairs = 2 * kGroup;  ///< enough independent chains to hide a fused add's latency
inline constexpr std::int64_t kPairVectors = kPairs / kWordLanes;

/// A number for each pair.
struct PairNumbers {
  DoubleVec v[kPairVectors];

  static HWY_INLINE PairNumbers all(double x) {
    PairNumbers r;
    for (DoubleVec& v : r.v) v = splat(x);
    return r;
  }
  static HWY_INLINE PairNumbers load(const double* from) {
    PairNumbers r;
    for (std::int64_t k = 0; k < kPairVectors; ++k) r.v[k] = hn::Load(Doubles(), from + k * kWordLanes);
    return r;
  }
  HWY_INLINE void store(double* to) const {
    for (std::int64_t k = 0; k < kPairVectors; ++k) hn::Store(v[k], Doubles(), to + k * kWordLanes);
  }
};

template <class F> static HWY_INLINE PairNumbers each(const PairNumbers& a, const F& f) {
  PairNumbers r;
  for (std::int64_t k = 0; k < kPairVectors; ++k) r.v[k] = f(a.v[k]);
  return r;
}
template <class F> static HWY_INLINE PairNumbers each(const PairNumbers& a, const PairNumbers& b, const F& f) {
  PairNumbers r;
  for (std::int64_t k = 0; k < kPairVectors; ++k) r.v[k] = f(a.v[k], b.v[k]);
  return r;
}
static HWY_INLINE PairNumbers operator+(const PairNumbers& a, const PairNumbers& b) {
  return each(a, b, [](DoubleVec x, DoubleVec y) { return hn::Add(x, y); });
}
static HWY_INLINE PairNumbers operator-(const PairNumbers& a, const PairNumbers& b) {
  return each(a, b, [](DoubleVec x, DoubleVec y) { return hn::Sub(x, y); });
}
static HWY_INLINE PairNumbers operator*(const PairNumbers& a, const PairNumbers& b) {
  return each(a, b, [](DoubleVec x, DoubleVec y) { return hn::Mul(x, y); });
}
static HWY_INLINE PairNumbers operator/(const PairNumbers& a, const PairNumbers& b) {
  return each(a, b, [](DoubleVec x, DoubleVec y) { return hn::Div(x, y); });
}
static HWY_INLINE PairNumbers fused(const PairNumbers& a, const PairNumbers& b, const PairNumbers& c) {
  PairNumbers r;
  for (std::int64_t k = 0; k < kPairVectors; ++k) r.v[k] = fused(a.v[k], b.v[k], c.v[k]);
  return r;
}

/// horner() of series.hpp.
template <class Series, int N, int K = 0> static HWY_INLINE PairNumbers horner(const PairNumbers& x) {
  const PairNumbers c = PairNumbers::all(Series::coefficient(K));
  if constexpr (K + 1 < N) {
    return fused(x, horner<Series, N, K + 1>(x), c);
  } else {
    return c;
  }
}

/// CompensatedSum of math/sum.hpp. Terms are finite.
struct PairSums {
  PairNumbers sum, lost;

  static HWY_INLINE PairSums zero() { return {PairNumbers::all(0), PairNumbers::all(0)}; }
  HWY_INLINE void add(const PairNumbers& x) {
    const PairNumbers s = sum + x;
    const PairNumbers v = s - sum;
    lost = lost + ((sum - (s - v)) + (x - v));
    sum = s;
  }
  HWY_INLINE void merge(const PairSums& other) {
    add(other.sum);
    lost = lost + other.lost;
  }
};

/// The terms of one cell from its counts n, its margins' product q and the totals: mutual_information_term, and q where
/// n is 0.
static HWY_INLINE PairNumbers cell_terms(const PairNumbers& n, const PairNumbers& q, const PairNumbers& total) {
  const PairNumbers p = n * total;
  const PairNumbers diff = p - q;
  const PairNumbers s = diff / (p + q);
  const PairNumbers z = s * s;
  const PairNumbers one = PairNumbers::all(1);
  const PairNumbers series = horner<ArtanhPolynomial, ArtanhPolynomial::kTerms>(z);
  PairNumbers term = diff * s * fused((one + s) * s, series, one);
  std::int64_t far = 0;
  for (std::int64_t k = 0; k < kPairVectors; ++k) {
    const auto none = hn::Eq(n.v[k], splat(0));
    term.v[k] = hn::IfThenElse(none, q.v[k], term.v[k]);
    const auto is_far = hn::AndNot(none, hn::Gt(hn::Abs(s.v[k]), splat(0.5)));
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(Doubles(), is_far, bits);
    far |= static_cast<std::int64_t>(bits[0]) << (k * kWordLanes);
  }
  if (far != 0) {
    alignas(64) double ps[kPairs], qs[kPairs], diffs[kPairs], terms[kPairs];
    p.store(ps), q.store(qs), diff.store(diffs), term.store(terms);
    for (; far != 0; far &= far - 1) {
      const int l = __builtin_ctzll(static_cast<unsigned long long>(far));
      terms[l] = ps[l] * log_ratio(ps[l], qs[l]) - diffs[l];
    }
    term = PairNumbers::load(terms);
  }
  return term;
}

/// cells: [classes * classes][kPairs]; margins: room for 2 * classes.
static HWY_INLINE void finish_pairs(const PairNumbers* cells, std::int64_t classes, double scale, PairNumbers* margins,
                                    double* out) {
  PairNumbers *const rows = margins, *const cols = margins + classes;
  PairNumbers total = PairNumbers::all(0);
  for (std::int64_t j = 0; j < classes; ++j) cols[j] = PairNumbers::all(0);
  for (std::int64_t i = 0; i < classes; ++i) {
    PairNumbers row = PairNumbers::all(0);
    for (std::int64_t j = 0; j < classes; ++j) {
      const PairNumbers n = cells[i * classes + j];
      row = row + n;
      cols[j] = cols[j] + n;
    }
    rows[i] = row;
    total = total + row;
  }
  // sum_cells of one square.
  PairSums columns[kMostPlaneClasses];
  for (std::int64_t j = 0; j < classes; ++j) {
    PairSums column = PairSums::zero();
    for (std::int64_t i = 0; i < classes; ++i) column.add(cell_terms(cells[i * classes + j], rows[i] * cols[j], total));
    columns[j] = column;
  }
  for (std::int64_t distance = 1; distance < classes; distance *= 2) {
    for (std::int64_t j = 0; j + distance < classes; j += 2 * distance) columns[j].merge(columns[j + distance]);
  }
  const PairNumbers nats = (columns[0].sum + columns[0].lost) / total / total;
  for (std::int64_t k = 0; k < kPairVectors; ++k) {
    const auto none = hn::Eq(total.v[k], splat(0));
    hn::Store(hn::Mul(hn::IfThenZeroElse(none, nats.v[k]), splat(scale)), Doubles(), out + k * kWordLanes);
  }
}

}  // namespace kullback::cpu
