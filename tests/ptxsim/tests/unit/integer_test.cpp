/// Integer arithmetic against 128-bit integers (PTX ISA 9.7.1).
#include <algorithm>

#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using Wide = __int128;

template <class T> std::string type_name() {
  return (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(sizeof(T) * 8);
}

/// The low bits of an exact result.
template <class T> T low(Wide value) {
  return static_cast<T>(static_cast<std::make_unsigned_t<T>>(static_cast<unsigned __int128>(value)));
}
/// The bits above those.
template <class T> T high(Wide value) { return low<T>(value >> (sizeof(T) * 8)); }

/// Exact for operands of 64 bits, too, as a pair of halves would be: the product of unsigned ones needs all 128 bits.
template <class T> Wide product(T a, T b) {
  return static_cast<Wide>(static_cast<unsigned __int128>(Wide{a}) * static_cast<unsigned __int128>(Wide{b}));
}
template <class T> T high_product(T a, T b) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    return static_cast<T>(static_cast<unsigned __int128>(a) * b >> 64);
  } else {
    return high<T>(product(a, b));
  }
}

std::int32_t clamped(Wide value) { return static_cast<std::int32_t>(std::clamp<Wide>(value, INT32_MIN, INT32_MAX)); }

template <class T> struct Twice;
template <> struct Twice<std::uint16_t> { using type = std::uint32_t; };
template <> struct Twice<std::int16_t> { using type = std::int32_t; };
template <> struct Twice<std::uint32_t> { using type = std::uint64_t; };
template <> struct Twice<std::int32_t> { using type = std::int64_t; };

template <class T> class IntegerTest : public testing::Test {
 protected:
  static std::string name(const std::string& opcode) { return opcode + type_name<T>(); }
};
using AllIntegers =
    testing::Types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(IntegerTest, AllIntegers);

TYPED_TEST(IntegerTest, AddAndSubtractWrap) {
  using T = TypeParam;
  check<T, T>(this->name("add") + " $d, $a, $b;", [](T a, T b) { return low<T>(Wide{a} + b); });
  check<T, T>(this->name("sub") + " $d, $a, $b;", [](T a, T b) { return low<T>(Wide{a} - b); });
}

TYPED_TEST(IntegerTest, Multiply) {
  using T = TypeParam;
  check<T, T>(this->name("mul.lo") + " $d, $a, $b;", [](T a, T b) { return low<T>(product(a, b)); });
  check<T, T>(this->name("mul.hi") + " $d, $a, $b;", [](T a, T b) { return high_product(a, b); });
}

TYPED_TEST(IntegerTest, MultiplyAndAdd) {
  using T = TypeParam;
  const auto sets = operand_sets<T, T, T>(300);
  check(this->name("mad.lo") + " $d, $a, $b, $c;", sets,
        [](T a, T b, T c) { return low<T>(low<T>(product(a, b)) + Wide{c}); });
  check(this->name("mad.hi") + " $d, $a, $b, $c;", sets,
        [](T a, T b, T c) { return low<T>(high_product(a, b) + Wide{c}); });
}

TYPED_TEST(IntegerTest, WideProducts) {
  using T = TypeParam;
  if constexpr (sizeof(T) < 8) {
    using W = typename Twice<T>::type;
    check<T, T>(this->name("mul.wide") + " $d, $a, $b;", [](T a, T b) { return static_cast<W>(Wide{a} * b); });
    check(this->name("mad.wide") + " $d, $a, $b, $c;", operand_sets<T, T, W>(300),
          [](T a, T b, W c) { return low<W>(Wide{a} * b + c); });
  }
}

TYPED_TEST(IntegerTest, SumOfAbsoluteDifferences) {
  using T = TypeParam;
  check(this->name("sad") + " $d, $a, $b, $c;", operand_sets<T, T, T>(300),
        [](T a, T b, T c) { return low<T>(Wide{c} + (a < b ? Wide{b} - a : Wide{a} - b)); });
}

TYPED_TEST(IntegerTest, Divide) {
  using T = TypeParam;
  const auto all = operand_sets<T, T>();
  Sets<T, T> sets;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto [a, b] = all.row(n);
    if (b != 0) sets.add(a, b);
  }
  check(this->name("div") + " $d, $a, $b;", sets, [](T a, T b) { return low<T>(Wide{a} / b); });
  check(this->name("rem") + " $d, $a, $b;", sets, [](T a, T b) { return low<T>(Wide{a} % b); });
}

TYPED_TEST(IntegerTest, DivisionByZeroIsAllOnesAndDoesNotStopTheHost) {
  using T = TypeParam;
  const Sets<T, T> sets{{T(5), T(0)}, {std::numeric_limits<T>::min(), T(0)}};
  check(this->name("div") + " $d, $a, $b;", sets, [](T, T) { return low<T>(-1); });
  check(this->name("rem") + " $d, $a, $b;", sets, [](T a, T) { return a; });
}

