/// f16 and bf16, single and in pairs, against MPFR (PTX ISA 9.7.4).
#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

template <class T> struct PairOf;
template <> struct PairOf<F16> { using type = F16x2; };
template <> struct PairOf<BF16> { using type = BF16x2; };

template <class T> class HalfTest : public testing::Test {
 protected:
  using Pair = typename PairOf<T>::type;
  static constexpr const char* kType = std::is_same_v<T, F16> ? ".f16" : ".bf16";

  /// "add", the oracle of single numbers: checks the instruction and its pair.
  template <class Oracle> static void check_both(const std::string& opcode, Oracle oracle) {
    check<T, T>(opcode + kType + " $d, $a, $b;", oracle);
    check<Pair, Pair>(opcode + kType + "x2 $d, $a, $b;",
                      [&](Pair a, Pair b) { return by_halves<Pair, T>(oracle, a, b); });
  }
  template <class Oracle> static void check_both_unary(const std::string& opcode, Oracle oracle) {
    check<T>(opcode + kType + " $d, $a;", oracle);
    check<Pair>(opcode + kType + "x2 $d, $a;", [&](Pair a) { return by_halves<Pair, T>(oracle, a); });
  }
  template <class Oracle>
  static void check_both_ternary(const std::string& opcode, const Sets<T, T, T>& sets, Oracle oracle) {
    check(opcode + kType + " $d, $a, $b, $c;", sets, oracle);
    check(opcode + kType + "x2 $d, $a, $b, $c;", operand_sets<Pair, Pair, Pair>(),
          [&](Pair a, Pair b, Pair c) { return by_halves<Pair, T>(oracle, a, b, c); });
  }
};
using Halves = testing::Types<F16, BF16>;
TYPED_TEST_SUITE(HalfTest, Halves);

template <class T, class F> auto exact(F function) {
  return [function](T a, T b) { return rounded_of<T>(MPFR_RNDN, function, value_of(a), value_of(b)); };
}

TYPED_TEST(HalfTest, AddSubtractMultiply) {
  using T = TypeParam;
  this->check_both("add", exact<T>(mpfr_add));
  this->check_both("add.rn", exact<T>(mpfr_add));
  this->check_both("sub", exact<T>(mpfr_sub));
  this->check_both("mul", exact<T>(mpfr_mul));
}

/// Sums for which rounding to double first and then to 16 bits would go wrong: a tie that a tiny addend decides.
template <class T> Sets<T, T, T> double_rounding_sets() {
  auto sets = operand_sets<T, T, T>(4000);
  constexpr int kFraction = FormatOf<T>::kPrecision - 1;
  const T tie_factor = number_with<T>(1 + std::ldexp(1.0, -kFraction / 2 - 1));
  const T other_factor = number_with<T>(1 + std::ldexp(1.0, -kFraction + kFraction / 2));
  for (const double tiny : {std::ldexp(1.0, FormatOf<T>::kMinExponent), -std::ldexp(1.0, FormatOf<T>::kMinExponent)}) {
    sets.add(tie_factor, other_factor, number_with<T>(tiny));
    // (1 + 2^-f) * (1 + 2^-f) = 1 + 2^(1-f) + 2^-2f: many products end in a tie
    for (int k = 0; k < 1 << kFraction; k += 3) {
      sets.add(number_with<T>(1 + k * std::ldexp(1.0, -kFraction)), number_with<T>(1.5), number_with<T>(tiny));
    }
  }
  return sets;
}

TYPED_TEST(HalfTest, FusedMultiplyAdd) {
  using T = TypeParam;
  const auto sets = double_rounding_sets<T>();
  const auto fma = [](T a, T b, T c) {
    return rounded_of<T>(MPFR_RNDN, mpfr_fma, value_of(a), value_of(b), value_of(c));
  };
  this->check_both_ternary("fma.rn", sets, fma);
  this->check_both_ternary("fma.rn.relu", sets, [&](T a, T b, T c) { return rectified(fma(a, b, c)); });
}

TYPED_TEST(HalfTest, SignsChangeNothingElse) {
  using T = TypeParam;
  this->check_both_unary("neg", [](T a) { return T{static_cast<std::uint16_t>(a.bits ^ 0x8000)}; });
  this->check_both_unary("abs", [](T a) { return T{static_cast<std::uint16_t>(a.bits & 0x7fff)}; });
}

