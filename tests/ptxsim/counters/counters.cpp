#include "counters/counters.hpp"

#include <algorithm>
#include <cstring>

#include "counters/banks.hpp"
#include "machine/device_memory.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {
namespace {

constexpr unsigned kSector = 32, kSectorsPerLine = 4;
constexpr std::uint64_t kSectors = DeviceMemory::kReserved / kSector;
constexpr unsigned kMaxSectorsPerRequest = kWarpSize * 2;  // 16 or 32 aligned bytes a lane are one sector

/// One bit per sector of device memory, read and written: touched in this launch, by any thread of the host.
std::uint64_t* touched(bool written) {
  static auto* const maps = new std::uint64_t* [2] {
    static_cast<std::uint64_t*>(reserve_address_space(kSectors / 8)),
        static_cast<std::uint64_t*>(reserve_address_space(kSectors / 8))
  };
  return maps[written ? 1 : 0];
}

Traffic traffic_of(AccessKind kind) {
  switch (kind) {
    case AccessKind::load: return Traffic::load;
    case AccessKind::store: return Traffic::store;
    case AccessKind::atomic: break;
  }
  return Traffic::atomic;
}

/// The offsets of the lanes, sorted.
unsigned sorted_offsets(const Resolved& request, Mask mask, std::uint64_t (&offsets)[kWarpSize]) {
  unsigned count = 0;
  for_each_lane(mask, [&](unsigned lane) { offsets[count++] = request.offset[lane]; });
  std::sort(offsets, offsets + count);
  return count;
}

/// The size of the largest group of lanes with one address.
unsigned largest_group(const std::uint64_t* sorted, unsigned count) {
  unsigned largest = 0;
  for (unsigned k = 0, run = 0; k < count; ++k) {
    run = k > 0 && sorted[k] == sorted[k - 1] ? run + 1 : 1;
    largest = std::max(largest, run);
  }
  return largest;
}

}  // namespace

void GlobalTraffic::add(const GlobalTraffic& other) {
  requests += other.requests;
  lanes += other.lanes;
  bytes += other.bytes;
  wide_bytes += other.wide_bytes;
  sectors += other.sectors;
  lines += other.lines;
}

void SharedTraffic::add(const SharedTraffic& other) {
  requests += other.requests;
  lanes += other.lanes;
  bytes += other.bytes;
  wavefronts += other.wavefronts;
  ideal += other.ideal;
  max_degree = std::max(max_degree, other.max_degree);
}

void SharedAtomics::add(const SharedAtomics& other) {
  same_address_sum += other.same_address_sum;
  same_address_max = std::max(same_address_max, other.same_address_max);
  bank_passes += other.bank_passes;
  float_lanes += other.float_lanes;
}

void Counters::start(const Launch& launch) {
  std::uint32_t* const kept[] = {last_block_[0], last_block_[1]};
  *this = Counters();
  std::copy(std::begin(kept), std::end(kept), last_block_);
  if (!launch.counting) return;
  instructions.resize(all_instructions().size());
  for (const bool written : {false, true}) {
    std::memset(touched(written), 0, device_memory().high_water_mark() / kSector / 8 + 8);
    std::uint32_t*& last = last_block_[written ? 1 : 0];
    if (last == nullptr) last = static_cast<std::uint32_t*>(reserve_address_space(kSectors * sizeof(*last)));
  }
}

void Counters::forget_blocks() {
  for (std::uint32_t* last : last_block_) {
    if (last != nullptr) discard_pages(last, kSectors * sizeof *last);
  }
}

void Counters::add(const Counters& other) {
  for (unsigned k = 0; k < kTraffics; ++k) {
    global[k].add(other.global[k]);
    shared[k].add(other.shared[k]);
    remote[k].add(other.remote[k]);
  }
  shared_atomics.add(other.shared_atomics);
  same_address_in_warp += other.same_address_in_warp;
  float_lanes += other.float_lanes;
  for (const auto& [address, count] : other.requests_per_address) requests_per_address[address] += count;
  distinct_read += other.distinct_read;
  distinct_written += other.distinct_written;
  block_distinct_read += other.block_distinct_read;
  block_distinct_written += other.block_distinct_written;
  local_requests += other.local_requests;
  local_bytes += other.local_bytes;
  constant_requests += other.constant_requests;
  constant_addresses += other.constant_addresses;
  bulk_copies += other.bulk_copies;
  bulk_bytes_in += other.bulk_bytes_in;
  bulk_bytes_out += other.bulk_bytes_out;
  bulk_bytes_dsmem += other.bulk_bytes_dsmem;
  block_barriers += other.block_barriers;
  cluster_barriers += other.cluster_barriers;
  divergent_warp_instructions += other.divergent_warp_instructions;
  for (std::size_t k = 0; k < instructions.size(); ++k) {
    instructions[k].warps += other.instructions[k].warps;
    instructions[k].lanes += other.instructions[k].lanes;
    instructions[k].global_sectors += other.instructions[k].global_sectors;
    instructions[k].extra_wavefronts += other.instructions[k].extra_wavefronts;
  }
}

void Counters::issued(const InstructionInfo& instruction, unsigned lanes, bool divergent) {
  InstructionCounts& counts = instructions[instruction.index];
  ++counts.warps;
  counts.lanes += lanes;
  divergent_warp_instructions += divergent ? 1 : 0;
}

