/// Stream capture and graphs: a graph is the list of captured work, in the order in which it was captured.
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

/// nullptr for a handle that is not in the set.
template <class Handle> Graph* find(const std::set<Graph*>& graphs, Handle handle) {
  auto* graph = reinterpret_cast<Graph*>(handle);
  return graphs.count(graph) != 0 ? graph : nullptr;
}

cudaStreamCaptureStatus status_of(const Stream& stream) {
  if (!stream.capturing) return cudaStreamCaptureStatusNone;
  return stream.invalidated ? cudaStreamCaptureStatusInvalidated : cudaStreamCaptureStatusActive;
}

/// Ends the capture in all its streams; true if work of one of them was left that nobody waits for.
bool end_capture(Stream& origin, const Graph* graph) {
  bool unjoined = false;
  const auto end = [&](Stream& stream) {
    if (!stream.capturing || stream.graph != graph) return;
    unjoined |= &stream != &origin && !stream.joined;
    stream.capturing = false;
    stream.graph = nullptr;
  };
  for (Stream* stream : state().streams) end(*stream);
  end(state().per_thread_stream);
  for (Event* event : state().events) {
    if (event->graph == graph) event->graph = nullptr;
  }
  return unjoined;
}

Graph* add(std::set<Graph*>& graphs, Graph* graph) {
  graph->id = ++state().last_id;
  graphs.insert(graph);
  return graph;
}

}  // namespace

PTXSIM_EXPORT cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode) {
  return api([&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream == &state().legacy_stream) return cudaErrorStreamCaptureUnsupported;
    if (stream->capturing) return cudaErrorInvalidValue;
    stream->capturing = stream->is_origin = stream->joined = true;
    stream->invalidated = false;
    stream->mode = mode;
    stream->graph = add(state().graphs, new Graph);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t* result) {
  return api([&] {
    Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (result == nullptr || !stream->capturing) return cudaErrorInvalidValue;
    *result = nullptr;
    if (!stream->is_origin) {
      invalidate_capture(stream->graph);
      return cudaErrorStreamCaptureUnmatched;
    }
    Graph* graph = stream->graph;
    const bool invalidated = stream->invalidated;
    const bool unjoined = end_capture(*stream, graph);
    if (!invalidated && !unjoined) {
      *result = reinterpret_cast<cudaGraph_t>(graph);
      return cudaSuccess;
    }
    state().graphs.erase(graph);
    delete graph;
    return invalidated ? cudaErrorStreamCaptureInvalidated : cudaErrorStreamCaptureUnjoined;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus* status) {
  return api([&] {
    const Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (status == nullptr) return cudaErrorInvalidValue;
    *status = status_of(*stream);
    if (stream != &state().legacy_stream) return cudaSuccess;
    for (const Stream* other : state().streams) {
      if (!other->capturing || other->non_blocking) continue;
      invalidate_capture(other->graph);
      return cudaErrorStreamCaptureImplicit;
    }
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamGetCaptureInfo(cudaStream_t handle, cudaStreamCaptureStatus* status,
                                                   unsigned long long* id, cudaGraph_t* graph,
                                                   const cudaGraphNode_t** dependencies,
                                                   const cudaGraphEdgeData** edges, std::size_t* count) {
  return api([&] {
    const Stream* stream = find_stream(handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (status == nullptr) return cudaErrorInvalidValue;
    *status = status_of(*stream);
    if (id != nullptr) *id = stream->capturing ? stream->graph->id : 0;
    if (graph != nullptr) *graph = reinterpret_cast<cudaGraph_t>(stream->graph);
    if (dependencies != nullptr) *dependencies = nullptr;
    if (edges != nullptr) *edges = nullptr;
    if (count != nullptr) *count = 0;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode* mode) {
  return api([&] {
    static thread_local cudaStreamCaptureMode current = cudaStreamCaptureModeGlobal;
    std::swap(*mode, current);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphCreate(cudaGraph_t* result, unsigned) {
  return api([&] {
    *result = reinterpret_cast<cudaGraph_t>(add(state().graphs, new Graph));
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphDestroy(cudaGraph_t handle) {
  return api([&] {
    Graph* graph = find(state().graphs, handle);
    if (graph == nullptr) return cudaErrorInvalidValue;
    state().graphs.erase(graph);
    delete graph;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphInstantiate(cudaGraphExec_t* result, cudaGraph_t handle, unsigned long long) {
  return api([&] {
    const Graph* graph = find(state().graphs, handle);
    if (result == nullptr || graph == nullptr) return cudaErrorInvalidValue;
    *result = reinterpret_cast<cudaGraphExec_t>(add(state().executables, new Graph(*graph)));
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* result, cudaGraph_t handle,
                                                        unsigned long long flags) {
  return cudaGraphInstantiate(result, handle, flags);
}

PTXSIM_EXPORT cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle) {
  return api([&] {
    Graph* executable = find(state().executables, handle);
    if (executable == nullptr) return cudaErrorInvalidValue;
    state().executables.erase(executable);
    delete executable;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphExecUpdate(cudaGraphExec_t handle, cudaGraph_t graph_handle,
                                              cudaGraphExecUpdateResultInfo* result) {
  return api([&] {
    Graph* executable = find(state().executables, handle);
    const Graph* graph = find(state().graphs, graph_handle);
    if (executable == nullptr || graph == nullptr) return cudaErrorInvalidValue;
    const bool same_topology =
        std::equal(executable->nodes.begin(), executable->nodes.end(), graph->nodes.begin(), graph->nodes.end(),
                   [](const auto& a, const auto& b) { return a.type == b.type; });
    if (result != nullptr) {
      *result = cudaGraphExecUpdateResultInfo();
      result->result = same_topology ? cudaGraphExecUpdateSuccess : cudaGraphExecUpdateErrorTopologyChanged;
    }
    if (!same_topology) return cudaErrorGraphExecUpdateFailure;
    executable->nodes = graph->nodes;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t stream_handle) {
  return api([&] {
    const Graph* executable = find(state().executables, handle);
    const Stream* stream = find_stream(stream_handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (executable == nullptr) return cudaErrorInvalidValue;
    const std::vector<Graph::Node> nodes = executable->nodes;  // a node may change the graph
    for (const Graph::Node& node : nodes) {
      const cudaError_t error = stream->capturing ? enqueue(stream_handle, node.type, node.work) : node.work();
      if (error != cudaSuccess) return error;
      if (state().pending_fault != cudaSuccess) break;
    }
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphUpload(cudaGraphExec_t, cudaStream_t) {
  return api([] { return cudaSuccess; });
}

PTXSIM_EXPORT cudaError_t cudaGraphGetNodes(cudaGraph_t handle, cudaGraphNode_t* nodes, std::size_t* count) {
  return api([&] {
    Graph* graph = find(state().graphs, handle);
    if (graph == nullptr || count == nullptr) return cudaErrorInvalidValue;
    for (std::size_t k = 0; nodes != nullptr && k < std::min(*count, graph->nodes.size()); ++k) {
      nodes[k] = reinterpret_cast<cudaGraphNode_t>(&graph->nodes[k]);
    }
    *count = graph->nodes.size();
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  return api([&] {
    *type = reinterpret_cast<const Graph::Node*>(node)->type;
    return cudaSuccess;
  });
}
