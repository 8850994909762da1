/// The race checker and the bounds checks, on small PTX kernels: what must be reported, what must not. The zoo of
/// programs/zoo.cu does the same for code that nvcc has compiled.
#include "tests/unit/schedules.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;

/// Runs `body` in blocks of 64 threads; `data` points to zeros, %cell to the thread's word of shared memory `cells`,
/// its neighbour in the warp has %near, its counterpart in the other warp %far.
Fault run_checked(const std::string& body, unsigned blocks = 1, unsigned cluster = 1) {
  Program program(R"(
    .shared .align 16 .b8 cells[256];
    .shared .align 16 .b8 others[256];
    .global .align 4 .u32 counter;
    .visible .entry kernel(.param .u64 array)
    {
      .reg .pred %p<10>; .reg .b32 %r<20>; .reg .b64 %d<10>; .reg .b32 %i, %b, %cell, %near, %far; .reg .b64 %data, %mine;
      mov.u32 %i, %tid.x; mov.u32 %b, %ctaid.x;
      mov.u32 %r0, cells;
      shl.b32 %cell, %i, 2; xor.b32 %near, %cell, 4; xor.b32 %far, %cell, 128;
      add.u32 %cell, %cell, %r0; add.u32 %near, %near, %r0; add.u32 %far, %far, %r0;
      ld.param.u64 %data, [array];
      mad.lo.u32 %r1, %b, 64, %i; mad.wide.u32 %mine, %r1, 4, %data;
      )" + body + R"(
      ret;
    })");
  const DeviceArray<U32> data(64 * blocks);
  return program.launch("kernel", {{blocks}, {64}, {cluster}, 0}, data.address());
}

/// Whether some report of the body begins so, in every schedule.
void expect_report(const std::string& body, const std::string& beginning, unsigned blocks = 1, unsigned cluster = 1) {
  in_all_schedules([&] {
    run_checked(body, blocks, cluster);
    bool found = false;
    std::string all;
    for (const std::string& text : take_reports()) {
      found |= text.compare(0, beginning.size(), beginning) == 0;
      all += "\n  " + text;
    }
    EXPECT_TRUE(found) << "no '" << beginning << "' for" << body << "but" << all;
  });
}

void expect_silence(const std::string& body, unsigned blocks = 1, unsigned cluster = 1) {
  in_all_schedules([&] {
    EXPECT_EQ(Fault::none, run_checked(body, blocks, cluster));
    EXPECT_EQ(std::vector<std::string>(), take_reports()) << body;
  });
}

TEST(Race, AcrossWarpsWithoutBarrier) {
  expect_report("st.shared.u32 [%cell], %i; bar.warp.sync 0xffffffff; ld.shared.u32 %r1, [%far];", "RACE");
  expect_silence("st.shared.u32 [%cell], %i; bar.sync 0; ld.shared.u32 %r1, [%far];");
}

TEST(Race, InsideAWarpWithoutSyncWarp) {
  const std::string store = "st.shared.u32 [%cell], 0; bar.sync 0; st.shared.u32 [%cell], %i;";
  expect_report(store + "ld.shared.u32 %r1, [%near];", "RACE");
  expect_report(store + "shfl.sync.bfly.b32 %r2, %i, 1, 31, 0xffffffff; ld.shared.u32 %r1, [%near];", "RACE");
  expect_silence(store + "bar.warp.sync 0xffffffff; ld.shared.u32 %r1, [%near];");
}

TEST(Race, MissingSecondBarrier) {
  const std::string first = "st.shared.u32 [%cell], %i; bar.sync 0; ld.shared.u32 %r1, [%far];";
  expect_report(first + "st.shared.u32 [%cell], %r1;", "RACE");
  expect_silence(first + "bar.sync 0; st.shared.u32 [%cell], %r1;");
}

/// Two readers are remembered; those before a barrier give way to those after it.
TEST(Race, ReadersBeforeABarrierAreForgotten) {
  const auto only = [](const char* thread, const std::string& what) {
    return "setp.eq.u32 %p0, %i, " + std::string(thread) + "; @%p0 " + what;
  };
  const std::string load = "ld.shared.u32 %r1, [cells];", store = "st.shared.u32 [cells], 1;";
  expect_report("st.shared.u32 [%cell], 0; bar.sync 0;" + only("5", load) + "bar.sync 0;" + only("40", load) +
                    "setp.eq.u32 %p1, %i, 8; @%p1 ld.shared.u32 %r2, [cells]; @%p1 " + store,
                "RACE");
}

