/// Warp operations, in all schedules (PTX ISA 9.7.9.6, 9.7.13.7 ff.).
#include <algorithm>

#include "tests/unit/schedules.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;
using S32 = std::int32_t;
using U64 = std::uint64_t;

/// The pseudocode of PTX ISA 9.7.9.6: the source lane, and whether it is in the segment.
std::pair<int, bool> shuffle_source(const std::string& mode, int lane, U32 b, U32 c) {
  const int bval = b & 31, cval = c & 31, mask = c >> 8 & 31;
  const int max_lane = (lane & mask) | (cval & ~mask), min_lane = lane & mask;
  int j = 0;
  bool p = false;
  if (mode == "up") {
    j = lane - bval;
    p = j >= max_lane;
  } else if (mode == "down") {
    j = lane + bval;
    p = j <= max_lane;
  } else if (mode == "bfly") {
    j = lane ^ bval;
    p = j <= max_lane;
  } else {
    j = min_lane | (bval & ~mask);
    p = j <= max_lane;
  }
  return {p ? j : lane, p};
}

TEST(Warp, Shuffle) {
  for (const std::string mode : {"up", "down", "bfly", "idx"}) {
    // Segments of 32, 16 and 8 lanes; `up` clamps at the segment's beginning.
    for (const U32 segment_mask : {0u, 16u, 24u}) {
      const U32 c = segment_mask << 8 | (mode == "up" ? 0 : 31);
      Sets<U32, U32> sets;
      for (const U32 b : {0u, 1u, 3u, 8u, 15u, 31u, 32u, 33u}) {
        for (U32 lane = 0; lane < 32; ++lane) sets.add(1000 + lane, b);
      }
      U32 row = 0;
      check_pair("shfl.sync." + mode + ".b32 $d|$p, $a, $b, " + std::to_string(c) + ", 0xffffffff;", sets,
                 [&](U32 a, U32 b) {
                   const auto [source, p] = shuffle_source(mode, static_cast<int>(a - 1000), b, c);
                   ++row;
                   return std::make_pair(static_cast<U32>(1000 + source), p);
                 });
    }
  }
}

TEST(Warp, ShuffleWithFewerLanes) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      mov.u32 %r0, %laneid;
      setp.ge.u32 %p0, %r0, 12;
      mov.u32 %r1, 0;
      @%p0 bra rest;
      xor.b32 %r2, %r0, 5;
      shfl.sync.idx.b32 %r1, %i, 11, 31, 0xfff;
    rest:
      st.global.u32 [%out], %r1;)");
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(k % 32 < 12 ? k / 32 * 32 + 11 : 0, values[k]);
  });
}

