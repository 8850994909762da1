/// What is left (PTX ISA 9.7.19 and hints that change no result).
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

/// Others run meanwhile.
Outcome execute_sleep(Warp& warp, const Instruction&, Mask) {
  warp.leave();
  warp.yield = true;
  return Outcome::regroup;
}

}  // namespace

const Forms& miscellaneous_forms() {
  constexpr auto kFree = cost::nothing<Kind::other>;
  static const Forms forms = {
      {"nanosleep", "a", "", always<execute_sleep>, cost::one<Kind::other>, Flow::synchronise},
      {"griddepcontrol", "", "wait launch_dependents", nothing, kFree},
      {"setmaxnreg", "#", "inc dec sync aligned", nothing, kFree},
      {"pmevent", "#", "mask", nothing, kFree},
      {"discard", "[a], #", "global L2", nothing, kFree},
  };
  return forms;
}

}  // namespace ptxsim
