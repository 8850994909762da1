/// A cluster of blocks (one block, if the launch has no clusters) in execution: the unit that is resident together. One
/// object per thread of the host runs the clusters of a grid one after another.
#pragma once
#include <deque>
#include <memory>
#include <random>
#include <vector>

#include "counters/counters.hpp"
#include "machine/async_unit.hpp"
#include "machine/block.hpp"
#include "machine/device_memory.hpp"
#include "machine/launch.hpp"
#include "machine/race_checker.hpp"

namespace ptxsim {

class Cluster {
 public:
  Cluster();
  Cluster(const Cluster&) = delete;

  void start_launch(Launch& launch, std::uint64_t seed);
  /// Runs one cluster of the grid to its end, or until the kernel faults.
  void run(std::uint64_t cluster_index);

  Launch& launch() const { return *launch_; }
  unsigned size() const { return launch_->cluster_size; }
  Block& block(unsigned rank) { return *blocks_[rank]; }

  /// The windows of the cluster's blocks, one behind another; window 0 stays unused, because a shared address in it is
  /// one of the block's own.
  std::uint8_t* windows() const { return windows_; }
  std::uint64_t windows_size() const { return (kMaxClusterSize + 1) * std::uint64_t{kSharedWindow}; }
  std::uint8_t* window(unsigned rank) const { return windows_ + (rank + std::uint64_t{1}) * kSharedWindow; }

  void enqueue(Warp& warp);
  Time advance_time() { return race.advance(); }
  std::uint64_t random(std::uint64_t bound) { return random_() % bound; }

  // Cluster barrier (PTX ISA 9.7.13.3)
  void arrive(Warp& warp, Mask mask);
  /// Blocks the lanes for which the barrier is not yet complete.
  Outcome wait(Warp& warp, Mask mask);
  void exited(Warp& warp, unsigned lane);

  RaceChecker race;
  AsyncUnit async;
  Counters counters;
  // Where the last global and shared accesses were: most follow in the same allocation or variable.
  DeviceMemory::Range last_range, last_shared_range;
  std::uint64_t instructions = 0;  // of threads, in this launch

 private:
  friend class Scheduler;
  void start_block(unsigned rank, std::uint64_t cluster_index, std::uint32_t id);
  void try_complete_barrier();

  Launch* launch_ = nullptr;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::uint8_t* windows_;
  std::deque<Warp*> queue_;
  std::mt19937_64 random_;
  std::uint32_t last_block_id_ = 0;
  unsigned barrier_arrived_ = 0, exited_ = 0;
  std::uint32_t barrier_phase_ = 1;
};

}  // namespace ptxsim
