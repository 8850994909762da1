/// The device's memory: one range of the host's address space, so that device addresses are host addresses. Allocations
/// have gaps between them, and an address is valid only inside an allocation.
#pragma once
#include <cstdint>
#include <map>

#include "machine/initialised_map.hpp"

namespace ptxsim {

class DeviceMemory {
 public:
  static constexpr std::uint64_t kReserved = std::uint64_t{1} << 34;  // of address space; pages are taken when touched
  static constexpr std::uint64_t kCapacity = kReserved / 2;           // what the device says it has

  /// An address range [begin, end).
  struct Range {
    std::uint64_t begin = 0, end = 0;
    bool holds(std::uint64_t address, std::uint64_t size) const {
      return address >= begin && address < end && size <= end - address;
    }
  };

  DeviceMemory();

  /// Filled with 0xff unless options say otherwise, and not initialised; 0 if there is not enough.
  std::uint64_t allocate(std::uint64_t size);
  /// Zero, and initialised: for variables and host memory.
  std::uint64_t allocate_initialised(std::uint64_t size);
  /// False if no allocation begins at the address.
  bool release(std::uint64_t address);

  /// The allocation that holds the address; an empty range if there is none.
  Range find(std::uint64_t address) const;
  /// The allocation that begins at the address or, of those below, nearest to it; an empty range if there is none.
  Range last_before(std::uint64_t address) const;
  /// Whether [address, address + size) lies in one allocation.
  bool holds(std::uint64_t address, std::uint64_t size) const { return find(address).holds(address, size); }
  /// Whether the address is the device's at all.
  bool is_device(std::uint64_t address) const { return address - base_ < kReserved; }
  std::uint64_t offset(std::uint64_t address) const { return address - base_; }
  std::uint64_t address(std::uint64_t offset) const { return base_ + offset; }
  std::uint64_t allocated_bytes() const { return allocated_bytes_; }
  /// Offsets at and above this have never been allocated.
  std::uint64_t high_water_mark() const { return top_; }

  /// Which bytes somebody has written; maintained only while the checker is on.
  InitialisedMap& initialised() { return initialised_; }
  /// The host has written these bytes.
  void host_wrote(std::uint64_t address, std::uint64_t size);

 private:
  std::uint64_t reserve(std::uint64_t size);

  std::uint64_t base_;
  std::uint64_t top_ = 4096;  // a null pointer plus a small offset never is an allocation
  std::uint64_t allocated_bytes_ = 0;
  std::map<std::uint64_t, std::uint64_t> allocations_;    // address -> size
  std::multimap<std::uint64_t, std::uint64_t> released_;  // rounded size -> address
  InitialisedMap initialised_;
};

DeviceMemory& device_memory();

/// Address space whose pages read as zero and take no memory before they are written.
void* reserve_address_space(std::uint64_t bytes);
/// Gives the pages that lie entirely in the range back; they read as zero again.
void discard_pages(void* begin, std::uint64_t bytes);

}  // namespace ptxsim
