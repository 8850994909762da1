/// What the race checker remembers of threads, warps and blocks. Time is one counter per cluster that every
/// synchronisation advances; see race_checker.hpp.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptx/types.hpp"

namespace ptxsim {

using Time = std::uint32_t;

struct ReleaseLog;

/// What threads have read at addresses where others had released something: the first so many releases at each.
struct Seen {
  const ReleaseLog* log;
  std::size_t count;
};
using View = std::vector<Seen>;

struct ThreadClock {
  Time acquired = 0;  // everything up to this time is ordered before this thread's next access
  Time barrier = 0;   // the block's last barrier when the thread executed its last fence
  View view;          // ordered before this thread's next access
  View unfenced;      // read by relaxed accesses: only a fence orders it
};

struct WarpClock {
  // [lane][other]: the other's accesses up to this time are ordered before the lane's next one.
  Time happens_before[kWarpSize][kWarpSize] = {};
  // Those that fences have ordered before the lane's next atomic access, too, as others see it.
  Time published[kWarpSize][kWarpSize] = {};
  bool fenced = false;
};

/// Something that a thread published by a fence and an atomic access, or a release: accesses of its warp, those of its
/// block up to a barrier, and those of its cluster up to what it had acquired.
struct Release {
  std::uint32_t block, first_block;  // of the cluster
  unsigned thread;
  Time barrier, acquired;
  std::array<Time, kWarpSize> published;
};

/// All releases at an address, and what the threads had acquired that did them.
struct ReleaseLog {
  struct PassedOn {
    std::size_t position;  // of the release
    Seen seen;
  };
  std::vector<Release> releases;
  std::vector<PassedOn> passed_on;
};

struct BlockClock {
  Time barrier = 0;    // of the last barrier of the whole block
  Time acquired = 0;   // what its threads had acquired at that barrier
  Time published = 0;  // of the last such barrier with a fence before it
  Time fence = 0;      // of some thread, the last
  View view, unfenced;
};

}  // namespace ptxsim
