#include "machine/race_checker.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/describe_address.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {
namespace {

constexpr std::uint64_t kWindows = (kMaxClusterSize + 1) * std::uint64_t{kSharedWindow};
// Beyond these the checker forgets releases, and may report accesses that were ordered by them.
constexpr std::size_t kMaxReleases = 200'000;
// How far back to look for an equal release by the same thread: who spins does the same again and again.
constexpr std::ptrdiff_t kSameRelease = 64;

void see(View& view, const Seen& seen) {
  for (auto each = view.rbegin(); each != view.rend(); ++each) {
    if (each->log != seen.log) continue;
    each->count = std::max(each->count, seen.count);
    return;
  }
  view.push_back(seen);
}

void see(View& view, const View& other) {
  for (const Seen& each : other) see(view, each);
}

bool is_same(const Release& a, const Release& b) {
  return a.block == b.block && a.thread == b.thread && a.barrier == b.barrier && a.acquired == b.acquired &&
         a.published == b.published;
}

bool covers(const Release& release, const AccessRecord& earlier) {
  if (release.block == earlier.block) {
    if (earlier.time <= release.barrier) return true;
    const bool same_warp = earlier.thread / kWarpSize == release.thread / kWarpSize;
    if (same_warp && earlier.time <= release.published[earlier.thread % kWarpSize]) return true;
  }
  return earlier.block >= release.first_block && earlier.time <= release.acquired;
}

ShadowMemory& global_shadow() {
  static auto* shadow = new ShadowMemory(DeviceMemory::kReserved);
  return *shadow;
}

}  // namespace

RaceChecker::RaceChecker(Cluster& cluster) : cluster_(cluster), shared_(kWindows), shared_initialised_(kWindows) {}

void RaceChecker::forget() {
  time_ = 1;
  shared_.clear();
  global_shadow().clear();
}

void RaceChecker::out_of_time() {
  if (cluster_.launch().checking) stop("the launch synchronises too often for the race checker: set PTXSIM_CHECK=0");
  time_ = 1;
}

void RaceChecker::start_launch(std::uint32_t first_block) {
  launch_first_block_ = first_block;
  for (auto& logs : logs_) logs.clear();
  global_logs_.clear();
  shared_logs_.clear();
}

void RaceChecker::start_cluster(std::uint32_t first_block) {
  cluster_first_block_ = first_block;
  cluster_barrier_time_ = advance();
  has_acquired_ = false;
  logs_[1].clear();
  if (keep_shared_logs_) global_logs_.splice(global_logs_.end(), shared_logs_);
  shared_logs_.clear();
  keep_shared_logs_ = false;
}

void RaceChecker::start_block(Block& block) {
  block.clock.barrier = advance();
  const std::uint64_t window = (block.rank + std::uint64_t{1}) * kSharedWindow;
  const Launch& launch = cluster_.launch();
  for (const Variable& variable : launch.shared) shared_initialised_.clear(window + variable.offset, variable.size);
  shared_initialised_.clear(window + kDynamicShared, launch.config.dynamic_shared);
}

bool RaceChecker::races(const AccessRecord& earlier, const Access& access) const {
  if (earlier.is_atomic && (access.strong || access.kind == AccessKind::atomic)) return false;
  return !ordered(earlier, access);
}

bool RaceChecker::ordered(const AccessRecord& earlier, const Access& access) const {
  const Block& block = *access.warp.block;
  // Blocks of earlier launches have ended; those of earlier clusters have left the shared memory.
  if (earlier.block < (access.shared ? cluster_first_block_ : launch_first_block_)) return true;
  const ThreadClock& thread = access.warp.lanes[access.lane].clock;
  if (earlier.block == block.id) {
    if (earlier.time <= block.clock.barrier || earlier.time <= thread.acquired) return true;
    const unsigned me = access.warp.thread(access.lane);
    if (earlier.thread == me) return true;
    const Time(&before)[kWarpSize] = access.warp.clock.happens_before[access.lane];
    if (earlier.thread / kWarpSize == me / kWarpSize && earlier.time <= before[earlier.thread % kWarpSize]) return true;
  } else if (earlier.block >= cluster_first_block_ && earlier.time <= std::max(thread.acquired, block.clock.acquired)) {
    return true;
  }
  return has_acquired_ && published(access, earlier);
}

bool RaceChecker::published(const Access& access, const AccessRecord& earlier) const {
  View views = access.warp.lanes[access.lane].clock.view;
  see(views, access.warp.block->clock.view);
  // What was passed on is added behind; of each log only what has not yet been searched.
  for (std::size_t k = 0; k < views.size(); ++k) {
    const Seen seen = views[k];
    if (released(seen, earlier)) return true;
    for (const ReleaseLog::PassedOn& each : seen.log->passed_on) {
      if (each.position >= seen.count) break;
      const bool known = std::any_of(views.begin(), views.end(), [&](const Seen& other) {
        return other.log == each.seen.log && other.count >= each.seen.count;
      });
      if (!known) views.push_back(each.seen);
    }
  }
  return false;
}

