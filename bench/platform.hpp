#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "kullback/backend.hpp"

namespace kullback::bench {

/// full: numbers to publish. quick: does it work, roughly how fast. smoke: every path once, sized for a simulator.
enum class Effort { full, quick, smoke };

struct Span {
  double seconds = 0;          ///< from the beginning of the first call's work to the end of the last one's
  double enqueue_seconds = 0;  ///< that the calling thread spent in the calls
};

/// Work that does nothing but move `bytes`: what the memory can do at this moment.
struct Yardstick {
  std::int64_t bytes = 0;
  std::function<void()> run;
};

/// What the CUDA runtime tells about the current device. A number is 0 where it tells nothing.
struct Device {
  std::string name;
  std::string architecture;  ///< sm_90
  std::string driver, runtime;
  std::string pci;
  int multiprocessors = 0;
  int clock_khz = 0;  ///< the highest
  int memory_clock_khz = 0, memory_bus_bits = 0;
  bool ecc = false;
  std::string smi;  ///< power limit and clocks, which only nvidia-smi tells, in its words
};

/// One backend as the benchmark sees it: where it computes, how its time is taken, what its memory can do.
struct Platform {
  Backend backend = Backend::cpu;
  Stream stream;
  Device device;           ///< of the CUDA backend
  bool simulated = false;  ///< the kernels are executed by a program: their times say nothing about a GPU
  std::size_t cache_bytes = 0, memory_bytes = 0;

  /// A call's data are cold when so many bytes lie between two uses of them: inputs smaller than this are copied, and
  /// calls go round the copies. 0: never copied.
  std::size_t cold_bytes = 0;
  /// Short calls are timed together until they take this long.
  double least_span_seconds = 0;

  /// Does `call` so many times.
  std::function<Span(const std::function<void()>& call, std::int64_t calls)> time;
  /// Work that does `call` so many times without the host's part in it (a CUDA graph). Empty where there is no such.
  std::function<std::function<void()>(const std::function<void()>& call, std::int64_t calls)> record;
  /// The processor's clock at this moment, in Hz. May be empty.
  std::function<double()> clock;

  Yardstick read, copy;
  Yardstick launch;  ///< of a kernel that does nothing; empty on the CPU
};

Platform cpu_platform(std::size_t cache_bytes, std::size_t memory_bytes, Effort effort);
/// Throws BackendUnavailable where there is no device.
Platform cuda_platform(Effort effort);

}  // namespace kullback::bench
