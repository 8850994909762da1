#pragma once

#include "kernels/math/exp_log.hpp"
#include "kernels/math/sum.hpp"

/// Arithmetic, exp and log of unevaluated sums of two doubles (Dekker 1971; error-free transformations after Ogita,
/// Rump & Oishi 2005), to about 2^-96: for the few places where a logarithm is compared with somebody else's.
namespace kullback {

using DoubleDouble = TwoTerms<double>;

/// a + b where |a| >= |b|.
KULLBACK_HD DoubleDouble fast_two_sum(double a, double b) {
  const double s = a + b;
  return {s, b - (s - a)};
}

/// Its error is relative to the larger of the two.
KULLBACK_HD DoubleDouble add(DoubleDouble x, DoubleDouble y) {
  const DoubleDouble s = two_sum(x.hi, y.hi);
  return fast_two_sum(s.hi, s.lo + (x.lo + y.lo));
}

KULLBACK_HD DoubleDouble multiply(DoubleDouble x, DoubleDouble y) {
  const DoubleDouble z = two_product(x.hi, y.hi);
  return fast_two_sum(z.hi, z.lo + fma(x.hi, y.lo, x.lo * y.hi));
}

/// k ln 2 for an integer |k| < 2^11: ln 2 = first + second + third, of which k * first is exact.
KULLBACK_HD DoubleDouble times_ln2(double k) {
  constexpr double kFirst = 0x1.62e42fefa38p-1, kSecond = 0x1.ef35793c7673p-45, kThird = 0x1.f97b57a079a1ap-103;
  const DoubleDouble second = two_product(k, kSecond);
  return add({k * kFirst, 0}, {second.hi, fma(k, kThird, second.lo)});
}

/// e^x, x <= 709; 0 below -745.
KULLBACK_HD DoubleDouble exp(DoubleDouble x) {
  constexpr int kHalvings = 8, kTerms = 10;
  if (!(x.hi > Real<double>::kExpMin)) return {x.hi == x.hi ? 0.0 : x.hi, 0};
  const double k = fma(x.hi, 1.44269504088896340736, Real<double>::kRoundMagic) - Real<double>::kRoundMagic;
  const DoubleDouble whole = times_ln2(k);
  DoubleDouble r = add(x, {-whole.hi, -whole.lo});
  constexpr double kScale = 1.0 / (1 << kHalvings);
  r = {r.hi * kScale, r.lo * kScale};
  // t = e^r - 1 by Horner on r (1 + r/2 (1 + r/3 (...))), then e^2r - 1 = t (2 + t).
  DoubleDouble t = {1, 0};
  for (int n = kTerms; n >= 2; --n) {
    const DoubleDouble over_n = {1.0 / n, fma(-(1.0 / n), n, 1.0) / n};
    t = add({1, 0}, multiply(multiply(r, over_n), t));
  }
  t = multiply(r, t);
  for (int i = 0; i < kHalvings; ++i) t = multiply(t, add({2, 0}, t));
  t = add({1, 0}, t);
  const auto half = static_cast<std::int64_t>(k) >> 1;
  const double first = power_of_two<double>(half), second = power_of_two<double>(static_cast<std::int64_t>(k) - half);
  return {t.hi * first * second, t.lo * first * second};
}

/// log x for finite x; -inf at 0. One Newton step from the double logarithm of the mantissa: its error e is so
/// small that log(1 + e) is e.
KULLBACK_HD DoubleDouble log(DoubleDouble x) {
  if (!(x.hi > 0)) return {log(x.hi), 0};
  const Decomposed<double> d = decompose(x.hi);
  const double first = power_of_two<double>(-d.k >> 1), second = power_of_two<double>(-d.k - (-d.k >> 1));
  const DoubleDouble m = {d.m, x.lo * first * second};
  const double y = log(m.hi);
  const DoubleDouble e = add(multiply(m, exp(DoubleDouble{-y, 0})), {-1, 0});
  return add(times_ln2(static_cast<double>(d.k)), add({y, 0}, e));
}

}  // namespace kullback