TEST(Race, WritesOfOneWord) {
  expect_report("st.shared.u32 [cells], %i;", "RACE write->write of shared cells+0: ");
  expect_silence("setp.eq.u32 %p0, %i, 5; @%p0 st.shared.u32 [cells], %i;");
}

/// Bytes and halves of one word are different memory, and the same if they overlap.
TEST(Race, PartsOfWords) {
  const std::string bytes = "mov.u32 %r2, cells; add.u32 %r2, %r2, %i; ";
  expect_silence(bytes + "st.shared.u8 [%r2], 1;");
  expect_report(bytes + "st.shared.u8 [%r2], 1; ld.shared.u8 %r3, [cells+5];", "RACE");
  expect_report(bytes +
                    "st.shared.u8 [%r2], 1; bar.sync 0; setp.eq.u32 %p0, %i, 9; @%p0 ld.shared.u32 %r3, [cells]; "
                    "setp.eq.u32 %p1, %i, 40; @%p1 st.shared.u8 [cells+2], 1;",
                "RACE");
  expect_silence(bytes +
                 "st.shared.u8 [%r2], 1; bar.sync 0; setp.eq.u32 %p0, %i, 9; @%p0 ld.shared.u32 %r3, [cells]; "
                 "setp.eq.u32 %p1, %i, 40; @%p1 st.shared.u8 [cells+4], 1;");
  expect_silence(bytes +
                 "st.shared.u8 [%r2], 1; bar.sync 0; shl.b32 %r4, %i, 2; and.b32 %r4, %r4, 63; setp.lt.u32 %p0, "
                 "%i, 16; mov.u32 %r5, cells; add.u32 %r4, %r4, %r5; @%p0 st.shared.u32 [%r4], 3; bar.sync 0; "
                 "ld.shared.u32 %r6, [cells+8];");
}

/// A whole word read in between does not make its bytes forget who wrote them.
TEST(Race, BytesAcrossBlocks) {
  expect_report(
      "setp.ne.u32 %p0, %i, 0; @%p0 bra end; setp.ne.u32 %p1, %b, 0; @%p1 bra read; st.global.u8 [%data+1], 1; "
      "ld.global.u32 %r2, [%data]; bra end; read: ld.global.u8 %r2, [%data+1]; end:",
      "RACE", 2);
}

TEST(Race, AtomicsAndPlainAccesses) {
  const std::string zero = "st.shared.u32 [%cell], 0; bar.sync 0;";
  expect_silence(zero + "red.shared.add.u32 [cells], 1; atom.shared.max.u32 %r1, [cells], %i;");
  expect_report(zero + "red.shared.add.u32 [cells], 1; ld.shared.u32 %r1, [cells];", "RACE");
  expect_silence(zero + "red.shared.add.u32 [cells], 1; bar.sync 0; ld.shared.u32 %r1, [cells];");
  expect_silence(zero + "red.shared.add.u32 [cells], 1; ld.volatile.shared.u32 %r1, [cells];");
  expect_report(zero + "setp.eq.u32 %p0, %i, 3; @%p0 st.shared.u32 [cells], 7; red.shared.add.u32 [cells], 1;", "RACE");
}

TEST(Race, BetweenBlocks) {
  expect_report("setp.eq.u32 %p0, %i, 0; @%p0 st.global.u32 [%data], %b;",
                "RACE write->write of global byte 0 of 1024: ", 4);
  expect_report("setp.eq.u32 %p0, %i, 0; @%p0 ld.global.u32 %r2, [%data+256]; st.global.u32 [%mine], %b;", "RACE", 4);
  expect_silence(
      "ld.global.u32 %r2, [%data]; add.u32 %r2, %r2, 1; setp.ne.u32 %p0, %b, 0; @%p0 st.global.u32 [%mine], %r2;", 4);
}