bool RaceChecker::released(const Seen& seen, const AccessRecord& earlier) const {
  // Clusters run one after another, and so their releases are in order.
  const auto begin = seen.log->releases.begin(), end = begin + static_cast<std::ptrdiff_t>(seen.count);
  const auto later = std::upper_bound(
      begin, end, earlier.block, [](std::uint32_t block, const Release& each) { return block < each.first_block; });
  for (auto each = later; each != begin;) {
    --each;
    if (each->first_block + cluster_.size() <= earlier.block) break;
    if (covers(*each, earlier)) return true;
  }
  return false;
}

void RaceChecker::check(const Access& access) {
  InitialisedMap& initialised = access.shared ? shared_initialised_ : device_memory().initialised();
  const auto all_bytes = static_cast<std::uint32_t>((std::uint64_t{1} << access.size) - 1);
  if (access.kind != AccessKind::store && !initialised.is_set(access.offset, access.bytes & all_bytes)) {
    report_uninitialised(access);
  }
  if (access.kind != AccessKind::load && !access.announced) initialised.set_access(access.offset, all_bytes);

  AccessRecord now;
  now.block = access.warp.block->id;
  now.time = time_;
  now.instruction = access.warp.at->info->index;
  now.thread = static_cast<std::uint16_t>(access.warp.thread(access.lane));
  now.is_atomic = access.strong || access.kind == AccessKind::atomic;
  ShadowMemory& shadow = access.shared ? shared_ : global_shadow();
  shadow.for_each(access.offset, access.size, access.kind != AccessKind::load,
                  [&](Shadow& each, std::uint64_t offset) { examine(each, offset, access, now); });
}

void RaceChecker::examine(Shadow& shadow, std::uint64_t offset, const Access& access, const AccessRecord& now) {
  if (races(shadow.write, access)) report_race(shadow.write, true, offset, access);
  if (races(shadow.atomic, access)) report_race(shadow.atomic, true, offset, access);
  if (access.kind == AccessKind::load) {
    // An earlier read that is ordered before this one is not needed any more: who races with it, races with this one.
    // Of more than two that are not, the first and the last are kept.
    shadow.reads[ordered(shadow.reads[0], access) ? 0 : 1] = now;
  } else {
    for (const AccessRecord& read : shadow.reads) {
      if (races(read, access)) report_race(read, false, offset, access);
    }
    if (now.is_atomic) {
      // Who is atomic as well need not be ordered after it, but still after the plain accesses before it.
      shadow.atomic = now;
    } else {
      shadow.write = now;  // who races with what was before, races with this write
      shadow.atomic = shadow.reads[0] = shadow.reads[1] = AccessRecord();
    }
  }
}

void RaceChecker::report_race(const AccessRecord& earlier, bool earlier_writes, std::uint64_t offset,
                              const Access& access) {
  const std::string key = "race " + std::to_string(earlier.instruction) + " " +
                          std::to_string(access.warp.at->info->index) + (access.shared ? " shared" : " global");
  if (already_reported(key)) return;
  const bool other_block = earlier.block != access.warp.block->id;
  report(key, std::string("RACE ") + (earlier_writes ? "write" : "read") + "->" +
                  (access.kind == AccessKind::load ? "read" : "write") + " of " + place(offset, access) + ": " +
                  describe(access.warp, access.lane) + ", earlier thread " + std::to_string(earlier.thread) +
                  (other_block ? " of another block" : "") + " at " +
                  describe(*all_instructions()[earlier.instruction]));
}

void RaceChecker::report_uninitialised(const Access& access) {
  const std::string key = report_key("uninitialised ", *access.warp.at);
  if (already_reported(key)) return;
  report(key, "UNINITIALISED read of " + place(access.offset, access) + ": " + describe(access.warp, access.lane));
}

std::string RaceChecker::place(std::uint64_t offset, const Access& access) {
  return access.shared ? describe_shared(access.warp.block->launch(), offset % kSharedWindow)
                       : describe_global(device_memory().address(offset));
}

