#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "kullback/export.hpp"

namespace kullback {

/// automatic: cuda when the data lie in device memory, cpu otherwise. cpu: the data must lie in host memory, which is
/// not checked: the call leaves the CUDA runtime alone.
enum class Backend : std::uint8_t { automatic, cpu, cuda };

/// accurate: the numerical contract. fast: permission to use the hardware's approximate exp and log where that is
/// quicker, under a looser bound of its own. The CPU backend has nothing quicker to offer yet and computes `accurate`.
enum class Mode : std::uint8_t { accurate, fast };

/// An opaque queue of work: a cudaStream_t for the CUDA backend. The CPU backend runs on the calling thread
/// and ignores it. Always passed explicitly; `host_stream` says "CPU, nothing to wait for".
struct Stream {
  void* handle = nullptr;
};
inline constexpr Stream host_stream{};

/// Scratch memory lent to one call. Ask the call's `*_workspace` function for the bytes; any alignment will do.
/// May be null when the answer is 0. All of its bytes lie where the data lie and belong to one call at a time; none may
/// be an operand's.
struct Workspace {
  void* data = nullptr;
  std::size_t bytes = 0;
};

/// Where and how a call runs.
struct Execution {
  Backend backend = Backend::automatic;
  Mode mode = Mode::accurate;
  int threads = 0;  ///< CPU threads; 0 = OpenMP's default. Results do not depend on it.
};

/// Whether a backend can run here, and if not, why not (one sentence).
struct BackendStatus {
  bool available = false;
  std::string description;
};

KULLBACK_EXPORT BackendStatus backend_status(Backend backend);

constexpr const char* name_of(Backend b) noexcept {
  return b == Backend::cpu ? "cpu" : b == Backend::cuda ? "cuda" : "auto";
}

}  // namespace kullback