/// An atomic access does not stand for the plain ones before it: other atomic accesses race with them.
TEST(Race, PlainAccessThenOwnAtomic) {
  const std::string zero = "st.shared.u32 [%cell], 0; bar.sync 0; setp.eq.u32 %p0, %i, 0;";
  const std::string store = zero + "@%p0 st.shared.u32 [cells], 7;", add = "red.shared.add.u32 [cells], 1;";
  expect_report(store + add, "RACE");
  expect_silence(store + "bar.sync 0;" + add);
  const std::string load = zero + "@%p0 ld.shared.u32 %r1, [cells];";
  expect_report(load + add, "RACE");
  expect_silence(load + "bar.sync 0;" + add);
  expect_report(zero + "@%p0 st.shared.u32 [cells], 7; @%p0 st.volatile.shared.u32 [cells], 8;" +
                    "setp.eq.u32 %p1, %i, 40; @%p1 ld.volatile.shared.u32 %r1, [cells];",
                "RACE");
  const std::string first = "setp.ne.u32 %p0, %i, 0; @%p0 bra end; setp.ne.u32 %p1, %b, 0; @%p1 bra add;";
  expect_report(first + "st.global.u32 [%data], 0; add: red.global.add.u32 [%data], 1; end:", "RACE", 4);
  expect_silence(first + "red.global.add.u32 [%data], 0; add: red.global.add.u32 [%data], 1; end:", 4);
}

/// One thread of each block publishes the block's data; the block that is last reads all of it.
TEST(Race, PublishedByFenceAndAtomic) {
  const auto last_block = [](const std::string& fence, const std::string& atomic) {
    return R"(
      setp.eq.u32 %p0, %i, 0;
      @%p0 st.global.u32 [%mine+4], 5;
      )" + fence +
           R"(
      mov.u32 %r2, 0;
      @%p0 )" +
           atomic + fence + R"(
      setp.ne.u32 %p1, %r2, 3; not.pred %p2, %p0; or.pred %p1, %p1, %p2;
      @%p1 bra end;
      ld.global.u32 %r3, [%data+4]; ld.global.u32 %r3, [%data+260]; ld.global.u32 %r3, [%data+516]; ld.global.u32 %r3, [%data+772];
      end: )";
  };
  expect_silence(last_block("@%p0 membar.gl;", "atom.global.add.u32 %r2, [%data], 1;"), 4);
  expect_silence(last_block("", "atom.acq_rel.gpu.global.add.u32 %r2, [%data], 1;"), 4);
  expect_report(last_block("", "atom.global.add.u32 %r2, [%data], 1;"), "RACE write->read of global", 4);
}

/// What the whole block wrote before a barrier is published by one thread's fence after it.
TEST(Race, BarrierThenPublication) {
  const auto kernel = [](const std::string& barrier) {
    return "st.global.u32 [%mine], 5;" + barrier + R"(
      setp.ne.u32 %p0, %i, 0;
      @%p0 bra wait;
      membar.gl;
      atom.global.add.u32 %r2, [counter], 1;
      membar.gl;
      st.shared.u32 [others], %r2;
    wait:
      bar.sync 1;
      ld.shared.u32 %r2, [others];
      setp.ne.u32 %p1, %r2, 2;
      @%p1 bra end;
      and.b32 %r3, %i, 31; mad.wide.u32 %d0, %r3, 4, %data; ld.global.u32 %r4, [%d0]; ld.global.u32 %r4, [%d0+256];
      end: )";
  };
  expect_silence(kernel("bar.sync 0;"), 3);
  expect_report(kernel(""), "RACE write->read of global", 3);
}

/// A flag: release and acquire, without an atomic read-modify-write.
TEST(Race, FlagBetweenBlocks) {
  const auto kernel = [](const std::string& store, const std::string& load) {
    return R"(
      setp.ne.u32 %p0, %i, 0;
      @%p0 bra end;
      setp.ne.u32 %p1, %b, 0;
      @%p1 bra read;
      st.global.u32 [%data+8], 7;
      )" + store +
           R"(
      bra end;
    read:
      )" + load +
           R"(
      setp.eq.u32 %p2, %r2, 0;
      @%p2 bra end;
      ld.global.u32 %r3, [%data+8];
    end: )";
  };
  expect_silence(kernel("st.release.gpu.global.u32 [%data], 1;", "ld.acquire.gpu.global.u32 %r2, [%data];"), 2);
  expect_silence(
      kernel("membar.gl; st.volatile.global.u32 [%data], 1;", "ld.volatile.global.u32 %r2, [%data]; membar.gl;"), 2);
  OptionScope scope;  // in forward order the flag is set before it is read
  run_checked(kernel("st.volatile.global.u32 [%data], 1;", "ld.volatile.global.u32 %r2, [%data];"), 2);
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ(0u, reports[0].find("RACE write->read of global byte 8 of 512: block(1,0,0) thread(0,0,0)"));
}

