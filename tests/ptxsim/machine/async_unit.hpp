/// The asynchronous unit: mbarriers and bulk copies (PTX ISA 9.7.13.15 and 9.7.9.25).
///
/// A bulk load is performed when somebody waits for its mbarrier, a bulk store when somebody waits for its group: code
/// that forgets to wait reads stale data, and is reported. An mbarrier is kept beside the memory, whose 8 bytes only
/// hold its place.
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "machine/race_clock.hpp"
#include "machine/warp.hpp"

namespace ptxsim {

class Cluster;

class AsyncUnit {
 public:
  explicit AsyncUnit(Cluster& cluster) : cluster_(cluster) {}

  void start();
  /// Reports copies that nobody waited for, when the cluster has ended.
  void report_abandoned();
  /// A thread has exited: its bulk stores read shared memory that is no longer there.
  void exited(Warp& warp, unsigned lane);
  /// When nothing else can run: performs copies that threads wait for. False if there are none.
  bool perform_awaited();

  // mbarriers. The address is a shared one, or a generic one.
  struct Target {
    std::uint64_t address;
    bool is_generic;
    bool any_window;  // shared::cluster
  };
  void init(Warp& warp, unsigned lane, Target target, std::uint32_t count);
  void invalidate(Warp& warp, unsigned lane, Target target);
  void expect(Warp& warp, unsigned lane, Target target, std::uint32_t bytes);
  void complete(Warp& warp, unsigned lane, Target target, std::uint32_t bytes);
  /// Returns the state before the arrival; `drop` also lowers the count of the phases to come.
  std::uint64_t arrive(Warp& warp, unsigned lane, Target target, std::uint32_t count, bool drop);
  /// The phase of the state, or of that parity, is complete. What it waited for is then visible to the thread.
  bool is_complete(Warp& warp, unsigned lane, Target target, std::uint64_t state);
  bool is_parity_complete(Warp& warp, unsigned lane, Target target, bool parity);
  /// The thread waits for the barrier's next phase.
  void add_waiter(Warp& warp, unsigned lane, Target target);
  static std::uint32_t pending_count(std::uint64_t state) { return static_cast<std::uint32_t>(state); }

  // Bulk copies
  enum class Direction : std::uint8_t { to_shared, to_global, to_cluster };
  void copy(Warp& warp, unsigned lane, Direction direction, std::uint64_t destination, std::uint64_t source,
            std::uint32_t size, Target mbarrier);
  void commit_group(Warp& warp, unsigned lane);
  /// Performs the thread's bulk stores except those of its `keep` latest groups.
  void wait_group(Warp& warp, unsigned lane, int keep);

 private:
  struct Barrier {
    std::uint32_t count, pending;
    std::int64_t bytes;  // transaction count
    std::uint32_t phase;
    Time completed;
    std::vector<std::pair<Warp*, unsigned>> waiters;
  };
  struct BulkCopy {
    Warp* warp;
    unsigned lane;
    const Instruction* instruction;
    Direction direction;
    std::uint64_t destination, source;
    std::uint32_t size;
    std::uint8_t* mbarrier;  // nullptr for stores
    int group;
    bool committed;
  };

  std::uint8_t* locate(Warp& warp, unsigned lane, Target target);
  Barrier& find(Warp& warp, unsigned lane, Target target);
  void settle(Barrier& barrier);
  void acquire(Warp& warp, unsigned lane, const Barrier& barrier);
  template <class F> void for_each_unit(const BulkCopy& copy, bool announced, F body);
  void perform(const BulkCopy& copy);
  /// Performs the copies for which the condition holds, in the order in which they were issued.
  template <class F> bool perform_if(F condition);

  Cluster& cluster_;
  std::map<const std::uint8_t*, Barrier> barriers_;
  std::vector<BulkCopy> copies_;
};

}  // namespace ptxsim
