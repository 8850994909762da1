/// mov in its four forms, special registers, conversions of addresses (PTX ISA 9.7.9 and 10).
#include "ptx/shared_window.hpp"
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using U16 = std::uint16_t;
using U32 = std::uint32_t;
using U64 = std::uint64_t;

template <class T> void check_move(const std::string& type) {
  check<T>("mov" + type + " $d, $a;", [](T a) { return a; });
}

TEST(Move, Registers) {
  check_move<U16>(".b16");
  check_move<U16>(".u16");
  check_move<U32>(".u32");
  check_move<U32>(".s32");
  check_move<float>(".f32");
  check_move<U64>(".b64");
  check_move<double>(".f64");
  check<bool>("mov.pred $d, $a;", [](bool a) { return a; });
}

TEST(Move, Constants) {
  const Sets<U32> one{{0}};
  check("mov.b32 $d, -5;", one, [](U32) { return U32(-5); });
  check("mov.b32 $d, 0xdeadBEEF;", one, [](U32) { return 0xdeadbeefu; });
  check("mov.u32 $d, 017;", one, [](U32) { return U32(15); });
  check("mov.u32 $d, 0b101;", one, [](U32) { return U32(5); });
  check("mov.u32 $d, 42U;", one, [](U32) { return U32(42); });
  check("mov.f32 $d, 0f3FC00000;", one, [](U32) { return 1.5f; });
  check("mov.f32 $d, -0f3FC00000;", one, [](U32) { return -1.5f; });
  check("mov.f64 $d, 0d3FF8000000000000;", one, [](U32) { return 1.5; });
  check("mov.f32 $d, 2.5e-1;", one, [](U32) { return 0.25f; });
  check("mov.f64 $d, -12.75;", one, [](U32) { return -12.75; });
  check("mov.b64 $d, 0x123456789abcdef0;", one, [](U32) { return U64(0x123456789abcdef0); });
  check("mov.u32 $d, WARP_SZ;", one, [](U32) { return U32(32); });
  check("mov.pred $d, 1;", one, [](U32) { return true; });
  check("mov.pred $d, 0;", one, [](U32) { return false; });
}

TEST(Move, Pack) {
  check<U16, U16>("mov.b32 $d, {$a, $b};", [](U16 a, U16 b) { return U32(b) << 16 | a; });
  check<U32, U32>("mov.b64 $d, {$a, $b};", [](U32 a, U32 b) { return U64(b) << 32 | a; });
  check("mov.b64 $d, {$a, $b, $c, $e};", Sets<U16, U16, U16, U16>{{1, 2, 3, 4}, {0xffff, 0, 0x8000, 0x1234}},
        [](U16 a, U16 b, U16 c, U16 e) { return U64(e) << 48 | U64(c) << 32 | U64(b) << 16 | a; });
  check<U32>(".reg .b16 %h; cvt.s16.s32 %h, $a; mov.b32 $d, {%h, %h};", [](U32 a) { return (a & 0xffff) * 0x10001; });
  check<U32>("mov.b64 $d, {$a, 7};", [](U32 a) { return U64(7) << 32 | a; });
}

TEST(Move, Unpack) {
  check_pair("mov.b32 {$d, $p}, $a;", operand_sets<U32>(), [](U32 a) { return std::make_pair(U16(a), U16(a >> 16)); });
  check_pair("mov.b64 {$d, $p}, $a;", operand_sets<U64>(), [](U64 a) { return std::make_pair(U32(a), U32(a >> 32)); });
  check<U64>("mov.b64 {_, $d}, $a;", [](U64 a) { return U32(a >> 32); });
  check_pair(".reg .b16 %x, %y; mov.b64 {%x, $d, %y, $p}, $a;", operand_sets<U64>(),
             [](U64 a) { return std::make_pair(U16(a >> 16), U16(a >> 48)); });
}