/// Thread 0 does `first`, thread 32 then `second`; the flag is [%data] or [others], zero at first.
std::string two_warps(const std::string& first, const std::string& second) {
  return R"(
      st.shared.u32 [%cell], 0; setp.eq.u32 %p0, %i, 0; @%p0 st.shared.u32 [others], 0;
      bar.sync 0;
      setp.ne.u32 %p0, %i, 0; @%p0 bra not_first;
      )" +
         first +
         R"( bra end;
    not_first:
      setp.ne.u32 %p0, %i, 32; @%p0 bra end;
      )" +
         second + " end:";
}

TEST(Race, ReleaseAndAcquireInsideABlock) {
  const auto kernel = [](const std::string& release, const std::string& acquire, const std::string& load) {
    return two_warps("st.shared.u32 [cells], 7; st.global.u32 [%data+8], 7;" + release,
                     "again: " + acquire.substr(0, acquire.find(';') + 1) + "setp.eq.u32 %p1, %r2, 0; @%p1 bra again;" +
                         acquire.substr(acquire.find(';') + 1) + load);
  };
  const std::string set = "membar.cta; st.volatile.shared.u32 [others], 1;";
  const std::string wait = "ld.volatile.shared.u32 %r2, [others]; membar.cta;";
  const std::string exchange = "membar.cta; atom.shared.exch.b32 %r2, [others], 1;";
  const std::string poll = "atom.shared.add.u32 %r2, [others], 0; membar.cta;";
  for (const std::string load : {"ld.shared.u32 %r3, [cells];", "ld.global.u32 %r3, [%data+8];"}) {
    expect_silence(kernel(set, wait, load));
    expect_silence(kernel(exchange, poll, load));
    expect_silence(kernel("membar.gl; st.volatile.global.u32 [%data], 1;",
                          "ld.volatile.global.u32 %r2, [%data]; membar.gl;", load));
    expect_silence(kernel("st.release.cta.shared.u32 [others], 1;", "ld.acquire.cta.shared.u32 %r2, [others];", load));
    expect_report(kernel("st.volatile.shared.u32 [others], 1;", wait, load), "RACE write->read");
    expect_report(kernel(set, "ld.volatile.shared.u32 %r2, [others];", load), "RACE write->read");
    expect_report(kernel(exchange, "atom.shared.add.u32 %r2, [others], 0;", load), "RACE write->read");
  }
  // A fence does not publish what is written after it.
  expect_report(kernel("membar.cta; st.shared.u32 [cells], 8; st.volatile.shared.u32 [others], 1;", wait,
                       "ld.shared.u32 %r3, [cells];"),
                "RACE write->read");
}

/// The other lanes' writes are published by their own fences and a warp's barrier, or by a fence after it.
TEST(Race, ReleaseForAWarp) {
  const auto kernel = [](const std::string& before) {
    return R"(
      st.shared.u32 [%cell], 0; setp.eq.u32 %p0, %i, 0; @%p0 st.shared.u32 [others], 0;
      bar.sync 0;
      setp.ge.u32 %p0, %i, 32; @%p0 bra consumer;
      st.shared.u32 [%cell], %i;
      )" + before +
           R"(
      setp.eq.u32 %p1, %i, 0;
      @%p1 st.volatile.shared.u32 [others], 1;
      bra end;
    consumer:
      setp.ne.u32 %p1, %i, 32; @%p1 bra read;
    again:
      ld.volatile.shared.u32 %r2, [others];
      setp.eq.u32 %p2, %r2, 0; @%p2 bra again;
      membar.cta;
    read:
      bar.warp.sync 0xffffffff;
      ld.shared.u32 %r3, [%far];
    end:)";
  };
  expect_silence(kernel("membar.cta; bar.warp.sync 0xffffffff;"));
  expect_silence(kernel("bar.warp.sync 0xffffffff; membar.cta;"));
  expect_report(kernel("membar.cta;"), "RACE write->read");
  expect_report(kernel("bar.warp.sync 0xffffffff;"), "RACE write->read");
}

