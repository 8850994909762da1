/// cp.async, mbarriers, bulk copies, st.async (PTX ISA 9.7.9.25, 9.7.13.15): that waiting is enough, and needed.
#include "tests/unit/schedules.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

std::vector<U32> counted(std::size_t size) {
  std::vector<U32> values(size);
  for (std::size_t k = 0; k < size; ++k) values[k] = static_cast<U32>(1000 + k);
  return values;
}

/// A kernel with an input and an output array; %i is the thread, %in and %out its elements, %first the input's first.
std::vector<U32> transformed(const std::string& body, const std::string& declarations, unsigned threads,
                             Dimensions grid = {}, Dimensions cluster = {}) {
  Program program(R"(
    .visible .entry kernel(.param .u64 input, .param .u64 output)
    {
      .reg .pred %p<10>; .reg .b32 %r<20>; .reg .b64 %d<20>; .reg .b32 %i; .reg .b64 %in, %out, %first;
      )" + declarations +
                  R"(
      mov.u32 %i, %ctaid.x; mov.u32 %r0, %ntid.x; mov.u32 %r1, %tid.x; mad.lo.u32 %i, %i, %r0, %r1;
      ld.param.u64 %first, [input]; mad.wide.u32 %in, %i, 4, %first;
      ld.param.u64 %out, [output]; mad.wide.u32 %out, %i, 4, %out;
      mov.u32 %i, %tid.x;
      )" + body + "ret;\n}");
  const std::size_t size = threads * grid.count();
  const DeviceArray<U32> input(counted(size)), output(size);
  EXPECT_EQ(Fault::none, program.launch("kernel", {grid, {threads}, cluster, 0}, input.address(), output.address()));
  return output.values();
}

constexpr const char* kCells =
    ".shared .align 128 .b8 cells[1024]; .shared .align 8 .b64 bar; .shared .align 8 .b64 bar2;";
const std::string kOwnCell = "mov.u32 %r10, cells; shl.b32 %r11, %i, 2; add.u32 %r11, %r11, %r10;\n";

