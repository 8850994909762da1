#include "machine/memory_access.hpp"

#include <algorithm>

#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/describe_address.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

class Resolver {
 public:
  Resolver(Warp& warp, Mask mask, const Addresses& addresses, const Request& request, Resolved& out)
      : warp_(warp),
        block_(*warp.block),
        cluster_(block_.cluster()),
        launch_(cluster_.launch()),
        mask_(mask),
        addresses_(addresses),
        request_(request),
        out_(out) {}

  void resolve() {
    check_alignment();
    switch (request_.space) {
      case Space::shared:
        if (!all_in_one_variable()) for_each_lane(mask_, [&](unsigned lane) { shared(lane, window_offset(lane)); });
        break;
      case Space::local: for_each_lane(mask_, [&](unsigned lane) { local(lane, addresses_[lane]); }); break;
      default:
        if (!all_in_one_allocation()) for_each_lane(mask_, [&](unsigned lane) { generic(lane); });
    }
  }

 private:
  void check_alignment();
  bool all_in_one_allocation();
  bool all_in_one_variable();
  void generic(unsigned lane);
  void global(unsigned lane);
  void shared(unsigned lane, std::uint64_t offset);
  void local(unsigned lane, std::uint64_t address);
  std::uint64_t window_offset(unsigned lane) const;
  DeviceMemory::Range shared_variable(std::uint64_t offset) const;
  [[noreturn]] void fault(unsigned lane, Fault fault, const char* key, const std::string& text) const;
  void tell(unsigned lane, const char* key, const std::string& text) const;
  std::string out_of_bounds() const;

  Warp& warp_;
  Block& block_;
  Cluster& cluster_;
  Launch& launch_;
  const Mask mask_;
  const Addresses& addresses_;
  const Request& request_;
  Resolved& out_;
};

void Resolver::tell(unsigned lane, const char* key, const std::string& text) const {
  const std::string full_key = report_key(key, *warp_.at);
  if (!already_reported(full_key)) report(full_key, text + ": " + describe(warp_, lane));
}

void Resolver::fault(unsigned lane, Fault fault, const char* key, const std::string& text) const {
  tell(lane, key, text);
  raise(launch_, fault);
}

void Resolver::check_alignment() {
  std::uint64_t low_bits = 0;
  for_each_lane(mask_, [&](unsigned lane) { low_bits |= addresses_[lane]; });
  if (low_bits % request_.size == 0) return;
  for_each_lane(mask_, [&](unsigned lane) {
    if (addresses_[lane] % request_.size != 0) {
      fault(lane, Fault::misaligned_address, "misaligned ",
            "MISALIGNED " + std::to_string(request_.size) + "-byte access");
    }
  });
}

/// The common case of global and generic accesses: nothing to be done for each lane.
bool Resolver::all_in_one_allocation() {
  std::uint64_t low = ~std::uint64_t{0}, high = 0;
  for_each_lane(mask_, [&](unsigned lane) {
    low = std::min(low, addresses_[lane]);
    high = std::max(high, addresses_[lane]);
  });
  DeviceMemory::Range& range = cluster_.last_range;
  if (!range.holds(low, 1)) {
    const DeviceMemory::Range found = device_memory().find(low);
    if (found.end == 0) return false;
    range = found;
  }
  if (!range.holds(high, request_.size)) return false;
  const std::uint64_t base = device_memory().offset(0);
  for_each_lane(mask_, [&](unsigned lane) {
    out_.pointer[lane] = reinterpret_cast<std::uint8_t*>(addresses_[lane]);
    out_.offset[lane] = addresses_[lane] + base;
  });
  (request_.space == Space::constant ? out_.constant : out_.global) = mask_;
  return true;
}

/// The common case of shared accesses.
bool Resolver::all_in_one_variable() {
  std::uint32_t low = ~0u, high = 0;
  for_each_lane(mask_, [&](unsigned lane) {
    const auto address = static_cast<std::uint32_t>(addresses_[lane]);
    low = std::min(low, address);
    high = std::max(high, address);
  });
  DeviceMemory::Range& range = cluster_.last_shared_range;
  if (!range.holds(low, 1)) {
    const DeviceMemory::Range found = shared_variable(low);
    if (found.end == 0) return false;
    range = found;
  }
  if (!range.holds(high, request_.size)) return false;
  const std::uint64_t window = (block_.rank + std::uint64_t{1}) * kSharedWindow;
  for_each_lane(mask_, [&](unsigned lane) {
    out_.offset[lane] = static_cast<std::uint32_t>(addresses_[lane]) + window;
    out_.pointer[lane] = cluster_.windows() + out_.offset[lane];
  });
  out_.shared = mask_;
  return true;
}

void Resolver::generic(unsigned lane) {
  const std::uint64_t address = addresses_[lane];
  const std::uint64_t window = address - reinterpret_cast<std::uint64_t>(cluster_.windows());
  const std::uint64_t local_offset = address - reinterpret_cast<std::uint64_t>(block_.local_memory());
  const std::uint64_t parameter = address - reinterpret_cast<std::uint64_t>(launch_.config.parameters.data());
  if (window < cluster_.windows_size()) {
    shared(lane, window);
  } else if (local_offset < block_.local_memory_size()) {
    // Another thread's local memory is mapped at other addresses on the device.
    local(lane, address - reinterpret_cast<std::uint64_t>(warp_.locals(lane)));
  } else if (parameter < launch_.config.parameters.size() && request_.kind == AccessKind::load) {
    out_.pointer[lane] = reinterpret_cast<std::uint8_t*>(address);
    out_.offset[lane] = parameter;
    out_.constant |= Mask{1} << lane;
  } else {
    global(lane);
  }
}