/// Who has seen a flag of another block, has seen it for itself until a barrier.
TEST(Race, AcquiredForOneThread) {
  const auto kernel = [](const std::string& fence, const std::string& sync, const std::string& late = "") {
    return R"(
      setp.ne.u32 %p0, %b, 0; @%p0 bra consumer;
      setp.ne.u32 %p1, %i, 0; @%p1 bra end;
      st.global.u32 [%data+8], 7; membar.gl; red.global.add.u32 [%data], 1;
      bra end;
    consumer:
      setp.ne.u32 %p1, %i, 0; @%p1 bra read;
      ld.volatile.global.u32 %r2, [%data];
      )" + fence +
           "read:" + sync + late + R"(
      setp.lt.u32 %p1, %i, 33; @%p1 bra end;
      ld.global.u32 %r3, [%data+8];
    end:)";
  };
  const auto race = [&](const std::string& body) {
    OptionScope scope;  // in forward order the flag is set before it is read
    run_checked(body, 2);
    return !take_reports().empty();
  };
  for (const std::string barrier :
       {"bar.sync 0;", "bar.sync 0, 64;", "barrier.cluster.arrive; barrier.cluster.wait;"}) {
    EXPECT_FALSE(race(kernel("membar.gl;", barrier))) << barrier;
    EXPECT_FALSE(race(kernel("", barrier, "membar.gl;"))) << barrier;
    EXPECT_TRUE(race(kernel("", barrier))) << barrier;
  }
  EXPECT_TRUE(race(kernel("membar.gl;", "")));
  EXPECT_TRUE(race(kernel("membar.gl;", "bar.warp.sync 0xffffffff;")));
}

/// What one has acquired, it passes on: from block 0 by block 1 to block 2, and by way of a flag in shared memory.
TEST(Race, PassedOn) {
  const auto kernel = [](const std::string& fence) {
    return R"(
      setp.ne.u32 %p0, %i, 0; @%p0 bra end;
      setp.eq.u32 %p1, %b, 0; setp.eq.u32 %p2, %b, 1;
      @%p1 bra first; @%p2 bra second;
      ld.acquire.gpu.global.u32 %r2, [%data+256];
      ld.global.u32 %r3, [%data+8];
      bra end;
    first:
      st.global.u32 [%data+8], 7; st.release.gpu.global.u32 [%data], 1;
      bra end;
    second:
      ld.relaxed.gpu.global.u32 %r2, [%data];
      )" + fence +
           R"(
      st.release.gpu.global.u32 [%data+256], 1;
    end:)";
  };
  OptionScope scope;
  run_checked(kernel("membar.gl;"), 3);
  EXPECT_EQ(std::vector<std::string>(), take_reports());
  run_checked(kernel(""), 3);
  EXPECT_EQ(1u, take_reports().size());
}

TEST(Race, ClusterBarrierOrders) {
  const std::string exchange = R"(
      mov.u32 %r2, %cluster_ctarank; xor.b32 %r2, %r2, 1; mapa.shared::cluster.u32 %r3, %cell, %r2;
      st.shared.u32 [%cell], %i;
      barrier.cluster.arrive; barrier.cluster.wait;
      ld.shared::cluster.u32 %r4, [%r3];
      barrier.cluster.arrive; barrier.cluster.wait;)";
  expect_silence(exchange, 2, 2);
  expect_silence("st.shared.u32 [%cell], %i; barrier.cluster.arrive; barrier.cluster.wait; ld.shared.u32 %r2, [%far];",
                 2, 2);
  // After the arrival the others may still be writing.
  expect_report(R"(
      mov.u32 %r2, %cluster_ctarank; xor.b32 %r2, %r2, 1; mapa.shared::cluster.u32 %r3, %cell, %r2;
      st.shared.u32 [%cell], 0; barrier.cluster.arrive; barrier.cluster.wait;
      st.shared.u32 [%cell], %i;
      barrier.cluster.arrive; ld.shared::cluster.u32 %r4, [%r3]; barrier.cluster.wait;
      barrier.cluster.arrive; barrier.cluster.wait;)",
                "RACE", 2, 2);
  expect_silence(exchange + "st.shared.u32 [%cell], 1; barrier.cluster.arrive; barrier.cluster.wait;", 2, 2);
  expect_report(R"(
      mov.u32 %r2, %cluster_ctarank; xor.b32 %r2, %r2, 1; mapa.shared::cluster.u32 %r3, %cell, %r2;
      st.shared.u32 [%cell], %i; barrier.cluster.arrive; barrier.cluster.wait;
      ld.shared::cluster.u32 %r4, [%r3]; st.shared.u32 [%cell], 2;
      barrier.cluster.arrive; barrier.cluster.wait;)",
                "RACE", 2, 2);
}

TEST(Uninitialised, SharedAndGlobal) {
  expect_report("ld.shared.u32 %r1, [%cell];", "UNINITIALISED read of shared cells+");
  expect_report("st.shared.u8 [%cell], 1; ld.shared.u32 %r1, [%cell];", "UNINITIALISED read of shared cells+");
  expect_silence("st.shared.u16 [%cell], 1; st.shared.u16 [%cell+2], 1; ld.shared.u32 %r1, [%cell];");
  expect_report("atom.shared.add.u32 %r1, [%cell], 1;", "UNINITIALISED read of shared cells+");
}