/// Lanes of one operation may come from different instructions of the same kind.
TEST(Warp, DivergedLanesMeet) {
  in_all_schedules([] {
    const auto values = run_block<U32>(32, R"(
      and.b32 %r0, %i, 1; setp.ne.u32 %p0, %r0, 0;
      @%p0 bra odd;
      add.u32 %r1, %i, 100; shfl.sync.bfly.b32 %r2, %r1, 1, 31, 0xffffffff; bra end;
    odd:
      add.u32 %r1, %i, 200; shfl.sync.bfly.b32 %r2, %r1, 1, 31, 0xffffffff;
    end:
      st.global.u32 [%out], %r2;)");
    for (U32 k = 0; k < 32; ++k) ASSERT_EQ((k ^ 1) + (k % 2 == 0 ? 200 : 100), values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

TEST(Warp, Votes) {
  in_all_schedules([] {
    const auto values = run_block<U32>(40, R"(
      setp.lt.u32 %p0, %i, 5; setp.lt.u32 %p1, %i, 100; setp.gt.u32 %p2, %i, 100;
      mov.u32 %r9, 0xffffffff; setp.ge.u32 %p9, %i, 32; selp.b32 %r9, 0xff, %r9, %p9;
      vote.sync.ballot.b32 %r0, %p0, %r9;
      vote.sync.ballot.b32 %r1, !%p0, %r9; xor.b32 %r1, %r1, %r9; xor.b32 %r0, %r0, %r1;
      vote.sync.all.pred %p3, %p0, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 4; or.b32 %r0, %r0, %r1;
      vote.sync.all.pred %p3, %p1, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 5; or.b32 %r0, %r0, %r1;
      vote.sync.any.pred %p3, %p0, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 6; or.b32 %r0, %r0, %r1;
      vote.sync.any.pred %p3, %p2, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 7; or.b32 %r0, %r0, %r1;
      vote.sync.uni.pred %p3, %p0, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 8; or.b32 %r0, %r0, %r1;
      vote.sync.uni.pred %p3, %p2, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 9; or.b32 %r0, %r0, %r1;
      vote.sync.all.pred %p3, !%p2, %r9; selp.b32 %r1, 1, 0, %p3; shl.b32 %r1, %r1, 10; or.b32 %r0, %r0, %r1;
      vote.sync.ballot.b32 %r1, %p0, %r9; shl.b32 %r1, %r1, 16; or.b32 %r0, %r0, %r1;
      st.global.u32 [%out], %r0;)");
    // In the first warp lanes 0 to 4 vote for, in the second, of eight lanes, none.
    constexpr U32 kAll = 1 << 5, kAnyFirst = 1 << 6, kUniFirst = 1 << 8, kUniNone = 1 << 9, kNegated = 1 << 10;
    for (U32 k = 0; k < 32; ++k) ASSERT_EQ(0x1fu << 16 | kAll | kAnyFirst | kUniNone | kNegated, values[k]);
    for (U32 k = 32; k < 40; ++k) ASSERT_EQ(kAll | kUniFirst | kUniNone | kNegated, values[k]);
  });
}

TEST(Warp, Match) {
  in_all_schedules([] {
    const auto values = run_block<U64>(32, R"(
      and.b32 %r0, %i, 3;
      match.any.sync.b32 %r1, %r0, 0xffffffff;
      cvt.u64.u32 %d0, %r0; shl.b64 %d0, %d0, 40;
      match.any.sync.b64 %r2, %d0, 0xffffffff;
      setp.ne.u32 %p0, %r1, %r2; @%p0 trap;
      match.all.sync.b32 %r3|%p1, %r0, 0xffffffff;
      selp.b32 %r3, 0xbad, %r3, %p1;
      match.all.sync.b64 %r4|%p2, 77, 0xffffffff;
      selp.b32 %r4, %r4, 0xbad, %p2;
      add.u32 %r3, %r3, %r4;
      mov.b64 %d1, {%r1, %r3};
      st.global.u64 [%out], %d1;)");
    for (U32 k = 0; k < 32; ++k) ASSERT_EQ(0xffffffffull << 32 | 0x11111111u << (k % 4), values[k]);
  });
}

template <class T, class F> void check_redux(const std::string& opcode, F combine) {
  std::mt19937_64 random(kSeed);
  Sets<T, U32> sets;
  std::vector<T> results;
  for (int group = 0; group < 20; ++group) {
    T result = 0;
    for (U32 lane = 0; lane < 32; ++lane) {
      const T value = random_value<T>(random);
      result = lane == 0 ? value : combine(result, value);
      sets.add(value, static_cast<U32>(group));
    }
    results.push_back(result);
  }
  check("redux.sync." + opcode + " $d, $a, 0xffffffff;", sets, [&](T, U32 group) { return results[group]; });
}

TEST(Warp, Redux) {
  const OptionScope scope;
  check_redux<U32>("add.u32", [](U32 a, U32 b) { return a + b; });
  check_redux<U32>("add.s32", [](U32 a, U32 b) { return a + b; });
  check_redux<U32>("min.u32", [](U32 a, U32 b) { return std::min(a, b); });
  check_redux<U32>("max.u32", [](U32 a, U32 b) { return std::max(a, b); });
  check_redux<S32>("min.s32", [](S32 a, S32 b) { return std::min(a, b); });
  check_redux<S32>("max.s32", [](S32 a, S32 b) { return std::max(a, b); });
  check_redux<U32>("and.b32", [](U32 a, U32 b) { return a & b; });
  check_redux<U32>("or.b32", [](U32 a, U32 b) { return a | b; });
  check_redux<U32>("xor.b32", [](U32 a, U32 b) { return a ^ b; });
}

TEST(Warp, Elect) {
  const auto values = run_block<U32>(64, R"(
      elect.sync %r0|%p0, 0xffffffff;
      selp.b32 %r1, 100, 0, %p0; add.u32 %r0, %r0, %r1;
      st.global.u32 [%out], %r0;)");
  for (U32 warp = 0; warp < 2; ++warp) {
    const U32 leader = values[warp * 32] % 100;
    for (U32 lane = 0; lane < 32; ++lane) EXPECT_EQ(leader + (lane == leader ? 100 : 0), values[warp * 32 + lane]);
  }
}

TEST(Warp, ActiveMask) {
  const OptionScope scope;
  options().lockstep = 1;
  const auto values = run_block<U32>(40, R"(
      and.b32 %r0, %i, 1; setp.ne.u32 %p0, %r0, 0;
      mov.u32 %r1, 0;
      @%p0 activemask.b32 %r1;
      st.global.u32 [%out], %r1;)");
  EXPECT_EQ(0xaaaaaaaau, values[1]);
  EXPECT_EQ(0x000000aau, values[33]);
  EXPECT_EQ(0u, values[2]);
}

/// __syncwarp orders shared memory inside the warp: no race, and lanes see each other's values.
TEST(Warp, SyncWarpOrders) {
  in_all_schedules([] {
    const auto values = run_block<U32>(64, R"(
      shl.b32 %r0, %i, 2; mov.u32 %r1, cells; add.u32 %r0, %r0, %r1;
      st.shared.u32 [%r0], %i;
      bar.warp.sync 0xffffffff;
      xor.b32 %r2, %i, 1; shl.b32 %r2, %r2, 2; add.u32 %r2, %r2, %r1;
      ld.shared.u32 %r3, [%r2];
      st.global.u32 [%out], %r3;)",
                                       ".shared .align 4 .b8 cells[256];");
    for (U32 k = 0; k < 64; ++k) ASSERT_EQ(k ^ 1, values[k]);
    ASSERT_EQ(std::vector<std::string>(), take_reports());
  });
}

}  // namespace
}  // namespace ptxsim::test
