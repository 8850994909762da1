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

/// ArtanhSeries on z in [0, 1/4], minimax in relative error (Remez): 2^-24.2 and 2^-55, with half the terms and fewer.
template <class T> struct ArtanhMinimax;
template <> struct ArtanhMinimax<float> {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.33333331611624261, 0.20000488351137169,  0.14263489406755575,
                            0.11475443426313679, 0.064677708949826294, 0.15793263552878712};
    return c[k];
  }
};
template <> struct ArtanhMinimax<double> {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0x1.5555555555555p-2,  0x1.9999999999ae0p-3, 0x1.249249247dc38p-3, 0x1.c71c71d75aed4p-4,
                            0x1.745d13ed11a79p-4,  0x1.3b141aa588e8fp-4, 0x1.1108b2392965bp-4, 0x1.e2c7af8d22f1dp-5,
                            0x1.a6a196f207273p-5,  0x1.be919333ef0ecp-5, 0x1.876283de0d7bfp-7, 0x1.176087bf09b54p-3,
                            -0x1.2a55cef9564bfp-3, 0x1.b19063c52c72fp-3};
    return c[k];
  }
};
/// The other one, for float: 2^-28.5.
struct JensenShannonMinimax {
  static constexpr double coefficient(int k) {
    constexpr double c[] = {0.99999999733285196, 0.16666741384066932,  0.066632906375967442,
                            0.03626623122035688, 0.018237347855349011, 0.027625260584818595};
    return c[k];
  }
};

/// Up to |s| = 1/2: (artanh s - s) / s^3 and the Jensen-Shannon series.
template <class T> KULLBACK_HD T artanh_tail(T z) { return horner<ArtanhMinimax<T>, Real<T>::kArtanhTerms>(z); }
KULLBACK_HD float jensen_shannon(float z) { return horner<JensenShannonMinimax, Real<float>::kJsTerms>(z); }
KULLBACK_HD double jensen_shannon(double z) { return horner<JensenShannonSeries, Real<double>::kJsTerms>(z); }

}  // namespace kullback