TYPED_TEST(IntegerTest, MinimumAndMaximum) {
  using T = TypeParam;
  check<T, T>(this->name("min") + " $d, $a, $b;", [](T a, T b) { return low<T>(std::min(Wide{a}, Wide{b})); });
  check<T, T>(this->name("max") + " $d, $a, $b;", [](T a, T b) { return low<T>(std::max(Wide{a}, Wide{b})); });
}

TYPED_TEST(IntegerTest, NegateAndAbsolute) {
  using T = TypeParam;
  if constexpr (std::is_signed_v<T>) {
    check<T>(this->name("neg") + " $d, $a;", [](T a) { return low<T>(-Wide{a}); });
    check<T>(this->name("abs") + " $d, $a;", [](T a) { return low<T>(a < 0 ? -Wide{a} : Wide{a}); });
  }
}

TEST(Integer, Saturating) {
  using T = std::int32_t;
  check<T, T>("add.sat.s32 $d, $a, $b;", [](T a, T b) { return clamped(Wide{a} + b); });
  check<T, T>("sub.sat.s32 $d, $a, $b;", [](T a, T b) { return clamped(Wide{a} - b); });
  check("mad.hi.sat.s32 $d, $a, $b, $c;", operand_sets<T, T, T>(300),
        [](T a, T b, T c) { return clamped(Wide{high<T>(Wide{a} * b)} + c); });
}

TEST(Integer, Relu) {
  using T = std::int32_t;
  check<T, T>("min.relu.s32 $d, $a, $b;", [](T a, T b) { return std::max(0, std::min(a, b)); });
  check<T, T>("max.relu.s32 $d, $a, $b;", [](T a, T b) { return std::max({0, a, b}); });
}

/// Results for both halves of a register.
template <class T, class F> std::uint32_t halves(std::uint32_t a, std::uint32_t b, F f) {
  const auto half = [&](unsigned shift) {
    return static_cast<std::uint16_t>(f(static_cast<T>(a >> shift), static_cast<T>(b >> shift)));
  };
  return static_cast<std::uint32_t>(half(16)) << 16 | half(0);
}

