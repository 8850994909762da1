/// Decides which lanes of which warp execute next.
///
/// In lockstep the lanes of a warp that are at one place execute as one request, as on the device. Among several places
/// the deepest call level and then the lowest address goes first, and lanes rejoin when they reach the same address:
/// nvcc lays code out so that this is the end of an if or a loop. Otherwise one thread of the warp runs at a time,
/// until it waits or its slice ends, which lets the checker see other interleavings.
#pragma once
#include "machine/warp.hpp"

namespace ptxsim {

class Cluster;
struct Launch;

class Scheduler {
 public:
  explicit Scheduler(Cluster& cluster);
  /// Until all threads have exited or nothing can go on, which is reported.
  void run();

 private:
  struct Group {
    Mask lanes;
    std::uint32_t join;  // address at which others wait for these lanes
  };
  static constexpr std::uint32_t kNoJoin = ~0u;

  Warp& next_warp();
  void run_warp(Warp& warp);
  Group converged_lanes(Warp& warp);
  Group single_lane(Warp& warp);
  /// Executes until the lanes part, wait, meet others (true) or the slice ends (false).
  bool execute(Warp& warp, std::uint32_t join);
  bool branch(Warp& warp, Mask taken, std::uint32_t target, std::uint32_t join, bool& goes_on);
  void count(const Warp& warp, Mask mask);
  void end_slice(Warp& warp);
  void report_deadlock();

  Cluster& cluster_;
  Launch& launch_;
  const std::uint64_t instructions_before_;  // of earlier blocks
  std::int64_t branches_left_ = 0;           // of the slice
};

}  // namespace ptxsim
