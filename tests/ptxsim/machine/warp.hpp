/// A warp: the registers of 32 threads, and where each of them is. Lanes that are at one address in one activation of
/// one function execute together, as a group; the scheduler chooses groups.
#pragma once
#include <array>
#include <vector>

#include "machine/lanes.hpp"
#include "machine/race_clock.hpp"
#include "ptx/program.hpp"

namespace ptxsim {

class Block;

/// Where an activation of a function begins on its thread's stacks. Lanes with equal frames share rows of registers,
/// lanes with others use other columns, so that one register file serves all.
struct Frame {
  std::uint32_t registers = 0;  // rows
  std::uint32_t predicates = 0;
  std::uint32_t parameters = 0;  // bytes
  std::uint32_t locals = 0;      // bytes

  bool operator==(const Frame& other) const {
    return registers == other.registers && predicates == other.predicates && parameters == other.parameters &&
           locals == other.locals;
  }
};

/// What a thread is waiting for.
enum class Wait : std::uint8_t { nothing, block_barrier, warp_operation, cluster_barrier, mbarrier, never };

/// Executes a warp operation for lanes that have all arrived at it.
class Participants;
using WarpOperation = void (*)(const Participants&);

/// A copy begun by cp.async, not yet done.
struct AsyncCopy {
  const Instruction* instruction;
  std::uint64_t destination, source;
  unsigned size, source_size;  // the rest is filled with zero
  int group;
};

/// One thread. Program counter and instruction are up to date when it is not executing.
struct Lane {
  const Function* function = nullptr;
  std::uint32_t pc = 0;
  Frame frame;
  struct Activation {
    const Function* function;
    std::uint32_t pc;  // of the instruction after the call
    Frame frame;
    const Call* call;
  };
  std::vector<Activation> callers;

  Wait wait = Wait::nothing;
  const Instruction* at = nullptr;  // the instruction where it waits
  Mask members = 0;                 // of the warp operation
  WarpOperation operation = nullptr;
  unsigned barrier = 0;
  bool cluster_arrived = false;
  std::uint32_t cluster_phase = 0;  // at which it arrived, 0 for not since its last wait

  ThreadClock clock;
  std::vector<AsyncCopy> copies;
  int copy_group = 0, bulk_group = 0;
};

/// A warp operation that not all lanes took part in.
struct PartialOperation {
  const Instruction* at;
  Mask members, lanes;  // the mask, and who came with it
};

class Warp {
 public:
  /// For a new block. Registers keep their values: a program that reads them before it writes them gets anything.
  void start(Block& block, unsigned index, unsigned threads, const Function& kernel);

  unsigned thread(unsigned lane) const { return index * kWarpSize + lane; }
  /// Lanes that have threads, including those that have exited.
  Mask existing() const { return existing_; }

  // The executing group.
  template <class T> Source<T> in(Operand operand) const { return {reinterpret_cast<const Slot<T>*>(row(operand))}; }
  template <class T> Destination<T> out(Operand operand) const {
    return {reinterpret_cast<Slot<T>*>(registers + operand * static_cast<std::int64_t>(kWarpSize))};
  }
  const std::uint32_t* row(Operand operand) const {
    const std::uint32_t* begin = operand >= 0 ? registers : constants;
    const std::int64_t index = operand >= 0 ? operand : ~operand;
    return begin + index * kWarpSize;
  }
  /// A register of 4 or 8 bytes as a number.
  std::uint64_t number(Operand operand, unsigned size, unsigned lane) const {
    return size == 8 ? in<std::uint64_t>(operand)[lane] : in<std::uint32_t>(operand)[lane];
  }
  /// Sets the register of a lane to a number of which its 4 or 8 bytes are taken.
  void set_number(Operand operand, unsigned size, unsigned lane, std::uint64_t value) const {
    if (size == 8) out<std::uint64_t>(operand).set(lane, value);
    if (size != 8) out<std::uint32_t>(operand).set(lane, static_cast<std::uint32_t>(value));
  }
  Mask predicate(Operand operand) const {
    if (operand >= 0) return predicates[operand];
    return operand == kAlwaysTrue ? kAllLanes : 0;
  }
  void set_predicate(Operand operand, Mask mask, Mask value) const {
    if (operand != kAbsent) predicates[operand] = (predicates[operand] & ~mask) | (value & mask);
  }
  /// Active lanes for which the guard holds.
  Mask guarded(const Instruction& instruction) const {
    if (instruction.guard == kAbsent) return active;
    const Mask value = predicate(instruction.guard);
    return active & (instruction.guard_negated ? ~value : value);
  }
  /// Makes the lanes, which are at one place, the executing group.
  void enter(Mask lanes);
  /// Points at the registers of the lane's frame.
  void enter_registers(unsigned lane);
  /// Ends the group: its lanes in `mask` are at `pc`, the others at the next instruction.
  void leave(Mask mask, std::uint32_t pc);
  void leave() { leave(0, 0); }

