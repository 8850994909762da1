/// What the environment asks for; README.md lists the variables.
#pragma once
#include <cstdint>
#include <string>

namespace ptxsim {

enum class Order { forward, reverse, random };

/// Stops if there is no such order.
Order order_numbered(std::uint64_t number);

struct Options {
  bool check = true;                         // races and uninitialised reads
  bool poison = true;                        // fill fresh memory with 0xff
  bool exit_before_barrier_is_fine = false;  // it is legal since sm_70, and reported as a likely mistake
  Order order = Order::forward;              // of blocks, warps and threads
  std::uint64_t seed = 1;                    // of the random order
  unsigned slice = 0;                        // preempt after at most so many branches, 0: never
  int lockstep = -1;                         // 1: a warp's threads together, 0: one by one, -1: see lockstep_now()
  unsigned threads = 1;                      // of the host, if nothing is checked
  std::uint64_t max_instructions = 2'000'000'000;  // of a block or cluster
  std::string counters;                            // file to append to
  bool count_lines = false;
  std::string dump;    // prefix of files to write the PTX to
  int fail_exit = 86;  // status of a program with reports, 0: its own
  unsigned architecture = 90;

  bool lockstep_now() const {
    if (!counters.empty() || lockstep > 0) return true;
    return lockstep < 0 && order == Order::forward && slice == 0;
  }
};

/// Read from the environment at the first call.
Options& options();

}  // namespace ptxsim
