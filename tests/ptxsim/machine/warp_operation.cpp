#include "machine/warp_operation.hpp"

#include "machine/report.hpp"

namespace ptxsim {
namespace {

bool is_same_operation(const Instruction& a, const Instruction& b) {
  return a.info->opcode.name() == b.info->opcode.name() && a.info->opcode.modifiers() == b.info->opcode.modifiers() &&
         a.info->opcode.type() == b.info->opcode.type();
}

[[gnu::noinline]] void remember(Warp& warp, const Instruction& at, Mask members, Mask lanes) {
  for (PartialOperation& each : warp.partial_operations) {
    if (each.at != &at || each.members != members) continue;
    each.lanes |= lanes;
    return;
  }
  warp.partial_operations.push_back({&at, members, lanes});
}

/// The lanes do an operation with this mask. Lanes that it names and that are not here, because they have exited or are
/// at another instruction that matches: if they have been here before, with a mask without those who come now, the
/// masks disagree. Until then they may yet come: operations of fewer lanes in between are correct.
[[gnu::noinline]] void check_absent(Warp& warp, const Instruction& at, Mask members, Mask lanes) {
  for (const PartialOperation& each : warp.partial_operations) {
    const Mask absent = each.lanes & members & ~lanes, left_out = lanes & ~each.members;
    if (each.at != &at || absent == 0 || left_out == 0) continue;
    report(report_key("disagree", at),
           "WARP: member masks disagree: " + describe(warp, first_lane(left_out), *at.info) + " names lane " +
               std::to_string(first_lane(absent)) + ", which has been there with a mask that does not name it");
  }
}

/// Lanes that are at one instruction do the operation. Usually all do, and there is nothing to compare.
void compare_masks(Warp& warp, const Instruction& at, Mask members, Mask lanes) {
  if (lanes == members && lanes == warp.live) return;
  check_absent(warp, at, members, lanes);
  if (lanes != warp.live) remember(warp, at, members, lanes);
}

/// Does the operation for the lanes that wait with this member mask, if they are all that are to come.
void try_release(Warp& warp, Mask members) {
  Mask arrived = 0;
  for_each_lane(warp.waiting & members, [&](unsigned lane) {
    if (warp.lanes[lane].members == members) arrived |= Mask{1} << lane;
  });
  const Mask expected = members & warp.live;
  if (arrived == 0 || (arrived & expected) != expected) return;
  const Lane& first = warp.lanes[first_lane(arrived)];
  for_each_lane(arrived, [&](unsigned lane) {
    const Lane& it = warp.lanes[lane];
    if (is_same_operation(*it.at, *first.at)) return;
    report(report_key("mix", *it.at), "WARP: different operations meet: " + describe(warp, lane, *it.at->info) +
                                          " and " + describe(*first.at->info));
  });
  for (Mask left = arrived; left != 0;) {
    const Instruction& at = *warp.lanes[first_lane(left)].at;
    Mask here = 0;
    for_each_lane(left, [&](unsigned lane) { here |= static_cast<Mask>(warp.lanes[lane].at == &at) << lane; });
    compare_masks(warp, at, members, here);
    left &= ~here;
  }
  warp.waiting &= ~arrived;
  first.operation(Participants(warp, arrived, nullptr));
  for_each_lane(arrived, [&](unsigned lane) { warp.wake(lane, warp.lanes[lane].pc + 1); });
}

}  // namespace

Outcome arrive(Warp& warp, const Instruction& instruction, Mask mask, const Mask (&members)[kWarpSize],
               WarpOperation operation) {
  const Mask first_members = members[first_lane(mask)];
  bool agree = true;
  for_each_lane(mask, [&](unsigned lane) { agree &= members[lane] == first_members; });
  const bool complete = (first_members & warp.live) == mask && (first_members & ~warp.existing()) == 0;
  if (agree && complete && warp.waiting == 0) {
    compare_masks(warp, instruction, first_members, mask);
    operation(Participants(warp, mask, &instruction));
    return Outcome::next;
  }
  warp.leave(mask, warp.pc);
  Mask arriving = mask;
  for_each_lane(mask, [&](unsigned lane) {
    Lane& it = warp.lanes[lane];
    if ((members[lane] >> lane & 1) == 0) {
      report(report_key("self", instruction), "WARP: member mask without the own lane: " + describe(warp, lane));
      arriving &= ~(Mask{1} << lane);
      ++it.pc;  // goes on, without a result
    }
    if ((members[lane] & ~warp.existing()) != 0) {
      report(report_key("ghost", instruction),
             "WARP: member mask names lanes that do not exist: " + describe(warp, lane));
    }
    it.members = members[lane];
    it.operation = operation;
  });
  warp.block_lanes(arriving, Wait::warp_operation);
  warp.waiting |= arriving;
  for_each_lane(arriving, [&](unsigned lane) {
    if ((warp.waiting >> lane & 1) != 0) try_release(warp, members[lane]);
  });
  return Outcome::regroup;
}

void release_waiting(Warp& warp) {
  for_each_lane(warp.waiting, [&](unsigned lane) {
    if ((warp.waiting >> lane & 1) != 0) try_release(warp, warp.lanes[lane].members);
  });
}

}  // namespace ptxsim
