/// The counters of small PTX kernels whose numbers can be worked out by hand.
#include <cstdio>
#include <fstream>
#include <sstream>

#include "counters/banks.hpp"
#include "tests/unit/machine.hpp"

namespace ptxsim::test {
namespace {

/// The number at a path such as "global.load.sectors" in the JSON text of a launch.
double number_at(const std::string& json, const std::string& path) {
  std::size_t at = 0;
  std::istringstream keys(path);
  for (std::string key; std::getline(keys, key, '.');) {
    const std::string quoted = "\"" + key + "\": " + (keys.eof() ? "" : "{");
    at = json.find(quoted, at);
    if (at == std::string::npos) return -1;
    at += quoted.size();
  }
  return std::strtod(json.c_str() + at, nullptr);
}

/// Runs the body in each thread of the grid and returns the launch's counters; %data points to 64 KiB of zeros, which
/// begin at the beginning of a sector.
std::string counters_of(const std::string& body, unsigned blocks = 1, unsigned threads = 32,
                        unsigned host_threads = 1) {
  const OptionScope scope;
  const std::string file = testing::TempDir() + "ptxsim_counters_test.jsonl";
  std::remove(file.c_str());
  options().counters = file;
  options().check = false;
  options().threads = host_threads;
  Program program(R"(
    .shared .align 128 .b8 cells[32768];
    .visible .entry kernel(.param .u64 array)
    {
      .reg .pred %p<10>; .reg .b32 %r<20>; .reg .b64 %d<10>; .reg .f32 %f<10>; .reg .b32 %i, %b, %n; .reg .b64 %data;
      mov.u32 %i, %tid.x; mov.u32 %b, %ctaid.x; mov.u32 %n, %ntid.x; mad.lo.u32 %i, %b, %n, %i;
      ld.param.u64 %data, [array];
      )" + body + R"(
      ret;
    })");
  const DeviceArray<std::uint32_t> data(16384);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{blocks}, {threads}}, data.address()));
  std::ifstream in(file);
  std::string json;
  std::getline(in, json);
  return json;
}

void expect(const std::string& json, std::initializer_list<std::pair<const char*, double>> expected) {
  for (const auto& [path, value] : expected) EXPECT_EQ(value, number_at(json, path)) << path << "\n" << json;
}

TEST(Counters, CoalescedLoad) {
  // Each of the 4 warps of each of 2 blocks asks for 128 bytes: 4 sectors, one line.
  expect(counters_of("mad.wide.u32 %d0, %i, 4, %data; ld.global.u32 %r1, [%d0];", 2, 128),
         {{"global.load.requests", 8},
          {"global.load.lanes", 256},
          {"global.load.bytes", 1024},
          {"global.load.sectors", 32},
          {"global.load.lines128", 8},
          {"global.load.bytes_in_16byte_accesses", 0},
          {"global.distinct_read_sectors", 32},
          {"global.per_block_distinct_read_sectors", 32},
          {"global.store.requests", 0},
          {"global.distinct_write_sectors", 0}});
}

TEST(Counters, StrideOfTwo) {
  expect(counters_of("mad.wide.u32 %d0, %i, 8, %data; ld.global.u32 %r1, [%d0];"), {{"global.load.requests", 1},
                                                                                    {"global.load.bytes", 128},
                                                                                    {"global.load.sectors", 8},
                                                                                    {"global.load.lines128", 2}});
}

TEST(Counters, MisalignedByFour) {
  // 32 words from word 1 on: sectors 0 to 4, lines 0 and 1.
  expect(counters_of("mad.wide.u32 %d0, %i, 4, %data; ld.global.u32 %r1, [%d0+4]; st.global.u32 [%d0+4], %r1;"),
         {{"global.load.sectors", 5},
          {"global.load.lines128", 2},
          {"global.store.sectors", 5},
          {"global.store.requests", 1},
          {"global.distinct_read_sectors", 5},
          {"global.distinct_write_sectors", 5}});
}

TEST(Counters, Column) {
  expect(counters_of("mad.wide.u32 %d0, %i, 1024, %data; ld.global.u32 %r1, [%d0];"),
         {{"global.load.sectors", 32}, {"global.load.lines128", 32}, {"global.load.bytes", 128}});
}

