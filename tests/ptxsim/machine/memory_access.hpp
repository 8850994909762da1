/// From the addresses of a warp's request to the host's memory: alignment, bounds, counters and the race checker.
#pragma once
#include <array>
#include <cstdint>

#include "machine/race_checker.hpp"
#include "machine/warp.hpp"

namespace ptxsim {

struct Request {
  Space space = Space::generic;
  unsigned size = 4;  // bytes of a lane; addresses are multiples of it
  AccessKind kind = AccessKind::load;
  bool strong = false;        // volatile, relaxed, acquire, release: orders, or is ordered by, others of its kind
  bool any_window = false;    // shared::cluster: the address may be another block's
  std::uint32_t bytes = ~0u;  // of a load: which bytes are looked at
  bool is_checked = true;     // by the race checker
  bool is_announced = false;  // an asynchronous access, which may happen from now on: see RaceChecker::Access
  bool is_counted = true;
};

using Addresses = std::array<std::uint64_t, kWarpSize>;
using Pointers = std::array<std::uint8_t*, kWarpSize>;

/// Where each lane's access goes, and in which memory that is.
struct Resolved {
  Pointers pointer;
  Addresses offset;  // in device memory, in the block's window, in the thread's local memory
  Mask global = 0, shared = 0, remote = 0, local = 0, constant = 0;  // remote: another block's shared memory
};

/// Faults the kernel where the machine would, reports where it should not be done, then tells counters and checker.
void resolve(Warp& warp, Mask mask, const Addresses& addresses, const Request& request, Resolved& out);

/// The addresses of an address operand; `size` is that of its register.
Addresses addresses_of(const Warp& warp, Operand operand, unsigned size, std::int64_t offset);

/// One lane only, for rare instructions.
std::uint8_t* resolve_one(Warp& warp, unsigned lane, std::uint64_t address, const Request& request);

}  // namespace ptxsim
