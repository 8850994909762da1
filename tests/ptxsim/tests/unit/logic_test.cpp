/// Logic and shifts, bit by bit (PTX ISA 9.7.8).
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;

/// Combines the bits of the operands one by one.
template <class T, class F, class... More> T bitwise(F f, T a, More... more) {
  T result = 0;
  for (unsigned k = 0; k < sizeof(T) * 8; ++k) {
    if (f((a >> k & 1) != 0, ((more >> k & 1) != 0)...)) result = static_cast<T>(result | T(1) << k);
  }
  return result;
}

template <class T> class LogicTest : public testing::Test {};
using Bits = testing::Types<std::uint16_t, std::uint32_t, std::uint64_t>;
TYPED_TEST_SUITE(LogicTest, Bits);

TYPED_TEST(LogicTest, Bitwise) {
  using T = TypeParam;
  const std::string type = bit_type<T>();
  check<T, T>("and" + type + " $d, $a, $b;",
              [](T a, T b) { return bitwise([](bool x, bool y) { return x && y; }, a, b); });
  check<T, T>("or" + type + " $d, $a, $b;",
              [](T a, T b) { return bitwise([](bool x, bool y) { return x || y; }, a, b); });
  check<T, T>("xor" + type + " $d, $a, $b;",
              [](T a, T b) { return bitwise([](bool x, bool y) { return x != y; }, a, b); });
  check<T>("not" + type + " $d, $a;", [](T a) { return bitwise([](bool x) { return !x; }, a); });
  check<T>("cnot" + type + " $d, $a;", [](T a) { return static_cast<T>(a == 0 ? 1 : 0); });
}

template <class T> Sets<T, U32> shifts() {
  Sets<T, U32> sets;
  for (const T value : edges<T>()) {
    for (const U32 amount : {0u, 1u, 7u, 15u, 16u, 17u, 31u, 32u, 33u, 63u, 64u, 65u, 255u, 256u, 0x80000001u, ~0u}) {
      sets.add(value, amount);
    }
  }
  return sets;
}

/// Bit k comes from bit k + distance; what is beyond the ends is `fill`.
template <class T> T shifted(T value, std::int64_t distance, bool fill) {
  using U = std::make_unsigned_t<T>;
  U result = 0;
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(sizeof(T) * 8); ++k) {
    const std::int64_t from = k + distance;
    const bool inside = from >= 0 && from < static_cast<std::int64_t>(sizeof(T) * 8);
    const bool bit = inside ? (static_cast<U>(value) >> from & 1) != 0 : from >= 0 && fill;
    if (bit) result = static_cast<U>(result | U(1) << k);
  }
  return static_cast<T>(result);
}

TYPED_TEST(LogicTest, Shift) {
  using U = TypeParam;
  using S = std::make_signed_t<U>;
  const std::string size = std::to_string(sizeof(U) * 8);
  check("shl.b" + size + " $d, $a, $b;", shifts<U>(), [](U a, U32 b) { return shifted(a, -std::int64_t{b}, false); });
  check("shr.b" + size + " $d, $a, $b;", shifts<U>(), [](U a, U32 b) { return shifted(a, b, false); });
  check("shr.u" + size + " $d, $a, $b;", shifts<U>(), [](U a, U32 b) { return shifted(a, b, false); });
  check("shr.s" + size + " $d, $a, $b;", shifts<S>(), [](S a, U32 b) { return shifted(a, b, a < 0); });
}

TEST(Logic, Predicates) {
  check<bool, bool>("and.pred $d, $a, $b;", [](bool a, bool b) { return a && b; });
  check<bool, bool>("or.pred $d, $a, $b;", [](bool a, bool b) { return a || b; });
  check<bool, bool>("xor.pred $d, $a, $b;", [](bool a, bool b) { return a != b; });
  check<bool>("not.pred $d, $a;", [](bool a) { return !a; });
}

/// The table's index is made of the operands' bits, a's highest: 0xf0, 0xcc, 0xaa are a, b, c themselves.
U32 looked_up(unsigned table, U32 a, U32 b, U32 c) {
  return bitwise([&](bool x, bool y, bool z) { return (table >> ((x ? 4 : 0) + (y ? 2 : 0) + (z ? 1 : 0)) & 1) != 0; },
                 a, b, c);
}

TEST(Logic, LookUp) {
  const auto sets = operand_sets<U32, U32, U32>(50);
  for (const unsigned table : {0x00u, 0xffu, 0xf0u, 0xccu, 0xaau, 0x01u, 0x02u, 0x04u, 0x08u, 0x10u, 0x20u, 0x40u,
                               0x80u, 0xe8u, 0x96u, 0x1au}) {
    check("lop3.b32 $d, $a, $b, $c, " + std::to_string(table) + ";", sets,
          [&](U32 a, U32 b, U32 c) { return looked_up(table, a, b, c); });
  }
}

TEST(Logic, LookUpWithPredicate) {
  auto sets = operand_sets<U32, U32, U32, bool>(0);
  check_pair("lop3.or.b32 $d|$p, $a, $b, $c, 0x80, $e;", sets,
             [](U32 a, U32 b, U32 c, bool e) { return std::make_pair(a & b & c, (a & b & c) != 0 || e); });
  check_pair("lop3.and.b32 $d|$p, $a, $b, $c, 0x80, !$e;", sets,
             [](U32 a, U32 b, U32 c, bool e) { return std::make_pair(a & b & c, (a & b & c) != 0 && !e); });
}

}  // namespace
}  // namespace ptxsim::test
