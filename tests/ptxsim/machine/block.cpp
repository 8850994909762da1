#include "machine/block.hpp"

#include <algorithm>

#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"

namespace ptxsim {

unsigned Block::threads() const { return launch_->threads; }

void Block::start(Launch& launch, std::uint32_t new_id) {
  launch_ = &launch;
  id = new_id;
  live = launch.threads;
  clock = BlockClock();
  barriers_.fill(Barrier());
  if (local_memory_.size() < launch.local_bytes * launch.threads) {
    local_memory_.resize(launch.local_bytes * launch.threads, 0xee);
  }
  while (warps_.size() < warp_count()) warps_.push_back(std::make_unique<Warp>());
  for (unsigned k = 0; k < warp_count(); ++k) warps_[k]->start(*this, k, live - k * kWarpSize, *launch.kernel);
}

void Block::check_arrival(const Barrier& barrier, const Warp& warp, unsigned lane, BarrierKind kind,
                          unsigned expected) const {
  const Instruction& at = *warp.at;
  const auto is_reduction = [](BarrierKind k) { return k != BarrierKind::sync && k != BarrierKind::arrive; };
  if (barrier.arrived != 0 && barrier.kind != kind && (is_reduction(barrier.kind) || is_reduction(kind))) {
    report(report_key("bk", at), "BARRIER: different kinds of barrier meet: " + describe(warp, lane));
  }
  if (barrier.arrived != 0 && barrier.expected != expected) {
    report(report_key("bc", at), "BARRIER: thread counts differ: " + describe(warp, lane));
  }
  if (expected % kWarpSize != 0) {
    report(report_key("bw", at), "BARRIER: thread count is not a multiple of 32: " + describe(warp, lane));
  }
  const bool whole_block =
      expected == 0 || (expected == threads() && kind != BarrierKind::arrive &&
                        !barrier.has_arrivals_that_do_not_wait && live + barrier.arrived < threads());
  if (whole_block && live != threads() && !options().exit_before_barrier_is_fine) {
    report(report_key("eb", at), "BARRIER: threads have exited before it: " + describe(warp, lane));
  }
}

bool Block::is_complete(const Barrier& barrier) const {
  return barrier.arrived == (barrier.expected != 0 ? barrier.expected : live);
}

void Block::arrive(Warp& warp, Mask mask, unsigned which, BarrierKind kind, unsigned expected, Mask predicates) {
  Barrier& barrier = barriers_[which];
  for (; mask != 0; mask &= mask - 1) {
    const unsigned lane = first_lane(mask);
    check_arrival(barrier, warp, lane, kind, expected);
    if (barrier.arrived == 0) {
      barrier.expected = expected;
      barrier.kind = kind;
    }
    ++barrier.arrived;
    if (kind == BarrierKind::arrive) {
      barrier.has_arrivals_that_do_not_wait = true;
      cluster_.advance_time();
    } else {
      barrier.count += predicates >> lane & 1;
      ++barrier.participants;
      warp.lanes[lane].barrier = which;
      warp.block_lanes(Mask{1} << lane, Wait::block_barrier);
    }
    if (is_complete(barrier)) complete(which);
  }
}

void Block::complete(unsigned which) {
  const Barrier barrier = barriers_[which];
  barriers_[which] = Barrier();
  ++cluster_.counters.block_barriers;
  // Exact for a barrier of the whole block; what is left of one of fewer threads is that they are ordered after
  // everything earlier, which may hide a race but never invents one.
  const bool whole_block =
      barrier.expected == 0 || (barrier.expected == threads() && !barrier.has_arrivals_that_do_not_wait);
  const Time now = cluster_.advance_time();
  if (whole_block) {
    if (clock.fence > clock.barrier) clock.published = now;
    clock.barrier = now;
    cluster_.race.join_block(*this);
    for_each_thread(
        [&](Warp& warp, unsigned lane) { clock.acquired = std::max(clock.acquired, warp.lanes[lane].clock.acquired); });
  }
  const auto result = [&]() -> unsigned {
    switch (barrier.kind) {
      case BarrierKind::red_and: return barrier.count == barrier.participants;
      case BarrierKind::red_or: return barrier.count != 0;
      default: return barrier.count;
    }
  }();
  for_each_thread([&](Warp& warp, unsigned lane) {
    Lane& it = warp.lanes[lane];
    if (it.wait != Wait::block_barrier || it.barrier != which) return;
    if (barrier.kind == BarrierKind::red_popc) {
      warp.set_value<std::uint32_t>(lane, it.at->d, result);
    } else {
      warp.set_predicate_value(lane, it.at->d, result != 0);
    }
    if (!whole_block) {
      it.clock.acquired = now;
      cluster_.race.join_cluster(it.clock);
    }
    warp.wake(lane, it.pc + 1);
  });
}

void Block::exited(Warp& warp, unsigned lane) {
  --live;
  for (unsigned which = 0; which < barriers_.size(); ++which) {
    const Barrier& barrier = barriers_[which];
    if (barrier.arrived == 0 || barrier.expected != 0) continue;
    if (!options().exit_before_barrier_is_fine) {
      bool told = false;
      for_each_thread([&](Warp& other, unsigned other_lane) {
        const Lane& it = other.lanes[other_lane];
        if (told || it.wait != Wait::block_barrier || it.barrier != which) return;
        told = true;
        report(report_key("eb", *it.at),
               "BARRIER: " + describe(warp, lane) + " has exited while others wait at " + describe(*it.at->info));
      });
    }
    if (live != 0 && is_complete(barrier)) complete(which);
  }
}

}  // namespace ptxsim
