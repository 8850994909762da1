/// Branches, calls, returns, exit (PTX ISA 9.7.12).
#include "isa/lanewise.hpp"
#include "isa/unsupported.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/report.hpp"
#include "machine/warp_operation.hpp"

namespace ptxsim {
namespace {

/// The scheduler does `bra` itself.
Outcome execute_branch(Warp&, const Instruction&, Mask) { return Outcome::next; }

Outcome execute_indexed_branch(Warp& warp, const Instruction& i, Mask mask) {
  const std::vector<unsigned>& table = warp.function->branch_tables[i.target];
  warp.leave();
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint32_t index = warp.in<std::uint32_t>(i.a)[lane];
    if (index >= table.size()) {
      report(report_key("brx", i), "BRANCH: index beyond the table: " + describe(warp, lane));
      raise(warp.block->launch(), Fault::launch_failure);
    }
    warp.lanes[lane].pc = table[index];
  });
  return Outcome::regroup;
}

[[noreturn]] void call_of_missing_function(Warp& warp, const Instruction& i, unsigned lane, const std::string& name) {
  if (name == "__assertfail") {
    report(report_key("assert", i), "ASSERTION failed: " + describe(warp, lane));
    raise(warp.block->launch(), Fault::assertion);
  }
  stop("call of function " + name + ", which has no PTX here: " + describe(warp, lane));
}

/// The function a lane calls.
const Function& callee(Warp& warp, const Instruction& i, const Call& call, unsigned lane) {
  const Function* function = call.function;
  if (call.pointer != kAbsent) {
    function = warp.function->module->function_at(warp.in<std::uint64_t>(call.pointer)[lane]);
    if (function == nullptr) {
      report(report_key("pointer", i), "CALL through an invalid pointer: " + describe(warp, lane));
      raise(warp.block->launch(), Fault::launch_failure);
    }
  }
  if (function == nullptr || function->body.empty()) call_of_missing_function(warp, i, lane, call.callee);
  return *function;
}

Outcome execute_call(Warp& warp, const Instruction& i, Mask mask) {
  const Call& call = warp.function->calls[i.target];
  const std::uint32_t return_pc = warp.pc + 1;
  warp.leave();
  while (mask != 0) {  // lanes that call the same function enter it together
    const Function& first = callee(warp, i, call, first_lane(mask));
    Mask together = 0;
    for_each_lane(mask, [&](unsigned lane) {
      if (call.pointer == kAbsent || &callee(warp, i, call, lane) == &first) together |= Mask{1} << lane;
    });
    warp.call(together, call, first, return_pc);
    // The stacks may have moved.
    if (together != mask) warp.enter_registers(first_lane(mask & ~together));
    mask &= ~together;
  }
  return Outcome::regroup;
}

void exit_lane(Warp& warp, unsigned lane) {
  warp.block_lanes(Mask{1} << lane, Wait::never);
  warp.live &= ~(Mask{1} << lane);
  warp.block->exited(warp, lane);
  warp.block->cluster().exited(warp, lane);
}

Outcome execute_exit(Warp& warp, const Instruction&, Mask mask) {
  warp.leave();
  for_each_lane(mask, [&](unsigned lane) { exit_lane(warp, lane); });
  release_waiting(warp);
  return Outcome::regroup;
}

Outcome execute_return(Warp& warp, const Instruction& i, Mask mask) {
  warp.leave();
  Mask exiting = 0;
  for_each_lane(mask, [&](unsigned lane) {
    if (!warp.return_to_caller(lane)) exiting |= Mask{1} << lane;
  });
  return exiting != 0 ? execute_exit(warp, i, exiting) : Outcome::regroup;
}

Outcome execute_trap(Warp& warp, const Instruction& i, Mask mask) {
  report(report_key("trap", i), "TRAP: " + describe(warp, first_lane(mask)));
  raise(warp.block->launch(), Fault::launch_failure);
}

}  // namespace

Outcome unsupported(Warp& warp, const Instruction& i, Mask mask) {
  stop("unsupported instruction executed: " + std::string(i.info->text) + " [" + i.info->unsupported + "] by " +
       describe(warp, first_lane(mask)));
}

const Forms& control_flow_forms() {
  constexpr auto kCost = cost::one<Kind::branch>;
  static const Forms forms = {
      {"bra", "label", "uni", always<execute_branch>, kCost, Flow::branch},
      {"brx.idx", "a:u32, table", "uni", always<execute_indexed_branch>, kCost},
      {"call", "call", "uni", always<execute_call>, kCost},
      {"ret", "", "uni", always<execute_return>, kCost, Flow::synchronise},
      {"exit", "", "", always<execute_exit>, kCost, Flow::synchronise},
      {"trap", "", "", always<execute_trap>, kCost},
      {"brkpt", "", "", always<execute_trap>, kCost},
  };
  return forms;
}

}  // namespace ptxsim
