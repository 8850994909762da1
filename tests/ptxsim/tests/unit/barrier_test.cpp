/// Barriers of a block and of a cluster, distributed shared memory (PTX ISA 9.7.13.1 to 9.7.13.4, 9.7.9.22 f.).
#include "tests/unit/schedules.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;

TEST(Barrier, OrdersTheBlock) {
  for (const char* barrier :
       {"bar.sync 0;", "barrier.sync 3;", "barrier.cta.sync.aligned 1, 96;", "bar.sync 15, 96;"}) {
    in_all_schedules([&] {
      const auto values = run_block<U32>(96, R"(
        shl.b32 %r0, %i, 2; mov.u32 %r1, cells; add.u32 %r0, %r0, %r1;
        st.shared.u32 [%r0], %i;
        )" + std::string(barrier) + R"(
        sub.u32 %r2, 95, %i; shl.b32 %r2, %r2, 2; add.u32 %r2, %r2, %r1;
        ld.shared.u32 %r3, [%r2];
        st.global.u32 [%out], %r3;)",
                                         ".shared .align 4 .b8 cells[384];");
      for (U32 k = 0; k < 96; ++k) ASSERT_EQ(95 - k, values[k]);
      ASSERT_EQ(std::vector<std::string>(), take_reports());
    });
  }
}

TEST(Barrier, Reductions) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      setp.lt.u32 %p0, %i, 10; setp.lt.u32 %p1, %i, 64;
      bar.red.popc.u32 %r0, 0, %p0;
      bar.red.popc.u32 %r1, 1, 64, !%p0; mad.lo.u32 %r0, %r1, 100, %r0;
      bar.red.and.pred %p2, 0, %p1; selp.b32 %r1, 10000, 0, %p2; add.u32 %r0, %r0, %r1;
      bar.red.and.pred %p2, 0, %p0; selp.b32 %r1, 20000, 0, %p2; add.u32 %r0, %r0, %r1;
      barrier.red.or.pred %p2, 0, %p0; selp.b32 %r1, 100000, 0, %p2; add.u32 %r0, %r0, %r1;
      bar.red.or.pred %p2, 0, !%p1; selp.b32 %r1, 200000, 0, %p2; add.u32 %r0, %r0, %r1;
      st.global.u32 [%out], %r0;)");
    for (const U32 value : values) ASSERT_EQ(10u + 5400 + 10000 + 100000, value);
  });
}

/// Producers arrive and go on, consumers wait for them: 32 + 32 threads at a named barrier of 64.
TEST(Barrier, ArriveAndSync) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      mov.u32 %r5, %laneid; shl.b32 %r0, %r5, 2; mov.u32 %r1, cells; add.u32 %r0, %r0, %r1;
      mov.u32 %r3, 0;
      setp.ge.u32 %p0, %i, 32;
      @%p0 bra consume;
      st.shared.u32 [%r0], %i;
      bar.arrive 2, 64;
      bra end;
    consume:
      bar.sync 2, 64;
      ld.shared.u32 %r3, [%r0];
    end:
      st.global.u32 [%out], %r3;)",
                                       ".shared .align 4 .b8 cells[128];");
    for (U32 k = 32; k < 64; ++k) ASSERT_EQ(k - 32, values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// Many phases: a barrier that lets somebody through too early would show.
TEST(Barrier, Phases) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      mov.u32 %r0, 0; mov.u32 %r1, 0;
      setp.ne.u32 %p2, %i, 40;
      @!%p2 st.shared.u32 [cell], 0;
      bar.sync 0;
    again:
      @!%p2 st.shared.u32 [cell], %r0;
      bar.sync 0;
      ld.shared.u32 %r2, [cell];
      add.u32 %r1, %r1, %r2;
      bar.sync 0;
      add.u32 %r0, %r0, 1; setp.lt.u32 %p0, %r0, 20;
      @%p0 bra again;
      st.global.u32 [%out], %r1;)",
                                       ".shared .align 4 .u32 cell;");
    for (const U32 value : values) ASSERT_EQ(190u, value);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// Numbers and counts in registers, which ptxas cannot check.
