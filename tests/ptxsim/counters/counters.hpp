/// Counts what decides a kernel's speed. README.md says what each number means; counters_json.cpp names them.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "counters/cost.hpp"
#include "machine/race_checker.hpp"

namespace ptxsim {

struct InstructionInfo;
struct Launch;
struct Resolved;

/// Global memory: what the warps' requests ask of the L1 cache.
struct GlobalTraffic {
  std::uint64_t requests = 0, lanes = 0, bytes = 0;
  std::uint64_t wide_bytes = 0;  // of 16-byte accesses
  std::uint64_t sectors = 0;     // of 32 bytes, different ones of a request
  std::uint64_t lines = 0;       // of 128 bytes
  void add(const GlobalTraffic& other);
};

/// Shared memory: passes through its 32 banks of 4 bytes.
struct SharedTraffic {
  std::uint64_t requests = 0, lanes = 0, bytes = 0;
  std::uint64_t wavefronts = 0, ideal = 0;  // with and without bank conflicts
  std::uint64_t max_degree = 0;             // of the worst request
  void add(const SharedTraffic& other);
};

/// Atomics on shared memory.
struct SharedAtomics {
  std::uint64_t same_address_sum = 0, same_address_max = 0, bank_passes = 0, float_lanes = 0;
  void add(const SharedAtomics& other);
};

struct InstructionCounts {
  std::uint64_t warps = 0, lanes = 0, global_sectors = 0, extra_wavefronts = 0;
};

enum class Traffic : std::uint8_t { load, store, atomic };
constexpr unsigned kTraffics = 3;

class Counters {
 public:
  void start(const Launch& launch);
  void add(const Counters& other);
  /// Numbers of blocks begin anew.
  void forget_blocks();

  void issued(const InstructionInfo& instruction, unsigned lanes, bool divergent);
  void memory(const InstructionInfo& instruction, std::uint32_t block, unsigned size, AccessKind kind,
              const Resolved& request);
  /// A bulk copy of global memory; offset in device memory.
  void bulk(std::uint32_t block, bool is_load, std::uint64_t offset, std::uint64_t size);

  GlobalTraffic global[kTraffics];
  SharedTraffic shared[kTraffics], remote[kTraffics];
  SharedAtomics shared_atomics;
  // Atomics on global memory
  std::uint64_t same_address_in_warp = 0, float_lanes = 0;
  std::unordered_map<std::uint64_t, std::uint32_t> requests_per_address;  // up to kMaxAddresses
  // Different sectors of the launch, and of a block summed over blocks
  std::uint64_t distinct_read = 0, distinct_written = 0, block_distinct_read = 0, block_distinct_written = 0;
  std::uint64_t local_requests = 0, local_bytes = 0, constant_requests = 0, constant_addresses = 0;
  std::uint64_t bulk_copies = 0, bulk_bytes_in = 0, bulk_bytes_out = 0, bulk_bytes_dsmem = 0;
  std::uint64_t block_barriers = 0, cluster_barriers = 0;
  std::uint64_t divergent_warp_instructions = 0;
  std::vector<InstructionCounts> instructions;  // by InstructionInfo::index

 private:
  static constexpr std::size_t kMaxAddresses = 2'000'000;
  void global_request(const InstructionInfo& instruction, std::uint32_t block, unsigned size, Traffic traffic,
                      const Resolved& request);
  void shared_request(const InstructionInfo& instruction, unsigned size, Traffic traffic, const Resolved& request,
                      Mask mask, SharedTraffic& counts);
  void global_atomics(const InstructionInfo& instruction, const Resolved& request);
  void shared_atomic_request(const InstructionInfo& instruction, const Resolved& request, Mask mask);
  void touch_sector(std::uint32_t block, std::uint64_t sector, bool written);

  // Which block touched a sector last, read and written; one array per host thread, made when first needed.
  std::uint32_t* last_block_[2] = {nullptr, nullptr};
};

/// Appends one JSON object.
void write_counters(const std::string& file, const Launch& launch, const Counters& counters, double seconds,
                    unsigned host_threads);

}  // namespace ptxsim
