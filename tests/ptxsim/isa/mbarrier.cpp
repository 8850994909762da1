/// mbarrier (PTX ISA 9.7.13.15); see machine/async_unit.hpp.
#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/memory_access.hpp"

namespace ptxsim {
namespace {

AsyncUnit& unit(const Warp& warp) { return warp.block->cluster().async; }

/// Calls f(lane, target) for the lanes in order.
template <class F> void for_each_target(const Warp& warp, const Instruction& i, Mask mask, F f) {
  const Addresses addresses = addresses_of(warp, i.a, i.a_size, i.offset);
  const Opcode& opcode = i.info->opcode;
  const bool generic = opcode.space() == Space::generic && i.info->symbol_space != Space::shared;
  for (; mask != 0; mask &= mask - 1) {
    const unsigned lane = first_lane(mask);
    f(lane, AsyncUnit::Target{addresses[lane], generic, opcode.has("shared::cluster")});
  }
}

std::uint32_t operand(const Warp& warp, Operand operand, unsigned lane) {
  return warp.in<std::uint32_t>(operand)[lane];
}

Outcome init(Warp& warp, const Instruction& i, Mask mask) {
  for_each_target(warp, i, mask, [&](unsigned lane, AsyncUnit::Target target) {
    unit(warp).init(warp, lane, target, operand(warp, i.b, lane));
  });
  return Outcome::next;
}

Outcome invalidate(Warp& warp, const Instruction& i, Mask mask) {
  for_each_target(warp, i, mask,
                  [&](unsigned lane, AsyncUnit::Target target) { unit(warp).invalidate(warp, lane, target); });
  return Outcome::next;
}

Outcome expect(Warp& warp, const Instruction& i, Mask mask) {
  for_each_target(warp, i, mask, [&](unsigned lane, AsyncUnit::Target target) {
    unit(warp).expect(warp, lane, target, operand(warp, i.b, lane));
  });
  return Outcome::next;
}

Outcome complete(Warp& warp, const Instruction& i, Mask mask) {
  for_each_target(warp, i, mask, [&](unsigned lane, AsyncUnit::Target target) {
    unit(warp).complete(warp, lane, target, operand(warp, i.b, lane));
  });
  return Outcome::next;
}

/// With .expect_tx the operand is a number of bytes and the arrival counts once, without it is the count.
Outcome arrive(Warp& warp, const Instruction& i, Mask mask) {
  const Opcode& opcode = i.info->opcode;
  const bool expects = opcode.has("expect_tx"), drops = opcode.has("arrive_drop");
  for_each_target(warp, i, mask, [&](unsigned lane, AsyncUnit::Target target) {
    if (expects) unit(warp).expect(warp, lane, target, operand(warp, i.b, lane));
    const std::uint32_t count = expects || i.b == kAbsent ? 1 : operand(warp, i.b, lane);
    const std::uint64_t state = unit(warp).arrive(warp, lane, target, count, drops);
    if (i.d != kAbsent) warp.out<std::uint64_t>(i.d).set(lane, state);
  });
  return Outcome::next;
}

/// test_wait looks, try_wait waits. The predicates are set for lanes that do not have to wait; the others look again
/// when the barrier's phase is complete. (On the device try_wait gives up after a time, which programs have to expect.)
template <bool kParity, bool kWaits> Outcome wait(Warp& warp, const Instruction& i, Mask mask) {
  Mask complete = 0;
  for_each_target(warp, i, mask, [&](unsigned lane, AsyncUnit::Target target) {
    const bool done = kParity ? unit(warp).is_parity_complete(warp, lane, target, (operand(warp, i.b, lane) & 1) != 0)
                              : unit(warp).is_complete(warp, lane, target, warp.in<std::uint64_t>(i.b)[lane]);
    complete |= static_cast<Mask>(done) << lane;
  });
  const Mask rest = mask & ~complete;
  if (!kWaits) {
    warp.set_predicate(i.d, mask, complete);
    if (rest == 0) return Outcome::next;
    warp.leave();  // let those run who complete it
    warp.yield = true;
    return Outcome::regroup;
  }
  warp.set_predicate(i.d, complete, complete);
  if (rest == 0) return Outcome::next;
  warp.leave(rest, warp.pc);
  warp.block_lanes(rest, Wait::mbarrier);
  for_each_target(warp, i, rest,
                  [&](unsigned lane, AsyncUnit::Target target) { unit(warp).add_waiter(warp, lane, target); });
  return Outcome::regroup;
}

struct PendingCount {
  std::uint32_t operator()(std::uint64_t state) const { return AsyncUnit::pending_count(state); }
};

template <Execute kExecute> Execute of_64_bits(const Opcode& opcode, Instruction&) {
  return opcode.type() == Type::b64 ? kExecute : nullptr;
}

constexpr const char* kSpaces = "shared shared::cta shared::cluster";
constexpr const char* kArrive = "release relaxed cta cluster shared shared::cta shared::cluster";
constexpr const char* kWait = "acquire relaxed cta cluster shared shared::cta";
constexpr const char* kTransaction = "relaxed cta cluster shared shared::cta shared::cluster";

}  // namespace

const Forms& mbarrier_forms() {
  constexpr auto kCost = cost::one<Kind::mbarrier>;
  constexpr Flow kFlow = Flow::synchronise;
  static const Forms forms = {
      {"mbarrier.init", "[a], b:u32", kSpaces, of_64_bits<init>, kCost},
      {"mbarrier.inval", "[a]", kSpaces, of_64_bits<invalidate>, kCost},
      {"mbarrier.expect_tx", "[a], b:u32", kTransaction, of_64_bits<expect>, kCost},
      {"mbarrier.complete_tx", "[a], b:u32", kTransaction, of_64_bits<complete>, kCost, kFlow},
      {"mbarrier.arrive", "d, [a], ?b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive", "[a], ?b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive.noComplete", "d, [a], b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive.expect_tx", "d, [a], b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive.expect_tx", "[a], b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive_drop", "d, [a], ?b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive_drop", "[a], ?b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive_drop.expect_tx", "d, [a], b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.arrive_drop.expect_tx", "[a], b:u32", kArrive, of_64_bits<arrive>, kCost, kFlow},
      {"mbarrier.test_wait", "d:pred, [a], b", kWait, of_64_bits<wait<false, false>>, kCost, kFlow},
      {"mbarrier.test_wait.parity", "d:pred, [a], b:u32", kWait, of_64_bits<wait<true, false>>, kCost, kFlow},
      {"mbarrier.try_wait", "d:pred, [a], b, ?e:u32", kWait, of_64_bits<wait<false, true>>, kCost, kFlow},
      {"mbarrier.try_wait.parity", "d:pred, [a], b:u32, ?e:u32", kWait, of_64_bits<wait<true, true>>, kCost, kFlow},
      {"mbarrier.pending_count", "d:u32, a", "", unary<PendingCount, TypeList<std::uint64_t>>, kCost},
  };
  return forms;
}

}  // namespace ptxsim
