#include "machine/async_unit.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

constexpr unsigned kBulkUnit = 16;  // addresses and sizes of bulk copies are multiples of it

[[noreturn]] void fail(Warp& warp, unsigned lane, const char* kind, Fault fault, const std::string& text) {
  report(report_key(kind, *warp.at), text + ": " + describe(warp, lane));
  raise(warp.block->launch(), fault);
}

}  // namespace

void AsyncUnit::start() {
  barriers_.clear();
  copies_.clear();
}

void AsyncUnit::report_abandoned() {
  for (const BulkCopy& copy : copies_) {
    report(report_key("bulk", *copy.instruction), "BULK COPY: cp.async.bulk that nobody waited for: " +
                                                      describe(*copy.warp, copy.lane, *copy.instruction->info));
  }
}

void AsyncUnit::exited(Warp& warp, unsigned lane) {
  for (const BulkCopy& copy : copies_) {
    if (copy.warp != &warp || copy.lane != lane || copy.direction != Direction::to_global) continue;
    report(report_key("bulk exit", *copy.instruction),
           "BULK COPY: exit before the cp.async.bulk store was waited for: " +
               describe(warp, lane, *copy.instruction->info));
    return;
  }
}

std::uint8_t* AsyncUnit::locate(Warp& warp, unsigned lane, Target target) {
  std::uint64_t address = target.address;
  if (target.is_generic) {
    const std::uint64_t offset = address - reinterpret_cast<std::uint64_t>(cluster_.windows());
    if (offset >= cluster_.windows_size()) {
      fail(warp, lane, "mbarrier space", Fault::illegal_address, "MBARRIER: not in shared memory");
    }
    address = offset;
  }
  Request request;
  request.space = Space::shared;
  request.size = 8;
  request.kind = AccessKind::atomic;
  request.any_window = target.any_window || target.is_generic;
  request.is_checked = request.is_counted = false;
  return resolve_one(warp, lane, address, request);
}

AsyncUnit::Barrier& AsyncUnit::find(Warp& warp, unsigned lane, Target target) {
  const auto found = barriers_.find(locate(warp, lane, target));
  if (found == barriers_.end()) {
    fail(warp, lane, "mbarrier init", Fault::launch_failure, "MBARRIER: used before mbarrier.init");
  }
  return found->second;
}

void AsyncUnit::init(Warp& warp, unsigned lane, Target target, std::uint32_t count) {
  std::uint8_t* place = locate(warp, lane, target);
  std::memset(place, 0, 8);
  barriers_[place] = Barrier{count, count, 0, 0, 0, {}};
}

void AsyncUnit::invalidate(Warp& warp, unsigned lane, Target target) {
  find(warp, lane, target);
  barriers_.erase(locate(warp, lane, target));
}

void AsyncUnit::expect(Warp& warp, unsigned lane, Target target, std::uint32_t bytes) {
  find(warp, lane, target).bytes += bytes;
}

void AsyncUnit::complete(Warp& warp, unsigned lane, Target target, std::uint32_t bytes) {
  Barrier& barrier = find(warp, lane, target);
  barrier.bytes -= bytes;
  cluster_.advance_time();
  settle(barrier);
}

/// PTX ISA 9.7.13.15.5: the phase completes when no arrivals and no bytes are pending.
void AsyncUnit::settle(Barrier& barrier) {
  if (barrier.pending != 0 || barrier.bytes != 0) return;
  barrier.completed = cluster_.advance_time();
  ++barrier.phase;
  barrier.pending = barrier.count;
  for (const auto& [warp, lane] : std::exchange(barrier.waiters, {})) {
    if (warp->lanes[lane].wait == Wait::mbarrier) warp->wake(lane, warp->lanes[lane].pc);  // to look again
  }
}

std::uint64_t AsyncUnit::arrive(Warp& warp, unsigned lane, Target target, std::uint32_t count, bool drop) {
  Barrier& barrier = find(warp, lane, target);
  const std::uint64_t state = std::uint64_t{barrier.phase} << 32 | barrier.pending;
  if (count > barrier.pending) {
    fail(warp, lane, "mbarrier arrivals", Fault::launch_failure, "MBARRIER: more arrivals than it was initialised for");
  }
  if (drop) barrier.count -= count;
  barrier.pending -= count;
  cluster_.advance_time();
  settle(barrier);
  return state;
}

void AsyncUnit::acquire(Warp& warp, unsigned lane, const Barrier& barrier) {
  Time& acquired = warp.lanes[lane].clock.acquired;
  acquired = std::max(acquired, barrier.completed);
  cluster_.race.join_cluster(warp.lanes[lane].clock);
}