TEST(Counters, WideAccesses) {
  expect(
      counters_of(
          "mad.wide.u32 %d0, %i, 16, %data; ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%d0]; ld.global.u32 %r1, [%d0];"),
      {{"global.load.requests", 2},
       {"global.load.bytes", 512 + 128},
       {"global.load.bytes_in_16byte_accesses", 512},
       {"global.load.sectors", 16 + 16},
       {"global.distinct_read_sectors", 16}});
}

TEST(Counters, RereadAndBroadcast) {
  // All threads of 3 blocks read one word: a sector in each request, one different one.
  expect(counters_of("ld.global.u32 %r1, [%data];", 3, 64), {{"global.load.requests", 6},
                                                             {"global.load.sectors", 6},
                                                             {"global.distinct_read_sectors", 1},
                                                             {"global.per_block_distinct_read_sectors", 3}});
}

TEST(Counters, DisorderedAddresses) {
  // Lanes in reverse order ask for the same four sectors.
  expect(counters_of("sub.u32 %r1, 31, %i; mad.wide.u32 %d0, %r1, 4, %data; ld.global.u32 %r1, [%d0];"),
         {{"global.load.sectors", 4}, {"global.load.lines128", 1}});
}

TEST(Counters, InterleavedAddresses) {
  // Even and odd lanes alternate between two lines of which they use two sectors each.
  expect(counters_of("and.b32 %r1, %i, 1; shr.u32 %r2, %i, 1; mad.lo.u32 %r1, %r1, 256, %r2; mad.wide.u32 %d0, %r1, 4, "
                     "%data; ld.global.u32 %r1, [%d0];"),
         {{"global.load.sectors", 4}, {"global.load.lines128", 2}});
}

TEST(Counters, Stores) {
  expect(counters_of("mad.wide.u32 %d0, %i, 4, %data; st.global.u32 [%d0], %i;", 2, 64),
         {{"global.store.requests", 4},
          {"global.store.sectors", 16},
          {"global.distinct_write_sectors", 16},
          {"global.per_block_distinct_write_sectors", 16},
          {"global.distinct_read_sectors", 0}});
}

TEST(Counters, BankConflicts) {
  struct Case {
    unsigned stride, wavefronts;
  };
  for (const Case& each : {Case{4, 1}, Case{8, 2}, Case{16, 4}, Case{128, 32}, Case{132, 1}, Case{0, 1}}) {
    const std::string address =
        "mul.lo.u32 %r1, %i, " + std::to_string(each.stride) + "; mov.u32 %r2, cells; add.u32 %r1, %r1, %r2;";
    expect(counters_of(address + "st.shared.u32 [%r1], %i; ld.shared.u32 %r3, [%r1];"),
           {{"shared.load.requests", 1},
            {"shared.load.wavefronts", each.wavefronts},
            {"shared.load.ideal_wavefronts", 1},
            {"shared.load.extra_wavefronts", each.wavefronts - 1},
            {"shared.load.max_degree", each.wavefronts},
            {"shared.store.wavefronts", each.wavefronts},
            {"shared.store.bytes", 128}});
  }
}

TEST(Counters, BankConflictsOfWideAccesses) {
  const std::string address = "mov.u32 %r2, cells; ";
  // 8 bytes: half-warps; 16 bytes: quarter-warps, which fill the 32 banks.
  expect(counters_of(address + "mad.lo.u32 %r1, %i, 8, %r2; st.shared.u64 [%r1], 1;"),
         {{"shared.store.wavefronts", 2}, {"shared.store.ideal_wavefronts", 2}});
  expect(counters_of(address + "mad.lo.u32 %r1, %i, 16, %r2; st.shared.v4.u32 [%r1], {1, 2, 3, 4};"),
         {{"shared.store.wavefronts", 4}, {"shared.store.ideal_wavefronts", 4}, {"shared.store.max_degree", 1}});
  expect(counters_of(address + "mad.lo.u32 %r1, %i, 32, %r2; st.shared.v4.u32 [%r1], {1, 2, 3, 4};"),
         {{"shared.store.wavefronts", 8}, {"shared.store.ideal_wavefronts", 4}, {"shared.store.max_degree", 2}});
}

