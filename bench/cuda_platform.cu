/// The current CUDA device: what it is, times by pairs of events, kernels that only move memory.
#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <cub/block/block_reduce.cuh>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "bench/platform.hpp"
#include "kullback/device_memory.hpp"
#include "kullback/error.hpp"

namespace kullback::bench {
namespace {

void check(cudaError_t status, const char* doing) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // reported here; a sticky error stays
  throw DeviceError(std::string("CUDA, while ") + doing + ": " + cudaGetErrorString(status));
}

// Blocks take tiles in turn. 16-byte loads, so many in flight per thread that a full device covers its latency more
// than four times over.
constexpr int kThreads = 256, kLoads = 4, kTile = kThreads * kLoads;

__device__ unsigned sum(uint4 v) { return v.x + v.y + v.z + v.w; }

__device__ void load_tile(uint4 (&v)[kLoads], const uint4* from, std::int64_t tile) {
#pragma unroll
  for (int k = 0; k < kLoads; ++k) v[k] = from[tile * kTile + k * kThreads + static_cast<int>(threadIdx.x)];
}

__global__ void __launch_bounds__(kThreads) fill_kernel(uint4* to, std::int64_t tiles) {
  for (std::int64_t i = blockIdx.x * kThreads + threadIdx.x; i < tiles * kTile; i += gridDim.x * kThreads) {
    const unsigned word = static_cast<unsigned>(4 * i);
    to[i] = make_uint4(word, word + 1, word + 2, word + 3);
  }
}

// The sum of all words, a part per block, proves that every one of them was read.
__global__ void __launch_bounds__(kThreads) read_kernel(const uint4* from, std::int64_t tiles, unsigned* sums) {
  using Reduce = cub::BlockReduce<unsigned, kThreads>;
  __shared__ typename Reduce::TempStorage scratch;
  unsigned total = 0;
  for (std::int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    uint4 v[kLoads];
    load_tile(v, from, tile);
#pragma unroll
    for (int k = 0; k < kLoads; ++k) total += sum(v[k]);
  }
  total = Reduce(scratch).Sum(total);
  if (threadIdx.x == 0) sums[blockIdx.x] = total;
}

__global__ void __launch_bounds__(kThreads) copy_kernel(const uint4* from, std::int64_t tiles, uint4* to) {
  for (std::int64_t tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    uint4 v[kLoads];
    load_tile(v, from, tile);
#pragma unroll
    for (int k = 0; k < kLoads; ++k) to[tile * kTile + k * kThreads + threadIdx.x] = v[k];
  }
}

__global__ void empty_kernel() {}

// Cycles and nanoseconds of a short wait, for the clock that the multiprocessors run at.
__global__ void clock_kernel(long long* cycles_and_ns) {
  const auto ns = [] {
    long long t;
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(t));
    return t;
  };
  constexpr long long kWaitNs = 200000, kMostCycles = 1000000;
  const long long begin_cycles = clock64(), begin_ns = ns();
  while (ns() - begin_ns < kWaitNs && clock64() - begin_cycles < kMostCycles) {
  }
  cycles_and_ns[0] = clock64() - begin_cycles;
  cycles_and_ns[1] = ns() - begin_ns;
}

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  if (cudaDeviceGetAttribute(&value, which, device) == cudaSuccess) return value;
  cudaGetLastError();  // not every driver tells everything
  return 0;
}

std::string version_text(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

Device describe(const cudaDeviceProp& properties, int index) {
  Device d;
  int driver = 0, runtime = 0;
  check(cudaDriverGetVersion(&driver), "asking for the driver's version");
  check(cudaRuntimeGetVersion(&runtime), "asking for the runtime's version");
  char pci[32] = {};
  check(cudaDeviceGetPCIBusId(pci, sizeof pci, index), "asking where the device is");
  d.name = properties.name;
  d.architecture = "sm_" + std::to_string(properties.major) + std::to_string(properties.minor);
  d.driver = version_text(driver);
  d.runtime = version_text(runtime);
  d.pci = pci;
  d.multiprocessors = properties.multiProcessorCount;
  d.clock_khz = attribute(cudaDevAttrClockRate, index);
  d.memory_clock_khz = attribute(cudaDevAttrMemoryClockRate, index);
  d.memory_bus_bits = properties.memoryBusWidth;
  d.ecc = properties.ECCEnabled != 0;
  return d;
}

// Stream, events and buffers; they live as long as the platform's functions.
class Timer {
 public:
  Timer() {
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "creating a stream");
    check(cudaEventCreate(&begin_), "creating an event");
    check(cudaEventCreate(&end_), "creating an event");
  }
  ~Timer() {
    cudaEventDestroy(end_);
    cudaEventDestroy(begin_);
    cudaStreamDestroy(stream);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // One call more goes ahead: while the device works on it the host enqueues the next ones, as in a program that has
  // more work to come. Where calls take the host longer than the device, the time is the host's.
  Span time(const std::function<void()>& call, std::int64_t calls) const {
    call();
    check(cudaEventRecord(begin_, stream), "recording an event");
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < calls; ++i) call();
    const std::chrono::duration<double> enqueued = std::chrono::steady_clock::now() - start;
    check(cudaEventRecord(end_, stream), "recording an event");
    check(cudaEventSynchronize(end_), "waiting for the timed calls");
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, begin_, end_), "asking for the time between two events");
    return {milliseconds * 1e-3, enqueued.count()};
  }

  std::function<void()> record(const std::function<void()>& call, std::int64_t calls) const {
    cudaGraph_t graph = nullptr;
    check(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "beginning a capture");
    try {
      for (std::int64_t i = 0; i < calls; ++i) call();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      cudaGetLastError();
      if (graph != nullptr) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream, &graph), "ending a capture");
    cudaGraphExec_t instance = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&instance, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "instantiating a graph");
    const std::shared_ptr<CUgraphExec_st> owner(instance, [](cudaGraphExec_t g) { cudaGraphExecDestroy(g); });
    return [owner, on = stream] { check(cudaGraphLaunch(owner.get(), on), "launching a graph"); };
  }

  cudaStream_t stream = nullptr;

 private:
  cudaEvent_t begin_ = nullptr, end_ = nullptr;
};

