/// Carry chains against 128-bit arithmetic (PTX ISA 9.7.2). CC.CF cannot be read: it is seen through addc and subc.
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;
using Wide = unsigned __int128;

/// After the instruction that writes the carry, `$p` is 0 + 0 + carry, or 0 - 0 - borrow.
const std::string kReadCarry32 = " addc.u32 $p, 0, 0;";
const std::string kReadBorrow32 = " subc.u32 $p, 0, 0;";
const std::string kReadCarry64 = " addc.u64 $p, 0, 0;";
const std::string kReadBorrow64 = " subc.u64 $p, 0, 0;";

/// The result and what comes out at the top.
template <class T> std::pair<T, T> sum(T a, T b, T carry = 0) {
  const Wide exact = Wide{a} + b + carry;
  return {static_cast<T>(exact), static_cast<T>(exact >> (8 * sizeof(T)))};
}
template <class T> std::pair<T, T> difference(T a, T b, T borrow = 0) {
  const bool out = Wide{b} + borrow > a;
  return {static_cast<T>(Wide{a} - b - borrow), static_cast<T>(out ? -1 : 0)};
}

TEST(ExtendedPrecision, AddAndSubtract) {
  check_pair("add.cc.u32 $d, $a, $b;" + kReadCarry32, operand_sets<U32, U32>(), [](U32 a, U32 b) { return sum(a, b); });
  check_pair("add.cc.s32 $d, $a, $b;" + kReadCarry32, operand_sets<U32, U32>(), [](U32 a, U32 b) { return sum(a, b); });
  check_pair("add.cc.u64 $d, $a, $b;" + kReadCarry64, operand_sets<U64, U64>(), [](U64 a, U64 b) { return sum(a, b); });
  check_pair("sub.cc.u32 $d, $a, $b;" + kReadBorrow32, operand_sets<U32, U32>(),
             [](U32 a, U32 b) { return difference(a, b); });
  check_pair("sub.cc.s64 $d, $a, $b;" + kReadBorrow64, operand_sets<U64, U64>(),
             [](U64 a, U64 b) { return difference(a, b); });
}

/// $c is put into the carry first: c + 0xffffffff overflows unless c is 0.
TEST(ExtendedPrecision, CarryIn) {
  const std::string set_carry = ".reg .b32 %t; add.cc.u32 %t, $c, 0xffffffff; ";
  const std::string set_borrow = ".reg .b32 %t; sub.cc.u32 %t, 0, $c; ";
  auto sets = operand_sets<U32, U32, U32>(300);
  for (std::uint64_t& carry : sets.columns[2]) carry &= 1;
  check_pair(set_carry + "addc.cc.u32 $d, $a, $b;" + kReadCarry32, sets,
             [](U32 a, U32 b, U32 c) { return sum(a, b, c); });
  check_pair(set_borrow + "subc.cc.u32 $d, $a, $b;" + kReadBorrow32, sets,
             [](U32 a, U32 b, U32 c) { return difference(a, b, c); });
  auto wide = operand_sets<U64, U64, U32>(300);
  for (std::uint64_t& carry : wide.columns[2]) carry &= 1;
  check_pair(set_carry + "addc.cc.u64 $d, $a, $b;" + kReadCarry64, wide,
             [](U64 a, U64 b, U32 c) { return sum<U64>(a, b, c); });
  check_pair(set_borrow + "subc.cc.u64 $d, $a, $b;" + kReadBorrow64, wide,
             [](U64 a, U64 b, U32 c) { return difference<U64>(a, b, c); });
}

/// Without .cc the carry stays as it was.
TEST(ExtendedPrecision, CarryIsKeptWithoutCc) {
  const std::string set_carry = ".reg .b32 %t; add.cc.u32 %t, 1, 0xffffffff; ";
  check_pair(set_carry + "addc.u32 $d, $a, $b; add.u32 %t, $a, $b;" + kReadCarry32, operand_sets<U32, U32>(),
             [](U32 a, U32 b) { return std::make_pair(a + b + 1, U32{1}); });
}

template <class T> T product_part(T a, T b, bool high) {
  using Product = std::conditional_t<std::is_signed_v<T>, __int128, Wide>;
  const Product product = Product{a} * b;
  return static_cast<T>(high ? product >> (8 * sizeof(T)) : product);
}

TEST(ExtendedPrecision, MultiplyAdd) {
  const std::string set_carry = ".reg .b32 %t; add.cc.u32 %t, 1, 0xffffffff; ";
  for (const bool high : {false, true}) {
    const std::string part = high ? "hi" : "lo";
    check_pair("mad." + part + ".cc.u32 $d, $a, $b, $c;" + kReadCarry32, operand_sets<U32, U32, U32>(300),
               [&](U32 a, U32 b, U32 c) { return sum(product_part(a, b, high), c); });
    check_pair(
        "mad." + part + ".cc.s32 $d, $a, $b, $c;" + kReadCarry32, operand_sets<std::int32_t, std::int32_t, U32>(300),
        [&](std::int32_t a, std::int32_t b, U32 c) { return sum(static_cast<U32>(product_part(a, b, high)), c); });
    check_pair("mad." + part + ".cc.u64 $d, $a, $b, $c;" + kReadCarry64, operand_sets<U64, U64, U64>(300),
               [&](U64 a, U64 b, U64 c) { return sum(product_part(a, b, high), c); });
    check_pair(set_carry + "madc." + part + ".cc.u32 $d, $a, $b, $c;" + kReadCarry32, operand_sets<U32, U32, U32>(300),
               [&](U32 a, U32 b, U32 c) { return sum(product_part(a, b, high), c, U32{1}); });
    check_pair(set_carry + "madc." + part + ".s64 $d, $a, $b, $c;" + kReadCarry32,
               operand_sets<std::int64_t, std::int64_t, U64>(300), [&](std::int64_t a, std::int64_t b, U64 c) {
                 return std::make_pair(sum(static_cast<U64>(product_part(a, b, high)), c, U64{1}).first, U32{1});
               });
  }
}

}  // namespace
}  // namespace ptxsim::test
