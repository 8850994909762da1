/// Finds data races and uninitialised reads. Two accesses to a byte, at least one of them a write and not both atomic,
/// must be ordered: by program order, a barrier, __syncwarp, or by a fence and an atomic access ("release") that
/// another thread's atomic access and a fence after it have seen ("acquire"). A time stamp in each access record says
/// what was ordered before what, after FastTrack (Flanagan and Freund, 2009), with what this machine guarantees put in:
/// barriers order whole blocks, so most comparisons are with one number.
///
/// It sees races of the executed paths, in every schedule. It is exact for barriers of whole blocks and warps. After
/// mbarriers, named barriers of fewer threads and cluster barriers everything earlier counts as ordered, which may hide
/// a race but never invents one. So it is with a barrier of the block after a fence of any of its threads: it publishes
/// what all have written.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "machine/initialised_map.hpp"
#include "machine/race_clock.hpp"
#include "machine/shadow_memory.hpp"
#include "machine/warp.hpp"

namespace ptxsim {

class Cluster;

enum class AccessKind : std::uint8_t { load, store, atomic };

class RaceChecker {
 public:
  explicit RaceChecker(Cluster& cluster);

  void start_launch(std::uint32_t first_block);
  void start_cluster(std::uint32_t first_block);
  void start_block(Block& block);

  Time advance() {
    if (time_ == kLastTime) out_of_time();
    return time_++;
  }
  /// Between launches: whether it is better to forget all accesses and begin with time anew.
  bool is_time_short() const { return time_ > kLastTime / 2; }
  void forget();

  struct Access {
    const Warp& warp;
    unsigned lane;
    bool shared;           // or global
    std::uint64_t offset;  // in the cluster's windows, or in device memory
    unsigned size;
    std::uint32_t bytes;  // of a load: which of them are looked at
    AccessKind kind;
    bool strong;             // volatile, relaxed and so on: like atomic accesses they never race with each other
    bool announced = false;  // of an asynchronous copy, at its issue: its access may happen at once, and is checked
                             // again when it is waited for, the latest it can happen
  };
  void check(const Access& access);

  // Synchronisation other than that of Block
  void sync_warp(Warp& warp, Mask participants);
  void fence(Warp& warp, Mask mask);
  void cluster_barrier() { cluster_barrier_time_ = advance(); }
  Time cluster_barrier_time() const { return cluster_barrier_time_; }
  /// After a barrier of the whole block its threads have acquired what any of them had.
  void join_block(Block& block);
  /// After other barriers, what any thread of the cluster had.
  void join_cluster(ThreadClock& thread);
  /// An atomic or volatile access sees what was released at that address; a relaxed one orders it by a later fence.
  void acquire(Warp& warp, unsigned lane, bool shared, std::uint64_t address, bool relaxed);
  /// Such an access publishes what the thread's fences have ordered before it; if it is a release, everything.
  void release(Warp& warp, unsigned lane, bool shared, std::uint64_t address, bool relaxed);

 private:
  static constexpr Time kLastTime = UINT32_MAX;

  void out_of_time();
  bool races(const AccessRecord& earlier, const Access& access) const;
  /// The earlier access happens before this one.
  bool ordered(const AccessRecord& earlier, const Access& access) const;
  bool published(const Access& access, const AccessRecord& earlier) const;
  bool released(const Seen& seen, const AccessRecord& earlier) const;
  static void publish(Warp& warp, unsigned lane, Time now);
  void examine(Shadow& shadow, std::uint64_t offset, const Access& access, const AccessRecord& now);
  void report_race(const AccessRecord& earlier, bool earlier_writes, std::uint64_t offset, const Access& access);
  void report_uninitialised(const Access& access);
  static std::string place(std::uint64_t offset, const Access& access);

  Cluster& cluster_;
  Time time_ = 1, cluster_barrier_time_ = 0;
  std::uint32_t launch_first_block_ = 1, cluster_first_block_ = 1;
  bool has_acquired_ = false;  // some thread of the cluster
  // By address. Those of shared memory end with the cluster, but for what others have passed on.
  std::unordered_map<std::uint64_t, ReleaseLog*> logs_[2];
  std::list<ReleaseLog> global_logs_, shared_logs_;
  bool keep_shared_logs_ = false;
  ShadowMemory shared_;
  InitialisedMap shared_initialised_;
};

}  // namespace ptxsim