  // A lane that need not be in the executing group.
  template <class T> T value(unsigned lane, Operand operand) const {
    const Lane& it = lanes[lane];
    const std::uint32_t* begin =
        operand >= 0 ? registers_.data() + std::size_t{it.frame.registers} * kWarpSize : it.function->constants.data();
    const auto index = static_cast<std::size_t>(operand >= 0 ? operand : ~operand);
    return unpack<T>(reinterpret_cast<const Slot<T>*>(begin + index * kWarpSize)[lane]);
  }
  template <class T> void set_value(unsigned lane, Operand operand, T value) {
    if (operand == kAbsent) return;
    std::uint32_t* begin =
        registers_.data() + (lanes[lane].frame.registers + static_cast<std::size_t>(operand)) * kWarpSize;
    reinterpret_cast<Slot<T>*>(begin)[lane] = pack(value);
  }
  bool predicate_value(unsigned lane, Operand operand) const;
  void set_predicate_value(unsigned lane, Operand operand, bool value);

  /// Blocks the lanes at the executing instruction, where they continue when woken; they are no longer ready.
  void block_lanes(Mask mask, Wait wait);
  void wake(unsigned lane, std::uint32_t pc);
  /// The lane's memory for arguments of calls, at the beginning of its frame.
  std::uint8_t* parameters(unsigned lane) { return parameters_[lane].data() + lanes[lane].frame.parameters; }
  std::uint8_t* locals(unsigned lane) const { return locals_ + lane * local_stride_; }
  void call(Mask mask, const Call& call, const Function& callee, std::uint32_t return_pc);
  /// False for a lane that has no caller.
  bool return_to_caller(unsigned lane);

  Block* block = nullptr;
  unsigned index = 0;
  std::array<Lane, kWarpSize> lanes;
  Mask live = 0;     // not exited
  Mask ready = 0;    // not waiting
  Mask waiting = 0;  // at a warp operation
  std::vector<PartialOperation> partial_operations;
  Mask carry = 0;  // CC.CF (PTX ISA 9.7.2)
  bool queued = false, yield = false;
  unsigned divergent_steps = 0, next_lane = 0;  // for the scheduler
  WarpClock clock;

  // The executing group
  const Function* function = nullptr;
  const Instruction* at = nullptr;
  std::uint32_t pc = 0;
  Mask active = 0;
  std::uint32_t* registers = nullptr;
  const std::uint32_t* constants = nullptr;
  Mask* predicates = nullptr;

 private:
  void reserve_frame(const Frame& frame, const Function& function, Mask lanes);

  Mask existing_ = 0;
  std::vector<std::uint32_t> registers_;
  std::vector<Mask> predicates_;
  std::array<std::vector<std::uint8_t>, kWarpSize> parameters_;
  std::uint8_t* locals_ = nullptr;
  std::size_t local_stride_ = 0;
};

/// The lanes that execute a warp operation together, at one instruction or at several equal ones.
class Participants {
 public:
  Participants(Warp& warp, Mask mask, const Instruction* common) : warp(warp), mask(mask), common_(common) {}
  const Instruction& at(unsigned lane) const { return common_ != nullptr ? *common_ : *warp.lanes[lane].at; }

  Warp& warp;
  const Mask mask;

 private:
  const Instruction* common_;
};

}  // namespace ptxsim