TEST(BarrierErrors, Operands) {
  const std::pair<const char*, const char*> wrong[] = {
      {"mov.u32 %r0, 16; bar.sync %r0;", "BARRIER: there is no barrier 16"},
      {"mov.u32 %r0, 0; bar.sync 1, %r0;", "BARRIER: thread count 0"},
      {"mov.u32 %r0, 33; bar.arrive 1, %r0;", "BARRIER: thread count is not a multiple of 32"},
  };
  for (const auto& [instructions, text] : wrong) {
    Program program(".visible .entry kernel()\n{\n.reg .b32 %r0;\n" + std::string(instructions) + "\nret;\n}");
    program.launch("kernel", {{1}, {32}});
    const std::vector<std::string> reports = take_reports();
    ASSERT_FALSE(reports.empty()) << instructions;
    EXPECT_EQ(0u, reports[0].find(text)) << reports[0];
  }
}

/// One kernel for the whole of clusters: ranks, neighbours' shared memory by both kinds of addresses, remote atomics.
TEST(Cluster, DistributedSharedMemory) {
  const std::string text = R"(
    .visible .entry kernel(.param .u64 out)
    {
      .shared .align 8 .b8 cells[64];
      .reg .b32 %i, %rank, %size, %next, %a, %b, %v, %w, %x; .reg .b64 %o, %g, %h; .reg .pred %p;
      mov.u32 %i, %tid.x; mov.u32 %rank, %cluster_ctarank; mov.u32 %size, %cluster_nctarank;
      add.u32 %next, %rank, 1; rem.u32 %next, %next, %size;
      shl.b32 %a, %i, 2; mov.u32 %b, cells; add.u32 %a, %a, %b;
      mad.lo.u32 %v, %rank, 10, %i; st.shared.u32 [%a], %v;
      barrier.cluster.arrive.release; barrier.cluster.wait.acquire;
      mapa.shared::cluster.u32 %b, %a, %next;
      ld.shared::cluster.u32 %v, [%b];                    // 10 * next + i
      getctarank.shared::cluster.u32 %w, %b;              // next
      mad.lo.u32 %v, %w, 100, %v;
      cvt.u64.u32 %g, %a; cvta.shared.u64 %g, %g;
      mapa.u64 %h, %g, %next;
      ld.u32 %w, [%h]; getctarank.u64 %x, %h; mad.lo.u32 %w, %x, 100, %w;
      setp.ne.u32 %p, %v, %w; @%p trap;
      isspacep.shared::cluster %p, %h; @!%p trap;
      isspacep.shared::cta %p, %h; selp.b32 %w, 1, 0, %p; sub.u32 %x, %size, 1; setp.ne.u32 %p, %x, 0; selp.b32 %x, 0, 1, %p;
      setp.ne.u32 %p, %w, %x; @%p trap;
      barrier.cluster.arrive.aligned; barrier.cluster.wait.aligned;
      red.shared::cluster.add.u32 [%b], 1000;
      atom.add.u32 %w, [%h], 5000;
      barrier.cluster.arrive; barrier.cluster.wait;
      ld.shared.u32 %w, [%a];                             // 10 * rank + i + 6000
      mad.lo.u32 %v, %w, 1000, %v;
      barrier.cluster.arrive; barrier.cluster.wait;
      mov.u32 %x, %ctaid.x; mov.u32 %w, %ntid.x; mad.lo.u32 %x, %x, %w, %i;
      ld.param.u64 %o, [out]; mad.wide.u32 %o, %x, 4, %o; st.global.u32 [%o], %v;
      ret;
    })";
  in_all_schedules([&] {
    for (const U32 size : {1u, 2u, 4u, 8u}) {
      Program program(text);
      const DeviceArray<U32> out(16 * 8);
      ASSERT_EQ(Fault::none, program.launch("kernel", {{16}, {8}, {size}, 0}, out.address()));
      const std::vector<U32> values = out.values();
      for (U32 k = 0; k < 128; ++k) {
        const U32 rank = k / 8 % size, next = (rank + 1) % size, i = k % 8;
        ASSERT_EQ((10 * rank + i + 6000) * 1000 + 100 * next + 10 * next + i, values[k]) << size;
      }
      ASSERT_EQ(std::vector<std::string>(), take_reports());
    }
  });
}

