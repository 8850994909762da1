#pragma once

#include "kernels/math/expected_information.hpp"
#include "kernels/math/philox.hpp"

/// Hypergeometric draws at a cost that does not grow with the counts: ratio of uniforms under Stadlober's table
/// mountain (1990), here with chances relative to the most likely count's, whose logarithm is a sum of
/// cancellation-free terms: it keeps its digits however large the counts are. IEEE arithmetic and our own log: the same
/// draw on every machine.
namespace kullback {

/// What Stirling's formula at y = x + 1/2, y log y - y + log(2 pi)/2, lacks of log(x!).
KULLBACK_HD double stirling_remainder(std::uint64_t x) {
  constexpr std::uint64_t kTabled = 16;
  constexpr double kTable[kTabled] = {
      -0x1.28682473d0de8p-4, -0x1.bc9973e8e1db4p-6, -0x1.0ea247396be10p-6, -0x1.84486c14b1396p-7,
      -0x1.2e8beb80f3703p-7, -0x1.ef89867b92493p-8, -0x1.a386dcd3c06cep-8, -0x1.6bb6a20de6c04p-8,
      -0x1.40ff247a7d346p-8, -0x1.1f40e2759fc33p-8, -0x1.03ed20f9b1149p-8, -0x1.dab0883cb1dc7p-9,
      -0x1.b4be6f256243bp-9, -0x1.9469f8a4d400fp-9, -0x1.788a11ec14ffbp-9, -0x1.604236c53b63bp-9};
  if (x < kTabled) return kTable[x];
  const double r = 1 / (static_cast<double>(x) + 0.5), z = r * r;
  return r * fma(z, fma(z, fma(z, 127.0 / 215040, -31.0 / 40320), 7.0 / 2880), -1.0 / 24);
}

/// (y + d) log((y + d) / y) - d for y, y + d > 0.
KULLBACK_HD double deviance(double y, double d) {
  constexpr double kNear = 0x1p-4;
  constexpr int kTerms = 8;  // of artanh's series there
  const double s = d / (2 * y + d);
  if (abs(s) > kNear) return (y + d) * log((y + d) / y) - d;
  return d * s * fma((1 + s) * s, horner<ArtanhSeries, kTerms>(s * s), 1.0);
}

/// The law of the count of one cell with the margins a and b of a table of `total` samples.
class Hypergeometric {
 public:
  KULLBACK_HD explicit Hypergeometric(const Margins& m) : mode_(mode_of(m)) {
    const double n = static_cast<double>(m.total), a = static_cast<double>(m.a), b = static_cast<double>(m.b);
    const double mean = a * (b / n);
    const double variance =
        mean * (static_cast<double>(m.total - m.a) / n) * (static_cast<double>(m.total - m.b) / (n - 1));
    using Wide = __int128;
    const Wide above_mode =
        static_cast<Wide>(static_cast<unsigned __int128>(m.a) * m.b - static_cast<unsigned __int128>(mode_) * m.total);
    centre_ = static_cast<double>(above_mode) / n + 0.5;
    width_ = fma(kHatScale, sqrt(variance + 0.5), kHatOffset);
    x_[0] = mode_;
    x_[1] = m.total - m.a - m.b + mode_;
    x_[2] = m.a - mode_;
    x_[3] = m.b - mode_;
    down_ = -static_cast<double>(x_[0] < x_[1] ? x_[0] : x_[1]);
    up_ = static_cast<double>(x_[2] < x_[3] ? x_[2] : x_[3]);
    for (int k = 0; k < 4; ++k) {
      y_[k] = static_cast<double>(x_[k]) + 0.5;
      remainder_[k] = stirling_remainder(x_[k]);
    }
    tilt_ = log(y_[0] * y_[1] / (y_[2] * y_[3]));
  }

  KULLBACK_HD std::uint64_t mode() const { return mode_; }

  /// log of the chance of mode + d relative to mode's, for d in the law's range.
  KULLBACK_HD double log_chance(std::int64_t d) const {
    const double x = static_cast<double>(d);
    double sum = tilt_ * x, remainders = 0;
    for (int k = 0; k < 4; ++k) {
      const std::int64_t step = k < 2 ? d : -d;
      sum += deviance(y_[k], k < 2 ? x : -x);
      remainders += remainder_[k] - stirling_remainder(x_[k] + static_cast<std::uint64_t>(step));
    }
    return remainders - sum;
  }

  /// counter.word[0] counts the attempts.
  KULLBACK_HD std::uint64_t draw(PhiloxWords counter, std::uint64_t seed) const {
    for (counter.word[0] = 0;; ++counter.word[0]) {
      const PhiloxWords bits = philox(counter, seed);
      const double u = uniform(bits.word[0], bits.word[1]) + 0x1p-53, v = uniform(bits.word[2], bits.word[3]);
      const double x = centre_ + width_ * (v - 0.5) / u;
      if (!(x >= down_ && x < up_ + 1)) continue;
      const auto above = static_cast<std::int64_t>(x);
      const std::int64_t d = above - (x < static_cast<double>(above));
      if (2 * log(u) <= log_chance(d)) return mode_ + static_cast<std::uint64_t>(d);
    }
  }

 private:
  static constexpr double kHatScale = 0x1.b72cd3f331398p+0;   // sqrt(8 / e)
  static constexpr double kHatOffset = 0x1.cc3ebd3bc711ap-1;  // 3 - sqrt(12 / e)

  static KULLBACK_HD std::uint64_t mode_of(const Margins& m) {
    if (m.total >> 31 == 0) return (m.a + 1) * (m.b + 1) / (m.total + 2);
    return hypergeometric_mode(m);
  }

  std::uint64_t mode_, x_[4];
  double y_[4], remainder_[4], centre_, width_, down_, up_, tilt_;
};

/// Draws a count; where only one is possible it takes no random bits.
KULLBACK_HD std::uint64_t draw_count(const Margins& m, PhiloxWords counter, std::uint64_t seed) {
  const std::uint64_t least = m.a > m.total - m.b ? m.a - (m.total - m.b) : 0, most = m.a < m.b ? m.a : m.b;
  return least == most ? least : Hypergeometric(m).draw(counter, seed);
}

}  // namespace kullback
