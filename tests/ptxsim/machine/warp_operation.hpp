/// The rendezvous of *_sync warp operations (PTX ISA 9.7.13.10 and others): all lanes of the member mask that have not
/// exited meet, at the same instruction or at another one of the same kind.
#pragma once
#include "machine/warp.hpp"

namespace ptxsim {

/// The executing lanes arrive; `members` are the lanes' masks. The operation is done at once if everybody is there.
Outcome arrive(Warp& warp, const Instruction& instruction, Mask mask, const Mask (&members)[kWarpSize],
               WarpOperation operation);

/// Lanes have exited: others may have waited for nobody else.
void release_waiting(Warp& warp);

}  // namespace ptxsim