TEST(Counters, BankFunction) {
  std::array<std::uint64_t, kWarpSize> offsets{};
  for (unsigned lane = 0; lane < kWarpSize; ++lane) offsets[lane] = lane * 4;
  offsets[5] = 128;  // bank 0, another word
  offsets[6] = 128;  // the same word: shared
  const Wavefronts wavefronts = bank_wavefronts(offsets, kAllLanes, 4);
  EXPECT_EQ(2u, wavefronts.needed);
  EXPECT_EQ(1u, wavefronts.ideal);
}

TEST(Counters, SharedAtomics) {
  const std::string add =
      "mov.u32 %r2, cells; shl.b32 %r1, %r1, 2; add.u32 %r1, %r1, %r2; red.shared.add.u32 [%r1], 1;";
  expect(counters_of("and.b32 %r1, %i, 3;" + add),  // 8 lanes on each of four words
         {{"shared.atomic.requests", 1},
          {"shared.atomic.lanes", 32},
          {"shared.atomic.wavefronts", 1},
          {"shared.atomic_same_address_sum", 8},
          {"shared.atomic_same_address_max", 8},
          {"shared.atomic_bank_passes", 8}});
  expect(counters_of("mov.u32 %r1, %i;" + add),
         {{"shared.atomic_same_address_sum", 1}, {"shared.atomic_bank_passes", 1}});
  expect(counters_of("and.b32 %r1, %i, 1; shl.b32 %r1, %r1, 5;" + add),  // two words of one bank
         {{"shared.atomic.wavefronts", 2}, {"shared.atomic_same_address_sum", 16}, {"shared.atomic_bank_passes", 32}});
  expect(counters_of("mov.u32 %r2, cells; red.shared.add.f32 [%r2], 0f3F800000;"), {{"shared.atomic_float_lanes", 32}});
}

TEST(Counters, GlobalAtomics) {
  // 4 warps, each with 8 lanes on each of four words: a sector and 8 passes each; 4 requests reach every word.
  expect(counters_of("and.b32 %r1, %i, 3; mad.wide.u32 %d0, %r1, 4, %data; red.global.add.u32 [%d0], 1;", 2, 64),
         {{"global.atomic.requests", 4},
          {"global.atomic.lanes", 128},
          {"global.atomic.sectors", 4},
          {"global.atomic_same_address_in_warp", 32},
          {"global.atomic_max_per_address", 4},
          {"global.atomic_distinct_addresses", 4},
          {"global.distinct_read_sectors", 1},
          {"global.distinct_write_sectors", 1}});
}

TEST(Counters, InstructionsAndPipes) {
  const std::string json = counters_of(
      "mov.f32 %f0, 0f3F800000; fma.rn.f32 %f1, %f0, %f0, %f0; add.f32 %f1, %f1, %f0; mul.ftz.f32 %f1, %f1, %f0;"
      "ex2.approx.ftz.f32 %f2, %f1; lg2.approx.f32 %f2, %f2; rcp.rn.f32 %f2, %f2; div.full.f32 %f2, %f2, %f1;"
      "setp.lt.f32 %p0, %f0, %f2; add.u64 %d0, %data, 8; shfl.sync.idx.b32 %r1, %i, 0, 31, 0xffffffff; bar.sync 0;",
      1, 64);
  // Two warps. The frame adds three special registers, mad, ld.param and ret.
  expect(json, {{"lanes.fp32", 3 * 64},
                {"warp.fp32", 3 * 2},
                {"lanes.mufu", 4 * 64},
                {"mufu_ops.ex2_approx_ftz", 64},
                {"mufu_ops.lg2_approx", 64},
                {"mufu_ops.rcp_rn", 64},
                {"mufu_ops.div_full", 64},
                {"warp.setp_sel", 2},
                {"lanes.int", 2 * 64},
                {"warp.shfl", 2},
                {"warp.barrier", 2},
                {"block_barriers", 1},
                {"simd_eff", 1},
                {"warp_instr", 2 * (12 + 6)},
                {"thread_instr", 64 * (12 + 6)},
                {"divergent_warp_instr", 0},
                {"warps", 2},
                {"threads", 64},
                {"blocks", 1}});
  // fp32: 3 plain, 2 for lg2 around subnormal numbers, 2 for rcp, 4 for div.full.
  expect(json, {{"sass_est.fp32", 64 * (3 + 2 + 2 + 4)}, {"sass_est.mufu", 64 * 4}});
}

