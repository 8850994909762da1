#pragma once

#include "kernels/math/real.hpp"

namespace kullback {

/// sum_{k=0}^{N-1} Series::coefficient(k) x^k by Horner, one fma a term. Coefficients are compile-time constants.
template <class Series, int N, int K = 0, class T> KULLBACK_HD T horner(T x) {
  constexpr T c = static_cast<T>(Series::coefficient(K));
  if constexpr (K + 1 < N) {
    return fma(x, horner<Series, N, K + 1>(x), c);
  } else {
    return c;
  }
}

/// (e^r - 1 - r) / r^2 = sum r^k / (k+2)!
struct ExpSeries {
  static constexpr double coefficient(int k) {
    double factorial = 1;
    for (int i = 2; i <= k + 2; ++i) factorial *= i;
    return 1 / factorial;
  }
};

/// (artanh(s)/s - 1) / s^2 in z = s^2: sum z^k / (2k+3)
struct ArtanhSeries {
  static constexpr double coefficient(int k) { return 1.0 / (2 * k + 3); }
};

/// ((1+s) log(1+s) + (1-s) log(1-s)) / s^2 in z = s^2: sum z^k / ((k+1)(2k+1)). All terms positive.
struct JensenShannonSeries {
  static constexpr double coefficient(int k) { return 1.0 / ((k + 1.0) * (2 * k + 1)); }
};

}  // namespace kullback
