/// exp, log and their kin against binary128, in units in the last place; and the laws of the accumulators.
#include <gtest/gtest.h>
#include <quadmath.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/math/double_double.hpp"
#include "kernels/math/hypergeometric.hpp"

namespace kullback {
namespace {

constexpr unsigned kSeed = 20240607;

/// |got - want| in units of the last place of want's binade (of the smallest subnormal below the normal range).
template <class T> double ulps(T got, __float128 want) {
  if (std::isinf(got) && static_cast<T>(want) == got) return 0;
  int exponent;
  frexpq(want, &exponent);
  const int lowest = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits;
  const __float128 ulp = ldexpq(1, std::max(exponent - std::numeric_limits<T>::digits, lowest));
  return static_cast<double>(fabsq(static_cast<__float128>(got) - want) / ulp);
}

template <class T> class Math : public ::testing::Test {};
using RealTypes = ::testing::Types<float, double>;
TYPED_TEST_SUITE(Math, RealTypes);

/// Arguments of both signs whose magnitudes spread over all binades up to `largest`.
template <class T> T spread(std::mt19937_64& random, double largest) {
  const double x = std::ldexp(std::uniform_real_distribution<double>(0.5, 1)(random), -static_cast<int>(random() % 60));
  return static_cast<T>((random() % 2 != 0 ? largest : -largest) * x);
}

TYPED_TEST(Math, WithinAnUlpAndAHalf) {
  using T = TypeParam;
  std::mt19937_64 random(kSeed);
  this->RecordProperty("seed", kSeed);
  const double range = sizeof(T) == 4 ? 88.7 : 709.7;
  double worst_exp = 0, worst_expm1 = 0, worst_log = 0, worst_log1p = 0;
  for (int i = 0; i < 200000; ++i) {
    const T x = spread<T>(random, range), negative = -std::fabs(x);
    worst_exp = std::max(worst_exp, ulps(exp(x), expq(x)));
    worst_expm1 = std::max(worst_expm1, ulps(expm1_nonpositive(negative), expm1q(negative)));
    const T positive = i % 2 == 0 ? std::fabs(x) : static_cast<T>(1 + x / (2 * range));
    worst_log = std::max(worst_log, ulps(log(positive), logq(positive)));
    const T above = std::max(x, static_cast<T>(-0.6));
    worst_log1p = std::max(worst_log1p, ulps(log1p(above), log1pq(above)));
  }
  EXPECT_LT(worst_exp, 1.1);
  EXPECT_LT(worst_expm1, 1.3);
  EXPECT_LT(worst_log, 1.0);
  EXPECT_LT(worst_log1p, 1.6);
}

TYPED_TEST(Math, Edges) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T tiny = std::numeric_limits<T>::denorm_min();
  EXPECT_EQ(exp(T(0)), T(1));
  EXPECT_EQ(exp(-inf), T(0));
  EXPECT_EQ(exp(inf), inf);
  EXPECT_TRUE(std::isnan(exp(nan)));
  EXPECT_EQ(expm1_nonpositive(T(0)), T(0));
  EXPECT_EQ(expm1_nonpositive(-inf), T(-1));
  EXPECT_EQ(log(T(1)), T(0));
  EXPECT_EQ(log(T(0)), -inf);
  EXPECT_EQ(log(inf), inf);
  EXPECT_TRUE(std::isnan(log(T(-1))));
  EXPECT_TRUE(std::isnan(log(nan)));
  EXPECT_LT(ulps(log(tiny), logq(tiny)), 1.0);
  EXPECT_EQ(log1p(T(0)), T(0));
  EXPECT_EQ(log1p(tiny), tiny);
  EXPECT_EQ(log1p(inf), inf);
  // A quotient far outside the type's range.
  const T large = std::numeric_limits<T>::max();
  EXPECT_LT(ulps(log_ratio(large, tiny), logq(large) - logq(tiny)), 1.5);
  EXPECT_LT(ulps(log_ratio(tiny, large), logq(tiny) - logq(large)), 1.5);
}

TYPED_TEST(Math, ExactTransformations) {
  using T = TypeParam;
  std::mt19937_64 random(kSeed + 1);
  for (int i = 0; i < 10000; ++i) {
    const T a = spread<T>(random, 100), b = spread<T>(random, 100);
    const TwoTerms<T> s = two_sum(a, b);
    EXPECT_EQ(static_cast<__float128>(s.hi) + s.lo, static_cast<__float128>(a) + b);
    // Away from underflow: two products of 53 bits make 106, which binary128 holds.
    const T c = 1 + a / 200, d = 1 + b / 200;
    const TwoTerms<T> p = two_product(c, d);
    EXPECT_EQ(static_cast<__float128>(p.hi) + p.lo, static_cast<__float128>(c) * d);
  }
}

__float128 wide(DoubleDouble x) { return static_cast<__float128>(x.hi) + x.lo; }

TEST(DoubleDouble, WithinTwoToTheMinus94) {
  std::mt19937_64 random(kSeed + 2);
  for (int i = 0; i < 20000; ++i) {
    // Away from underflow of the low parts.
    const DoubleDouble x = two_sum(spread<double>(random, 600), spread<double>(random, 0x1p-53));
    const __float128 e = expq(wide(x));
    EXPECT_LT(fabsq(wide(exp(x)) - e), ldexpq(e, -94)) << x.hi;
    const double one = std::exp(spread<double>(random, i % 2 == 0 ? 600 : 1e-3));
    const DoubleDouble y = two_sum(one, one * spread<double>(random, 0x1p-53));
    const __float128 l = logq(wide(y));
    EXPECT_LT(fabsq(wide(log(y)) - l), ldexpq(1 + fabsq(l), -94)) << y.hi;
  }
  EXPECT_EQ(exp(DoubleDouble{0, 0}).hi, 1);
  EXPECT_EQ(exp(DoubleDouble{-std::numeric_limits<double>::infinity(), 0}).hi, 0);
  EXPECT_EQ(log(DoubleDouble{0, 0}).hi, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(log(DoubleDouble{1, 0}).hi, 0);
  const double tiny = std::numeric_limits<double>::denorm_min();
  EXPECT_LT(fabsq(wide(log(DoubleDouble{tiny, 0})) - logq(tiny)), ldexpq(745, -94));
}

TYPED_TEST(Math, CompensatedSumObeysItsLaws) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity();
  CompensatedSum<T> empty, a, b;
  EXPECT_EQ(empty.value(), T(0));
  empty.merge(CompensatedSum<T>{});
  EXPECT_EQ(empty.value(), T(0)) << "two empty sums";
  // 1 + n tiny - 1: the ones cancel, the tiny parts must survive.
  const T tiny = std::numeric_limits<T>::epsilon() / 8;
  a.add(1);
  for (int i = 0; i < 16; ++i) a.add(tiny);
  b.add(-1);
  a.merge(b);
  EXPECT_EQ(a.value(), 16 * tiny);
  CompensatedSum<T> infinite;
  infinite.add(inf);
  infinite.add(1);
  EXPECT_EQ(infinite.value(), inf);
  infinite.add(-inf);
  EXPECT_TRUE(std::isnan(infinite.value()));
}

/// The known answers that are published with Random123.
TEST(Philox, GivesTheKnownAnswers) {
  const auto expect = [](PhiloxWords counter, std::uint64_t seed, PhiloxWords answer) {
    const PhiloxWords got = philox(counter, seed);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(got.word[k], answer.word[k]) << k;
  };
  constexpr std::uint32_t kOnes = 0xffffffff;
  expect({{0, 0, 0, 0}}, 0, {{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}});
  expect({{kOnes, kOnes, kOnes, kOnes}}, ~std::uint64_t{0}, {{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}});
  expect({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, 0x299f31d0a4093822,
         {{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}});
}

TEST(Hypergeometric, ChancesAreThoseOfLogFactorials) {
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 2'000; ++round) {
    const std::uint64_t total = 2 + (random() >> (random() % 44 + 20));
    const Margins m = {1 + random() % (total - 1), 1 + random() % (total - 1), total};
    const std::uint64_t least = m.a + m.b > total ? m.a + m.b - total : 0, most = std::min(m.a, m.b);
    const auto exact = [&](std::uint64_t n) {
      const auto lf = [](std::uint64_t k) { return lgammaq(static_cast<__float128>(k) + 1); };
      return -(lf(n) + lf(m.a - n) + lf(m.b - n) + lf(total - m.a - m.b + n));
    };
    const Hypergeometric law(m);
    ASSERT_EQ(law.log_chance(0), 0.0);
    const double deviation = std::sqrt(static_cast<double>(std::min(law.mode(), total - m.a - m.b + law.mode()))) + 1;
    for (double step : {-3.0, -1.0, -0.1, 0.1, 1.0, 3.0}) {
      const auto d = static_cast<std::int64_t>(step * deviation);
      const std::uint64_t n = law.mode() + static_cast<std::uint64_t>(d);
      if (n < least || n > most || (d < 0 && n > law.mode())) continue;
      const auto expected = static_cast<double>(exact(n) - exact(law.mode()));
      EXPECT_LE(expected, 1e-12);
      EXPECT_NEAR(law.log_chance(d), expected, 1e-12 * (deviation + std::abs(expected)))
          << m.a << " " << m.b << " " << total << " " << d;
    }
  }
}

}  // namespace
}  // namespace kullback