/// Each thread's value of a special register.
template <class T> std::vector<T> special(const std::string& name, const Program::Shape& shape) {
  const std::string type = sizeof(T) == 8 ? ".u64" : ".u32";
  Program program(".visible .entry kernel(.param .u64 out)\n{\n.reg .b32 %b, %t, %n; .reg .b64 %at; .reg " + type +
                  " %v;\nmov.u32 %b, %ctaid.x; mov.u32 %n, %ntid.x; mov.u32 %t, %tid.x; mad.lo.s32 %t, %b, %n, %t;\n"
                  "ld.param.u64 %at, [out]; mad.wide.u32 %at, %t, " +
                  std::to_string(sizeof(T)) + ", %at;\nmov" + type + " %v, " + name + "; st.global" + type +
                  " [%at], %v;\nret;\n}");
  DeviceArray<T> out(shape.grid.x * shape.block.x);
  EXPECT_EQ(Fault::none, program.launch("kernel", shape, out.address()));
  return out.values();
}

TEST(SpecialRegister, ThreadsAndBlocks) {
  const Program::Shape shape{{3}, {40}, {}, 0};
  const auto threads = special<U32>("%tid.x", shape), blocks = special<U32>("%ctaid.x", shape);
  const auto lanes = special<U32>("%laneid", shape), warps = special<U32>("%warpid", shape);
  for (U32 k = 0; k < 120; ++k) {
    EXPECT_EQ(k % 40, threads[k]);
    EXPECT_EQ(k / 40, blocks[k]);
    EXPECT_EQ(k % 40 % 32, lanes[k]);
    EXPECT_EQ(k % 40 / 32, warps[k]);
  }
  EXPECT_EQ(40u, special<U32>("%ntid.x", shape)[77]);
  EXPECT_EQ(3u, special<U32>("%nctaid.x", shape)[77]);
  EXPECT_EQ(2u, special<U32>("%nwarpid", shape)[77]);
  EXPECT_EQ(1u, special<U32>("%ntid.y", shape)[77]);
  EXPECT_EQ(132u, special<U32>("%nsmid", shape)[0]);
  EXPECT_EQ(0u, special<U32>("%gridid", shape)[0]);
  EXPECT_EQ(500u, special<U32>("%dynamic_smem_size", {{1}, {1}, {}, 500})[0]);
  EXPECT_EQ(500u, special<U32>("%total_smem_size", {{1}, {1}, {}, 500})[0]);
  const auto clock = special<U64>("%clock64", shape);
  EXPECT_LT(clock[0], clock[119]);
}

TEST(SpecialRegister, LaneMasks) {
  const Program::Shape shape{{1}, {32}, {}, 0};
  const auto eq = special<U32>("%lanemask_eq", shape), lt = special<U32>("%lanemask_lt", shape);
  const auto le = special<U32>("%lanemask_le", shape), gt = special<U32>("%lanemask_gt", shape);
  const auto ge = special<U32>("%lanemask_ge", shape);
  for (U32 lane = 0; lane < 32; ++lane) {
    for (U32 other = 0; other < 32; ++other) {
      EXPECT_EQ(other == lane, (eq[lane] >> other & 1) != 0);
      EXPECT_EQ(other < lane, (lt[lane] >> other & 1) != 0);
      EXPECT_EQ(other <= lane, (le[lane] >> other & 1) != 0);
      EXPECT_EQ(other > lane, (gt[lane] >> other & 1) != 0);
      EXPECT_EQ(other >= lane, (ge[lane] >> other & 1) != 0);
    }
  }
}

