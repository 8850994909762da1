/// Layout of a block's shared memory window. The parts lie far apart, and variables have gaps between them, so that an
/// access beyond the end of one does not meet another. An address in a block's own window is its offset; with
/// (rank + 1) * kSharedWindow added it is the window of another block of the cluster.
#pragma once

namespace ptxsim {

constexpr unsigned kSharedWindow = 1u << 20;
constexpr unsigned kReservedShared = 1024;        // the system's own kilobyte, at the start as on sm_90
constexpr unsigned kModuleShared = 1024;          // variables declared outside functions
constexpr unsigned kFunctionShared = 256 * 1024;  // those declared inside
constexpr unsigned kDynamicShared = 512 * 1024;   // what the launch asks for
constexpr unsigned kSharedGap = 16;

}  // namespace ptxsim
