/// The device that is presented: an H200 (sm_90), with less memory.
#pragma once
#include <climits>

#include "machine/launch.hpp"

namespace ptxsim {

constexpr int kMultiprocessors = 132;
constexpr Dimensions kMaxGrid{INT_MAX, 65535, 65535}, kMaxBlock{1024, 1024, 64};
constexpr unsigned kMaxThreadsPerMultiprocessor = 2048, kMaxWarpsPerMultiprocessor = 64;
constexpr unsigned kMaxBlocksPerMultiprocessor = 32;
constexpr unsigned kRegistersPerMultiprocessor = 65536;
constexpr unsigned kSharedPerBlock = 48 * 1024;  // without asking
constexpr unsigned kSharedPerBlockOptin = 227 * 1024;
constexpr unsigned kSharedPerMultiprocessor = 228 * 1024;
constexpr unsigned kSharedReservedPerBlock = 1024;
constexpr unsigned kPortableClusterSize = 8;
constexpr int kVersion = 13000;  // of runtime and driver

}  // namespace ptxsim
