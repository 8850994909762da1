#include "machine/device_memory.hpp"

#include <sys/mman.h>

#include <cstring>

#include "machine/options.hpp"
#include "machine/report.hpp"
#include "ptx/declaration.hpp"

namespace ptxsim {
namespace {

constexpr std::uint64_t kGap = 4096;       // between allocations
constexpr std::uint64_t kAlignment = 256;  // what cudaMalloc promises
constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kLarge = 64u << 20;  // released ranges of this size are used again early

}  // namespace

void* reserve_address_space(std::uint64_t bytes) {
  void* begin = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (begin == MAP_FAILED) stop("cannot reserve " + std::to_string(bytes) + " bytes of address space");
  return begin;
}

void discard_pages(void* begin, std::uint64_t bytes) {
  const std::uint64_t first = align_up(reinterpret_cast<std::uint64_t>(begin), kPage);
  const std::uint64_t last = (reinterpret_cast<std::uint64_t>(begin) + bytes) / kPage * kPage;
  if (last > first) madvise(reinterpret_cast<void*>(first), last - first, MADV_DONTNEED);
}

DeviceMemory& device_memory() {
  static auto* memory = new DeviceMemory;  // never destroyed: programs free memory in their own destructors
  return *memory;
}

DeviceMemory::DeviceMemory()
    : base_(reinterpret_cast<std::uint64_t>(reserve_address_space(kReserved))), initialised_(kReserved) {}

std::uint64_t DeviceMemory::reserve(std::uint64_t size) {
  const std::uint64_t rounded = align_up(size, kAlignment);
  std::uint64_t address = 0;
  // Addresses are used again late, so that a dangling pointer is likely to be noticed.
  const bool scarce = top_ + rounded + 2 * kGap > kCapacity || (rounded >= kLarge && top_ > kCapacity / 4);
  const auto candidate = scarce ? released_.lower_bound(rounded) : released_.end();
  if (candidate != released_.end() && candidate->first <= rounded + rounded / 4 + kGap) {
    address = candidate->second;
    released_.erase(candidate);
  } else {
    const std::uint64_t begin = align_up(top_ + kGap, kAlignment);
    if (begin + rounded + kGap > kReserved) return 0;
    top_ = begin + rounded + kGap;
    address = base_ + begin;
  }
  allocations_[address] = size;
  allocated_bytes_ += size;
  return address;
}

std::uint64_t DeviceMemory::allocate(std::uint64_t size) {
  if (size > kCapacity) return 0;
  const std::uint64_t address = reserve(size);
  if (address == 0) return 0;
  if (options().poison) std::memset(reinterpret_cast<void*>(address), 0xff, size);
  initialised_.clear(offset(address), size);
  return address;
}

std::uint64_t DeviceMemory::allocate_initialised(std::uint64_t size) {
  const std::uint64_t address = size > kCapacity ? 0 : reserve(size);
  if (address == 0) return 0;
  std::memset(reinterpret_cast<void*>(address), 0, size);
  initialised_.set(offset(address), size);
  return address;
}

bool DeviceMemory::release(std::uint64_t address) {
  const auto found = allocations_.find(address);
  if (found == allocations_.end()) return false;
  const std::uint64_t rounded = align_up(found->second, kAlignment);
  discard_pages(reinterpret_cast<void*>(address), rounded);
  allocated_bytes_ -= found->second;
  released_.emplace(rounded, address);
  allocations_.erase(found);
  return true;
}

DeviceMemory::Range DeviceMemory::last_before(std::uint64_t address) const {
  auto after = allocations_.upper_bound(address);
  if (after == allocations_.begin()) return {};
  --after;
  return {after->first, after->first + after->second};
}

DeviceMemory::Range DeviceMemory::find(std::uint64_t address) const {
  const Range range = last_before(address);
  return range.holds(address, 1) ? range : Range{};
}

void DeviceMemory::host_wrote(std::uint64_t address, std::uint64_t size) {
  if (is_device(address)) initialised_.set(offset(address), size);
}

}  // namespace ptxsim
