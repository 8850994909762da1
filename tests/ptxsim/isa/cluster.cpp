/// Clusters: their barrier, and addresses of other blocks' shared memory (PTX ISA 9.7.13.3, 9.7.9.22, 9.7.9.23).
#include "machine/cluster.hpp"

#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

Outcome execute_arrive(Warp& warp, const Instruction&, Mask mask) {
  warp.block->cluster().arrive(warp, mask);
  return Outcome::next;
}

Outcome execute_wait(Warp& warp, const Instruction&, Mask mask) { return warp.block->cluster().wait(warp, mask); }

[[noreturn]] void fail(Warp& warp, const Instruction& i, unsigned lane, const std::string& text) {
  report(report_key("mapa", i), "CLUSTER: mapa " + text + ": " + describe(warp, lane));
  raise(warp.block->launch(), Fault::illegal_address);
}

std::uint64_t generic_windows(const Warp& warp) {
  return reinterpret_cast<std::uint64_t>(warp.block->cluster().windows());
}

/// The address in block b's window that corresponds to a, a shared address or, without .shared::cluster, a generic one.
template <bool kShared> Outcome execute_map(Warp& warp, const Instruction& i, Mask mask) {
  const Cluster& cluster = warp.block->cluster();
  const std::uint64_t base = kShared ? 0 : generic_windows(warp);
  const auto rank = warp.in<std::uint32_t>(i.b);
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t offset = warp.number(i.a, i.a_size, lane) - base;
    if (rank[lane] >= cluster.size())
      fail(warp, i, lane, "to rank " + std::to_string(rank[lane]) + " outside the cluster");
    if (!kShared && offset >= cluster.windows_size()) fail(warp, i, lane, "of an address outside shared memory");
    const std::uint64_t mapped = (rank[lane] + std::uint64_t{1}) * kSharedWindow + offset % kSharedWindow;
    warp.set_number(i.d, i.d_size, lane, base + mapped);
  });
  return Outcome::next;
}

template <bool kShared> Outcome execute_rank(Warp& warp, const Instruction& i, Mask mask) {
  const auto d = warp.out<std::uint32_t>(i.d);
  const std::uint64_t base = kShared ? 0 : generic_windows(warp);
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t offset = warp.number(i.a, i.a_size, lane) - base;
    const bool own = offset < kSharedWindow;
    d.set(lane, own ? warp.block->rank : static_cast<std::uint32_t>(offset / kSharedWindow - 1));
  });
  return Outcome::next;
}

template <Execute kShared, Execute kGeneric> Execute by_space(const Opcode& opcode, Instruction&) {
  return opcode.space() == Space::shared ? kShared : kGeneric;
}

}  // namespace

const Forms& cluster_forms() {
  constexpr auto kBarrier = cost::one<Kind::barrier>;
  static const Forms forms = {
      {"barrier.cluster.arrive", "", "release relaxed aligned", always<execute_arrive>, kBarrier, Flow::synchronise},
      {"barrier.cluster.wait", "", "acquire aligned", always<execute_wait>, kBarrier, Flow::synchronise},
      {"mapa", "d, a, b:u32", "shared::cluster", by_space<execute_map<true>, execute_map<false>>, cost::integer<1, 1>},
      {"getctarank", "d:u32, a", "shared::cluster", by_space<execute_rank<true>, execute_rank<false>>,
       cost::integer<1, 1>},
  };
  return forms;
}

}  // namespace ptxsim
