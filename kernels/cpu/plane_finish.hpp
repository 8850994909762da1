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
};

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

static HWY_INLINE DoubleVec constant(double x, DoubleVec) { return splat(x); }
static HWY_INLINE PairNumbers constant(double x, const PairNumbers&) { return PairNumbers::all(x); }

/// horner() of math/series.hpp.
template <class Series, int N, int K = 0, class Numbers> static HWY_INLINE Numbers horner(const Numbers& x) {
  constexpr double c = Series::coefficient(K);
  if constexpr (K + 1 < N) {
    return fused(x, horner<Series, N, K + 1>(x), constant(c, x));
  } else {
    return constant(c, x);
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

/// decompose() of math/exp_log.hpp for normal x > 0: the exponent stays where a double has it.
struct DecomposedVec {
  DoubleVec m;
  WordVec k;  ///< k 2^52
};
static HWY_INLINE DecomposedVec decompose(DoubleVec x) {
  using R = Real<double>;
  const WordVec bits = hn::BitCast(Words(), x);
  const auto above_root = hn::Sub(bits, hn::Set(Words(), static_cast<std::uint64_t>(R::kSqrtHalfBits)));
  const WordVec k = hn::And(above_root, hn::Set(Words(), ~std::uint64_t{0} << R::kMantissaBits));
  return {hn::BitCast(Doubles(), hn::Sub(bits, k)), k};
}

/// log_ratio() of math/exp_log.hpp for integers p, q in [1, 2^52].
static HWY_INLINE DoubleVec log_ratio(DoubleVec p, DoubleVec q) {
  using R = Real<double>;
  constexpr std::uint64_t kBias = 1024;
  const DecomposedVec a = decompose(p), b = decompose(q);
  const DecomposedVec r = decompose(hn::Div(a.m, b.m));
  const WordVec k = hn::Add(hn::Add(r.k, hn::Sub(a.k, b.k)), hn::Set(Words(), kBias << R::kMantissaBits));
  const DoubleVec kt = hn::Sub(to_double(hn::ShiftRight<R::kMantissaBits>(k)), splat(kBias));
  // log_of_decomposed
  const DoubleVec f = hn::Sub(r.m, splat(1));
  const DoubleVec s = hn::Div(f, hn::Add(splat(2), f));
  const DoubleVec z = hn::Mul(s, s);
  const DoubleVec half_f2 = hn::Mul(hn::Mul(splat(0.5), f), f);
  const DoubleVec tail = hn::Mul(hn::Mul(splat(2), z), horner<ArtanhSeries, R::kLogTerms>(z));
  const DoubleVec low = fused(kt, splat(R::kLn2Lo), hn::Mul(s, hn::Add(half_f2, tail)));
  return fused(kt, splat(R::kLn2Hi), hn::Sub(f, hn::Sub(half_f2, low)));
}

/// The terms of one cell from its counts n, its margins' product q and the totals: mutual_information_term, and q where
/// n is 0.
static HWY_INLINE PairNumbers cell_terms(const PairNumbers& n, const PairNumbers& q, const PairNumbers& total) {
  const PairNumbers one = PairNumbers::all(1);
  const PairNumbers p = n * total;
  const PairNumbers diff = p - q;
  const PairNumbers s = diff / (p + q);
  const PairNumbers series = horner<ArtanhMinimax<double>, Real<double>::kArtanhTerms>(s * s);
  PairNumbers term = diff * s * fused((one + s) * s, series, one);
  const auto is_far = [&](std::int64_t k) {
    return hn::And(hn::Gt(hn::Abs(s.v[k]), splat(0.5)), hn::Gt(n.v[k], splat(0)));
  };
  auto any_far = is_far(0);
  for (std::int64_t k = 1; k < kPairVectors; ++k) any_far = hn::Or(any_far, is_far(k));
  if (HWY_UNLIKELY(!hn::AllFalse(Doubles(), any_far))) {
    for (std::int64_t k = 0; k < kPairVectors; ++k) {
      const DoubleVec far = hn::Sub(hn::Mul(p.v[k], log_ratio(p.v[k], q.v[k])), diff.v[k]);
      term.v[k] = hn::IfThenElse(is_far(k), far, term.v[k]);
    }
  }
  for (std::int64_t k = 0; k < kPairVectors; ++k)
    term.v[k] = hn::IfThenElse(hn::Gt(n.v[k], splat(0)), term.v[k], q.v[k]);
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
