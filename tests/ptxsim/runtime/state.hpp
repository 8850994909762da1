/// The state behind the CUDA runtime's entry points. Work runs when it is issued, in the issuing thread, so streams are
/// always idle; what is left of them is what capture, errors and events need.
#pragma once
#include <cuda_runtime_api.h>

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "machine/device_memory.hpp"
#include "machine/report.hpp"
#include "ptx/program.hpp"
#include "runtime/image.hpp"

namespace ptxsim {

using Work = std::function<cudaError_t()>;

struct Graph {
  struct Node {
    cudaGraphNodeType type;
    Work work;
  };
  std::vector<Node> nodes;
  unsigned long long id = 0;
};

struct Stream {
  bool non_blocking = false;
  int priority = 0;
  unsigned long long id = 0;
  // Capture
  bool capturing = false, invalidated = false;
  bool is_origin = false;  // capture began here
  bool joined = true;      // all that was captured here is waited for by another stream of the capture
  cudaStreamCaptureMode mode = cudaStreamCaptureModeGlobal;
  Graph* graph = nullptr;
};

struct Event {
  bool recorded = false, timing = true;
  std::chrono::steady_clock::time_point time;
  Graph* graph = nullptr;  // recorded in a capture
  Stream* stream = nullptr;
};

struct Kernel {
  std::string name;
  Image* image = nullptr;
};

struct Symbol {
  std::string name;
  Image* image = nullptr;

  /// nullptr if the binary has no PTX of it.
  const Variable* find() const;
};

struct HostAllocation {
  std::uint64_t size;
  cudaMemoryType type;
};

struct RuntimeState {
  std::recursive_mutex mutex;
  std::vector<std::unique_ptr<Image>> images;
  std::unordered_map<const void*, Kernel> kernels;  // by address of the host's function
  std::unordered_map<const void*, Symbol> symbols;  // by address of the host's variable
  std::map<std::uint64_t, HostAllocation> host_allocations;
  std::set<Stream*> streams;
  std::set<Event*> events;
  std::set<Graph*> graphs, executables;
  Stream legacy_stream, per_thread_stream;
  unsigned long long last_id = 1;
  // A kernel's fault becomes visible at the next call, and stays (sticky).
  cudaError_t pending_fault = cudaSuccess, sticky = cudaSuccess;
};

RuntimeState& state();
cudaError_t& last_error();  // of this thread

/// Invalidates the captures that the call is forbidden in. True if there are any.
bool is_forbidden_in_capture();
void invalidate_capture(const Graph* graph);

/// Runs a call: serialised with others, refused after a fault; its error is remembered for cudaGetLastError.
template <class F> cudaError_t api(F body) {
  const std::lock_guard lock(state().mutex);
  if (state().pending_fault != cudaSuccess) state().sticky = std::exchange(state().pending_fault, cudaSuccess);
  const cudaError_t error = state().sticky != cudaSuccess ? state().sticky : static_cast<cudaError_t>(body());
  if (error != cudaSuccess) last_error() = error;
  return error;
}

/// For calls that no thread may make while a stream is capturing (unless relaxed).
template <class F> cudaError_t api_outside_capture(F body) {
  return api([&] { return is_forbidden_in_capture() ? cudaErrorStreamCaptureUnsupported : body(); });
}

/// nullptr for a handle that is no stream.
Stream* find_stream(cudaStream_t handle);
/// Runs the work, or adds it to the graph that the stream captures.
cudaError_t enqueue(cudaStream_t stream, cudaGraphNodeType type, const Work& work);

/// The kernel with its body; nullptr if none is registered for the host's function. Stops if there is one without PTX,
/// or with PTX that cannot be read.
Function* find_kernel(const void* host_function);

}  // namespace ptxsim
