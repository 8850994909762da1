#include "machine/cluster.hpp"

#include <algorithm>
#include <cstring>

#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"
#include "machine/scheduler.hpp"

namespace ptxsim {

Cluster::Cluster()
    : race(*this), async(*this), windows_(static_cast<std::uint8_t*>(reserve_address_space(windows_size()))) {}

void Cluster::start_launch(Launch& launch, std::uint64_t seed) {
  launch_ = &launch;
  random_.seed(seed);
  instructions = 0;
  last_range = last_shared_range = {};
  if (last_block_id_ > UINT32_MAX / 2 || race.is_time_short()) {
    // Numbers have 32 bits. What is forgotten is older than this launch, so it is ordered before it anyway.
    last_block_id_ = 0;
    race.forget();
    counters.forget_blocks();
  }
  counters.start(launch);
  race.start_launch(last_block_id_ + 1);
}

void Cluster::start_block(unsigned rank, std::uint64_t cluster_index, std::uint32_t id) {
  Launch& launch = *launch_;
  while (blocks_.size() <= rank)
    blocks_.push_back(std::make_unique<Block>(*this, static_cast<unsigned>(blocks_.size())));
  Block& block = *blocks_[rank];
  block.start(launch, id);
  const Dimensions& clusters = launch.clusters;
  const Dimensions& size = launch.config.cluster;
  block.index[0] = static_cast<unsigned>(cluster_index % clusters.x) * size.x + rank % size.x;
  block.index[1] = static_cast<unsigned>(cluster_index / clusters.x % clusters.y) * size.y + rank / size.x % size.y;
  block.index[2] = static_cast<unsigned>(cluster_index / clusters.x / clusters.y) * size.z + rank / size.x / size.y;
  if (options().poison) {
    for (const Variable& variable : launch.shared) std::memset(window(rank) + variable.offset, 0xff, variable.size);
    std::memset(window(rank) + kDynamicShared, 0xff, launch.config.dynamic_shared);
  }
  if (launch.checking) race.start_block(block);
}

void Cluster::run(std::uint64_t cluster_index) {
  const std::uint32_t first_id = last_block_id_ + 1;
  last_block_id_ += size();
  race.start_cluster(first_id);
  async.start();
  queue_.clear();
  barrier_arrived_ = exited_ = 0;
  barrier_phase_ = 1;
  for (unsigned rank = 0; rank < size(); ++rank) start_block(rank, cluster_index, first_id + rank);
  for (unsigned rank = 0; rank < size(); ++rank) {
    for (unsigned k = 0; k < block(rank).warp_count(); ++k) enqueue(block(rank).warp(k));
  }
  try {
    Scheduler(*this).run();
    async.report_abandoned();
  } catch (const KernelFault&) {
    // The launch is marked; the blocks are simply left.
  }
}

void Cluster::enqueue(Warp& warp) {
  if (warp.queued) return;
  warp.queued = true;
  queue_.push_back(&warp);
}

void Cluster::arrive(Warp& warp, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) {
    Lane& it = warp.lanes[lane];
    if (it.cluster_arrived) {
      report(report_key("ca", *warp.at),
             "CLUSTER: second barrier.cluster.arrive without a wait between: " + describe(warp, lane));
    }
    it.cluster_arrived = true;
    it.cluster_phase = barrier_phase_;
    ++barrier_arrived_;
  });
  try_complete_barrier();
}

Outcome Cluster::wait(Warp& warp, Mask mask) {
  Mask blocked = 0;
  for_each_lane(mask, [&](unsigned lane) {
    Lane& it = warp.lanes[lane];
    if (it.cluster_phase == 0) {
      report(report_key("cw", *warp.at), "CLUSTER: barrier.cluster.wait without an arrive: " + describe(warp, lane));
    } else if (it.cluster_phase == barrier_phase_) {
      blocked |= Mask{1} << lane;
    } else {
      it.cluster_phase = 0;
      it.clock.acquired = std::max(it.clock.acquired, race.cluster_barrier_time());
      race.join_cluster(it.clock);
    }
  });
  if (blocked == 0) return Outcome::next;
  warp.leave(blocked, warp.pc);
  warp.block_lanes(blocked, Wait::cluster_barrier);
  return Outcome::regroup;
}

void Cluster::try_complete_barrier() {
  if (barrier_arrived_ == 0 || barrier_arrived_ + exited_ < launch_->threads * size()) return;
  race.cluster_barrier();
  ++barrier_phase_;
  barrier_arrived_ = 0;
  ++counters.cluster_barriers;
  for (unsigned rank = 0; rank < size(); ++rank) {
    block(rank).for_each_thread([&](Warp& warp, unsigned lane) {
      Lane& it = warp.lanes[lane];
      it.cluster_arrived = false;
      if (it.wait == Wait::cluster_barrier) warp.wake(lane, it.pc);  // to look again
    });
  }
}

void Cluster::exited(Warp& warp, unsigned lane) {
  Lane& it = warp.lanes[lane];
  if (it.cluster_arrived) {
    it.cluster_arrived = false;
    --barrier_arrived_;
    report(report_key("cx", *warp.at),
           "CLUSTER: exit between barrier.cluster.arrive and wait: " + describe(warp, lane));
  }
  ++exited_;
  async.exited(warp, lane);
  try_complete_barrier();
}

}  // namespace ptxsim