void Counters::memory(const InstructionInfo& instruction, std::uint32_t block, unsigned size, AccessKind kind,
                      const Resolved& request) {
  const Traffic traffic = traffic_of(kind);
  const auto index = static_cast<unsigned>(traffic);
  if (request.global != 0) global_request(instruction, block, size, traffic, request);
  if (request.shared != 0) shared_request(instruction, size, traffic, request, request.shared, shared[index]);
  if (request.remote != 0) shared_request(instruction, size, traffic, request, request.remote, remote[index]);
  if (request.local != 0) {
    ++local_requests;
    local_bytes += std::uint64_t{size} * count_lanes(request.local);
  }
  if (request.constant != 0) {
    std::uint64_t offsets[kWarpSize];
    const unsigned count = sorted_offsets(request, request.constant, offsets);
    ++constant_requests;
    constant_addresses += static_cast<std::uint64_t>(std::unique(offsets, offsets + count) - offsets);
  }
}

void Counters::global_request(const InstructionInfo& instruction, std::uint32_t block, unsigned size, Traffic traffic,
                              const Resolved& request) {
  std::uint64_t sectors[kMaxSectorsPerRequest];
  unsigned count = 0;
  bool is_sorted = true;
  for_each_lane(request.global, [&](unsigned lane) {
    const std::uint64_t begin = request.offset[lane], end = begin + size;
    for (std::uint64_t sector = begin / kSector; sector * kSector < end; ++sector) {
      if (count > 0 && sectors[count - 1] == sector) continue;
      is_sorted &= count == 0 || sectors[count - 1] < sector;
      sectors[count++] = sector;
    }
  });
  if (!is_sorted) {
    std::sort(sectors, sectors + count);
    count = static_cast<unsigned>(std::unique(sectors, sectors + count) - sectors);
  }
  GlobalTraffic& counts = global[static_cast<unsigned>(traffic)];
  const unsigned lanes = count_lanes(request.global);
  ++counts.requests;
  counts.lanes += lanes;
  counts.bytes += std::uint64_t{size} * lanes;
  if (size >= 16) counts.wide_bytes += std::uint64_t{size} * lanes;
  counts.sectors += count;
  instructions[instruction.index].global_sectors += count;
  std::uint64_t line = ~std::uint64_t{0};
  for (unsigned k = 0; k < count; ++k) {
    counts.lines += sectors[k] / kSectorsPerLine != line ? 1 : 0;
    line = sectors[k] / kSectorsPerLine;
    if (traffic != Traffic::store) touch_sector(block, sectors[k], false);
    if (traffic != Traffic::load) touch_sector(block, sectors[k], true);
  }
  if (traffic == Traffic::atomic) global_atomics(instruction, request);
}

void Counters::touch_sector(std::uint32_t block, std::uint64_t sector, bool written) {
  std::uint64_t* word = touched(written) + sector / 64;
  const std::uint64_t bit = std::uint64_t{1} << sector % 64;
  if ((__atomic_load_n(word, __ATOMIC_RELAXED) & bit) == 0 &&
      (__atomic_fetch_or(word, bit, __ATOMIC_RELAXED) & bit) == 0) {
    ++(written ? distinct_written : distinct_read);
  }
  std::uint32_t& last = last_block_[written ? 1 : 0][sector];
  if (last != block) ++(written ? block_distinct_written : block_distinct_read);
  last = block;
}

void Counters::global_atomics(const InstructionInfo& instruction, const Resolved& request) {
  std::uint64_t offsets[kWarpSize];
  const unsigned count = sorted_offsets(request, request.global, offsets);
  same_address_in_warp += largest_group(offsets, count);
  if (is_float(instruction.opcode.type())) float_lanes += count;
  if (requests_per_address.size() >= kMaxAddresses) return;
  for (unsigned k = 0; k < count; ++k) {
    if (k == 0 || offsets[k] != offsets[k - 1]) ++requests_per_address[offsets[k]];
  }
}

void Counters::shared_request(const InstructionInfo& instruction, unsigned size, Traffic traffic,
                              const Resolved& request, Mask mask, SharedTraffic& counts) {
  const Wavefronts wavefronts = bank_wavefronts(request.offset, mask, size);
  const unsigned lanes = count_lanes(mask);
  ++counts.requests;
  counts.lanes += lanes;
  counts.bytes += std::uint64_t{size} * lanes;
  counts.wavefronts += wavefronts.needed;
  counts.ideal += wavefronts.ideal;
  const std::uint64_t degree = (wavefronts.needed + wavefronts.ideal - 1) / wavefronts.ideal;
  counts.max_degree = std::max(counts.max_degree, degree);
  instructions[instruction.index].extra_wavefronts += wavefronts.needed - wavefronts.ideal;
  if (traffic == Traffic::atomic) shared_atomic_request(instruction, request, mask);
}

void Counters::shared_atomic_request(const InstructionInfo& instruction, const Resolved& request, Mask mask) {
  std::uint64_t offsets[kWarpSize];
  const unsigned count = sorted_offsets(request, mask, offsets);
  const unsigned largest = largest_group(offsets, count);
  unsigned lanes_of_bank[kBanks] = {};
  for (unsigned k = 0; k < count; ++k) ++lanes_of_bank[bank_of(offsets[k])];
  shared_atomics.same_address_sum += largest;
  shared_atomics.same_address_max = std::max<std::uint64_t>(shared_atomics.same_address_max, largest);
  shared_atomics.bank_passes += *std::max_element(std::begin(lanes_of_bank), std::end(lanes_of_bank));
  if (is_float(instruction.opcode.type())) shared_atomics.float_lanes += count;
}

void Counters::bulk(std::uint32_t block, bool is_load, std::uint64_t offset, std::uint64_t size) {
  for (std::uint64_t sector = offset / kSector; sector * kSector < offset + size; ++sector) {
    touch_sector(block, sector, !is_load);
  }
}

}  // namespace ptxsim