template <class T> T lesser(T a, T b) {
  if (is_nan(a)) return b;
  if (is_nan(b)) return a;
  const double x = value_of(a), y = value_of(b);
  if (x == y) return std::signbit(x) ? a : b;
  return x < y ? a : b;
}
template <class T> T negated(T a) { return T{static_cast<std::uint16_t>(a.bits ^ 0x8000)}; }
template <class T> T greater(T a, T b) { return negated(lesser(negated(a), negated(b))); }

TYPED_TEST(HalfTest, MinimumAndMaximum) {
  using T = TypeParam;
  const T nan{0x7fff};
  this->check_both("min", lesser<T>);
  this->check_both("max", greater<T>);
  this->check_both("min.NaN", [&](T a, T b) { return is_nan(a) || is_nan(b) ? nan : lesser(a, b); });
  this->check_both("max.NaN", [&](T a, T b) { return is_nan(a) || is_nan(b) ? nan : greater(a, b); });
  this->check_both("max.xorsign.abs", [&](T a, T b) {
    const T magnitude =
        greater(T{static_cast<std::uint16_t>(a.bits & 0x7fff)}, T{static_cast<std::uint16_t>(b.bits & 0x7fff)});
    return T{static_cast<std::uint16_t>((magnitude.bits & 0x7fff) | ((a.bits ^ b.bits) & 0x8000))};
  });
}

TEST(Half, NanIsCanonical) {
  const Sets<std::uint16_t, std::uint16_t> sets{{0xfe01, 0x3c00}, {0x7c01, 0x7c01}};
  check("add.f16 $d, $a, $b;", sets, [](std::uint16_t, std::uint16_t) { return std::uint16_t{0x7fff}; });
  check("max.NaN.bf16 $d, $a, $b;", Sets<std::uint16_t, std::uint16_t>{{0xff81, 0x3f80}},
        [](std::uint16_t, std::uint16_t) { return std::uint16_t{0x7fff}; });
}

/// .ftz and .sat are f16's only.
TEST(Half, FlushAndSaturate) {
  using T = F16;
  const auto all_flushed = [](auto function) {
    return [function](T a, T b) {
      return flushed(rounded_of<T>(MPFR_RNDN, function, value_of(flushed(a)), value_of(flushed(b))));
    };
  };
  check<T, T>("add.ftz.f16 $d, $a, $b;", all_flushed(mpfr_add));
  check<T, T>("sub.ftz.f16 $d, $a, $b;", all_flushed(mpfr_sub));
  check<T, T>("mul.ftz.f16 $d, $a, $b;", all_flushed(mpfr_mul));
  check<T, T>("add.sat.f16 $d, $a, $b;", [](T a, T b) { return saturated(exact<T>(mpfr_add)(a, b)); });
  check<T, T>("mul.ftz.sat.f16 $d, $a, $b;", [&](T a, T b) { return saturated(all_flushed(mpfr_mul)(a, b)); });
  const auto fma = [](T a, T b, T c) {
    return rounded_of<T>(MPFR_RNDN, mpfr_fma, value_of(a), value_of(b), value_of(c));
  };
  const auto sets = operand_sets<T, T, T>();
  check("fma.rn.ftz.f16 $d, $a, $b, $c;", sets,
        [&](T a, T b, T c) { return flushed(fma(flushed(a), flushed(b), flushed(c))); });
  check("fma.rn.sat.f16 $d, $a, $b, $c;", sets, [&](T a, T b, T c) { return saturated(fma(a, b, c)); });
  check("fma.rn.ftz.relu.f16 $d, $a, $b, $c;", sets,
        [&](T a, T b, T c) { return rectified(flushed(fma(flushed(a), flushed(b), flushed(c)))); });
  check<T>("neg.ftz.f16 $d, $a;", [](T a) { return negated(flushed(a)); });
  check<T>("abs.ftz.f16 $d, $a;", [](T a) { return T{static_cast<std::uint16_t>(flushed(a).bits & 0x7fff)}; });
  check<T, T>("min.ftz.f16 $d, $a, $b;", [](T a, T b) { return lesser(flushed(a), flushed(b)); });
  check<T, T>("max.ftz.f16 $d, $a, $b;", [](T a, T b) { return greater(flushed(a), flushed(b)); });
}

}  // namespace
}  // namespace ptxsim::test