void RaceChecker::sync_warp(Warp& warp, Mask participants) {
  const Time now = advance();
  WarpClock& clock = warp.clock;
  Time joined[kWarpSize] = {};
  Time acquired = 0;
  const auto join = [&](Time(&rows)[kWarpSize][kWarpSize]) {
    for_each_lane(participants, [&](unsigned lane) {
      for (unsigned other = 0; other < kWarpSize; ++other) joined[other] = std::max(joined[other], rows[lane][other]);
    });
  };
  const auto spread = [&](Time(&rows)[kWarpSize][kWarpSize]) {
    for_each_lane(participants, [&](unsigned lane) { std::copy(std::begin(joined), std::end(joined), rows[lane]); });
  };
  for_each_lane(participants, [&](unsigned lane) { acquired = std::max(acquired, warp.lanes[lane].clock.acquired); });
  join(clock.happens_before);
  for_each_lane(participants, [&](unsigned lane) { joined[lane] = now; });
  spread(clock.happens_before);
  for_each_lane(participants, [&](unsigned lane) { warp.lanes[lane].clock.acquired = acquired; });
  if (clock.fenced) {
    std::fill(std::begin(joined), std::end(joined), 0);
    join(clock.published);
    spread(clock.published);
  }
  if (!has_acquired_) return;
  for (View ThreadClock::*view : {&ThreadClock::view, &ThreadClock::unfenced}) {
    View all;
    for_each_lane(participants, [&](unsigned lane) { see(all, warp.lanes[lane].clock.*view); });
    if (all.empty()) continue;
    for_each_lane(participants, [&](unsigned lane) { warp.lanes[lane].clock.*view = all; });
  }
}

void RaceChecker::join_block(Block& block) {
  if (!has_acquired_) return;
  block.for_each_thread([&](Warp& warp, unsigned lane) {
    ThreadClock& thread = warp.lanes[lane].clock;
    see(block.clock.view, thread.view);
    see(block.clock.unfenced, thread.unfenced);
    thread.view.clear();
    thread.unfenced.clear();
  });
}

void RaceChecker::join_cluster(ThreadClock& thread) {
  if (!has_acquired_) return;
  View view, unfenced;
  for (unsigned rank = 0; rank < cluster_.size(); ++rank) {
    Block& block = cluster_.block(rank);
    see(view, block.clock.view);
    see(unfenced, block.clock.unfenced);
    block.for_each_thread([&](const Warp& warp, unsigned lane) {
      see(view, warp.lanes[lane].clock.view);
      see(unfenced, warp.lanes[lane].clock.unfenced);
    });
  }
  thread.view = std::move(view);
  thread.unfenced = std::move(unfenced);
}

void RaceChecker::publish(Warp& warp, unsigned lane, Time now) {
  WarpClock& clock = warp.clock;
  std::copy(std::begin(clock.happens_before[lane]), std::end(clock.happens_before[lane]), clock.published[lane]);
  clock.published[lane][lane] = now;
  clock.fenced = true;
  warp.lanes[lane].clock.barrier = warp.block->clock.barrier;
}

void RaceChecker::fence(Warp& warp, Mask mask) {
  const Time now = advance();
  BlockClock& block = warp.block->clock;
  block.fence = now;
  for_each_lane(mask, [&](unsigned lane) {
    publish(warp, lane, now);
    ThreadClock& thread = warp.lanes[lane].clock;
    see(thread.view, block.unfenced);
    see(thread.view, thread.unfenced);
    thread.unfenced.clear();
  });
}

void RaceChecker::acquire(Warp& warp, unsigned lane, bool shared, std::uint64_t address, bool relaxed) {
  const auto found = logs_[shared].find(address);
  if (found == logs_[shared].end()) return;
  ThreadClock& thread = warp.lanes[lane].clock;
  see(relaxed ? thread.unfenced : thread.view, {found->second, found->second->releases.size()});
  has_acquired_ = true;
}

void RaceChecker::release(Warp& warp, unsigned lane, bool shared, std::uint64_t address, bool relaxed) {
  const BlockClock& block = warp.block->clock;
  const ThreadClock& thread = warp.lanes[lane].clock;
  if (!relaxed) publish(warp, lane, advance());
  if (!warp.clock.fenced && block.published == 0) return;
  Release now{};
  now.block = warp.block->id;
  now.first_block = cluster_first_block_;
  now.thread = warp.thread(lane);
  now.barrier = std::max(thread.barrier, block.published);
  now.acquired = std::max(thread.acquired, block.acquired);
  std::copy(std::begin(warp.clock.published[lane]), std::end(warp.clock.published[lane]), now.published.begin());
  ReleaseLog*& log = logs_[shared][address];
  if (log == nullptr) log = &(shared ? shared_logs_ : global_logs_).emplace_back();
  std::vector<Release>& releases = log->releases;
  const auto last = releases.rbegin() + std::min(kSameRelease, static_cast<std::ptrdiff_t>(releases.size()));
  if (std::none_of(releases.rbegin(), last, [&](const Release& each) { return is_same(each, now); })) {
    if (releases.size() >= kMaxReleases) return;
    releases.push_back(now);
  }
  if (!has_acquired_) return;
  for (const View* view : {&thread.view, &block.view}) {
    for (const Seen& seen : *view) {
      const bool known = seen.log == log || std::any_of(log->passed_on.begin(), log->passed_on.end(), [&](auto& each) {
                           return each.seen.log == seen.log && each.seen.count >= seen.count;
                         });
      if (known) continue;
      log->passed_on.push_back({releases.size() - 1, seen});
      keep_shared_logs_ |= !shared;
    }
  }
}

}  // namespace ptxsim