void Resolver::global(unsigned lane) {
  const std::uint64_t address = addresses_[lane];
  if (!device_memory().is_device(address)) {
    fault(lane, Fault::illegal_address, "illegal ", "ILLEGAL ADDRESS");
  }
  out_.pointer[lane] = reinterpret_cast<std::uint8_t*>(address);
  out_.offset[lane] = device_memory().offset(address);
  const bool valid = device_memory().holds(address, request_.size);
  if (!valid) tell(lane, "bounds ", out_of_bounds() + describe_global(address));
  if (valid) (request_.space == Space::constant ? out_.constant : out_.global) |= Mask{1} << lane;
}

/// A shared address as an offset into the cluster's windows.
std::uint64_t Resolver::window_offset(unsigned lane) const {
  const auto address = static_cast<std::uint32_t>(addresses_[lane]);
  return address < kSharedWindow ? address + (block_.rank + std::uint64_t{1}) * kSharedWindow : address;
}

/// What holds the byte at this offset of a block's window.
DeviceMemory::Range Resolver::shared_variable(std::uint64_t offset) const {
  const std::uint64_t dynamic_end = std::uint64_t{kDynamicShared} + launch_.config.dynamic_shared;
  if (offset >= kDynamicShared && offset < dynamic_end) return {kDynamicShared, dynamic_end};
  if (offset < kReservedShared) return {0, kReservedShared};
  for (const Variable& variable : launch_.shared) {
    const DeviceMemory::Range range{variable.offset, variable.offset + variable.size};
    if (range.holds(offset, 1)) return range;
  }
  return {};
}

void Resolver::shared(unsigned lane, std::uint64_t windows_offset) {
  const std::uint64_t rank = windows_offset / kSharedWindow - 1;
  const std::uint64_t offset = windows_offset % kSharedWindow;
  if (rank >= cluster_.size()) {
    fault(lane, Fault::illegal_address, "rank ",
          "OUT OF BOUNDS shared::cluster rank " + std::to_string(static_cast<std::int64_t>(rank)));
  }
  const bool is_remote = rank != block_.rank;
  if (is_remote && request_.space == Space::shared && !request_.any_window) {
    fault(lane, Fault::illegal_address, "cta ", "shared::cta access with the address of another block");
  }
  if (is_remote && cluster_.block(static_cast<unsigned>(rank)).live == 0) {
    tell(lane, "exited ", "CLUSTER: access to the shared memory of a block that has exited");
  }
  out_.pointer[lane] = cluster_.windows() + windows_offset;
  out_.offset[lane] = windows_offset;
  if (shared_variable(offset).holds(offset, request_.size)) {
    (is_remote ? out_.remote : out_.shared) |= Mask{1} << lane;
    return;
  }
  const std::string text = out_of_bounds() + describe_shared(launch_, offset);
  if (offset + request_.size > kSharedWindow) fault(lane, Fault::illegal_address, "bounds ", text);
  tell(lane, "bounds ", text);
}

std::string Resolver::out_of_bounds() const {
  const char* what = request_.kind == AccessKind::load    ? " read of "
                     : request_.kind == AccessKind::store ? " write of "
                                                          : " atomic on ";
  return "OUT OF BOUNDS " + std::to_string(request_.size) + "-byte" + what;
}

void Resolver::local(unsigned lane, std::uint64_t address) {
  if (address >= launch_.local_bytes || request_.size > launch_.local_bytes - address) {
    fault(lane, Fault::illegal_address, "bounds ", out_of_bounds() + "local memory");
  }
  out_.pointer[lane] = warp_.locals(lane) + address;
  out_.offset[lane] = address;
  out_.local |= Mask{1} << lane;
}

void check_races(Warp& warp, const Request& request, const Resolved& resolved) {
  RaceChecker& race = warp.block->cluster().race;
  const auto check = [&](Mask mask, bool shared) {
    for (; mask != 0; mask &= mask - 1) {
      const unsigned lane = first_lane(mask);
      race.check({warp, lane, shared, resolved.offset[lane], request.size, request.bytes, request.kind, request.strong,
                  request.is_announced});
    }
  };
  check(resolved.global, false);
  check(resolved.shared | resolved.remote, true);
}

}  // namespace

Addresses addresses_of(const Warp& warp, Operand operand, unsigned size, std::int64_t offset) {
  Addresses result;
  const auto add = [&](auto source) {
    for (unsigned lane = 0; lane < kWarpSize; ++lane) result[lane] = source[lane] + static_cast<std::uint64_t>(offset);
  };
  if (size == 8) add(warp.in<std::uint64_t>(operand));
  if (size != 8) add(warp.in<std::uint32_t>(operand));
  return result;
}

void resolve(Warp& warp, Mask mask, const Addresses& addresses, const Request& request, Resolved& out) {
  Resolver(warp, mask, addresses, request, out).resolve();
  Cluster& cluster = warp.block->cluster();
  if (cluster.launch().counting && request.is_counted) {
    cluster.counters.memory(*warp.at->info, warp.block->id, request.size, request.kind, out);
  }
  if (cluster.launch().checking && request.is_checked) check_races(warp, request, out);
}

std::uint8_t* resolve_one(Warp& warp, unsigned lane, std::uint64_t address, const Request& request) {
  Addresses addresses;
  addresses[lane] = address;
  Resolved resolved;
  resolve(warp, Mask{1} << lane, addresses, request, resolved);
  return resolved.pointer[lane];
}

}  // namespace ptxsim