/// Every block begins with fresh shared memory.
TEST(Uninitialised, ForEachBlockAgain) {
  expect_report("setp.eq.u32 %p0, %b, 0; @%p0 st.shared.u32 [%cell], 1; ld.shared.u32 %r1, [%cell];", "UNINITIALISED",
                2);
}

TEST(Uninitialised, BytesThatAWidenedLoadDoesNotUse) {
  expect_silence(
      "setp.lt.u32 %p0, %i, 3; @%p0 st.shared.u32 [%cell], 1; bar.sync 0; .pragma \"used_bytes_mask 0xfff\";\n"
      "ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [cells];");
  expect_report(
      "setp.lt.u32 %p0, %i, 3; @%p0 st.shared.u32 [%cell], 1; bar.sync 0; .pragma \"used_bytes_mask 0x1fff\";\n"
      "ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [cells];",
      "UNINITIALISED");
}

TEST(Uninitialised, DeviceMemoryFromMalloc) {
  Program program(
      ".visible .entry kernel(.param .u64 array)\n{\n.reg .b64 %d; .reg .b32 %r;\nld.param.u64 %d, [array];\n"
      "ld.global.u32 %r, [%d];\nret;\n}");
  const std::uint64_t address = device_memory().allocate(16);
  EXPECT_EQ(0xffffffffu, *reinterpret_cast<const U32*>(address));
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {1}}, address));
  const auto reports = take_reports();
  ASSERT_EQ(1u, reports.size());
  EXPECT_EQ(
      "UNINITIALISED read of global byte 0 of 16: block(0,0,0) thread(0,0,0) of kernel at unknown source (PTX line 8)",
      reports[0]);
  device_memory().host_wrote(address, 4);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {1}}, address));
  EXPECT_EQ(std::vector<std::string>(), take_reports());
  device_memory().release(address);
}

TEST(Bounds, GlobalAndShared) {
  expect_report("ld.global.u32 %r1, [%mine+4];", "OUT OF BOUNDS 4-byte read of global byte 256 of 256: ");
  expect_report("st.global.u32 [%mine+8], 1;", "OUT OF BOUNDS 4-byte write of global byte 2");
  expect_report("st.shared.u32 [%cell+4], 1;", "OUT OF BOUNDS 4-byte write of shared cells+256: ");
  expect_report("mov.u32 %r1, others; st.shared.u32 [%r1+-4], 1;", "OUT OF BOUNDS 4-byte write of shared cells+");
  expect_report("red.global.add.u32 [%mine+256], 1;", "OUT OF BOUNDS 4-byte atomic on global byte ");
}

/// What faults, and with which code.
TEST(Bounds, Faults) {
  const auto fault_of = [](const std::string& body) {
    const Fault fault = run_checked(body);
    take_reports();
    return fault;
  };
  EXPECT_EQ(Fault::illegal_address, fault_of("st.global.u32 [0], 1;"));
  EXPECT_EQ(Fault::illegal_address, fault_of("mov.u64 %d0, 0x7000000000000000; ld.u32 %r1, [%d0];"));
  EXPECT_EQ(Fault::misaligned_address, fault_of("ld.global.u32 %r1, [%data+2];"));
  EXPECT_EQ(Fault::misaligned_address, fault_of("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%data+8];"));
  EXPECT_EQ(Fault::misaligned_address, fault_of("st.shared.u64 [cells+4], 1;"));
  EXPECT_EQ(Fault::illegal_address,
            fault_of("mov.u32 %r1, 0x200000; ld.shared.v8.b32 {%r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8}, [%r1];"));
  EXPECT_EQ(Fault::none, fault_of("ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%data+16];"));
}

TEST(Barrier, Divergence) {
  expect_report("setp.lt.u32 %p0, %i, 40; @%p0 bar.sync 0; ", "BARRIER: ");
  expect_report("setp.ge.u32 %p0, %i, 60; @%p0 exit; bar.sync 0;", "BARRIER: ");
  expect_silence("setp.lt.u32 %p0, %i, 40; @%p0 bra a; bar.sync 0; bra b; a: bar.sync 0; b:");
  expect_report("setp.lt.u32 %p0, %i, 32; @%p0 bar.sync 0, 64; @!%p0 bar.sync 0, 96;",
                "BARRIER: thread counts differ: ");
  expect_report("bar.sync 0, 40;", "BARRIER: thread count is not a multiple of 32: ");
  expect_report("setp.lt.u32 %p0, %i, 32; @!%p0 bar.sync 0; @%p0 bar.red.popc.u32 %r1, 0, %p0;",
                "BARRIER: different kinds of barrier meet: ");
}

