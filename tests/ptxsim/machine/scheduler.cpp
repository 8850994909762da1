#include "machine/scheduler.hpp"

#include <algorithm>
#include <map>

#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

// Long enough that switching costs nothing, short enough that a spinning warp does not hold up the one it waits for.
// In branches and regroupings of lanes.
constexpr std::int64_t kSlice = 20'000;
// After so many steps apart the other lanes of a warp get their turn: they may be what the first ones spin for.
constexpr unsigned kPatience = 20'000;

}  // namespace

Scheduler::Scheduler(Cluster& cluster)
    : cluster_(cluster), launch_(cluster.launch()), instructions_before_(cluster.instructions) {}

void Scheduler::run() {
  for (;;) {
    if (cluster_.instructions - instructions_before_ > options().max_instructions) {
      report(
          "hang",
          "HANG: a block has reached PTXSIM_MAXINSTR instructions (does it wait for one that runs after it?), kernel " +
              demangle(launch_.kernel->name));
      raise(launch_, Fault::launch_failure);
    }
    if (cluster_.queue_.empty()) {
      if (cluster_.async.perform_awaited()) continue;
      report_deadlock();
      return;
    }
    run_warp(next_warp());
  }
}

Warp& Scheduler::next_warp() {
  std::deque<Warp*>& queue = cluster_.queue_;
  if (options().order == Order::random) std::swap(queue.front(), queue[cluster_.random(queue.size())]);
  Warp* warp = nullptr;
  if (options().order == Order::reverse) {
    warp = queue.back();
    queue.pop_back();
  } else {
    warp = queue.front();
    queue.pop_front();
  }
  return *warp;
}

void Scheduler::run_warp(Warp& warp) {
  warp.yield = false;
  // `queued` stays set meanwhile: the warp looks at its ready lanes itself.
  const unsigned slice = options().slice;
  branches_left_ = slice != 0 ? 1 + static_cast<std::int64_t>(cluster_.random(slice)) : kSlice;
  for (bool goes_on = true; goes_on && branches_left_ > 0 && warp.ready != 0; --branches_left_) {
    const Group group = launch_.lockstep ? converged_lanes(warp) : single_lane(warp);
    warp.enter(group.lanes);
    goes_on = execute(warp, group.join);
  }
  warp.queued = false;
  if (warp.ready != 0) end_slice(warp);
}

void Scheduler::end_slice(Warp& warp) {
  warp.queued = true;
  if (options().order == Order::reverse) {
    cluster_.queue_.push_front(&warp);
  } else {
    cluster_.queue_.push_back(&warp);
  }
}

Scheduler::Group Scheduler::converged_lanes(Warp& warp) {
  const bool prefer_far = warp.divergent_steps / kPatience % 2 == 1;
  const Lane* best = nullptr;
  for_each_lane(warp.ready, [&](unsigned lane) {
    const Lane& it = warp.lanes[lane];
    if (best == nullptr || it.callers.size() > best->callers.size() ||
        (it.callers.size() == best->callers.size() && (prefer_far ? it.pc > best->pc : it.pc < best->pc))) {
      best = &it;
    }
  });
  Group group{0, kNoJoin};
  for_each_lane(warp.ready, [&](unsigned lane) {
    const Lane& it = warp.lanes[lane];
    if (it.function != best->function || !(it.frame == best->frame)) return;
    if (it.pc == best->pc) group.lanes |= Mask{1} << lane;
    if (it.pc > best->pc) group.join = std::min(group.join, it.pc);
  });
  warp.divergent_steps = group.lanes == warp.ready ? 0 : warp.divergent_steps + 1;
  return group;
}

Scheduler::Group Scheduler::single_lane(Warp& warp) {
  unsigned lane = 0;
  if (options().order == Order::random) {
    Mask ready = warp.ready;
    for (std::uint64_t skip = cluster_.random(count_lanes(ready)); skip > 0; --skip) ready &= ready - 1;
    lane = first_lane(ready);
  } else if (options().order == Order::reverse) {
    const Mask below = warp.ready & ((Mask{2} << (31 - warp.next_lane)) - 1);
    lane = 31u - static_cast<unsigned>(__builtin_clz(below != 0 ? below : warp.ready));
    warp.next_lane = (32 - lane) % kWarpSize;  // the one below comes next
  } else {
    const Mask above = warp.ready & (kAllLanes << warp.next_lane);
    lane = first_lane(above != 0 ? above : warp.ready);
    warp.next_lane = (lane + 1) % kWarpSize;
  }
  return {Mask{1} << lane, kNoJoin};
}

void Scheduler::count(const Warp& warp, Mask mask) {
  cluster_.counters.issued(*warp.at->info, count_lanes(mask), warp.active != warp.live);
}

bool Scheduler::execute(Warp& warp, std::uint32_t join) {
  const Instruction* code = warp.function->code.data();
  const unsigned lanes = count_lanes(warp.active);
  for (;;) {
    const Instruction& instruction = code[warp.pc];
    warp.at = &instruction;
    const Mask mask = warp.guarded(instruction);
    cluster_.instructions += lanes;
    if (launch_.counting) count(warp, mask);
    if (instruction.flow == Flow::branch) {
      bool goes_on = false;
      if (branch(warp, mask, instruction.target, join, goes_on)) continue;
      return goes_on;
    }
    if (mask != 0) {
      const Mask ready = warp.ready;
      if (instruction.execute(warp, instruction, mask) == Outcome::regroup) return !warp.yield;
      if (instruction.flow == Flow::synchronise && warp.ready != ready) {
        warp.leave();
        return true;
      }
    }
    if (++warp.pc == join) {
      warp.leave(warp.active, join);
      return true;
    }
  }
}

/// True if the same lanes go on at warp.pc.
bool Scheduler::branch(Warp& warp, Mask taken, std::uint32_t target, std::uint32_t join, bool& goes_on) {
  goes_on = --branches_left_ > 0;
  const bool uniform = taken == warp.active || taken == 0;
  const std::uint32_t next = taken != 0 ? target : warp.pc + 1;
  const bool alone = !launch_.lockstep || warp.active == warp.ready;
  if (uniform && goes_on && (alone || (next > warp.pc && next < join))) {
    warp.pc = next;
    return true;
  }
  warp.leave(taken, target);
  return false;
}

void Scheduler::report_deadlock() {
  std::map<std::string, unsigned> waiting;
  for (unsigned rank = 0; rank < cluster_.size(); ++rank) {
    cluster_.block(rank).for_each_thread([&](Warp& warp, unsigned lane) {
      const Lane& it = warp.lanes[lane];
      if (it.wait != Wait::never) ++waiting[it.at->info->opcode.name() + " at " + describe(*it.at->info)];
    });
  }
  if (waiting.empty()) return;
  std::string text = "DEADLOCK in " + demangle(launch_.kernel->name) + ":";
  for (const auto& [place, count] : waiting) text += " [" + std::to_string(count) + " threads wait in " + place + "]";
  report(text, text);
  raise(launch_, Fault::launch_failure);
}

}  // namespace ptxsim
