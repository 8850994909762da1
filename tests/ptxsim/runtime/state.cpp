#include "runtime/state.hpp"

#include "ptx/parser.hpp"

namespace ptxsim {

RuntimeState& state() {
  static auto* instance = new RuntimeState;  // programs call the runtime in their own destructors
  return *instance;
}

cudaError_t& last_error() {
  static thread_local cudaError_t error = cudaSuccess;
  return error;
}

namespace {

/// Calls f for each stream that captures.
template <class F> void for_each_capturing(F f) {
  for (Stream* stream : state().streams) {
    if (stream->capturing) f(*stream);
  }
  if (state().per_thread_stream.capturing) f(state().per_thread_stream);
}

}  // namespace

void invalidate_capture(const Graph* graph) {
  for_each_capturing([&](Stream& stream) { stream.invalidated |= stream.graph == graph; });
}

bool is_forbidden_in_capture() {
  const Graph* forbidding = nullptr;
  for_each_capturing([&](const Stream& stream) {
    if (stream.mode != cudaStreamCaptureModeRelaxed) forbidding = stream.graph;
  });
  if (forbidding == nullptr) return false;
  invalidate_capture(forbidding);
  return true;
}

Stream* find_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return &state().legacy_stream;
  if (handle == cudaStreamPerThread) return &state().per_thread_stream;
  auto* stream = reinterpret_cast<Stream*>(handle);
  return state().streams.count(stream) != 0 ? stream : nullptr;
}

cudaError_t enqueue(cudaStream_t handle, cudaGraphNodeType type, const Work& work) {
  Stream* stream = find_stream(handle);
  if (stream == nullptr) return cudaErrorInvalidResourceHandle;
  if (stream->capturing) {
    if (stream->invalidated) return cudaErrorStreamCaptureInvalidated;
    stream->graph->nodes.push_back({type, work});
    stream->joined = false;
    return cudaSuccess;
  }
  if (stream == &state().legacy_stream) {
    // It would wait for the blocking streams, which a capture cannot.
    const Graph* captured = nullptr;
    for_each_capturing([&](const Stream& other) {
      if (!other.non_blocking) captured = other.graph;
    });
    if (captured != nullptr) {
      invalidate_capture(captured);
      return cudaErrorStreamCaptureImplicit;
    }
  }
  return work();
}

const Variable* Symbol::find() const {
  const Module* module = image->load();
  if (module == nullptr) return nullptr;
  const auto found = module->variables.find(name);
  return found == module->variables.end() ? nullptr : &found->second;
}

Function* find_kernel(const void* host_function) {
  const auto found = state().kernels.find(host_function);
  if (found == state().kernels.end()) return nullptr;
  const auto& [name, image] = found->second;
  Module* module = image->load();
  Function* function = module == nullptr ? nullptr : module->find(name);
  if (function == nullptr) {
    stop("kernel " + demangle(name) +
         " has no PTX in the binary: compile so that PTX is embedded, with -arch=sm_90 or code=compute_90, without "
         "-rdc=true");
  }
  try {
    parse_body(*function);
  } catch (const ParseError& error) {
    stop("kernel " + demangle(name) + ": " + error.what());
  }
  return function;
}

}  // namespace ptxsim
