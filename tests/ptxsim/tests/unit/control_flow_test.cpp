/// Branches, loops, calls, guards, divergence (PTX ISA 9.3, 9.7.12), in all orders of execution.
#include "tests/unit/schedules.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;

TEST(ControlFlow, Guards) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      and.b32 %r0, %i, 1; setp.ne.u32 %p0, %r0, 0;
      mov.u32 %r1, 0;
      @%p0 add.u32 %r1, %r1, 10;
      @!%p0 add.u32 %r1, %r1, 20;
      st.global.u32 [%out], %r1;)");
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(k % 2 == 1 ? 10u : 20u, values[k]);
  });
}

/// Nested loops whose trip counts differ from lane to lane.
TEST(ControlFlow, NestedLoops) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      mov.u32 %r0, 0; mov.u32 %r1, 0;
    outer:
      setp.ge.u32 %p0, %r0, 3;
      @%p0 bra end;
      mov.u32 %r2, 0;
    inner:
      setp.gt.u32 %p1, %r2, %i;
      @%p1 bra next;
      mad.lo.u32 %r1, %r2, 1, %r1;
      add.u32 %r2, %r2, 1;
      bra.uni inner;
    next:
      add.u32 %r0, %r0, 1;
      bra outer;
    end:
      st.global.u32 [%out], %r1;)");
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(3 * k * (k + 1) / 2, values[k]);
  });
}

TEST(ControlFlow, IndexedBranch) {
  in_all_schedules([] {
    const auto values = run_block<U32>(40, R"(
      rem.u32 %r0, %i, 3;
      targets: .branchtargets first, second, third;
      brx.idx %r0, targets;
    first: mov.u32 %r1, 100; bra end;
    second: mov.u32 %r1, 200; bra end;
    third: mov.u32 %r1, 300;
    end: st.global.u32 [%out], %r1;)");
    for (U32 k = 0; k < 40; ++k) ASSERT_EQ(100 * (k % 3 + 1), values[k]);
  });
}

/// Labels belong to the { } where they stand, as inline assembly in a loop needs it.
TEST(ControlFlow, LabelsAreScoped) {
  const auto values = run_block<U32>(2, R"(
      mov.u32 %r0, 0;
      { .reg .pred %q; setp.eq.u32 %q, %i, 0; @%q bra skip; add.u32 %r0, %r0, 1; skip: }
      { .reg .pred %q; setp.eq.u32 %q, %i, 1; @%q bra skip; add.u32 %r0, %r0, 10; skip: }
      bra out_of_here;
      add.u32 %r0, %r0, 100;
      out_of_here: st.global.u32 [%out], %r0;)");
  EXPECT_EQ((std::vector<U32>{10, 1}), values);
}

constexpr const char* kFunctions = R"(
    .func (.param .b32 result) triple(.param .b32 x)
    {
      .reg .b32 %r<4>;
      ld.param.b32 %r0, [x];
      mul.lo.u32 %r1, %r0, 3;
      st.param.b32 [result], %r1;
      ret;
    }
    .func (.param .b32 result) factorial(.param .b32 n)
    {
      .reg .b32 %r<4>; .reg .pred %p;
      ld.param.b32 %r0, [n];
      setp.gt.u32 %p, %r0, 1;
      @%p bra recurse;
      st.param.b32 [result], 1;
      ret;
    recurse:
      sub.u32 %r1, %r0, 1;
      mov.u32 %r3, %r0;
      { .param .b32 argument; .param .b32 value;
        st.param.b32 [argument], %r1;
        call.uni (value), factorial, (argument);
        ld.param.b32 %r2, [value]; }
      ld.param.b32 %r0, [n];                // registers and parameters are still this activation's
      add.u32 %r0, %r0, %r3; shr.u32 %r0, %r0, 1;
      mul.lo.u32 %r3, %r0, %r2;
      st.param.b32 [result], %r3;
      ret;
    }
)";

TEST(ControlFlow, Calls) {
  in_all_schedules([] {
    const auto values = run_block<U32>(40, R"(
      rem.u32 %r0, %i, 6;
      setp.lt.u32 %p0, %i, 20;
      { .param .b32 argument; .param .b32 value;
        st.param.b32 [argument+0], %r0;
        call (value), factorial, (argument);
        ld.param.b32 %r1, [value+0]; }
      @%p0 bra small;
      { .param .b32 argument; .param .b32 value;
        st.param.b32 [argument], %r1;
        call (value), triple, (argument);
        ld.param.b32 %r1, [value]; }
    small:
      st.global.u32 [%out], %r1;)",
                                       "", kFunctions);
    const U32 factorials[] = {1, 1, 2, 6, 24, 120};
    for (U32 k = 0; k < 40; ++k) ASSERT_EQ(factorials[k % 6] * (k < 20 ? 1 : 3), values[k]);
  });
}

/// Lanes of one warp call different functions through a pointer.
TEST(ControlFlow, CallsThroughPointers) {
  in_all_schedules([] {
    const auto values = run_block<U32>(40, R"(
      and.b32 %r0, %i, 1; setp.ne.u32 %p0, %r0, 0;
      mov.u64 %d0, triple; mov.u64 %d1, factorial; selp.b64 %d0, %d0, %d1, %p0;
      { .param .b32 argument; .param .b32 value;
        st.param.b32 [argument], 5;
        prototype: .callprototype (.param .b32 _) _ (.param .b32 _);
        call (value), %d0, (argument), prototype;
        ld.param.b32 %r1, [value]; }
      st.global.u32 [%out], %r1;)",
                                       "", kFunctions);
    for (U32 k = 0; k < 40; ++k) ASSERT_EQ(k % 2 == 1 ? 15u : 120u, values[k]);
  });
}

