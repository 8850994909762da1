/// Streams and events.
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

namespace {

cudaStream_t handle_of(Stream* stream) { return reinterpret_cast<cudaStream_t>(stream); }

/// nullptr for a handle that is no event.
Event* find_event(cudaEvent_t handle) {
  auto* event = reinterpret_cast<Event*>(handle);
  return state().events.count(event) != 0 ? event : nullptr;
}

/// Calls f with the stream.
template <class F> cudaError_t with_stream(cudaStream_t handle, F f) {
  return api([&] {
    Stream* stream = find_stream(handle);
    return stream == nullptr ? cudaErrorInvalidResourceHandle : f(*stream);
  });
}

template <class F> cudaError_t with_event(cudaEvent_t handle, F f) {
  return api([&] {
    Event* event = find_event(handle);
    return event == nullptr ? cudaErrorInvalidResourceHandle : f(*event);
  });
}

cudaError_t synchronise(Stream& stream) {
  if (stream.capturing) {
    invalidate_capture(stream.graph);
    return cudaErrorStreamCaptureUnsupported;
  }
  const bool waits_for_all = &stream == &state().legacy_stream;
  return waits_for_all && is_forbidden_in_capture() ? cudaErrorStreamCaptureUnsupported : cudaSuccess;
}

/// The stream waits for work that was captured elsewhere, and so joins the capture.
cudaError_t wait_for_captured(Stream& stream, const Event& event) {
  if (stream.capturing && stream.graph != event.graph) {
    invalidate_capture(stream.graph);
    return cudaErrorStreamCaptureMerge;
  }
  if (!stream.capturing) {
    if (&stream == &state().legacy_stream) return cudaErrorStreamCaptureImplicit;
    stream.capturing = stream.joined = true;
    stream.is_origin = stream.invalidated = false;
    stream.graph = event.graph;
    stream.mode = event.stream->mode;
  }
  if (event.stream != &stream) event.stream->joined = true;
  return cudaSuccess;
}

}  // namespace

PTXSIM_EXPORT cudaError_t cudaStreamCreateWithPriority(cudaStream_t* handle, unsigned flags, int priority) {
  return api([&] {
    if (handle == nullptr) return cudaErrorInvalidValue;
    auto* stream = new Stream;
    stream->non_blocking = (flags & cudaStreamNonBlocking) != 0;
    stream->priority = priority;
    stream->id = ++state().last_id;
    state().streams.insert(stream);
    *handle = handle_of(stream);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamCreateWithFlags(cudaStream_t* handle, unsigned flags) {
  return cudaStreamCreateWithPriority(handle, flags, 0);
}

PTXSIM_EXPORT cudaError_t cudaStreamCreate(cudaStream_t* handle) { return cudaStreamCreateWithFlags(handle, 0); }

PTXSIM_EXPORT cudaError_t cudaStreamDestroy(cudaStream_t handle) {
  return with_stream(handle, [](Stream& stream) {
    if (state().streams.erase(&stream) == 0) return cudaErrorInvalidResourceHandle;
    delete &stream;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamSynchronize(cudaStream_t handle) { return with_stream(handle, synchronise); }

PTXSIM_EXPORT cudaError_t cudaStreamQuery(cudaStream_t handle) { return with_stream(handle, synchronise); }

PTXSIM_EXPORT cudaError_t cudaStreamGetFlags(cudaStream_t handle, unsigned* flags) {
  return with_stream(handle, [&](const Stream& stream) {
    *flags = stream.non_blocking ? cudaStreamNonBlocking : cudaStreamDefault;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamGetPriority(cudaStream_t handle, int* priority) {
  return with_stream(handle, [&](const Stream& stream) {
    *priority = stream.priority;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamGetId(cudaStream_t handle, unsigned long long* id) {
  return with_stream(handle, [&](const Stream& stream) {
    *id = stream.id;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamGetDevice(cudaStream_t handle, int* device) {
  return with_stream(handle, [&](const Stream&) {
    *device = 0;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaStreamWaitEvent(cudaStream_t handle, cudaEvent_t event_handle, unsigned) {
  return with_stream(handle, [&](Stream& stream) {
    const Event* event = find_event(event_handle);
    if (event == nullptr) return cudaErrorInvalidResourceHandle;
    if (event->graph != nullptr) return wait_for_captured(stream, *event);
    if (stream.capturing && event->recorded) {
      invalidate_capture(stream.graph);
      return cudaErrorStreamCaptureIsolation;
    }
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaEventCreateWithFlags(cudaEvent_t* handle, unsigned flags) {
  return api([&] {
    if (handle == nullptr) return cudaErrorInvalidValue;
    auto* event = new Event;
    event->timing = (flags & cudaEventDisableTiming) == 0;
    state().events.insert(event);
    *handle = reinterpret_cast<cudaEvent_t>(event);
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaEventCreate(cudaEvent_t* handle) { return cudaEventCreateWithFlags(handle, 0); }

PTXSIM_EXPORT cudaError_t cudaEventDestroy(cudaEvent_t handle) {
  return with_event(handle, [](Event& event) {
    state().events.erase(&event);
    delete &event;
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaEventRecordWithFlags(cudaEvent_t handle, cudaStream_t stream_handle, unsigned) {
  return with_event(handle, [&](Event& event) {
    Stream* stream = find_stream(stream_handle);
    if (stream == nullptr) return cudaErrorInvalidResourceHandle;
    if (stream->capturing && stream->invalidated) return cudaErrorStreamCaptureInvalidated;
    event.recorded = !stream->capturing;
    event.graph = stream->capturing ? stream->graph : nullptr;
    event.stream = stream;
    event.time = std::chrono::steady_clock::now();
    return cudaSuccess;
  });
}

PTXSIM_EXPORT cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream) {
  return cudaEventRecordWithFlags(handle, stream, 0);
}

PTXSIM_EXPORT cudaError_t cudaEventSynchronize(cudaEvent_t handle) {
  return with_event(handle, [](const Event& event) {
    if (event.graph == nullptr) return cudaSuccess;
    invalidate_capture(event.graph);
    return cudaErrorCapturedEvent;
  });
}

PTXSIM_EXPORT cudaError_t cudaEventQuery(cudaEvent_t handle) { return cudaEventSynchronize(handle); }

/// The host's time, never 0.
PTXSIM_EXPORT cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  return api([&] {
    if (milliseconds == nullptr) return cudaErrorInvalidValue;
    const Event *from = find_event(begin), *to = find_event(end);
    const auto usable = [](const Event* event) { return event != nullptr && event->recorded && event->timing; };
    if (!usable(from) || !usable(to)) return cudaErrorInvalidResourceHandle;
    const std::chrono::duration<float, std::milli> elapsed = to->time - from->time;
    *milliseconds = std::max(1e-3f, elapsed.count());
    return cudaSuccess;
  });
}