TEST(Integer, Pairs) {
  using R = std::uint32_t;
  const auto sum = [](int a, int b) { return a + b; };
  const auto least = [](int a, int b) { return a < b ? a : b; };
  const auto greatest = [](int a, int b) { return a < b ? b : a; };
  check<R, R>("add.u16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::uint16_t>(a, b, sum); });
  check<R, R>("add.s16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::int16_t>(a, b, sum); });
  check<R, R>("min.u16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::uint16_t>(a, b, least); });
  check<R, R>("min.s16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::int16_t>(a, b, least); });
  check<R, R>("max.u16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::uint16_t>(a, b, greatest); });
  check<R, R>("max.s16x2 $d, $a, $b;", [&](R a, R b) { return halves<std::int16_t>(a, b, greatest); });
  check<R, R>("min.relu.s16x2 $d, $a, $b;", [&](R a, R b) {
    return halves<std::int16_t>(a, b, [&](int x, int y) { return greatest(0, least(x, y)); });
  });
  check<R, R>("max.relu.s16x2 $d, $a, $b;", [&](R a, R b) {
    return halves<std::int16_t>(a, b, [&](int x, int y) { return greatest(0, greatest(x, y)); });
  });
}

TEST(Integer, Multiply24) {
  using U = std::uint32_t;
  using S = std::int32_t;
  const auto u24 = [](U a) { return Wide{a % (1u << 24)}; };
  const auto s24 = [](S a) {
    const Wide field = static_cast<U>(a) % (1u << 24);
    return field >= 1 << 23 ? field - (1 << 24) : field;
  };
  check<U, U>("mul24.lo.u32 $d, $a, $b;", [&](U a, U b) { return low<U>(u24(a) * u24(b)); });
  check<U, U>("mul24.hi.u32 $d, $a, $b;", [&](U a, U b) { return low<U>(u24(a) * u24(b) >> 16); });
  check<S, S>("mul24.lo.s32 $d, $a, $b;", [&](S a, S b) { return low<S>(s24(a) * s24(b)); });
  check<S, S>("mul24.hi.s32 $d, $a, $b;", [&](S a, S b) { return low<S>(s24(a) * s24(b) >> 16); });
  const auto sets = operand_sets<S, S, S>(300);
  check("mad24.lo.s32 $d, $a, $b, $c;", sets, [&](S a, S b, S c) { return low<S>(s24(a) * s24(b) + c); });
  check("mad24.hi.s32 $d, $a, $b, $c;", sets, [&](S a, S b, S c) { return low<S>((s24(a) * s24(b) >> 16) + c); });
  check("mad24.lo.u32 $d, $a, $b, $c;", operand_sets<U, U, U>(300),
        [&](U a, U b, U c) { return low<U>(u24(a) * u24(b) + c); });
}

template <class T> int count_ones(T value) {
  int count = 0;
  for (unsigned k = 0; k < sizeof(T) * 8; ++k) count += (value >> k & 1) != 0 ? 1 : 0;
  return count;
}

/// Zeros above the most significant one.
template <class T> int leading_zeros(T value) {
  int count = 0;
  for (int k = sizeof(T) * 8 - 1; k >= 0 && (value >> k & 1) == 0; --k) ++count;
  return count;
}

TEST(Integer, CountBits) {
  using A = std::uint32_t;
  using B = std::uint64_t;
  check<A>("popc.b32 $d, $a;", [](A a) { return static_cast<A>(count_ones(a)); });
  check<B>("popc.b64 $d, $a;", [](B a) { return static_cast<A>(count_ones(a)); });
  check<A>("clz.b32 $d, $a;", [](A a) { return static_cast<A>(leading_zeros(a)); });
  check<B>("clz.b64 $d, $a;", [](B a) { return static_cast<A>(leading_zeros(a)); });
}

template <class T> std::uint32_t found_bit(T a, bool shift_amount) {
  using U = std::make_unsigned_t<T>;
  constexpr int kTop = sizeof(T) * 8 - 1;
  const U bits = a < 0 ? static_cast<U>(~a) : static_cast<U>(a);
  if (bits == 0) return 0xffff'ffff;
  const int zeros = leading_zeros(bits);
  return static_cast<std::uint32_t>(shift_amount ? zeros : kTop - zeros);
}

TEST(Integer, FindBit) {
  using S32 = std::int32_t;
  using U64 = std::uint64_t;
  check<std::uint32_t>("bfind.u32 $d, $a;", [](std::uint32_t a) { return found_bit(a, false); });
  check<S32>("bfind.s32 $d, $a;", [](S32 a) { return found_bit(a, false); });
  check<U64>("bfind.u64 $d, $a;", [](U64 a) { return found_bit(a, false); });
  check<std::int64_t>("bfind.s64 $d, $a;", [](std::int64_t a) { return found_bit(a, false); });
  check<S32>("bfind.shiftamt.s32 $d, $a;", [](S32 a) { return found_bit(a, true); });
  check<U64>("bfind.shiftamt.u64 $d, $a;", [](U64 a) { return found_bit(a, true); });
}

TEST(Integer, FindNthSetBit) {
  using U = std::uint32_t;
  using S = std::int32_t;
  // Literals worked out by hand: mask 0x000000b2 has the bits 1, 4, 5, 7.
  const Sets<U, U, S> sets{{0xb2, 0, 1}, {0xb2, 0, 2},  {0xb2, 1, 1},  {0xb2, 2, 1},   {0xb2, 4, 3},
                           {0xb2, 4, 4}, {0xb2, 7, -1}, {0xb2, 6, -1}, {0xb2, 7, -4},  {0xb2, 7, -5},
                           {0xb2, 5, 0}, {0xb2, 6, 0},  {0, 0, 1},     {~0u, 31, -32}, {~0u, 0, 32}};
  const std::vector<U> expected{1, 4, 1, 4, 7, ~0u, 7, 5, 1, ~0u, 5, ~0u, ~0u, 0, 31};
  EXPECT_EQ(expected, results_of<U>("fns.b32 $d, $a, $b, $c;", sets));
}

TEST(Integer, ReverseBits) {
  const auto reversed = [](auto a) {
    decltype(a) result = 0;
    for (unsigned k = 0; k < sizeof a * 8; ++k, a = static_cast<decltype(a)>(a >> 1)) {
      result = static_cast<decltype(a)>(result << 1 | (a & 1));
    }
    return result;
  };
  check<std::uint32_t>("brev.b32 $d, $a;", [&](std::uint32_t a) { return reversed(a); });
  check<std::uint64_t>("brev.b64 $d, $a;", [&](std::uint64_t a) { return reversed(a); });
}

/// The k-th element of `bits` bits of a packed register.
int element(std::uint32_t packed, unsigned k, unsigned bits, bool is_signed) {
  const auto field = static_cast<int>(packed >> (k * bits) & ((1u << bits) - 1));
  return is_signed && field >= 1 << (bits - 1) ? field - (1 << bits) : field;
}

TEST(Integer, DotProducts) {
  using U = std::uint32_t;
  const auto sets = operand_sets<U, U, U>(300);
  for (const bool a_signed : {false, true}) {
    for (const bool b_signed : {false, true}) {
      const std::string types = std::string(a_signed ? ".s32" : ".u32") + (b_signed ? ".s32" : ".u32");
      check("dp4a" + types + " $d, $a, $b, $c;", sets, [&](U a, U b, U c) {
        Wide sum = c;
        for (unsigned k = 0; k < 4; ++k) sum += element(a, k, 8, a_signed) * element(b, k, 8, b_signed);
        return low<U>(sum);
      });
      for (const bool upper : {false, true}) {
        check((upper ? "dp2a.hi" : "dp2a.lo") + types + " $d, $a, $b, $c;", sets, [&](U a, U b, U c) {
          Wide sum = c;
          for (unsigned k = 0; k < 2; ++k) {
            sum += Wide{element(a, k, 16, a_signed)} * element(b, k + (upper ? 2 : 0), 8, b_signed);
          }
          return low<U>(sum);
        });
      }
    }
  }
}

}  // namespace
}  // namespace ptxsim::test
