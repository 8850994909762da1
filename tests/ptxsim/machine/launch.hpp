/// A kernel launch: what the host asks for, and what all its blocks share.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "ptx/program.hpp"

namespace ptxsim {

struct Dimensions {
  unsigned x = 1, y = 1, z = 1;
  std::uint64_t count() const { return std::uint64_t{x} * y * z; }
};

struct LaunchConfig {
  Function* kernel = nullptr;
  Dimensions grid, block, cluster;
  unsigned dynamic_shared = 0;
  std::vector<std::uint8_t> parameters;  // the parameter block, kernel->parameter_bytes long
};

/// What stops a kernel; the values are those of cudaError_t.
enum class Fault : int {
  none = 0,
  illegal_address = 700,
  assertion = 710,
  misaligned_address = 716,
  launch_failure = 719,
};

constexpr unsigned kMaxThreads = 1024;  // of a block
constexpr unsigned kMaxClusterSize = 16;

struct Launch {
  explicit Launch(const LaunchConfig& config);

  const LaunchConfig& config;
  Function* kernel;
  unsigned threads;       // of a block
  unsigned cluster_size;  // in blocks
  Dimensions clusters;
  bool lockstep, counting, checking;
  bool parallel = false;                                               // on several threads of the host
  std::array<std::array<std::uint32_t, kMaxThreads>, 3> thread_index;  // %tid of a thread of the block
  std::vector<Variable> shared;                                        // static, of the kernel and what it calls
  std::uint64_t local_bytes;                                           // of a thread's local memory

  std::atomic<bool> stopped{false};
  std::atomic<Fault> fault{Fault::none};
};

/// Thrown to leave a kernel that has faulted.
struct KernelFault {};
[[noreturn]] void raise(Launch& launch, Fault fault);

/// Runs the kernel to its end. The configuration must be one that the device accepts.
Fault run(const LaunchConfig& config);

/// Instructions that threads have executed since the program's start.
std::uint64_t total_thread_instructions();

}  // namespace ptxsim
