#pragma once

#include "kernels/math/mutual_information.hpp"

/// The upper tail of the chi-square distribution: Q(a, x) = Gamma(a, x) / Gamma(a), the regularised incomplete gamma
/// function. Series below x = a + 1, continued fraction above (Gautschi 1979); what both are multiplied by is formed
/// without cancellation. Relative error about (1 + x) ulp, down to the smallest normal number.
namespace kullback {

/// a^a e^-a / Gamma(a + 1), a >= 1/2.
KULLBACK_HD double stirling_ratio(double a) {
  constexpr double kAsymptotic = 16, kTwoPi = 6.28318530717958647693;
  double exponent = 0;  // C(a) = C(a + 1) e (a / (a + 1))^a
  for (; a < kAsymptotic; ++a) exponent += fma(-a, log1p(1 / a), 1.0);
  const double r = 1 / (a * a);
  constexpr double c[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
  double correction = 0;
  for (int k = 6; k >= 0; --k) correction = fma(correction, r, c[k]);
  return exp(exponent - correction / a) / __builtin_sqrt(kTwoPi * a);
}

/// x^a e^-x / Gamma(a + 1): the exponent is the term of kl of a against x.
KULLBACK_HD double poisson_density(double a, double x) {
  return exp(-mutual_information_term(a, x, a - x)) * stirling_ratio(a);
}

/// Q(a, x) for a = 0, 1/2, 1, 3/2, ... and x >= 0.
KULLBACK_HD double gamma_upper_tail(double a, double x) {
  constexpr double kPrecision = 0x1p-54;
  if (a != a || x != x) return kNaN<double>;
  if (a == 0 || x == 0) return 1;
  const double density = poisson_density(a, x);
  if (x < a + 1) {  // P = density (1 + x / (a + 1) + x^2 / ((a + 1)(a + 2)) + ...)
    double term = 1, sum = 1;
    for (double k = a + 1; term > kPrecision * sum; ++k) {
      term *= x / k;
      sum += term;
    }
    return 1 - density * sum;
  }
  // Q = a density / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / (x + 5 - a - ...))), by Lentz's method (1976).
  constexpr double kTiny = 0x1p-900;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, fraction = d;
  for (double k = 1;; ++k) {
    const double numerator = k * (a - k);
    if (numerator == 0) break;  // the fraction ends
    b += 2;
    d = fma(numerator, d, b);
    d = 1 / (abs(d) < kTiny ? kTiny : d);
    c = b + numerator / c;
    c = abs(c) < kTiny ? kTiny : c;
    const double factor = c * d;
    fraction *= factor;
    if (abs(factor - 1) < kPrecision * 4) break;
  }
  return a * density * fraction;
}

}  // namespace kullback
