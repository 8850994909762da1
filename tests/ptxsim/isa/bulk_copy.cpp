/// cp.async.bulk and st.async (PTX ISA 9.7.9.25.4 and 9.7.9.13); see machine/async_unit.hpp.
#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"

namespace ptxsim {
namespace {

using Direction = AsyncUnit::Direction;

void count(Warp& warp, Direction direction, std::uint64_t global_address, std::uint32_t size) {
  Counters& counters = warp.block->cluster().counters;
  ++counters.bulk_copies;
  switch (direction) {
    case Direction::to_shared: counters.bulk_bytes_in += size; break;
    case Direction::to_global: counters.bulk_bytes_out += size; break;
    case Direction::to_cluster: counters.bulk_bytes_dsmem += size; return;
  }
  if (!warp.block->launch().counting || !device_memory().is_device(global_address)) return;
  counters.bulk(warp.block->id, direction == Direction::to_shared, device_memory().offset(global_address), size);
}

/// The same offset in the window of another block of the cluster.
std::uint64_t in_window(std::uint64_t shared_address, unsigned rank) {
  return (rank + std::uint64_t{1}) * kSharedWindow + shared_address % kSharedWindow;
}

template <Direction kDirection> Outcome execute_copy(Warp& warp, const Instruction& i, Mask mask) {
  AsyncUnit& unit = warp.block->cluster().async;
  const Addresses to = addresses_of(warp, i.a, i.a_size, i.offset);
  const Addresses from = addresses_of(warp, i.b, i.b_size, i.info->offset_b);
  const auto size = warp.in<std::uint32_t>(i.e);
  Addresses mbarrier = {};
  if (kDirection != Direction::to_global) mbarrier = addresses_of(warp, i.c, i.c_size, i.info->offset_c);
  for_each_lane(mask, [&](unsigned lane) {
    count(warp, kDirection, kDirection == Direction::to_shared ? from[lane] : to[lane], size[lane]);
    unit.copy(warp, lane, kDirection, to[lane], from[lane], size[lane], {mbarrier[lane], false, true});
  });
  return Outcome::next;
}

/// To the same place in every block of the mask, each of which counts the bytes on its own mbarrier.
Outcome execute_multicast(Warp& warp, const Instruction& i, Mask mask) {
  Cluster& cluster = warp.block->cluster();
  const Addresses to = addresses_of(warp, i.a, i.a_size, i.offset);
  const Addresses from = addresses_of(warp, i.b, i.b_size, i.info->offset_b);
  const Addresses mbarrier = addresses_of(warp, i.c, i.c_size, i.info->offset_c);
  const auto size = warp.in<std::uint32_t>(i.e);
  const auto ranks = warp.in<std::uint16_t>(i.p);
  for_each_lane(mask, [&](unsigned lane) {
    count(warp, Direction::to_shared, from[lane], size[lane]);
    for (unsigned rank = 0; rank < kMaxClusterSize; ++rank) {
      if ((ranks[lane] >> rank & 1) == 0) continue;
      cluster.async.copy(warp, lane, Direction::to_shared, in_window(to[lane], rank), from[lane], size[lane],
                         {in_window(mbarrier[lane], rank), false, true});
    }
  });
  return Outcome::next;
}

Outcome execute_commit(Warp& warp, const Instruction&, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { warp.block->cluster().async.commit_group(warp, lane); });
  return Outcome::next;
}

/// With .read only the source must have been read; here the copy is then done altogether.
Outcome execute_wait(Warp& warp, const Instruction& i, Mask mask) {
  for_each_lane(mask,
                [&](unsigned lane) { warp.block->cluster().async.wait_group(warp, lane, static_cast<int>(i.target)); });
  return Outcome::next;
}

/// Stores to another block's shared memory and counts the bytes on an mbarrier there.
Outcome execute_store(Warp& warp, const Instruction& i, Mask mask) {
  const InstructionInfo& info = *i.info;
  const unsigned element = size_of(info.opcode.type());
  Request request;
  request.space = Space::shared;
  request.size = element * static_cast<unsigned>(info.vector.size());
  request.kind = AccessKind::store;
  request.any_window = true;
  const Addresses to = addresses_of(warp, i.a, i.a_size, i.offset);
  const Addresses mbarrier = addresses_of(warp, i.c, i.c_size, info.offset_c);
  Resolved resolved;
  resolve(warp, mask, to, request, resolved);
  for (Mask left = mask; left != 0; left &= left - 1) {
    const unsigned lane = first_lane(left);
    for (std::size_t k = 0; k < info.vector.size(); ++k) {
      const std::uint64_t value = warp.number(info.vector[k], info.vector_sizes[k], lane);
      std::memcpy(resolved.pointer[lane] + k * element, &value, element);
    }
    warp.block->cluster().async.complete(warp, lane, {mbarrier[lane], false, true}, request.size);
  }
  return Outcome::next;
}

Execute store(const Opcode& opcode, Instruction& i) {
  return i.info->vector.size() == opcode.vector_size() && size_of(opcode.type()) >= 4 ? &execute_store : nullptr;
}

/// Both name two spaces: the destination comes first.
Execute load_or_cluster(const Opcode& opcode, Instruction&) {
  const std::string& to = opcode.modifiers()[2];
  const std::string& from = opcode.modifiers()[3];
  if (to != "shared::cluster" && to != "shared::cta") return nullptr;
  if (from == "global") return &execute_copy<Direction::to_shared>;
  return from == "shared::cta" ? &execute_copy<Direction::to_cluster> : nullptr;
}

Execute store_to_global(const Opcode& opcode, Instruction&) {
  return opcode.modifiers()[2] == "global" && opcode.modifiers()[3] == "shared::cta"
             ? &execute_copy<Direction::to_global>
             : nullptr;
}

}  // namespace

const Forms& bulk_copy_forms() {
  constexpr Kind kKind = Kind::async_copy;
  constexpr const char* kPrefetch = "L2 global";
  static const Forms forms = {
      {"cp.async.bulk.mbarrier::complete_tx::bytes", "[a], [b], e:u32, [c]", "global shared::cta shared::cluster",
       load_or_cluster, cost::one<kKind>},
      {"cp.async.bulk.mbarrier::complete_tx::bytes.multicast::cluster", "[a], [b], e:u32, [c], p:b16",
       "global shared::cluster", always<execute_multicast>, cost::one<kKind>},
      {"cp.async.bulk.bulk_group", "[a], [b], e:u32", "global shared::cta", store_to_global, cost::one<kKind>},
      {"cp.async.bulk.prefetch", "[a], e:u32", kPrefetch, nothing, cost::one<kKind>},
      {"cp.async.bulk.commit_group", "", "", always<execute_commit>, cost::one<kKind>},
      {"cp.async.bulk.wait_group", "#", "read", always<execute_wait>, cost::one<kKind>},
      {"st.async.mbarrier::complete_tx::bytes", "[a], {b}, [c]", "weak shared::cluster v2 v4", store,
       cost::one<Kind::store_shared>, Flow::synchronise},
  };
  return forms;
}

}  // namespace ptxsim