// The yardsticks' memory: the whole is read; the first half is copied to the second.
struct Plain {
  Plain(std::size_t least_bytes, int multiprocessors, cudaStream_t on)
      : tiles(static_cast<std::int64_t>(2 * (least_bytes / (2 * kTile * sizeof(uint4))))), words(bytes()), stream(on) {
    int resident = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&resident, read_kernel, kThreads, 0), "asking for occupancy");
    blocks = resident * multiprocessors;
    sums = DeviceMemory(static_cast<std::size_t>(blocks) * sizeof(unsigned));
    fill_kernel<<<blocks, kThreads, 0, stream>>>(data(), tiles);
    check(cudaGetLastError(), "launching the benchmark's own kernels");
    prove();
  }
  std::size_t bytes() const { return static_cast<std::size_t>(tiles) * kTile * sizeof(uint4); }
  uint4* data() const { return static_cast<uint4*>(words.data()); }

  void read(std::int64_t some_tiles, const uint4* from) const {
    read_kernel<<<blocks, kThreads, 0, stream>>>(from, some_tiles, static_cast<unsigned*>(sums.data()));
    check(cudaGetLastError(), "launching the plain read");
  }
  void copy() const {
    copy_kernel<<<blocks, kThreads, 0, stream>>>(data(), tiles / 2, data() + tiles / 2 * kTile);
    check(cudaGetLastError(), "launching the plain copy");
  }
  unsigned sum_read() const {
    std::vector<unsigned> parts(static_cast<std::size_t>(blocks));
    copy_to_host(parts.data(), sums.data(), sums.bytes(), {stream});
    return std::accumulate(parts.begin(), parts.end(), 0u);
  }
  // A kernel that skipped something would not be a yardstick.
  void prove() const {
    const auto sum_below = [](std::int64_t n) { return static_cast<unsigned>(n / 2 * (n - 1)); };  // n is even
    const std::int64_t n = tiles * kTile * 4;
    read(tiles, data());
    const bool all_read = sum_read() == sum_below(n);
    copy();
    read(tiles / 2, data() + tiles / 2 * kTile);
    if (!all_read || sum_read() != sum_below(n / 2)) throw DeviceError("CUDA: the plain read or copy is wrong");
  }

  std::int64_t tiles;
  DeviceMemory words, sums;
  cudaStream_t stream;
  int blocks = 0;
};

double clock_now(cudaStream_t stream) {
  const DeviceMemory result(2 * sizeof(long long));
  clock_kernel<<<1, 1, 0, stream>>>(static_cast<long long*>(result.data()));
  check(cudaGetLastError(), "launching the clock's kernel");
  long long cycles_and_ns[2];
  copy_to_host(cycles_and_ns, result.data(), result.bytes(), {stream});
  return 1e9 * static_cast<double>(cycles_and_ns[0]) / static_cast<double>(std::max(cycles_and_ns[1], 1LL));
}

}  // namespace

Platform cuda_platform(Effort effort) {
  const BackendStatus status = backend_status(Backend::cuda);
  if (!status.available) throw BackendUnavailable(status.description);
  int index = 0;
  cudaDeviceProp properties;
  check(cudaGetDevice(&index), "asking for the current device");
  check(cudaGetDeviceProperties(&properties, index), "asking what the device is");

  Platform p;
  p.backend = Backend::cuda;
  p.device = describe(properties, index);
  p.simulated = p.device.name.find("ptxsim") != std::string::npos;
  p.cache_bytes = static_cast<std::size_t>(properties.l2CacheSize);
  p.memory_bytes = properties.totalGlobalMem;
  const bool smoke = effort == Effort::smoke;
  p.cold_bytes = smoke ? std::size_t{1} << 16 : 4 * p.cache_bytes;
  p.least_span_seconds = smoke ? 0 : 1e-3;  // an event's resolution is about half a microsecond

  const auto timer = std::make_shared<Timer>();
  p.stream = {timer->stream};
  p.time = [timer](const std::function<void()>& call, std::int64_t calls) { return timer->time(call, calls); };
  p.record = [timer](const std::function<void()>& call, std::int64_t calls) { return timer->record(call, calls); };
  if (!p.simulated) p.clock = [timer] { return clock_now(timer->stream); };

  const std::size_t least = smoke ? std::size_t{1} << 20 : std::size_t{1} << 30;
  const auto plain =
      std::make_shared<Plain>(std::max(least, smoke ? 0 : 8 * p.cache_bytes), p.device.multiprocessors, timer->stream);
  const auto bytes = static_cast<std::int64_t>(plain->bytes());
  p.read = {bytes, [timer, plain] { plain->read(plain->tiles, plain->data()); }};
  p.copy = {bytes, [timer, plain] { plain->copy(); }};
  p.launch = {0, [timer] { empty_kernel<<<1, 1, 0, timer->stream>>>(); }};
  return p;
}

}  // namespace kullback::bench