/// A three-dimensional grid: every thread stores its coordinates as digits.
TEST(SpecialRegister, Dimensions) {
  Program program(R"(
    .visible .entry kernel(.param .u64 out)
    {
      .reg .b32 %i, %v, %n, %x; .reg .b64 %at;
      mov.u32 %i, %ctaid.z; mov.u32 %n, %nctaid.y; mov.u32 %x, %ctaid.y; mad.lo.s32 %i, %i, %n, %x;
      mov.u32 %n, %nctaid.x; mov.u32 %x, %ctaid.x; mad.lo.s32 %i, %i, %n, %x;
      mov.u32 %n, %ntid.z; mov.u32 %x, %tid.z; mad.lo.s32 %i, %i, %n, %x;
      mov.u32 %n, %ntid.y; mov.u32 %x, %tid.y; mad.lo.s32 %i, %i, %n, %x;
      mov.u32 %n, %ntid.x; mov.u32 %x, %tid.x; mad.lo.s32 %i, %i, %n, %x;
      mov.u32 %v, %ctaid.z; mov.u32 %x, %ctaid.y; mad.lo.s32 %v, %v, 10, %x; mov.u32 %x, %ctaid.x; mad.lo.s32 %v, %v, 10, %x;
      mov.u32 %x, %tid.z; mad.lo.s32 %v, %v, 10, %x; mov.u32 %x, %tid.y; mad.lo.s32 %v, %v, 10, %x;
      mov.u32 %x, %tid.x; mad.lo.s32 %v, %v, 10, %x;
      ld.param.u64 %at, [out]; mad.wide.u32 %at, %i, 4, %at; st.global.u32 [%at], %v;
      ret;
    })");
  const Dimensions grid{2, 3, 4}, block{5, 4, 3};
  DeviceArray<U32> out(grid.count() * block.count());
  ASSERT_EQ(Fault::none, program.launch("kernel", {grid, block, {}, 0}, out.address()));
  const std::vector<U32> values = out.values();
  std::size_t n = 0;
  for (U32 bz = 0; bz < 4; ++bz)
    for (U32 by = 0; by < 3; ++by)
      for (U32 bx = 0; bx < 2; ++bx)
        for (U32 z = 0; z < 3; ++z)
          for (U32 y = 0; y < 4; ++y)
            for (U32 x = 0; x < 5; ++x) {
              ASSERT_EQ(((((bz * 10 + by) * 10 + bx) * 10 + z) * 10 + y) * 10 + x, values[n++]);
            }
}

/// A shared variable's generic address leads back to it, and is in the space it came from only.
TEST(Address, SharedAndLocal) {
  const auto values = run_block<U32>(4, R"(
      mov.u32 %r0, variable;
      cvt.u64.u32 %d0, %r0;
      cvta.shared.u64 %d1, %d0;
      st.u32 [%d1+4], 77;
      ld.shared.u32 %r1, [variable+4];
      cvta.to.shared.u64 %d2, %d1;
      setp.eq.u64 %p0, %d2, %d0;
      isspacep.shared %p1, %d1;
      isspacep.global %p2, %d1;
      isspacep.local %p3, %d1;
      mov.u64 %d3, stack;
      cvta.local.u64 %d4, %d3;
      st.u32 [%d4], %i;
      ld.local.u32 %r2, [%d3];
      isspacep.local %p4, %d4;
      isspacep.shared %p5, %d4;
      cvta.to.local.u64 %d5, %d4;
      setp.eq.u64 %p6, %d5, %d3;
      isspacep.global %p7, %out;
      selp.b32 %r3, 1, 0, %p0; selp.b32 %r4, 10, 0, %p1; add.u32 %r3, %r3, %r4;
      selp.b32 %r4, 100, 0, %p2; add.u32 %r3, %r3, %r4; selp.b32 %r4, 100, 0, %p3; add.u32 %r3, %r3, %r4;
      selp.b32 %r4, 1000, 0, %p4; add.u32 %r3, %r3, %r4; selp.b32 %r4, 100, 0, %p5; add.u32 %r3, %r3, %r4;
      selp.b32 %r4, 10000, 0, %p6; add.u32 %r3, %r3, %r4; selp.b32 %r4, 100000, 0, %p7; add.u32 %r3, %r3, %r4;
      mad.lo.u32 %r3, %r1, 1000000, %r3; add.u32 %r3, %r3, %r2;
      st.global.u32 [%out], %r3;)",
                                     ".shared .align 4 .b8 variable[8]; .local .align 4 .b8 stack[4];");
  for (U32 k = 0; k < 4; ++k) EXPECT_EQ(77'111'011u + k, values[k]);
  take_reports();  // four threads write one shared word: that is a race
}

}  // namespace
}  // namespace ptxsim::test
