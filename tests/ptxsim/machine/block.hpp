/// A block: its warps, its shared memory window, its barriers.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "machine/race_clock.hpp"
#include "machine/warp.hpp"

namespace ptxsim {

class Cluster;
struct Launch;

/// What `bar` and `barrier` do (PTX ISA 9.7.13.1).
enum class BarrierKind : std::uint8_t { sync, arrive, red_popc, red_and, red_or };

class Block {
 public:
  Block(Cluster& cluster, unsigned rank) : rank(rank), cluster_(cluster) {}

  /// A new block of the grid takes this one's place.
  void start(Launch& launch, std::uint32_t id);

  Launch& launch() const { return *launch_; }
  Cluster& cluster() const { return cluster_; }
  unsigned threads() const;
  unsigned warp_count() const { return (threads() + kWarpSize - 1) / kWarpSize; }
  Warp& warp(unsigned k) { return *warps_[k]; }
  std::uint8_t* local_memory() { return local_memory_.data(); }
  std::uint64_t local_memory_size() const { return local_memory_.size(); }
  /// Calls f(warp, lane) for every thread.
  template <class F> void for_each_thread(F f) {
    for (unsigned k = 0; k < warp_count(); ++k) {
      for_each_lane(warps_[k]->existing(), [&](unsigned lane) { f(*warps_[k], lane); });
    }
  }

  /// The executing lanes of the mask arrive at a barrier that `expected` threads take part in, 0 for all; `predicates`
  /// are the lanes' sources of a reduction. Lanes that have to wait are blocked.
  void arrive(Warp& warp, Mask mask, unsigned barrier, BarrierKind kind, unsigned expected, Mask predicates);
  /// A thread has exited.
  void exited(Warp& warp, unsigned lane);

  const unsigned rank;            // in the cluster
  std::uint32_t id = 0;           // of all blocks that this cluster object has run, from 1
  unsigned index[3] = {0, 0, 0};  // %ctaid
  unsigned live = 0;              // threads that have not exited
  BlockClock clock;

 private:
  struct Barrier {
    unsigned arrived = 0, expected = 0;
    BarrierKind kind = BarrierKind::sync;
    bool has_arrivals_that_do_not_wait = false;
    unsigned count = 0;         // of true predicates
    unsigned participants = 0;  // of the reduction
  };
  void check_arrival(const Barrier& barrier, const Warp& warp, unsigned lane, BarrierKind kind,
                     unsigned expected) const;
  bool is_complete(const Barrier& barrier) const;
  void complete(unsigned barrier);

  Cluster& cluster_;
  Launch* launch_ = nullptr;
  std::vector<std::unique_ptr<Warp>> warps_;
  std::vector<std::uint8_t> local_memory_;
  std::array<Barrier, 16> barriers_;  // PTX ISA 9.7.13.1
};

}  // namespace ptxsim
