/// atom and red: the old value and the new one, and that lanes do not lose each other's updates (PTX ISA 9.7.13.5 f.).
#include <algorithm>

#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

using U16 = std::uint16_t;
using U32 = std::uint32_t;
using S32 = std::int32_t;
using U64 = std::uint64_t;
using S64 = std::int64_t;

/// A cell of shared memory for each thread holds a; the results are what atom returns and what is then in the cell.
template <class T> std::string in_shared(const std::string& opcode, const std::string& operands = "$b") {
  const std::string size = std::to_string(sizeof(T)), type = bit_type<T>();
  return ".shared .align 8 .b8 cells[" + std::to_string(256 * sizeof(T)) +
         "]; .reg .b32 %cell; mov.u32 %cell, %tid.x; mul.lo.u32 %cell, %cell, " + size +
         "; .reg .b32 %base; mov.u32 %base, cells; add.u32 %cell, %cell, %base; st.shared" + type + " [%cell], $a; " +
         opcode + " $d, [%cell], " + operands + "; ld.shared" + type + " $p, [%cell];";
}

template <class T, class F> void check_atomic(const std::string& opcode, F changed) {
  check_pair(in_shared<T>(opcode), operand_sets<T, T>(200), [&](T a, T b) { return std::make_pair(a, changed(a, b)); });
}

TEST(Atomic, Integers) {
  check_atomic<U32>("atom.shared.add.u32", [](U32 a, U32 b) { return a + b; });
  check_atomic<U32>("atom.shared.add.s32", [](U32 a, U32 b) { return a + b; });
  check_atomic<U64>("atom.shared.add.u64", [](U64 a, U64 b) { return a + b; });
  check_atomic<U64>("atom.shared.add.s64", [](U64 a, U64 b) { return a + b; });
  check_atomic<U32>("atom.shared.min.u32", [](U32 a, U32 b) { return a < b ? a : b; });
  check_atomic<S32>("atom.shared.min.s32", [](S32 a, S32 b) { return a < b ? a : b; });
  check_atomic<U64>("atom.shared.min.u64", [](U64 a, U64 b) { return a < b ? a : b; });
  check_atomic<S64>("atom.shared.min.s64", [](S64 a, S64 b) { return a < b ? a : b; });
  check_atomic<U32>("atom.shared.max.u32", [](U32 a, U32 b) { return a > b ? a : b; });
  check_atomic<S32>("atom.shared.max.s32", [](S32 a, S32 b) { return a > b ? a : b; });
  check_atomic<U64>("atom.shared.max.u64", [](U64 a, U64 b) { return a > b ? a : b; });
  check_atomic<S64>("atom.shared.max.s64", [](S64 a, S64 b) { return a > b ? a : b; });
}

TEST(Atomic, Bits) {
  check_atomic<U32>("atom.shared.and.b32", [](U32 a, U32 b) { return a & b; });
  check_atomic<U64>("atom.shared.and.b64", [](U64 a, U64 b) { return a & b; });
  check_atomic<U32>("atom.shared.or.b32", [](U32 a, U32 b) { return a | b; });
  check_atomic<U64>("atom.shared.or.b64", [](U64 a, U64 b) { return a | b; });
  check_atomic<U32>("atom.shared.xor.b32", [](U32 a, U32 b) { return a ^ b; });
  check_atomic<U64>("atom.shared.xor.b64", [](U64 a, U64 b) { return a ^ b; });
  check_atomic<U32>("atom.shared.exch.b32", [](U32, U32 b) { return b; });
  check_atomic<U64>("atom.shared.exch.b64", [](U64, U64 b) { return b; });
}

TEST(Atomic, IncrementAndDecrement) {
  check_atomic<U32>("atom.shared.inc.u32", [](U32 a, U32 b) { return a >= b ? 0 : a + 1; });
  check_atomic<U32>("atom.shared.dec.u32", [](U32 a, U32 b) { return a == 0 || a > b ? b : a - 1; });
}

template <class T> void check_swap(const std::string& type) {
  const std::vector<T> values{0, 1, 2, T(-1), T(0x5a5a5a5a5a5a5a5a)};
  Sets<T, T, T> sets;
  for (const T a : values)
    for (const T b : values) sets.add(a, b, T(77));
  check_pair(in_shared<T>("atom.shared.cas" + type, "$b, $c"), sets,
             [](T a, T b, T c) { return std::make_pair(a, a == b ? c : a); });
}

TEST(Atomic, CompareAndSwap) {
  check_swap<U16>(".b16");
  check_swap<U32>(".b32");
  check_swap<U64>(".b64");
}

