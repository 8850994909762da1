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

/// The last two on z in [0, 1/4] for float, minimax in relative error (Remez): 2^-24.2 and 2^-28.5.
struct ArtanhMinimax {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.33333331611624261, 0.20000488351137169,  0.14263489406755575,
                            0.11475443426313679, 0.064677708949826294, 0.15793263552878712};
    return c[k];
  }
};
struct JensenShannonMinimax {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.99999999733285196, 0.16666741384066932,  0.066632906375967442,
                            0.03626623122035688, 0.018237347855349011, 0.027625260584818595};
    return c[k];
  }
};

/// Up to |s| = 1/2: (artanh s - s) / s^3 and the Jensen-Shannon series.
KULLBACK_HD float artanh_tail(float z) { return horner<ArtanhMinimax, Real<float>::kArtanhTerms>(z); }
KULLBACK_HD double artanh_tail(double z) { return horner<ArtanhSeries, Real<double>::kArtanhTerms>(z); }
KULLBACK_HD float jensen_shannon(float z) { return horner<JensenShannonMinimax, Real<float>::kJsTerms>(z); }
KULLBACK_HD double jensen_shannon(double z) { return horner<JensenShannonSeries, Real<double>::kJsTerms>(z); }

}  // namespace kullback