TEST(Counters, DivergenceAndPredication) {
  const std::string json = counters_of(
      "setp.lt.u32 %p0, %i, 8; @%p0 add.f32 %f0, %f0, %f0; @%p0 bra a; mul.f32 %f0, %f0, %f0; a: "
      "sub.f32 %f0, %f0, %f0;");
  // add: issued once for 8 lanes; mul: by 24 lanes; sub: together again.
  expect(json, {{"warp.fp32", 3}, {"lanes.fp32", 8 + 24 + 32}, {"divergent_warp_instr", 1}});
}

/// Nested loops with different trip counts: each lane's loads are grouped with those of the same iteration.
TEST(Counters, LoopsReconverge) {
  const std::string json = counters_of(R"(
      mov.u32 %r1, 0;
    loop:
      mad.lo.u32 %r2, %r1, 32, %i; mad.wide.u32 %d0, %r2, 4, %data; ld.global.u32 %r3, [%d0];
      add.u32 %r1, %r1, 1; setp.le.u32 %p0, %r1, %i; @%p0 bra loop;)");
  // Iteration k is done by lanes k to 31: 32 - k lanes, in 4 - k/8 sectors.
  expect(json,
         {{"global.load.requests", 32}, {"global.load.lanes", 33 * 16}, {"global.load.sectors", 8 * (4 + 3 + 2 + 1)}});
}

TEST(Counters, LocalConstantAndBulk) {
  expect(counters_of(".local .align 4 .b8 stack[8]; st.local.u32 [stack], %i; ld.local.u32 %r1, [stack];"),
         {{"local.requests", 2}, {"local.bytes", 256}});
  expect(counters_of("cp.async.ca.shared.global [cells], [%data], 16; cp.async.wait_all;", 1, 1),
         {{"global.load.bytes", 16}, {"shared.store.bytes", 16}, {"warp.cp_async_bulk", 2}});
  expect(counters_of("mov.u32 %r1, cells; add.u32 %r2, %r1, 1024; mbarrier.init.shared.b64 [%r2], 1; "
                     "mbarrier.arrive.expect_tx.shared.b64 _, [%r2], 64; "
                     "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%r1], [%data], 64, [%r2]; "
                     "w: mbarrier.try_wait.parity.shared.b64 %p0, [%r2], 0; @!%p0 bra w; "
                     "cp.async.bulk.global.shared::cta.bulk_group [%data], [%r1], 32; cp.async.bulk.commit_group; "
                     "cp.async.bulk.wait_group 0;",
                     1, 1),
         {{"bulk.copies", 2},
          {"bulk.bytes_in", 64},
          {"bulk.bytes_out", 32},
          {"global.distinct_read_sectors", 2},
          {"global.distinct_write_sectors", 1},
          {"warp.mbarrier", 3}});
}

TEST(Counters, HostThreadsAddUp) {
  const std::string body = "mad.wide.u32 %d0, %i, 4, %data; ld.global.u32 %r1, [%d0]; red.global.add.u32 [%data], 1;";
  for (const unsigned host_threads : {1u, 2u}) {
    expect(counters_of(body, 64, 64, host_threads), {{"global.load.sectors", 64 * 8},
                                                     {"global.distinct_read_sectors", 64 * 8},
                                                     {"global.atomic.requests", 128},
                                                     {"global.atomic_max_per_address", 128},
                                                     {"warps", 128},
                                                     {"sim_threads", host_threads}});
  }
}

TEST(Counters, LaunchIsDescribed) {
  const std::string json = counters_of("", 3, 40);
  EXPECT_NE(std::string::npos, json.find("\"kernel\": \"kernel\""));
  EXPECT_NE(std::string::npos, json.find("\"grid\": [3, 1, 1], \"block\": [40, 1, 1], \"cluster\": [1, 1, 1]"));
  expect(json, {{"smem_static", 0}, {"warps", 6}});
}

}  // namespace
}  // namespace ptxsim::test
