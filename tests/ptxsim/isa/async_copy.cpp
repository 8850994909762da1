/// cp.async and its groups (PTX ISA 9.7.9.25.3). A copy is done when it is waited for: who forgets reads stale
/// data.
#include <utility>

#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"

namespace ptxsim {
namespace {

Request shared_store(unsigned size) {
  Request request;
  request.space = Space::shared;
  request.size = size;
  request.kind = AccessKind::store;
  return request;
}

Request global_load(unsigned size) {
  Request request;
  request.space = Space::global;
  request.size = size;
  return request;
}

/// A copy may happen as soon as it is issued. `whole`: the lanes whose source is read to its end.
void issue(Warp& warp, Mask mask, Mask whole, const Addresses& to, const Addresses& from, unsigned size) {
  const Launch& launch = warp.block->launch();
  if (!launch.counting && !launch.checking) return;
  Request load = global_load(size), store = shared_store(size);
  load.is_announced = store.is_announced = true;
  const auto resolve_lanes = [&](Mask lanes, const Addresses& addresses, const Request& request) {
    Resolved resolved;
    if (lanes != 0) resolve(warp, lanes, addresses, request, resolved);
  };
  resolve_lanes(mask, to, store);
  if (whole == mask) return resolve_lanes(mask, from, load);
  load.is_checked = false;  // what the copy itself will look at
  resolve_lanes(mask, from, load);
}

Outcome execute_copy(Warp& warp, const Instruction& i, Mask mask) {
  const Addresses to = addresses_of(warp, i.a, i.a_size, i.offset);
  const Addresses from = addresses_of(warp, i.b, i.b_size, i.info->offset_b);
  const unsigned size = i.target;
  Mask whole = 0;
  for_each_lane(mask, [&](unsigned lane) {
    Lane& it = warp.lanes[lane];
    const unsigned source_size = i.e != kAbsent ? std::min(size, warp.in<std::uint32_t>(i.e)[lane]) : size;
    it.copies.push_back({&i, to[lane], from[lane], size, source_size, it.copy_group});
    if (source_size == size) whole |= Mask{1} << lane;
  });
  issue(warp, mask, whole, to, from, size);
  return Outcome::next;
}

Execute copy(const Opcode& opcode, Instruction& i) {
  const bool size_is_right = i.target == 16 || (opcode.has("ca") && (i.target == 4 || i.target == 8));
  return size_is_right ? &execute_copy : nullptr;
}

void perform(Warp& warp, unsigned lane, const AsyncCopy& copy) {
  const Instruction* executing = std::exchange(warp.at, copy.instruction);  // what reports name
  Request store = shared_store(copy.size), load = global_load(copy.size);
  store.is_counted = load.is_counted = false;
  // With a source size the rest is filled with zeros and not read.
  load.bytes = static_cast<std::uint32_t>((std::uint64_t{1} << copy.source_size) - 1);
  std::uint8_t* to = resolve_one(warp, lane, copy.destination, store);
  std::memset(to, 0, copy.size);
  if (copy.source_size != 0) std::memcpy(to, resolve_one(warp, lane, copy.source, load), copy.source_size);
  warp.at = executing;
}

/// Performs the copies of all but the `keep` latest groups.
void perform_groups(Warp& warp, unsigned lane, int keep) {
  Lane& it = warp.lanes[lane];
  std::vector<AsyncCopy> kept;
  for (const AsyncCopy& copy : it.copies) {
    if (copy.group < it.copy_group - keep) {
      perform(warp, lane, copy);
    } else {
      kept.push_back(copy);
    }
  }
  it.copies = kept;
}

Outcome execute_commit(Warp& warp, const Instruction&, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { ++warp.lanes[lane].copy_group; });
  return Outcome::next;
}

Outcome execute_wait_group(Warp& warp, const Instruction& i, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { perform_groups(warp, lane, static_cast<int>(i.target)); });
  return Outcome::next;
}

/// Also of copies that are in no group yet.
Outcome execute_wait_all(Warp& warp, const Instruction&, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { perform_groups(warp, lane, -1); });
  return Outcome::next;
}

/// cp.async.mbarrier.arrive: an arrival when the thread's earlier copies are done; they are done here. Without .noinc
/// the arrival is one that the barrier did not count before, so nothing remains of it.
Outcome execute_mbarrier_arrive(Warp& warp, const Instruction& i, Mask mask) {
  const Addresses addresses = addresses_of(warp, i.a, i.a_size, i.offset);
  const Opcode& opcode = i.info->opcode;
  for (; mask != 0; mask &= mask - 1) {
    const unsigned lane = first_lane(mask);
    perform_groups(warp, lane, -1);
    if (!opcode.has("noinc")) continue;
    const AsyncUnit::Target target{addresses[lane], opcode.space() == Space::generic, false};
    warp.block->cluster().async.arrive(warp, lane, target, 1, false);
  }
  return Outcome::next;
}

constexpr const char* kCopy = "ca cg shared shared::cta global L2::*";

}  // namespace

const Forms& async_copy_forms() {
  constexpr Kind kKind = Kind::async_copy;
  static const Forms forms = {
      {"cp.async", "[a], [b], #, ?e:u32", kCopy, copy, cost::one<kKind>},
      {"cp.async.commit_group", "", "", always<execute_commit>, cost::one<kKind>},
      {"cp.async.wait_group", "#", "", always<execute_wait_group>, cost::one<kKind>},
      {"cp.async.wait_all", "", "", always<execute_wait_all>, cost::one<kKind>},
      {"cp.async.mbarrier.arrive", "[a]", "noinc shared shared::cta b64", always<execute_mbarrier_arrive>,
       cost::one<Kind::mbarrier>, Flow::synchronise},
  };
  return forms;
}

}  // namespace ptxsim
