/// Every way to schedule threads.
#pragma once
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {

/// Calls f in forward, reverse and random order, in lockstep and thread by thread, with and without preemption.
template <class F> void in_all_schedules(F f) {
  const OptionScope scope;
  for (const Order order : {Order::forward, Order::reverse, Order::random}) {
    for (const int lockstep : {0, 1}) {
      for (const unsigned slice : {0u, 3u}) {
        options().order = order;
        options().lockstep = lockstep;
        options().slice = slice;
        options().seed = kSeed;
        SCOPED_TRACE("order " + std::to_string(static_cast<int>(order)) + ", lockstep " + std::to_string(lockstep) +
                     ", slice " + std::to_string(slice) + ", seed " + std::to_string(kSeed));
        f();
      }
    }
  }
}

}  // namespace ptxsim::test