bool AsyncUnit::is_complete(Warp& warp, unsigned lane, Target target, std::uint64_t state) {
  const std::uint8_t* place = locate(warp, lane, target);
  find(warp, lane, target);
  perform_if([&](const BulkCopy& copy) { return copy.mbarrier == place; });
  const Barrier& barrier = find(warp, lane, target);
  const bool complete = barrier.phase != static_cast<std::uint32_t>(state >> 32);
  if (complete) acquire(warp, lane, barrier);
  return complete;
}

bool AsyncUnit::is_parity_complete(Warp& warp, unsigned lane, Target target, bool parity) {
  const Barrier& barrier = find(warp, lane, target);
  // A state of a phase with the parity asked for: the current one, or the one before.
  const bool current = (barrier.phase & 1) == (parity ? 1u : 0u);
  return is_complete(warp, lane, target, std::uint64_t{current ? barrier.phase : barrier.phase - 1} << 32);
}

void AsyncUnit::add_waiter(Warp& warp, unsigned lane, Target target) {
  find(warp, lane, target).waiters.emplace_back(&warp, lane);
}

template <class F> bool AsyncUnit::perform_if(F condition) {
  bool any = false;
  for (std::size_t k = 0; k < copies_.size();) {
    if (!condition(copies_[k])) {
      ++k;
      continue;
    }
    const BulkCopy copy = copies_[k];
    copies_.erase(copies_.begin() + static_cast<std::ptrdiff_t>(k));
    perform(copy);
    any = true;
  }
  return any;
}

bool AsyncUnit::perform_awaited() {
  return perform_if([&](const BulkCopy& copy) {
    const auto barrier = barriers_.find(copy.mbarrier);
    return barrier != barriers_.end() && !barrier->second.waiters.empty();
  });
}

void AsyncUnit::copy(Warp& warp, unsigned lane, Direction direction, std::uint64_t destination, std::uint64_t source,
                     std::uint32_t size, Target mbarrier) {
  if (size % kBulkUnit != 0 || destination % kBulkUnit != 0 || source % kBulkUnit != 0) {
    fail(warp, lane, "bulk alignment", Fault::misaligned_address,
         "MISALIGNED cp.async.bulk: an address or the size is not a multiple of 16");
  }
  const bool is_store = direction == Direction::to_global;
  std::uint8_t* place = is_store ? nullptr : locate(warp, lane, mbarrier);
  copies_.push_back(
      {&warp, lane, warp.at, direction, destination, source, size, place, warp.lanes[lane].bulk_group, !is_store});
  if (cluster_.launch().checking) for_each_unit(copies_.back(), true, [](std::uint8_t*, const std::uint8_t*) {});
}

/// Resolves both sides of a copy, unit by unit.
template <class F> void AsyncUnit::for_each_unit(const BulkCopy& copy, bool announced, F body) {
  Request read, write;
  read.space = copy.direction == Direction::to_shared ? Space::global : Space::shared;
  write.space = copy.direction == Direction::to_global ? Space::global : Space::shared;
  read.any_window = write.any_window = true;
  read.size = write.size = kBulkUnit;
  write.kind = AccessKind::store;
  read.is_counted = write.is_counted = false;
  read.is_announced = write.is_announced = announced;
  for (std::uint32_t done = 0; done < copy.size; done += kBulkUnit) {
    const std::uint8_t* from = resolve_one(*copy.warp, copy.lane, copy.source + done, read);
    body(resolve_one(*copy.warp, copy.lane, copy.destination + done, write), from);
  }
}

void AsyncUnit::perform(const BulkCopy& copy) {
  Warp& warp = *copy.warp;
  const Instruction* executing = std::exchange(warp.at, copy.instruction);  // what reports name
  for_each_unit(copy, false, [](std::uint8_t* to, const std::uint8_t* from) { std::memcpy(to, from, kBulkUnit); });
  warp.at = executing;
  if (copy.mbarrier == nullptr) return;
  const auto barrier = barriers_.find(copy.mbarrier);
  if (barrier == barriers_.end()) {
    report(report_key("bulk mbarrier", *copy.instruction),
           "BULK COPY: its mbarrier is not initialised: " + describe(warp, copy.lane, *copy.instruction->info));
    return;
  }
  barrier->second.bytes -= copy.size;
  settle(barrier->second);
}

void AsyncUnit::commit_group(Warp& warp, unsigned lane) {
  for (BulkCopy& copy : copies_) {
    if (copy.warp == &warp && copy.lane == lane && copy.direction == Direction::to_global) copy.committed = true;
  }
  ++warp.lanes[lane].bulk_group;
}

void AsyncUnit::wait_group(Warp& warp, unsigned lane, int keep) {
  const int first_kept = warp.lanes[lane].bulk_group - keep;
  perform_if([&](const BulkCopy& copy) {
    return copy.warp == &warp && copy.lane == lane && copy.direction == Direction::to_global && copy.committed &&
           copy.group < first_kept;
  });
}

}  // namespace ptxsim
