#include "machine/warp.hpp"

#include <algorithm>

#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

constexpr std::uint32_t kPoison = 0xdeadbeef;

}  // namespace

void Warp::start(Block& owner, unsigned warp_index, unsigned threads, const Function& kernel) {
  block = &owner;
  index = warp_index;
  existing_ = threads >= kWarpSize ? kAllLanes : (Mask{1} << threads) - 1;
  live = ready = existing_;
  waiting = carry = active = 0;
  partial_operations.clear();
  queued = yield = false;
  divergent_steps = next_lane = 0;
  if (owner.launch().checking) clock = WarpClock();
  local_stride_ = owner.launch().local_bytes;
  locals_ = owner.local_memory() + local_stride_ * thread(0);
  for_each_lane(existing_, [&](unsigned lane) {
    Lane& it = lanes[lane];
    it.function = &kernel;
    it.pc = 0;
    it.frame = Frame();
    it.callers.clear();
    it.wait = Wait::nothing;
    it.at = nullptr;
    it.cluster_arrived = false;
    it.cluster_phase = 0;
    it.clock = ThreadClock();
    it.copies.clear();
    it.copy_group = it.bulk_group = 0;
  });
  reserve_frame(Frame(), kernel, existing_);
}

void Warp::reserve_frame(const Frame& frame, const Function& callee, Mask mask) {
  const std::size_t registers_needed = (std::size_t{frame.registers} + callee.register_rows) * kWarpSize;
  if (registers_.size() < registers_needed) registers_.resize(registers_needed, kPoison);
  const std::size_t predicates_needed = std::size_t{frame.predicates} + callee.predicates;
  if (predicates_.size() < predicates_needed) predicates_.resize(predicates_needed);
  const std::size_t parameters_needed = std::size_t{frame.parameters} + callee.frame_bytes;
  if (parameters_needed == 0) return;
  for_each_lane(mask, [&](unsigned lane) {
    if (parameters_[lane].size() < parameters_needed) parameters_[lane].resize(parameters_needed);
  });
}

void Warp::enter(Mask mask) {
  const Lane& leader = lanes[first_lane(mask)];
  active = mask;
  function = leader.function;
  pc = leader.pc;
  constants = function->constants.data();
  enter_registers(first_lane(mask));
}

void Warp::enter_registers(unsigned lane) {
  registers = registers_.data() + std::size_t{lanes[lane].frame.registers} * kWarpSize;
  predicates = predicates_.data() + lanes[lane].frame.predicates;
}

void Warp::leave(Mask mask, std::uint32_t elsewhere) {
  for_each_lane(active, [&](unsigned lane) { lanes[lane].pc = (mask >> lane & 1) != 0 ? elsewhere : pc + 1; });
}

bool Warp::predicate_value(unsigned lane, Operand operand) const {
  if (operand < 0) return operand == kAlwaysTrue;
  return (predicates_[lanes[lane].frame.predicates + static_cast<std::size_t>(operand)] >> lane & 1) != 0;
}

void Warp::set_predicate_value(unsigned lane, Operand operand, bool value) {
  if (operand == kAbsent) return;
  Mask& mask = predicates_[lanes[lane].frame.predicates + static_cast<std::size_t>(operand)];
  mask = (mask & ~(Mask{1} << lane)) | static_cast<Mask>(value) << lane;
}

void Warp::block_lanes(Mask mask, Wait wait) {
  ready &= ~mask;
  for_each_lane(mask, [&](unsigned lane) {
    lanes[lane].wait = wait;
    lanes[lane].at = at;
  });
}

void Warp::wake(unsigned lane, std::uint32_t next_pc) {
  lanes[lane].wait = Wait::nothing;
  lanes[lane].pc = next_pc;
  ready |= Mask{1} << lane;
  block->cluster().enqueue(*this);
}

void Warp::call(Mask mask, const Call& call, const Function& callee, std::uint32_t return_pc) {
  const Lane& leader = lanes[first_lane(mask)];
  const Function& caller = *leader.function;
  Frame frame = leader.frame;
  frame.registers += caller.register_rows;
  frame.predicates += caller.predicates;
  frame.parameters += caller.frame_bytes;
  frame.locals += caller.local_bytes;
  if (frame.locals + callee.local_bytes > local_stride_) {
    report("local stack", "STACK OVERFLOW in local memory: " + describe(*this, first_lane(mask)));
    raise(block->launch(), Fault::launch_failure);
  }
  reserve_frame(frame, callee, mask);
  for_each_lane(mask, [&](unsigned lane) {
    Lane& it = lanes[lane];
    const std::uint8_t* from = parameters(lane);
    it.callers.push_back({it.function, return_pc, it.frame, &call});
    it.function = &callee;
    it.frame = frame;
    it.pc = 0;
    for (std::size_t k = 0; k < call.arguments.size(); ++k) {
      const Variable& argument = call.arguments[k];
      std::copy_n(from + argument.offset, argument.size, parameters(lane) + callee.parameters[k].offset);
    }
  });
}

bool Warp::return_to_caller(unsigned lane) {
  Lane& it = lanes[lane];
  if (it.callers.empty()) return false;
  const Function& callee = *it.function;
  const std::uint8_t* from = parameters(lane);
  const Lane::Activation caller = it.callers.back();
  it.callers.pop_back();
  it.function = caller.function;
  it.frame = caller.frame;
  it.pc = caller.pc;
  for (std::size_t k = 0; k < caller.call->results.size(); ++k) {
    const Variable& result = caller.call->results[k];
    std::copy_n(from + callee.results[k].offset, result.size, parameters(lane) + result.offset);
  }
  return true;
}

}  // namespace ptxsim