TEST(Barrier, ExitBeforeItMayBeAllowed) {
  const OptionScope scope;
  options().exit_before_barrier_is_fine = true;
  EXPECT_EQ(Fault::none, run_checked("setp.ge.u32 %p0, %i, 60; @%p0 exit; bar.sync 0;"));
  EXPECT_EQ(std::vector<std::string>(), take_reports());
}

TEST(Barrier, Deadlock) {
  expect_report("setp.lt.u32 %p0, %i, 32; @%p0 bar.sync 1;\n @!%p0 bar.sync 2;",
                "DEADLOCK in kernel: [32 threads wait in bar at unknown source (PTX line ");
  expect_report("bar.sync 1, 128;", "DEADLOCK in kernel: [64 threads wait in bar at unknown source (PTX line ");
}

TEST(WarpErrors, Masks) {
  expect_report("setp.lt.u32 %p0, %i, 50; @%p0 shfl.sync.down.b32 %r1, %i, 1, 31, 0xffffffff;", "");
  expect_report("and.b32 %r1, %i, 31; setp.lt.u32 %p0, %r1, 16; @%p0 shfl.sync.idx.b32 %r1, %i, 20, 31, 0xffff;",
                "WARP: shuffle reads lane 20, which does not take part: ");
  expect_report("shfl.sync.idx.b32 %r1, %i, 0, 31, 0xffff;", "WARP: member mask without the own lane: ");
  expect_report(
      "and.b32 %r1, %i, 1; setp.ne.u32 %p0, %r1, 0; @%p0 bra a; shfl.sync.bfly.b32 %r2, %i, 1, 31, 0xffffffff; "
      "bra b; a: shfl.sync.down.b32 %r2, %i, 1, 31, 0xffffffff; b:",
      "WARP: different operations meet: ");
}

/// Half a warp names itself only, the other half names all.
TEST(WarpErrors, MasksThatDisagree) {
  const std::string masks = "and.b32 %r1, %i, 31; setp.lt.u32 %p0, %r1, 16; selp.b32 %r2, 0xffff, 0xffffffff, %p0;";
  const std::string disagree = "WARP: member masks disagree: ";
  expect_report(masks + "bar.warp.sync %r2;", disagree);
  expect_report(masks + "vote.sync.ballot.b32 %r3, %p0, %r2;", disagree);
  expect_report(masks + "shfl.sync.bfly.b32 %r3, %i, 1, 31, %r2;", disagree);
  // The first half goes on, to another operation or to one that matches what the second half waits for.
  expect_report(masks + "bar.warp.sync %r2; shfl.sync.idx.b32 %r3, %i, 0, 4127, %r2;", disagree);
  expect_report(masks + "bar.warp.sync %r2; bar.warp.sync 0xffffffff;", disagree);
  // The first half has exited when the second one comes.
  expect_report(masks + "@!%p0 bra late; op: bar.warp.sync %r2; ret; late: bra op;", disagree);
  expect_silence(masks + "selp.b32 %r2, 0xffff, 0xffff0000, %p0; bar.warp.sync %r2; bar.warp.sync 0xffffffff;");
}

/// While some wait with a mask of all, the others may do operations of their own before they come, even at the same
/// instruction; and lanes that have exited may be named.
TEST(WarpErrors, MasksThatAgreeInTheEnd) {
  const std::string half = "and.b32 %r1, %i, 31; setp.lt.u32 %p0, %r1, 16;";
  expect_silence(half + "@!%p0 bra all; shfl.sync.bfly.b32 %r3, %i, 1, 31, 0xffff; all: bar.warp.sync 0xffffffff;");
  expect_silence(half + R"(
      selp.b32 %r2, 0xffff, 0xffffffff, %p0;
    again:
      bar.warp.sync %r2;
      mov.b32 %r3, %r2; mov.b32 %r2, 0xffffffff;
      setp.ne.u32 %p1, %r3, 0xffffffff;
      @%p1 bra again;)");
  expect_silence(half + "@!%p0 bra all; bar.warp.sync 0xffff; exit; all: bar.warp.sync 0xffffffff;");
  expect_silence(half + "bar.warp.sync 0xffffffff; @%p0 exit; bar.warp.sync 0xffffffff;");
  // Of 16 lanes 8 exit after the first time, and are named once more.
  expect_silence(half + R"(
      @!%p0 bra end;
      setp.lt.u32 %p1, %r1, 8;
      mov.u32 %r2, 0xffff;
    again:
      bar.warp.sync %r2;
      @%p1 exit;
      setp.eq.u32 %p2, %r2, 0xff0f;
      mov.u32 %r2, 0xff0f;
      @!%p2 bra again;
    end:)");
}