TEST(AsyncCopy, GroupsAreWaitedFor) {
  in_all_schedules([] {
    const auto values = transformed(kOwnCell + R"(
      add.u32 %r12, %r11, 256;
      cp.async.ca.shared.global [%r11], [%in], 4;
      cp.async.commit_group;
      cp.async.ca.shared.global [%r12], [%first], 4;
      cp.async.commit_group;
      cp.async.wait_group 1;
      bar.sync 0;
      xor.b32 %r13, %i, 1; shl.b32 %r13, %r13, 2; add.u32 %r13, %r13, %r10;
      ld.shared.u32 %r14, [%r13];
      cp.async.wait_all;
      ld.shared.u32 %r15, [%r12];
      add.u32 %r14, %r14, %r15;
      st.global.u32 [%out], %r14;)",
                                    kCells, 64);
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(1000 + (k ^ 1) + 1000, values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

TEST(AsyncCopy, SizesAndZeroFill) {
  const auto values = transformed(R"(
      mov.u32 %r10, cells;
      cp.async.cg.shared.global [%r10], [%first], 16;
      cp.async.ca.shared.global.L2::128B [%r10+16], [%first], 8, 4;
      cp.async.ca.shared.global [%r10+24], [%first+4], 4, 0;
      cp.async.wait_all;
      shl.b32 %r11, %i, 2; add.u32 %r11, %r11, %r10;
      bar.sync 0;
      ld.shared.u32 %r12, [%r11]; st.global.u32 [%out], %r12;)",
                                  kCells, 7);
  EXPECT_EQ((std::vector<U32>{1000, 1001, 1002, 1003, 1000, 0, 0}), values);
  take_reports();  // seven threads write the same words
}

/// A copy may happen at once, whatever is between its issue and the wait.
TEST(AsyncCopy, RacesFromItsIssueOn) {
  const std::string other = "xor.b32 %r13, %i, 1; shl.b32 %r13, %r13, 2; add.u32 %r13, %r13, %r10;";
  const std::string read = other + "ld.shared.u32 %r14, [%r13]; st.global.u32 [%out], %r14;";
  const std::string late = "bar.sync 0; cp.async.wait_all;";
  const std::string over_what_is_read = "cp.async.ca.shared.global [%r11], [%in], 4;";
  const std::string from_what_is_written =
      "st.global.u32 [%out], %i; mul.wide.u32 %d9, %i, 4; sub.u64 %d8, %out, %d9; xor.b32 %r15, %i, 1; "
      "mul.wide.u32 %d9, %r15, 4; add.u64 %d8, %d8, %d9;";
  const std::string copy = "cp.async.ca.shared.global [%r11], [%d8], 4;";
  const std::string begin = kOwnCell + "st.shared.u32 [%r11], %i; bar.sync 0;";
  const auto reports = [](const std::string& body) {
    transformed(body, kCells, 64);
    return take_reports();
  };
  in_all_schedules([&] {
    ASSERT_FALSE(reports(begin + read + over_what_is_read + late).empty());
    ASSERT_TRUE(reports(begin + read + "bar.sync 0;" + over_what_is_read + late).empty());
    ASSERT_FALSE(reports(begin + from_what_is_written + copy + late).empty());
    ASSERT_TRUE(reports(begin + from_what_is_written + "bar.sync 0;" + copy + late).empty());
    ASSERT_FALSE(reports(begin + over_what_is_read + read + late).empty());  // read while it is under way
  });
}

/// Not waited for, the copy is not there yet.
TEST(AsyncCopy, ForgottenWaitReadsOldData) {
  const auto values = transformed(kOwnCell + R"(
      st.shared.u32 [%r11], 5;
      cp.async.ca.shared.global [%r11], [%in], 4;
      cp.async.commit_group;
      cp.async.wait_group 1;
      ld.shared.u32 %r12, [%r11]; st.global.u32 [%out], %r12;)",
                                  kCells, 4);
  EXPECT_EQ((std::vector<U32>{5, 5, 5, 5}), values);
}

/// The states of an mbarrier of two arrivals, step by step, in one thread.
TEST(Mbarrier, Phases) {
  const auto values = run_block<U64>(1, R"(
      mbarrier.init.shared::cta.b64 [bar], 2;
      mbarrier.arrive.shared::cta.b64 %d0, [bar];
      mbarrier.pending_count.b64 %r0, %d0;                                     // 2
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d0; selp.b32 %r1, 1, 0, %p0;   // 0
      mbarrier.test_wait.parity.shared::cta.b64 %p0, [bar], 0; selp.b32 %r2, 1, 0, %p0;  // 0
      mbarrier.test_wait.parity.shared::cta.b64 %p0, [bar], 1; selp.b32 %r3, 1, 0, %p0;  // 1: the phase before
      mbarrier.arrive.shared::cta.b64 %d1, [bar];
      mbarrier.pending_count.b64 %r4, %d1;                                     // 1
      mbarrier.try_wait.shared::cta.b64 %p0, [bar], %d0; selp.b32 %r5, 1, 0, %p0;    // 1
      mbarrier.try_wait.parity.shared::cta.b64 %p0, [bar], 0, 1000; selp.b32 %r6, 1, 0, %p0; // 1
      mbarrier.test_wait.parity.shared::cta.b64 %p0, [bar], 1; selp.b32 %r7, 1, 0, %p0;  // 0
      mbarrier.arrive.release.cta.shared::cta.b64 %d2, [bar], 2;
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d2; selp.b32 %r8, 1, 0, %p0;   // 1
      mbarrier.arrive.shared::cta.b64 _, [bar];
      mbarrier.arrive_drop.shared::cta.b64 %d3, [bar];      // completes; from now on one arrival is expected
      mbarrier.arrive.shared::cta.b64 %d4, [bar];
      mbarrier.pending_count.b64 %r9, %d4;                                     // 1
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d4; selp.b32 %r10, 1, 0, %p0;  // 1
      mbarrier.arrive.expect_tx.shared::cta.b64 %d5, [bar], 8;
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d5; selp.b32 %r11, 1, 0, %p0;  // 0
      mbarrier.expect_tx.relaxed.cta.shared::cta.b64 [bar], 4;
      mbarrier.complete_tx.relaxed.cta.shared::cta.b64 [bar], 8;
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d5; selp.b32 %r12, 1, 0, %p0;  // 0
      mbarrier.complete_tx.shared::cta.b64 [bar], 4;
      mbarrier.test_wait.shared::cta.b64 %p0, [bar], %d5; selp.b32 %r13, 1, 0, %p0;  // 1
      mbarrier.inval.shared::cta.b64 [bar];
      mul.wide.u32 %d0, %r0, 10;
      cvt.u64.u32 %d1, %r1; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r2; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r3; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r4; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r5; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r6; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r7; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r8; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r9; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r10; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r11; add.u64 %d0, %d0, %d1; mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r12; add.u64 %d0, %d0, %d1;
      mul.lo.u64 %d0, %d0, 10; cvt.u64.u32 %d1, %r13; add.u64 %d0, %d0, %d1;
      st.global.u64 [%out], %d0;)",
                                     ".shared .align 8 .b64 bar;");
  EXPECT_EQ(20011'11011'1001u, values[0]);
  EXPECT_EQ(std::vector<std::string>(), take_reports());
}

