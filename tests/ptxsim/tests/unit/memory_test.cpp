/// Loads and stores of all spaces, types and vectors, module variables, parameters (PTX ISA 5.1, 5.4, 9.7.9.8 ff.).
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using U8 = std::uint8_t;
using U16 = std::uint16_t;
using U32 = std::uint32_t;
using U64 = std::uint64_t;

/// ld.type from bytes f0 f1 ... ff into a 64-bit register.
U64 loaded(const std::string& type, unsigned offset) {
  Program program(
      ".visible .entry kernel(.param .u64 in, .param .u64 out)\n{\n.reg .b64 %a, %o, %v;\n"
      "ld.param.u64 %a, [in]; ld.param.u64 %o, [out];\nld.global" +
      type + " %v, [%a+" + std::to_string(offset) + "];\nst.global.u64 [%o], %v;\nret;\n}");
  std::vector<U8> bytes(16);
  for (unsigned k = 0; k < 16; ++k) bytes[k] = static_cast<U8>(0xf0 + k);
  const DeviceArray<U8> in(bytes);
  const DeviceArray<U64> out(1);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {1}, {}, 0}, in.address(), out.address()));
  return out.values()[0];
}

TEST(Memory, LoadsExtendToTheRegister) {
  EXPECT_EQ(0xf3u, loaded(".u8", 3));
  EXPECT_EQ(0xf3u, loaded(".b8", 3));
  EXPECT_EQ(0xfffffffffffffff3u, loaded(".s8", 3));
  EXPECT_EQ(0xf5f4u, loaded(".u16", 4));
  EXPECT_EQ(0xfffffffffffff5f4u, loaded(".s16", 4));
  EXPECT_EQ(0xf7f6f5f4u, loaded(".u32", 4));
  EXPECT_EQ(0xfffffffff7f6f5f4u, loaded(".s32", 4));
  EXPECT_EQ(0xf7f6f5f4f3f2f1f0u, loaded(".u64", 0));
  EXPECT_EQ(0xfffefdfcfbfaf9f8u, loaded(".s64", 8));
}

TEST(Memory, ModifiersThatChangeNothing) {
  for (const char* modifier : {".ca", ".cg", ".cs", ".lu", ".cv", ".nc", ".L1::no_allocate", ".nc.L1::evict_last",
                               ".L2::128B", ".volatile", ".relaxed.gpu", ".acquire.sys", ".weak"}) {
    std::string opcode = modifier;
    EXPECT_EQ(0xf3f2f1f0u, loaded(opcode + ".u32", 0)) << modifier;
  }
}

/// st.type of a 64-bit register into zeros.
U64 stored_as(const std::string& type) {
  Program program(
      ".visible .entry kernel(.param .u64 out)\n{\n.reg .b64 %o, %v;\nld.param.u64 %o, [out];\n"
      "mov.b64 %v, 0x1122334455667788;\nst.global" +
      type + " [%o], %v;\nret;\n}");
  const DeviceArray<U64> out(1);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {1}, {}, 0}, out.address()));
  return out.values()[0];
}

TEST(Memory, StoresCutTheRegister) {
  EXPECT_EQ(0x88u, stored_as(".u8"));
  EXPECT_EQ(0x7788u, stored_as(".b16"));
  EXPECT_EQ(0x55667788u, stored_as(".s32"));
  EXPECT_EQ(0x1122334455667788u, stored_as(".b64"));
  EXPECT_EQ(0x55667788u, stored_as(".wt.b32"));
  EXPECT_EQ(0x55667788u, stored_as(".release.gpu.b32"));
}