TEST(Atomic, Floats) {
  // On shared memory subnormal numbers are kept.
  check_atomic<float>("atom.shared.add.f32",
                      [](float a, float b) { return rounded_of<float>(MPFR_RNDN, mpfr_add, a, b); });
  check_atomic<double>("atom.shared.add.f64",
                       [](double a, double b) { return rounded_of<double>(MPFR_RNDN, mpfr_add, a, b); });
  const auto half = [](F16 a, F16 b) { return rounded_of<F16>(MPFR_RNDN, mpfr_add, value_of(a), value_of(b)); };
  const auto brain = [](BF16 a, BF16 b) { return rounded_of<BF16>(MPFR_RNDN, mpfr_add, value_of(a), value_of(b)); };
  check_atomic<F16>("atom.shared.add.noftz.f16", half);
  check_atomic<BF16>("atom.shared.add.noftz.bf16", brain);
  check_atomic<F16x2>("atom.shared.add.noftz.f16x2",
                      [&](F16x2 a, F16x2 b) { return by_halves<F16x2, F16>(half, a, b); });
  check_atomic<BF16x2>("atom.shared.add.noftz.bf16x2",
                       [&](BF16x2 a, BF16x2 b) { return by_halves<BF16x2, BF16>(brain, a, b); });
}

/// Many threads update one cell, through `atom` (whose results are then all different) or `red`.
template <class T>
std::vector<T> contended(const std::string& instruction, unsigned blocks, T initial, unsigned threads) {
  Program program(".visible .entry kernel(.param .u64 cell, .param .u64 old)\n{\n.reg .b64 %c, %o; .reg " +
                  bit_type<T>() +
                  " %v, %t; .reg .b32 %i, %b, %n;\nld.param.u64 %c, [cell]; ld.param.u64 %o, [old];\n"
                  "mov.u32 %i, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %n, %ntid.x; mad.lo.u32 %i, %b, %n, %i;\n"
                  "cvt.u" +
                  std::to_string(sizeof(T) * 8) + ".u32 %t, %i; mov" + bit_type<T>() + " %v, 0;\n" + instruction +
                  "\nmad.wide.u32 %o, %i, " + std::to_string(sizeof(T)) + ", %o; st.global" + bit_type<T>() +
                  " [%o], %v;\nret;\n}");
  const DeviceArray<T> cell(std::vector<T>{initial}), old(blocks * threads);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{blocks}, {threads}, {}, 0}, cell.address(), old.address()));
  std::vector<T> result = old.values();
  std::sort(result.begin(), result.end());
  result.push_back(cell.values()[0]);
  return result;
}

TEST(Atomic, NothingIsLost) {
  std::vector<U32> counts(201);
  for (U32 k = 0; k <= 200; ++k) counts[k] = k;
  EXPECT_EQ(counts, contended<U32>("atom.global.add.u32 %v, [%c], 1;", 4, 0, 50));
  EXPECT_EQ(200u, contended<U32>("red.global.add.u32 [%c], 1;", 4, 0, 50).back());
  EXPECT_EQ(200u * 199 / 2, contended<U64>("red.add.u64 [%c], %t;", 4, 0, 50).back());
  EXPECT_EQ(199u, contended<U32>("red.relaxed.gpu.global.max.u32 [%c], %t;", 4, 0, 50).back());
  EXPECT_EQ(0u, contended<U32>("red.global.min.s32 [%c], %t;", 4, 7, 50).back());
  EXPECT_EQ(255u, contended<U32>("red.global.or.b32 [%c], %t;", 4, 0, 50).back());
  EXPECT_EQ(0u, contended<U32>("red.global.and.b32 [%c], %t;", 4, ~0u, 50).back());
  EXPECT_EQ(0u, contended<U32>("red.global.xor.b32 [%c], %t;", 4, 0, 64).back());  // 0 ^ 1 ^ ... ^ 255
  EXPECT_EQ(200u % 7, contended<U32>("red.global.inc.u32 [%c], 6;", 4, 0, 50).back());
  EXPECT_EQ(6u - (200u - 1) % 7, contended<U32>("red.global.dec.u32 [%c], 6;", 4, 0, 50).back());
  EXPECT_EQ(bits_of(100.0), contended<U64>("red.global.add.f64 [%c], 0d3FE0000000000000;", 4, 0, 50).back());
  EXPECT_EQ(bits_of(100.0f), contended<U32>("red.global.add.f32 [%c], 0f3F000000;", 4, 0, 50).back());
  EXPECT_EQ(0x42004200u, contended<U32>("red.global.add.noftz.f16x2 [%c], 0x38003800;", 2, 0, 3).back());
}

/// On global memory atom.add.f32 flushes subnormal operands and results, also through a generic address.
TEST(Atomic, GlobalFloatAddFlushes) {
  const U32 subnormal = 0x00400000, least_normal = 0x00800000;
  EXPECT_EQ(0u, contended<U32>("red.global.add.f32 [%c], 0f00400000;", 1, subnormal, 1).back());
  EXPECT_EQ(least_normal, contended<U32>("red.add.f32 [%c], 0f00400000;", 1, least_normal, 1).back());
  EXPECT_EQ(0u, contended<U32>("red.add.f32 [%c], 0f80C00000;", 1, least_normal, 1).back() & 0x7fffffff);
}

/// The same on several threads of the host, where a lost update would be one for real.
TEST(Atomic, NothingIsLostInParallel) {
  const OptionScope scope;
  options().check = false;
  options().threads = 2;
  EXPECT_EQ(400u * 64, contended<U32>("red.global.add.u32 [%c], 1;", 400, 0, 64).back());
  EXPECT_EQ(bits_of(400.0 * 32), contended<U64>("red.global.add.f64 [%c], 0d3FE0000000000000;", 400, 0, 64).back());
}

}  // namespace
}  // namespace ptxsim::test