TEST(Mbarrier, OrdersLikeABarrier) {
  in_all_schedules([] {
    const auto values = transformed(kOwnCell + R"(
      setp.ne.u32 %p0, %i, 0;
      @%p0 bra wait_for_init;
      mbarrier.init.shared.b64 [bar], 64;
    wait_for_init:
      bar.sync 0;
      ld.global.u32 %r12, [%in]; st.shared.u32 [%r11], %r12;
      mbarrier.arrive.shared.b64 %d0, [bar];
    again:
      mbarrier.try_wait.shared.b64 %p1, [bar], %d0;
      @!%p1 bra again;
      sub.u32 %r13, 63, %i; shl.b32 %r13, %r13, 2; add.u32 %r13, %r13, %r10;
      ld.shared.u32 %r14, [%r13]; st.global.u32 [%out], %r14;)",
                                    kCells, 64);
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(1063 - k, values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// cp.async.mbarrier.arrive.noinc counts as the thread's arrival when its copies are done.
TEST(Mbarrier, AsyncCopiesArrive) {
  in_all_schedules([] {
    const auto values = transformed(kOwnCell + R"(
      setp.ne.u32 %p0, %i, 0;
      @!%p0 mbarrier.init.shared.b64 [bar], 64;
      bar.sync 0;
      cp.async.ca.shared.global [%r11], [%in], 4;
      cp.async.mbarrier.arrive.noinc.shared.b64 [bar];
    again:
      mbarrier.test_wait.parity.shared.b64 %p1, [bar], 0;
      @!%p1 bra again;
      xor.b32 %r13, %i, 63; shl.b32 %r13, %r13, 2; add.u32 %r13, %r13, %r10;
      ld.shared.u32 %r14, [%r13]; st.global.u32 [%out], %r14;)",
                                    kCells, 64);
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(1000 + (k ^ 63), values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// In by a bulk load that an mbarrier counts, out by a bulk store that its group waits for.
TEST(BulkCopy, InAndOut) {
  in_all_schedules([] {
    const auto values = transformed(kOwnCell + R"(
      ld.param.u64 %d5, [output];
      setp.ne.u32 %p0, %i, 0;
      @%p0 bra start;
      mbarrier.init.shared::cta.b64 [bar], 1;
      mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 256;
      cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r10], [%first], 256, [bar];
    start:
      bar.sync 0;
    again:
      mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0;
      @!%p1 bra again;
      ld.shared.u32 %r12, [%r11]; add.u32 %r12, %r12, 5; st.shared.u32 [%r11], %r12;
      fence.proxy.async.shared::cta;
      bar.sync 0;
      @%p0 bra end;
      cp.async.bulk.global.shared::cta.bulk_group [%d5], [%r10], 256;
      cp.async.bulk.commit_group;
      cp.async.bulk.wait_group.read 0;
    end:)",
                                    kCells, 64);
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(1005 + k, values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

/// Two blocks: a multicast load into both, then each sends words to the other with st.async and copies 16 bytes over.
TEST(BulkCopy, ClusterCopies) {
  in_all_schedules([] {
    const auto values = transformed(kOwnCell + R"(
      mov.u32 %r1, %cluster_ctarank; xor.b32 %r2, %r1, 1;
      setp.ne.u32 %p0, %i, 0; setp.ne.u32 %p3, %r1, 0; or.pred %p4, %p0, %p3;
      @%p0 bra initialised;
      mbarrier.init.shared::cta.b64 [bar], 1;
      mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar], 32;
      mbarrier.init.shared::cta.b64 [bar2], 1;
      mbarrier.arrive.expect_tx.shared::cta.b64 _, [bar2], 48;
    initialised:
      barrier.cluster.arrive; barrier.cluster.wait;
      mov.u32 %r5, bar; mov.u32 %r6, bar2;
      @%p4 bra loaded;
      cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%r10], [%first], 32, [%r5], 3;
    loaded:
    again: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar], 0; @!%p1 bra again;
      ld.shared.u32 %r12, [%r11];
      add.u32 %r13, %r11, 128; mapa.shared::cluster.u32 %r13, %r13, %r2; mapa.shared::cluster.u32 %r14, %r6, %r2;
      mad.lo.u32 %r15, %r1, 100, %i;
      st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.u32 [%r13], %r15, [%r14];
      @%p0 bra sent;
      add.u32 %r16, %r10, 256; mapa.shared::cluster.u32 %r16, %r16, %r2;
      cp.async.bulk.shared::cluster.shared::cta.mbarrier::complete_tx::bytes [%r16], [%r10], 16, [%r14];
    sent:
    again2: mbarrier.try_wait.parity.shared::cta.b64 %p1, [bar2], 0; @!%p1 bra again2;
      ld.shared.u32 %r17, [%r11+128]; mad.lo.u32 %r12, %r17, 10000, %r12;
      and.b32 %r18, %r11, 0xfffffff3; ld.shared.u32 %r18, [%r10+264]; mad.lo.u32 %r12, %r18, 100000000, %r12;
      barrier.cluster.arrive; barrier.cluster.wait;
      st.global.u32 [%out], %r12;)",
                                    kCells, 8, {2}, {2});
    for (U32 k = 0; k < 16; ++k) {
      const U32 other = k / 8 ^ 1, i = k % 8;
      ASSERT_EQ(1000 + i + (other * 100 + i) * 10000u + 1002 * 100000000u, values[k]) << k;
    }
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

}  // namespace
}  // namespace ptxsim::test