TEST(Memory, Vectors) {
  Program program(R"(
    .visible .entry kernel(.param .u64 in, .param .u64 out)
    {
      .reg .b64 %a, %o, %d<4>; .reg .b32 %r<12>; .reg .b16 %h<4>;
      ld.param.u64 %a, [in]; ld.param.u64 %o, [out];
      ld.global.v4.u32 {%r0, %r1, %r2, %r3}, [%a];
      st.global.v4.u32 [%o], {%r3, %r2, %r1, %r0};
      ld.global.v2.u64 {%d0, %d1}, [%a];
      st.global.v2.u64 [%o+16], {%d1, %d0};
      ld.global.v4.u8 {%h0, %h1, %h2, %h3}, [%a];
      st.global.v4.u8 [%o+32], {%h3, %h2, %h1, %h0};
      ld.global.v2.u16 {%h0, _}, [%a+4];
      st.global.v2.u16 [%o+36], {%h0, 9};
      ld.global.v2.f32 {%r4, %r5}, [%a+8];
      st.global.f32 [%o+40], %r5;
      ld.global.v8.b32 {%r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7}, [%a];
      st.global.u32 [%o+44], %r7;
      ret;
    })");
  DeviceArray<U32> in(std::vector<U32>{0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c, 4, 5, 6, 7}), out(12);
  ASSERT_EQ(Fault::none, program.launch("kernel", {{1}, {1}, {}, 0}, in.address(), out.address()));
  const std::vector<U32> expected{0x0f0e0d0c, 0x0b0a0908, 0x07060504, 0x03020100, 0x0b0a0908, 0x0f0e0d0c,
                                  0x03020100, 0x07060504, 0x00010203, 0x00090504, 0x0f0e0d0c, 7};
  EXPECT_EQ(expected, out.values());
}

TEST(Memory, SharedAndDynamicShared) {
  Program program(R"(
    .extern .shared .align 16 .b8 dynamic[];
    .shared .align 4 .u32 outside[4];
    .visible .entry kernel(.param .u64 out)
    {
      .shared .align 4 .b8 inside[16];
      .reg .b64 %o, %d; .reg .b32 %t, %x, %y, %z;
      mov.u32 %t, %tid.x;
      shl.b32 %x, %t, 2;
      mov.u32 %y, inside; add.u32 %y, %y, %x; st.shared.u32 [%y], %t;
      mov.u32 %y, outside; add.u32 %y, %y, %x; add.u32 %z, %t, 10; st.shared.u32 [%y], %z;
      mov.u64 %d, dynamic; cvt.u64.u32 %o, %x; add.u64 %d, %d, %o; add.u32 %z, %t, 20; st.shared.u32 [%d], %z;
      bar.sync 0;
      sub.u32 %x, 12, %x;
      mov.u32 %y, inside; add.u32 %y, %y, %x; ld.shared.u32 %z, [%y];
      mov.u32 %y, outside; add.u32 %y, %y, %x; ld.shared.u32 %y, [%y]; mad.lo.u32 %z, %z, 100, %y;
      mov.u32 %y, dynamic; add.u32 %y, %y, %x; ld.shared.u32 %y, [%y]; mad.lo.u32 %z, %z, 100, %y;
      ld.param.u64 %o, [out]; mad.wide.u32 %o, %t, 4, %o; st.global.u32 [%o], %z;
      ret;
    })");
  const DeviceArray<U32> out(4);
  ASSERT_EQ(Fault::none, program.launch("kernel", {{1}, {4}, {}, 16}, out.address()));
  EXPECT_EQ((std::vector<U32>{31323, 21222, 11121, 1020}), out.values());
  EXPECT_EQ(std::vector<std::string>(), take_reports());
}

TEST(Memory, GlobalAndConstantVariables) {
  Program program(R"(
    .global .align 4 .u32 counters[3] = {1, 2};
    .const .align 8 .f64 table[2] = {0d3FF8000000000000, 2.25};
    .global .align 1 .b8 text[6] = {104, 101, 108, 108, 111};
    .global .align 8 .u64 pointer = generic(counters)+4;
    .global .align 4 .b32 nested[2][2] = {{1, 2}, {3, 4}};
    .const .align 4 .f32 single = 0.5;
    .visible .entry kernel(.param .u64 out)
    {
      .reg .b64 %o, %p; .reg .f64 %d; .reg .b32 %r; .reg .f32 %f;
      ld.param.u64 %o, [out];
      ld.global.u32 %r, [counters+4]; st.global.u32 [%o], %r;
      ld.global.u32 %r, [counters+8]; st.global.u32 [%o+4], %r;
      ld.const.f64 %d, [table+8]; cvt.rzi.s32.f64 %r, %d; st.global.u32 [%o+8], %r;
      ld.global.u8 %r, [text+4]; st.global.u32 [%o+12], %r;
      ld.global.u64 %p, [pointer]; ld.u32 %r, [%p]; st.global.u32 [%o+16], %r;
      ld.global.u32 %r, [nested+12]; st.global.u32 [%o+20], %r;
      ld.const.f32 %f, [single]; st.global.f32 [%o+24], %f;
      mov.u64 %p, nested; ld.global.u32 %r, [%p+4]; st.global.u32 [%o+28], %r;
      ret;
    })");
  const DeviceArray<U32> out(8);
  ASSERT_EQ(Fault::none, program.launch("kernel", {{1}, {1}, {}, 0}, out.address()));
  EXPECT_EQ((std::vector<U32>{2, 0, 2, 111, 2, 4, 0x3f000000, 2}), out.values());
}

