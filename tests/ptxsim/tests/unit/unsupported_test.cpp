/// What is not understood stops the program with status 99, naming instruction and line, and only when it is executed.
#include "tests/unit/machine.hpp"

namespace ptxsim::test {
namespace {

constexpr int kStopped = 99;

std::string kernel_with(const std::string& instruction) {
  return ".visible .entry kernel(.param .u32 skip)\n{\n"
         ".reg .b32 %r<9>; .reg .f32 %f<9>; .reg .b64 %d<9>; .reg .b16 %h<9>; .reg .pred %p<9>;\n.loc 1 42 "
         "0\nld.param.u32 %r0, [skip]; setp.ne.u32 %p0, %r0, 0; @%p0 bra end;\n" +
         instruction + "\nend: ret;\n}\n.file 1 \"/somewhere/kernel.cu\"\n";
}

void run_kernel(const std::string& instruction, std::uint32_t skip) {
  Program program(kernel_with(instruction));
  program.launch("kernel", {{1}, {1}}, skip);
}

class UnsupportedTest : public testing::TestWithParam<const char*> {};

TEST_P(UnsupportedTest, StopsOnlyWhenExecuted) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const std::string instruction = GetParam();
  run_kernel(instruction, 1);
  const std::string opcode = instruction.substr(0, instruction.find(' '));
  EXPECT_EXIT(run_kernel(instruction, 0), testing::ExitedWithCode(kStopped),
              "unsupported instruction executed: " + opcode + ".*thread.0,0,0. of kernel at kernel.cu:42 .PTX line 9.");
}

INSTANTIATE_TEST_SUITE_P(
    Instructions, UnsupportedTest,
    testing::Values("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%d0, %d1}, {%d2}, {%d3}, {%d4, %d5};",
                    "tex.2d.v4.f32.f32 {%f0, %f1, %f2, %f3}, [%d0, {%f4, %f5}];", "add.strange.u32 %r1, %r2, %r3;",
                    "add.rn.f8 %h0, %h1, %h2;", "mul.hi.f32 %f0, %f1, %f2;", "add.s32 %r1, %d2, %r3;",
                    "add.s32 %r1, %r2;", "add.s32 %r1, %r2, %unknown;", "frobnicate.u32 %r1, %r2;",
                    "cvt.rp.f16.f32 %h0, %f1;", "cvt.rn.satfinite.e4m3x2.f32 %h0, %f1, %f2;",
                    "add.sat.u32 %r1, %r2, %r3;", "atom.global.add.v2.f32 {%f0, %f1}, [%d0], {%f2, %f3};",
                    "red.async.relaxed.cluster.add.u32 [%r0], %r1, [%r2];", "ld.global.v3.u32 {%r1, %r2, %r3}, [%d0];",
                    "mul.rp.f16 %h0, %h1, %h2;", "add.f32.f16 %f0, %h1, %f2;", "fma.rn.f32.bf16 %f0, %h1, %h2, %f3;",
                    "min.ftz.f64 %d0, %d1, %d2;", "redux.sync.min.abs.f32 %f0, %f1, -1;"));

TEST(Unsupported, ModuleScope) {
  EXPECT_THROW(Program(".tex .u64 texture;"), ParseError);
  EXPECT_THROW(Program(".extern .global .u32 elsewhere;"), ParseError);
  EXPECT_THROW(Program(".global .u32 x[2] = {1, 2, 3};"), ParseError);
  EXPECT_THROW(Program(".global .f128 x;"), ParseError);
  EXPECT_THROW(Program(".visible .entry kernel() { ret;"), ParseError);
  EXPECT_THROW(Program(".global .align 8 .b8 x[1099511627776];"), ParseError);
}

TEST(Unsupported, HugeGrid) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto run_it = [] {
    Program program(".visible .entry kernel()\n{\nret;\n}");
    program.launch("kernel", {{1u << 31}, {1}});
  };
  EXPECT_EXIT(run_it(), testing::ExitedWithCode(kStopped), "kernel kernel: a grid of 2147483648 blocks is too large");
}

TEST(Unsupported, MissingLabel) {
  Program program(".visible .entry kernel()\n{\nbra nowhere;\n}");
  EXPECT_THROW(program.launch("kernel", {{1}, {1}}), ParseError);
}

TEST(Unsupported, CallOfAFunctionWithoutPtx) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto run_it = [] {
    Program program(".extern .func missing();\n.visible .entry kernel()\n{\ncall missing;\nret;\n}");
    program.launch("kernel", {{1}, {1}});
  };
  EXPECT_EXIT(run_it(), testing::ExitedWithCode(kStopped), "call of function missing, which has no PTX here");
}

TEST(Unsupported, DeviceAssertionIsAFault) {
  Program program(".extern .func __assertfail();\n.visible .entry kernel()\n{\ncall __assertfail;\nret;\n}");
  EXPECT_EQ(Fault::assertion, program.launch("kernel", {{1}, {1}}));
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ(0u, reports[0].find("ASSERTION failed: block(0,0,0) thread(0,0,0) of kernel"));
}

}  // namespace
}  // namespace ptxsim::test