/// Lanes that go to different variables are looked up one by one, in the block's own window.
TEST(Cluster, OwnVariables) {
  Program program(R"(
    .visible .entry kernel(.param .u64 out)
    {
      .shared .align 4 .u32 even; .shared .align 4 .u32 odd;
      .reg .b32 %i, %x, %a, %b, %r; .reg .b64 %o; .reg .pred %p;
      mov.u32 %i, %tid.x; mov.u32 %a, even; mov.u32 %b, odd; setp.eq.u32 %p, %i, 0; selp.b32 %a, %a, %b, %p;
      mov.u32 %r, %cluster_ctarank; mad.lo.u32 %r, %r, 10, %i;
      st.shared.u32 [%a], %r; ld.shared.u32 %r, [%a];
      mov.u32 %x, %ctaid.x; mad.lo.u32 %x, %x, 2, %i; ld.param.u64 %o, [out]; mad.wide.u32 %o, %x, 4, %o;
      st.global.u32 [%o], %r;
      ret;
    })");
  const DeviceArray<U32> out(8);
  ASSERT_EQ(Fault::none, program.launch("kernel", {{4}, {2}, {4}, 0}, out.address()));
  EXPECT_EQ((std::vector<U32>{0, 1, 10, 11, 20, 21, 30, 31}), out.values());
  EXPECT_EQ(std::vector<std::string>(), take_reports());
}

TEST(Cluster, SpecialRegisters) {
  Program program(R"(
    .visible .entry kernel(.param .u64 out)
    {
      .reg .b32 %v, %x, %n; .reg .b64 %o;
      mov.u32 %v, %clusterid.x; mov.u32 %x, %clusterid.y; mad.lo.u32 %v, %v, 10, %x;
      mov.u32 %x, %nclusterid.x; mad.lo.u32 %v, %v, 10, %x; mov.u32 %x, %nclusterid.y; mad.lo.u32 %v, %v, 10, %x;
      mov.u32 %x, %cluster_ctaid.x; mad.lo.u32 %v, %v, 10, %x; mov.u32 %x, %cluster_ctaid.y; mad.lo.u32 %v, %v, 10, %x;
      mov.u32 %x, %cluster_nctaid.x; mad.lo.u32 %v, %v, 10, %x; mov.u32 %x, %cluster_nctaid.y; mad.lo.u32 %v, %v, 10, %x;
      mov.u32 %x, %cluster_ctarank; mad.lo.u32 %v, %v, 10, %x; mov.u32 %x, %is_explicit_cluster; mad.lo.u32 %v, %v, 2, %x;
      mov.u32 %x, %ctaid.y; mov.u32 %n, %nctaid.x; mul.lo.u32 %x, %x, %n; mov.u32 %n, %ctaid.x; add.u32 %x, %x, %n;
      ld.param.u64 %o, [out]; mad.wide.u32 %o, %x, 4, %o; st.global.u32 [%o], %v;
      ret;
    })");
  const DeviceArray<U32> out(6 * 4);
  ASSERT_EQ(Fault::none, program.launch("kernel", {{6, 4, 1}, {1}, {3, 2, 1}, 0}, out.address()));
  const std::vector<U32> values = out.values();
  for (U32 y = 0; y < 4; ++y) {
    for (U32 x = 0; x < 6; ++x) {
      U32 expected = x / 3;
      for (const U32 digit : {y / 2, 2u, 2u, x % 3, y % 2, 3u, 2u, x % 3 + y % 2 * 3}) expected = expected * 10 + digit;
      EXPECT_EQ(expected * 2 + 1, values[y * 6 + x]);
    }
  }
}

TEST(Fence, FormsAreUnderstood) {
  const auto values = run_block<U32>(1, R"(
      membar.gl; membar.cta; membar.sys; fence.sc.gpu; fence.acq_rel.cluster; fence.proxy.async; fence.proxy.alias;
      fence.proxy.async.shared::cta; fence.mbarrier_init.release.cluster; nanosleep.u32 20; griddepcontrol.wait;
      griddepcontrol.launch_dependents; pmevent 1;
      st.global.u32 [%out], 1;)");
  EXPECT_EQ(1u, values[0]);
}

}  // namespace
}  // namespace ptxsim::test