TEST(WarpErrors, LanesThatDoNotExist) {
  in_all_schedules([] {
    Program program(".visible .entry kernel()\n{\n.reg .b32 %r;\nshfl.sync.idx.b32 %r, 1, 0, 31, 0xffffffff;\nret;\n}");
    EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {40}}));
    const auto reports = take_reports();
    ASSERT_EQ(1u, reports.size());
    EXPECT_EQ(0u, reports[0].find("WARP: member mask names lanes that do not exist: ")) << reports[0];
  });
}

TEST(ClusterErrors, Barriers) {
  expect_report("barrier.cluster.wait;", "CLUSTER: barrier.cluster.wait without an arrive: ", 2, 2);
  expect_report("barrier.cluster.arrive; barrier.cluster.arrive; barrier.cluster.wait;",
                "CLUSTER: second barrier.cluster.arrive without a wait between: ", 2, 2);
  expect_report(
      "setp.eq.u32 %p0, %b, 0; @%p0 bra a; bar.sync 0; a: barrier.cluster.arrive; @%p0 exit; "
      "barrier.cluster.wait;",
      "CLUSTER: exit between barrier.cluster.arrive and wait: ", 2, 2);
}

TEST(ClusterErrors, Addresses) {
  expect_report("mapa.shared::cluster.u32 %r2, %cell, 2;", "CLUSTER: mapa to rank 2 outside the cluster: ", 2, 2);
  expect_report("add.u32 %r2, %cell, 0x600000; ld.shared::cluster.u32 %r3, [%r2];",
                "OUT OF BOUNDS shared::cluster rank 5: ", 2, 2);
  expect_report("mapa.u64 %d0, %data, 0;", "CLUSTER: mapa of an address outside shared memory: ", 2, 2);
  expect_report(
      "mov.u32 %r2, %cluster_ctarank; xor.b32 %r2, %r2, 1; mapa.shared::cluster.u32 %r3, %cell, %r2; "
      "ld.shared.u32 %r4, [%r3];",
      "shared::cta access with the address of another block: ", 2, 2);
  expect_report(
      "st.shared.u32 [%cell], 1; barrier.cluster.arrive; barrier.cluster.wait; setp.eq.u32 %p0, %b, 0; @%p0 "
      "exit; mapa.shared::cluster.u32 %r3, %cell, 0; mov.u32 %r5, 0; wait: add.u32 %r5, %r5, 1; "
      "nanosleep.u32 10; setp.lt.u32 %p1, %r5, 200; @%p1 bra wait; ld.shared::cluster.u32 %r4, [%r3];",
      "CLUSTER: access to the shared memory of a block that has exited: ", 2, 2);
}

TEST(AsyncErrors, MbarriersAndBulkCopies) {
  const std::string one = "setp.ne.u32 %p0, %i, 0; @%p0 bra end; mov.u32 %r2, others; ";
  expect_report(one + "mbarrier.arrive.shared.b64 %d0, [others]; end:", "MBARRIER: used before mbarrier.init: ");
  expect_report(one + "mbarrier.init.shared.b64 [others], 1; mbarrier.arrive.shared.b64 %d0, [others], 2; end:",
                "MBARRIER: more arrivals than it was initialised for: ");
  expect_report(one + "mbarrier.init.b64 [%data], 1; end:", "MBARRIER: not in shared memory: ");
  expect_report(one +
                    "mbarrier.init.shared.b64 [others], 1; cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
                    "bytes [cells], [%data], 64, [%r2]; end:",
                "BULK COPY: cp.async.bulk that nobody waited for: ");
  expect_report(one +
                    "mbarrier.init.shared.b64 [others], 1; cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::"
                    "bytes [cells], [%data], 20, [%r2]; end:",
                "MISALIGNED cp.async.bulk: ");
  expect_report(one +
                    "st.shared.u32 [cells], 1; cp.async.bulk.global.shared::cta.bulk_group [%data], [cells], 16; "
                    "cp.async.bulk.commit_group; end:",
                "BULK COPY: exit before the cp.async.bulk store was waited for: ");
}

}  // namespace
}  // namespace ptxsim::test