TEST(Memory, KernelParameters) {
  Program program(R"(
    .visible .entry kernel(.param .u8 a, .param .u32 b, .param .align 8 .b8 c[16], .param .u64 out)
    {
      .reg .b64 %o, %p; .reg .b32 %r, %s;
      ld.param.u64 %o, [out];
      ld.param.u8 %r, [a]; st.global.u32 [%o], %r;
      ld.param.u32 %r, [b]; st.global.u32 [%o+4], %r;
      ld.param.v2.u32 {%r, %s}, [c+8]; st.global.u32 [%o+8], %s;
      mov.b64 %p, c; ld.param.u32 %r, [%p+4]; st.global.u32 [%o+12], %r;
      cvta.param.u64 %p, %p; ld.u32 %r, [%p+8]; st.global.u32 [%o+16], %r;
      ret;
    })");
  struct Bytes {
    U32 words[4];
  };
  const DeviceArray<U32> out(5);
  ASSERT_EQ(Fault::none,
            program.launch("kernel", {{1}, {1}, {}, 0}, U8(200), U32(3000), Bytes{{11, 12, 13, 14}}, out.address()));
  EXPECT_EQ((std::vector<U32>{200, 3000, 14, 12, 13}), out.values());
}

/// An index into a parameter is computed by the program.
TEST(Memory, BeyondTheParameters) {
  Program program(R"(
    .visible .entry kernel(.param .align 4 .b8 values[16], .param .u32 offset)
    {
      .reg .b64 %p, %o; .reg .b32 %r;
      ld.param.u32 %r, [offset]; cvt.u64.u32 %o, %r; mov.b64 %p, values; add.u64 %p, %p, %o;
      ld.param.u32 %r, [%p];
      ret;
    })");
  struct Bytes {
    U32 words[4];
  };
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {1}}, Bytes(), U32(16)));
  EXPECT_EQ(std::vector<std::string>(), take_reports());
  for (const U32 offset : {20u, 17u, 1u << 30}) {
    EXPECT_EQ(Fault::illegal_address, program.launch("kernel", {{1}, {1}}, Bytes(), offset));
    const std::vector<std::string> reports = take_reports();
    ASSERT_EQ(1u, reports.size());
    EXPECT_EQ(0u, reports[0].find("OUT OF BOUNDS 4-byte access to parameters")) << reports[0];
  }
}

/// Every thread has its own local memory, which also has generic addresses.
TEST(Memory, Local) {
  const auto values = run_block<U32>(70, R"(
      mov.u64 %d0, stack; cvta.local.u64 %d1, %d0;
      st.local.u32 [%d0+8], %i;
      ld.u32 %r0, [%d1+8]; add.u32 %r0, %r0, 1; st.u32 [%d1+4], %r0;
      bar.sync 0;
      ld.local.u32 %r1, [stack+4];
      st.global.u32 [%out], %r1;)",
                                     ".local .align 16 .b8 stack[24];");
  for (U32 k = 0; k < 70; ++k) EXPECT_EQ(k + 1, values[k]);
}

TEST(Memory, HintsDoNothing) {
  const auto values = run_block<U32>(1, R"(
      prefetch.global.L2 [%out]; prefetchu.L1 [%out]; applypriority.global.L2::evict_normal [%out], 128;
      createpolicy.fractional.L2::evict_first.b64 %d0, 1.0;
      st.global.L2::cache_hint.u32 [%out], 5, %d0;
      ld.global.L2::cache_hint.u32 %r0, [%out], %d0;
      add.u32 %r0, %r0, 1; st.global.u32 [%out], %r0;)");
  EXPECT_EQ(6u, values[0]);
}

}  // namespace
}  // namespace ptxsim::test
