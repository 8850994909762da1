/// Barriers of blocks, and fences (PTX ISA 9.7.13.1, 9.7.13.4).
#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

constexpr unsigned kBarriers = 16;

/// Constants are checked by ptxas, registers by nobody.
void check_operands(Warp& warp, const Instruction& i, unsigned lane, std::uint32_t barrier, std::uint32_t threads) {
  const bool has_count = i.b != kAbsent;
  if (barrier < kBarriers && !(has_count && threads == 0)) return;
  const std::string text = barrier < kBarriers ? "thread count 0" : "there is no barrier " + std::to_string(barrier);
  report(report_key("bn", i), "BARRIER: " + text + ": " + describe(warp, lane));
  raise(warp.block->launch(), Fault::launch_failure);
}

/// The barrier's number may differ from lane to lane, which then arrive one after another.
template <BarrierKind kKind> Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
  const bool reduces = kKind != BarrierKind::sync && kKind != BarrierKind::arrive;
  const auto barrier = warp.in<std::uint32_t>(i.a);
  Mask predicates = 0;
  if (reduces) predicates = warp.predicate(i.c) ^ (i.info->negated ? kAllLanes : 0);
  if (kKind == BarrierKind::arrive) {
    warp.leave();
  } else {
    warp.leave(mask, warp.pc);
  }
  while (mask != 0) {
    const unsigned first = first_lane(mask);
    const std::uint32_t threads = i.b != kAbsent ? warp.in<std::uint32_t>(i.b)[first] : 0;
    check_operands(warp, i, first, barrier[first], threads);
    Mask same = 0;
    for_each_lane(mask, [&](unsigned lane) {
      const bool agrees =
          barrier[lane] == barrier[first] && (i.b == kAbsent || warp.in<std::uint32_t>(i.b)[lane] == threads);
      same |= static_cast<Mask>(agrees) << lane;
    });
    warp.block->arrive(warp, same, barrier[first], kKind, threads, predicates);
    mask &= ~same;
  }
  return Outcome::regroup;
}

Outcome execute_fence(Warp& warp, const Instruction&, Mask mask) {
  if (warp.block->launch().checking) warp.block->cluster().race.fence(warp, mask);
  return Outcome::next;
}

}  // namespace

const Forms& barrier_forms() {
  constexpr auto kCost = cost::one<Kind::barrier>;
  constexpr auto kFence = cost::one<Kind::fence>;
  constexpr Flow kFlow = Flow::synchronise;
  static const Forms forms = {
      {"bar.sync", "a:u32, ?b:u32", "cta", always<execute<BarrierKind::sync>>, kCost, kFlow},
      {"bar.arrive", "a:u32, b:u32", "cta", always<execute<BarrierKind::arrive>>, kCost, kFlow},
      {"bar.red.popc", "d, a:u32, !c:pred", "cta", always<execute<BarrierKind::red_popc>>, kCost, kFlow},
      {"bar.red.popc", "d, a:u32, b:u32, !c:pred", "cta", always<execute<BarrierKind::red_popc>>, kCost, kFlow},
      {"bar.red.and", "d, a:u32, !c:pred", "cta", always<execute<BarrierKind::red_and>>, kCost, kFlow},
      {"bar.red.and", "d, a:u32, b:u32, !c:pred", "cta", always<execute<BarrierKind::red_and>>, kCost, kFlow},
      {"bar.red.or", "d, a:u32, !c:pred", "cta", always<execute<BarrierKind::red_or>>, kCost, kFlow},
      {"bar.red.or", "d, a:u32, b:u32, !c:pred", "cta", always<execute<BarrierKind::red_or>>, kCost, kFlow},
      {"barrier.sync", "a:u32, ?b:u32", "cta aligned", always<execute<BarrierKind::sync>>, kCost, kFlow},
      {"barrier.arrive", "a:u32, b:u32", "cta aligned", always<execute<BarrierKind::arrive>>, kCost, kFlow},
      {"barrier.red.popc", "d, a:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_popc>>, kCost, kFlow},
      {"barrier.red.popc", "d, a:u32, b:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_popc>>, kCost,
       kFlow},
      {"barrier.red.and", "d, a:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_and>>, kCost, kFlow},
      {"barrier.red.and", "d, a:u32, b:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_and>>, kCost,
       kFlow},
      {"barrier.red.or", "d, a:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_or>>, kCost, kFlow},
      {"barrier.red.or", "d, a:u32, b:u32, !c:pred", "cta aligned", always<execute<BarrierKind::red_or>>, kCost, kFlow},
      {"membar", "", "cta gl sys", always<execute_fence>, kFence},
      {"fence", "", "sc acq_rel acquire release cta cluster gpu sys", always<execute_fence>, kFence},
      // Between proxies: the asynchronous unit here sees memory as it is. A missing one is not noticed.
      {"fence.proxy", "",
       "alias async global shared::cta shared::cluster async::global async::shared::cta async::shared::cluster acquire "
       "release cta cluster gpu sys "
       "sync_restrict::shared::cta sync_restrict::shared::cluster",
       nothing, kFence},
      {"fence.mbarrier_init", "", "release cluster", nothing, kFence},
  };
  return forms;
}

}  // namespace ptxsim