/// A function's local memory is its activation's own.
TEST(ControlFlow, LocalMemoryOfFunctions) {
  const auto values = run_block<U32>(40, R"(
      st.local.u32 [mine], %i;
      { .param .b32 argument; .param .b32 value;
        st.param.b32 [argument], %i;
        call (value), stacked, (argument);
        ld.param.b32 %r1, [value]; }
      ld.local.u32 %r2, [mine];
      mad.lo.u32 %r1, %r1, 1000, %r2;
      st.global.u32 [%out], %r1;)",
                                     ".local .align 4 .b8 mine[4];", R"(
    .func (.param .b32 result) stacked(.param .b32 x)
    {
      .local .align 4 .b8 yours[8];
      .reg .b32 %r<4>;
      ld.param.b32 %r0, [x];
      add.u32 %r0, %r0, 1;
      st.local.u32 [yours], 7;
      st.local.u32 [yours+4], %r0;
      ld.local.u32 %r1, [yours+4];
      st.param.b32 [result], %r1;
      ret;
    }
)");
  for (U32 k = 0; k < 40; ++k) EXPECT_EQ((k + 1) * 1000 + k, values[k]);
}

TEST(ControlFlow, ExitEndsSomeThreads) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      st.global.u32 [%out], 1;
      setp.gt.u32 %p0, %i, 10;
      @%p0 exit;
      st.global.u32 [%out], 2;)");
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(k > 10 ? 1u : 2u, values[k]);
  });
}

/// Who waits for lanes that exit goes on without them.
TEST(ControlFlow, ExitedLanesAreNotWaitedFor) {
  in_all_schedules([] {
    const auto values = run_block<U32>(32, R"(
      st.global.u32 [%out], 1;
      setp.ge.u32 %p0, %i, 20;
      @%p0 bra leave;
      bar.warp.sync 0xffffffff;
      setp.lt.u32 %p1, %i, 100;
      vote.sync.ballot.b32 %r0, %p1, 0xffffffff;
      st.global.u32 [%out], %r0;
      exit;
    leave:
      nanosleep.u32 1;
      nanosleep.u32 1;
      exit;)");
    for (U32 k = 0; k < 32; ++k) ASSERT_TRUE(k >= 20 ? values[k] == 1 : (values[k] & 0xfffff) == 0xfffff) << k;
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// One lane of a warp spins until another sets a flag: the other must get its turn.
TEST(ControlFlow, SpinningLanesLetOthersRun) {
  in_all_schedules([] {
    const auto values = run_block<U32>(32, R"(
      setp.eq.u32 %p0, %i, 0;
      @%p0 bra wait;
      bra.uni work;
    wait:
      ld.volatile.shared.u32 %r0, [flag];
      setp.ne.u32 %p1, %r0, 7;
      @%p1 bra wait;
      bra.uni end;
    work:
      setp.ne.u32 %p2, %i, 31;
      @%p2 bra end;
      st.volatile.shared.u32 [flag], 7;
    end:
      st.global.u32 [%out], 1;)",
                                       ".shared .align 4 .u32 flag;");
    for (const U32 value : values) ASSERT_EQ(1u, value);
    take_reports();  // the flag is read before it is written
  });
}

/// The lanes of one warp spin in two places until the other warp lets them go.
TEST(ControlFlow, SpinningWarpsLetOthersRun) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      setp.ge.u32 %p0, %i, 32;
      @%p0 bra work;
      setp.eq.u32 %p0, %i, 0;
      @%p0 bra wait;
    other:
      ld.volatile.shared.u32 %r0, [flag];
      setp.ne.u32 %p1, %r0, 7;
      @%p1 bra other;
      bra.uni end;
    wait:
      ld.volatile.shared.u32 %r0, [flag];
      setp.ne.u32 %p1, %r0, 7;
      @%p1 bra wait;
      bra.uni end;
    work:
      st.volatile.shared.u32 [flag], 7;
    end:
      st.global.u32 [%out], 1;)",
                                       ".shared .align 4 .u32 flag;");
    for (const U32 value : values) ASSERT_EQ(1u, value);
    take_reports();  // the flag is read before it is written
  });
}

TEST(ControlFlow, TrapFaults) {
  Program program(".visible .entry kernel()\n{\ntrap;\n}");
  EXPECT_EQ(Fault::launch_failure, program.launch("kernel", {{1}, {1}, {}, 0}));
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ("TRAP: block(0,0,0) thread(0,0,0) of kernel at unknown source (PTX line 6)", reports[0]);
}

TEST(ControlFlow, EndlessLoopIsReported) {
  const OptionScope scope;
  options().max_instructions = 1'000'000;
  Program program(".visible .entry kernel()\n{\nagain: bra again;\n}");
  EXPECT_EQ(Fault::launch_failure, program.launch("kernel", {{1}, {1}, {}, 0}));
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ(
      "HANG: a block has reached PTXSIM_MAXINSTR instructions (does it wait for one that runs after it?), kernel "
      "kernel",
      reports[0]);
}

/// The limit is one for each block: many that end are no endless loop.
TEST(ControlFlow, ManyBlocksAreNoEndlessLoop) {
  const OptionScope scope;
  options().max_instructions = 10'000;
  Program program(R"(
    .visible .entry kernel()
    {
      .reg .pred %p; .reg .b32 %r;
      mov.u32 %r, 0;
    again:
      add.u32 %r, %r, 1; setp.lt.u32 %p, %r, 1000;
      @%p bra again;
      bar.sync 0;
    })");
  EXPECT_EQ(Fault::none, program.launch("kernel", {{100}, {2}, {}, 0}));
  EXPECT_EQ(std::vector<std::string>(), take_reports());
}

}  // namespace
}  // namespace ptxsim::test
