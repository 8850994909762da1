/// The stand-in for the CUDA runtime: what host code relies on.
#include <cstdint>
#include <thread>

#include "executor.cuh"

using namespace executor;

namespace {

__global__ void increment(int* p, int size) {
  const int k = blockIdx.x * blockDim.x + threadIdx.x;
  if (k < size) p[k] += 1;
}

__global__ void write_null(int* p) { *p = 1; }

__global__ void uses_dynamic_shared(int* out) {
  extern __shared__ int values[];
  values[threadIdx.x * 256] = static_cast<int>(threadIdx.x);
  __syncthreads();
  out[threadIdx.x] = values[threadIdx.x * 256];
}

__global__ void __launch_bounds__(128) bounded(int* out) { out[threadIdx.x] = 1; }

__constant__ int table[4] = {1, 2, 3, 4};
__device__ float factor = 2.5f;
__device__ int matrix[2][2] = {{1, 2}, {3, 4}};

__global__ void reads_variables(float* out) {
  out[threadIdx.x] = table[threadIdx.x] * factor + matrix[threadIdx.x / 2][threadIdx.x & 1];
}

TEST(Device, Properties) {
  int count = 0;
  ASSERT_CUDA(cudaGetDeviceCount(&count));
  ASSERT_EQ(1, count);
  cudaDeviceProp properties;
  ASSERT_CUDA(cudaGetDeviceProperties(&properties, 0));
  EXPECT_EQ(9, properties.major);
  EXPECT_EQ(132, properties.multiProcessorCount);
  EXPECT_EQ(227u * 1024, properties.sharedMemPerBlockOptin);
  EXPECT_EQ(32, properties.warpSize);
  EXPECT_EQ(cudaErrorInvalidDevice, cudaGetDeviceProperties(&properties, 1));
  EXPECT_EQ(cudaErrorInvalidDevice, cudaGetLastError());
}

TEST(Device, Attributes) {
  const std::pair<cudaDeviceAttr, int> expected[] = {{cudaDevAttrMultiProcessorCount, 132},
                                                     {cudaDevAttrComputeCapabilityMajor, 9},
                                                     {cudaDevAttrComputeCapabilityMinor, 0},
                                                     {cudaDevAttrWarpSize, 32},
                                                     {cudaDevAttrMaxThreadsPerBlock, 1024},
                                                     {cudaDevAttrMaxSharedMemoryPerBlock, 48 * 1024},
                                                     {cudaDevAttrMaxSharedMemoryPerBlockOptin, 227 * 1024},
                                                     {cudaDevAttrMaxGridDimX, 2147483647},
                                                     {cudaDevAttrMaxGridDimY, 65535},
                                                     {cudaDevAttrMaxRegistersPerMultiprocessor, 65536},
                                                     {cudaDevAttrMemoryPoolsSupported, 1},
                                                     {cudaDevAttrClusterLaunch, 1},
                                                     {cudaDevAttrCooperativeLaunch, 0},
                                                     {cudaDevAttrMaxThreadsPerMultiProcessor, 2048}};
  for (const auto& [attribute, value] : expected) {
    int actual = -1;
    EXPECT_CUDA(cudaDeviceGetAttribute(&actual, attribute, 0));
    EXPECT_EQ(value, actual) << attribute;
  }
  int value = 0;
  EXPECT_EQ(cudaErrorInvalidDevice, cudaDeviceGetAttribute(&value, cudaDevAttrWarpSize, 2));
  EXPECT_EQ(cudaErrorInvalidValue, cudaDeviceGetAttribute(&value, static_cast<cudaDeviceAttr>(9999), 0));
  cudaGetLastError();
}

TEST(Device, SelectionAndVersions) {
  int device = -1, driver = 0, runtime = 0;
  EXPECT_CUDA(cudaSetDevice(0));
  EXPECT_CUDA(cudaGetDevice(&device));
  EXPECT_EQ(0, device);
  EXPECT_EQ(cudaErrorInvalidDevice, cudaSetDevice(3));
  EXPECT_EQ(cudaErrorInvalidDevice, cudaGetLastError());
  EXPECT_EQ(cudaSuccess, cudaGetLastError());
  EXPECT_CUDA(cudaDriverGetVersion(&driver));
  EXPECT_CUDA(cudaRuntimeGetVersion(&runtime));
  EXPECT_EQ(13000, runtime);
  EXPECT_GE(driver, runtime);
}

TEST(Launch, ErrorsOfTheLaunchAreReportedOnce) {
  const Array<int> out(4096);
  uses_dynamic_shared<<<1, 64, 100 * 1024>>>(out.data());
  EXPECT_EQ(cudaErrorInvalidValue, cudaPeekAtLastError());
  EXPECT_EQ(cudaErrorInvalidValue, cudaGetLastError());
  EXPECT_EQ(cudaSuccess, cudaGetLastError());
  increment<<<0, 32>>>(out.data(), 1);
  EXPECT_EQ(cudaErrorInvalidConfiguration, cudaGetLastError());
  increment<<<1, 2048>>>(out.data(), 1);
  EXPECT_EQ(cudaErrorInvalidConfiguration, cudaGetLastError());
  increment<<<dim3(1, 65536), 32>>>(out.data(), 1);
  EXPECT_EQ(cudaErrorInvalidConfiguration, cudaGetLastError());
  increment<<<1, dim3(1, 1, 65)>>>(out.data(), 1);
  EXPECT_EQ(cudaErrorInvalidConfiguration, cudaGetLastError());
  bounded<<<1, 256>>>(out.data());
  EXPECT_EQ(cudaErrorLaunchOutOfResources, cudaGetLastError());
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(std::vector<int>(4096), out.values());
}

TEST(Launch, DynamicSharedMemoryBeyondTheDefault) {
  const Array<int> out(200);
  EXPECT_EQ(cudaErrorInvalidValue,
            cudaFuncSetAttribute(uses_dynamic_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 228 * 1024));
  cudaGetLastError();
  ASSERT_CUDA(cudaFuncSetAttribute(uses_dynamic_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 227 * 1024));
  uses_dynamic_shared<<<1, 200, 220 * 1024>>>(out.data());
  ASSERT_CUDA(cudaGetLastError());
  EXPECT_EQ(199, out.values()[199]);
}

TEST(Launch, AttributesAndOccupancy) {
  cudaFuncAttributes attributes;
  ASSERT_CUDA(cudaFuncGetAttributes(&attributes, bounded));
  EXPECT_EQ(128, attributes.maxThreadsPerBlock);
  EXPECT_GT(attributes.numRegs, 0);
  EXPECT_EQ(90, attributes.ptxVersion);
  EXPECT_EQ(0u, attributes.sharedSizeBytes);
  int blocks = 0, grid = 0, block = 0;
  ASSERT_CUDA(cudaFuncSetAttribute(uses_dynamic_shared, cudaFuncAttributeMaxDynamicSharedMemorySize, 100 * 1024));
  ASSERT_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, uses_dynamic_shared, 256, 100 * 1024));
  EXPECT_EQ(2, blocks);  // 228 KiB / (100 + 1) KiB
  ASSERT_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, increment, 1024, 0));
  EXPECT_EQ(2, blocks);  // 2048 threads
  ASSERT_CUDA(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, increment, 32, 0));
  EXPECT_EQ(32, blocks);
  std::size_t available = 0;
  ASSERT_CUDA(cudaOccupancyAvailableDynamicSMemPerBlock(&available, increment, 4, 32));
  EXPECT_EQ(56u * 1024, available);  // 228 KiB / 4 - 1 KiB
  EXPECT_EQ(cudaErrorInvalidValue, cudaOccupancyAvailableDynamicSMemPerBlock(&available, increment, 229, 32));
  cudaGetLastError();
  ASSERT_CUDA(cudaOccupancyMaxPotentialBlockSize(&grid, &block, increment, 0, 0));
  EXPECT_GE(block, 256);
}

TEST(Memory, CopiesAndSets) {
  std::vector<int> host(100, 5);
  const Array<int> device(100);
  cudaStream_t stream;
  ASSERT_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  ASSERT_CUDA(cudaMemcpyAsync(device.data(), host.data(), 400, cudaMemcpyHostToDevice, stream));
  increment<<<1, 128, 0, stream>>>(device.data(), 100);
  ASSERT_CUDA(cudaMemcpyAsync(host.data(), device.data(), 400, cudaMemcpyDefault, stream));
  ASSERT_CUDA(cudaStreamSynchronize(stream));
  EXPECT_EQ(std::vector<int>(100, 6), host);
  ASSERT_CUDA(cudaMemsetAsync(device.data() + 1, 0xff, 8, stream));
  ASSERT_CUDA(cudaMemset(device.data() + 3, 0, 4));
  ASSERT_CUDA(cudaMemcpy2D(device.data() + 50, 40, host.data(), 20, 8, 3, cudaMemcpyHostToDevice));
  const std::vector<int> values = device.values();
  EXPECT_EQ((std::vector<int>{6, -1, -1, 0, 6}), std::vector<int>(values.begin(), values.begin() + 5));
  EXPECT_EQ(cudaErrorInvalidMemcpyDirection, cudaMemcpy(device.data(), host.data(), 4, static_cast<cudaMemcpyKind>(7)));
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemcpy(host.data(), host.data() + 1, 4, cudaMemcpyHostToDevice));
  EXPECT_EQ(cudaErrorInvalidValue, cudaMemset(host.data(), 0, 4));
  EXPECT_EQ(cudaErrorInvalidPitchValue, cudaMemcpy2D(device.data(), 4, host.data(), 20, 8, 3, cudaMemcpyHostToDevice));
  cudaGetLastError();
  EXPECT_CUDA(cudaStreamDestroy(stream));
}

TEST(Memory, AllocationsOfAllKinds) {
  void *pointer = nullptr, *async = nullptr, *pooled = nullptr;
  EXPECT_CUDA(cudaMalloc(&pointer, 0));
  EXPECT_EQ(nullptr, pointer);
  EXPECT_CUDA(cudaFree(nullptr));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaMalloc(&pointer, std::size_t{1} << 45));
  EXPECT_EQ(cudaErrorMemoryAllocation, cudaGetLastError());
  cudaMemPool_t pool;
  ASSERT_CUDA(cudaDeviceGetDefaultMemPool(&pool, 0));
  std::uint64_t threshold = ~0ull;
  EXPECT_CUDA(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &threshold));
  ASSERT_CUDA(cudaMallocAsync(&async, 1000, nullptr));
  ASSERT_CUDA(cudaMallocFromPoolAsync(&pooled, 1000, pool, nullptr));
  EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(async) % 256);
  std::size_t before = 0, after = 0, total = 0;
  EXPECT_CUDA(cudaMemGetInfo(&before, &total));
  EXPECT_CUDA(cudaFreeAsync(async, nullptr));
  EXPECT_CUDA(cudaFreeAsync(pooled, nullptr));
  EXPECT_CUDA(cudaMemGetInfo(&after, &total));
  EXPECT_EQ(before + 2000, after);
  EXPECT_LE(after, total);
  EXPECT_EQ(cudaErrorInvalidValue, cudaFree(async));
  cudaGetLastError();
  if (ptxsim_error_count)
    EXPECT_EQ(std::vector<std::string>{"cudaFree of a pointer that is not an allocation"}, take_reports());
}

TEST(Memory, HostMemoryAndPointerAttributes) {
  const Array<int> device(10);
  std::vector<int> plain(10);
  int* pinned = nullptr;
  ASSERT_CUDA(cudaMallocHost(&pinned, 64));
  cudaPointerAttributes attributes;
  EXPECT_CUDA(cudaPointerGetAttributes(&attributes, device.data() + 3));
  EXPECT_EQ(cudaMemoryTypeDevice, attributes.type);
  EXPECT_EQ(device.data() + 3, attributes.devicePointer);
  EXPECT_CUDA(cudaPointerGetAttributes(&attributes, pinned));
  EXPECT_EQ(cudaMemoryTypeHost, attributes.type);
  EXPECT_CUDA(cudaPointerGetAttributes(&attributes, plain.data()));
  EXPECT_EQ(cudaMemoryTypeUnregistered, attributes.type);
  EXPECT_CUDA(cudaHostRegister(plain.data(), 40, cudaHostRegisterDefault));
  EXPECT_EQ(cudaErrorHostMemoryAlreadyRegistered, cudaHostRegister(plain.data(), 40, cudaHostRegisterDefault));
  EXPECT_CUDA(cudaPointerGetAttributes(&attributes, plain.data() + 9));
  EXPECT_EQ(cudaMemoryTypeHost, attributes.type);
  EXPECT_CUDA(cudaHostUnregister(plain.data()));
  EXPECT_EQ(cudaErrorHostMemoryNotRegistered, cudaHostUnregister(plain.data()));
  cudaGetLastError();
  *pinned = 41;
  increment<<<1, 1>>>(pinned, 1);
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(42, *pinned);
  EXPECT_CUDA(cudaFreeHost(pinned));
}

TEST(Memory, Symbols) {
  const Array<float> out(4);
  reads_variables<<<1, 4>>>(out.data());
  EXPECT_EQ(4 * 2.5f + 4, out.values()[3]);
  const int other[4] = {10, 20, 30, 40};
  const float half = 0.5f;
  EXPECT_CUDA(cudaMemcpyToSymbol(table, other, sizeof other));
  EXPECT_CUDA(cudaMemcpyToSymbol(factor, &half, sizeof half));
  reads_variables<<<1, 4>>>(out.data());
  EXPECT_EQ(40 * 0.5f + 4, out.values()[3]);
  EXPECT_EQ(20 * 0.5f + 2, out.values()[1]);
  int back = 0;
  EXPECT_CUDA(cudaMemcpyFromSymbol(&back, matrix, 4, 12));
  EXPECT_EQ(4, back);
  void* address = nullptr;
  std::size_t size = 0;
  EXPECT_CUDA(cudaGetSymbolAddress(&address, matrix));
  EXPECT_CUDA(cudaGetSymbolSize(&size, matrix));
  EXPECT_NE(nullptr, address);
  EXPECT_EQ(16u, size);
}

TEST(Streams, EventsAndPriorities) {
  cudaEvent_t begin, end, untimed;
  ASSERT_CUDA(cudaEventCreate(&begin));
  ASSERT_CUDA(cudaEventCreate(&end));
  ASSERT_CUDA(cudaEventCreateWithFlags(&untimed, cudaEventDisableTiming));
  float milliseconds = -1;
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&milliseconds, begin, end));
  EXPECT_CUDA(cudaEventRecord(begin));
  EXPECT_CUDA(cudaEventRecord(end));
  EXPECT_CUDA(cudaEventRecord(untimed));
  EXPECT_CUDA(cudaEventSynchronize(end));
  EXPECT_CUDA(cudaEventQuery(end));
  EXPECT_CUDA(cudaEventElapsedTime(&milliseconds, begin, end));
  EXPECT_GT(milliseconds, 0);
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaEventElapsedTime(&milliseconds, begin, untimed));
  for (const cudaEvent_t event : {begin, end, untimed}) EXPECT_CUDA(cudaEventDestroy(event));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaEventRecord(begin));
  int least = 1, greatest = 1, priority = 1;
  unsigned flags = 0;
  EXPECT_CUDA(cudaDeviceGetStreamPriorityRange(&least, &greatest));
  EXPECT_LT(greatest, least);
  cudaStream_t stream;
  ASSERT_CUDA(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, greatest));
  EXPECT_CUDA(cudaStreamGetPriority(stream, &priority));
  EXPECT_EQ(greatest, priority);
  EXPECT_CUDA(cudaStreamGetFlags(stream, &flags));
  EXPECT_EQ(unsigned{cudaStreamNonBlocking}, flags);
  EXPECT_CUDA(cudaStreamQuery(stream));
  EXPECT_CUDA(cudaStreamDestroy(stream));
  EXPECT_EQ(cudaErrorInvalidResourceHandle, cudaStreamSynchronize(stream));
  cudaGetLastError();
}

TEST(Streams, HostFunctions) {
  int calls = 0;
  EXPECT_CUDA(cudaLaunchHostFunc(
      nullptr, [](void* data) { ++*static_cast<int*>(data); }, &calls));
  EXPECT_CUDA(cudaDeviceSynchronize());
  EXPECT_EQ(1, calls);
}

TEST(Streams, HostThreads) {
  const Array<int> counts(4);
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) {
    threads.emplace_back([&counts, k] {
      cudaStream_t stream;
      ASSERT_CUDA(cudaStreamCreate(&stream));
      for (int launch = 0; launch < 50; ++launch) increment<<<1, 1, 0, stream>>>(counts.data() + k, 1);
      increment<<<0, 1, 0, stream>>>(counts.data(), 1);
      EXPECT_EQ(cudaErrorInvalidConfiguration, cudaGetLastError());  // errors are the thread's own
      ASSERT_CUDA(cudaStreamSynchronize(stream));
      ASSERT_CUDA(cudaStreamDestroy(stream));
    });
  }
  for (std::thread& each : threads) each.join();
  EXPECT_EQ((std::vector<int>{50, 50, 50, 50}), counts.values());
  EXPECT_EQ(cudaSuccess, cudaGetLastError());
}

class CaptureTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_CUDA(cudaStreamCreate(&stream_));
    ASSERT_CUDA(cudaStreamCreate(&other_));
    ASSERT_CUDA(cudaEventCreateWithFlags(&forked_, cudaEventDisableTiming));
    ASSERT_CUDA(cudaEventCreateWithFlags(&joined_, cudaEventDisableTiming));
  }
  void TearDown() override {
    cudaGetLastError();
    EXPECT_CUDA(cudaEventDestroy(forked_));
    EXPECT_CUDA(cudaEventDestroy(joined_));
    EXPECT_CUDA(cudaStreamDestroy(stream_));
    EXPECT_CUDA(cudaStreamDestroy(other_));
  }
  cudaStreamCaptureStatus status() const {
    cudaStreamCaptureStatus result;
    EXPECT_CUDA(cudaStreamIsCapturing(stream_, &result));
    return result;
  }

  cudaStream_t stream_, other_;
  cudaEvent_t forked_, joined_;
  cudaGraph_t graph_ = nullptr;
};

TEST_F(CaptureTest, ForkJoinAndReplay) {
  const Array<int> device(100);
  int host = 0;
  EXPECT_EQ(cudaStreamCaptureStatusNone, status());
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal));
  EXPECT_EQ(cudaStreamCaptureStatusActive, status());
  ASSERT_CUDA(cudaMemsetAsync(device.data(), 0, 400, stream_));
  for (int k = 0; k < 3; ++k) increment<<<1, 128, 0, stream_>>>(device.data(), 100);
  ASSERT_CUDA(cudaEventRecord(forked_, stream_));
  ASSERT_CUDA(cudaStreamWaitEvent(other_, forked_, 0));
  increment<<<1, 128, 0, other_>>>(device.data(), 50);
  ASSERT_CUDA(cudaEventRecord(joined_, other_));
  ASSERT_CUDA(cudaStreamWaitEvent(stream_, joined_, 0));
  ASSERT_CUDA(cudaMemcpyAsync(&host, device.data() + 7, 4, cudaMemcpyDeviceToHost, stream_));
  ASSERT_CUDA(cudaStreamEndCapture(stream_, &graph_));
  EXPECT_EQ(0, host);  // nothing has run yet
  std::size_t nodes = 0;
  ASSERT_CUDA(cudaGraphGetNodes(graph_, nullptr, &nodes));
  EXPECT_EQ(6u, nodes);
  cudaGraphExec_t executable;
  ASSERT_CUDA(cudaGraphInstantiate(&executable, graph_, 0));
  for (int replay = 0; replay < 2; ++replay) {
    host = 0;
    ASSERT_CUDA(cudaGraphLaunch(executable, stream_));
    ASSERT_CUDA(cudaStreamSynchronize(stream_));
    EXPECT_EQ(4, host);
  }
  EXPECT_CUDA(cudaGraphExecDestroy(executable));
  EXPECT_CUDA(cudaGraphDestroy(graph_));
}

TEST_F(CaptureTest, AllocationInvalidatesIt) {
  void* pointer = nullptr;
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
  EXPECT_EQ(cudaErrorStreamCaptureUnsupported, cudaMalloc(&pointer, 16));
  EXPECT_EQ(cudaStreamCaptureStatusInvalidated, status());
  EXPECT_EQ(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream_, &graph_));
  EXPECT_EQ(nullptr, graph_);
}

TEST_F(CaptureTest, RelaxedModeAllowsAllocation) {
  void* pointer = nullptr;
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
  EXPECT_CUDA(cudaMalloc(&pointer, 16));
  EXPECT_CUDA(cudaFree(pointer));
  EXPECT_CUDA(cudaStreamEndCapture(stream_, &graph_));
  EXPECT_CUDA(cudaGraphDestroy(graph_));
}

TEST_F(CaptureTest, SynchronisationInvalidatesIt) {
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
  EXPECT_EQ(cudaErrorStreamCaptureUnsupported, cudaStreamSynchronize(stream_));
  EXPECT_EQ(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream_, &graph_));
}

TEST_F(CaptureTest, LegacyStreamWouldWaitForIt) {
  const Array<int> device(1);
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
  increment<<<1, 32>>>(device.data(), 1);
  EXPECT_EQ(cudaErrorStreamCaptureImplicit, cudaGetLastError());
  EXPECT_EQ(cudaErrorStreamCaptureInvalidated, cudaStreamEndCapture(stream_, &graph_));
}

TEST_F(CaptureTest, ForkedWorkMustBeJoined) {
  const Array<int> device(1);
  ASSERT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
  ASSERT_CUDA(cudaEventRecord(forked_, stream_));
  ASSERT_CUDA(cudaStreamWaitEvent(other_, forked_, 0));
  increment<<<1, 1, 0, other_>>>(device.data(), 1);
  EXPECT_EQ(cudaErrorStreamCaptureUnjoined, cudaStreamEndCapture(stream_, &graph_));
}

TEST_F(CaptureTest, UpdateOfAnExecutable) {
  const Array<int> device(2);
  const auto capture = [&](int* pointer, int launches) {
    EXPECT_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeRelaxed));
    for (int k = 0; k < launches; ++k) increment<<<1, 1, 0, stream_>>>(pointer, 1);
    cudaGraph_t graph = nullptr;
    EXPECT_CUDA(cudaStreamEndCapture(stream_, &graph));
    return graph;
  };
  const cudaGraph_t first = capture(device.data(), 1), second = capture(device.data() + 1, 1),
                    third = capture(device.data(), 2);
  cudaGraphExec_t executable;
  ASSERT_CUDA(cudaGraphInstantiate(&executable, first, 0));
  cudaGraphExecUpdateResultInfo result;
  EXPECT_CUDA(cudaGraphExecUpdate(executable, second, &result));
  EXPECT_CUDA(cudaGraphLaunch(executable, stream_));
  EXPECT_EQ((std::vector<int>{0, 1}), device.values());
  EXPECT_EQ(cudaErrorGraphExecUpdateFailure, cudaGraphExecUpdate(executable, third, &result));
  EXPECT_EQ(cudaGraphExecUpdateErrorTopologyChanged, result.result);
  for (const cudaGraph_t graph : {first, second, third}) EXPECT_CUDA(cudaGraphDestroy(graph));
  EXPECT_CUDA(cudaGraphExecDestroy(executable));
}

/// Last, as it ends with a reset: a fault is seen from the next call on, by all of them, until the device is reset.
TEST(ZFault, IsSticky) {
  write_null<<<1, 1>>>(nullptr);
  EXPECT_EQ(cudaSuccess, cudaGetLastError());
  EXPECT_EQ(cudaErrorIllegalAddress, cudaDeviceSynchronize());
  EXPECT_EQ(cudaErrorIllegalAddress, cudaGetLastError());
  EXPECT_EQ(cudaErrorIllegalAddress, cudaGetLastError());
  void* pointer = nullptr;
  EXPECT_EQ(cudaErrorIllegalAddress, cudaMalloc(&pointer, 4));
  EXPECT_STREQ("an illegal memory access was encountered", cudaGetErrorString(cudaErrorIllegalAddress));
  EXPECT_STREQ("cudaErrorIllegalAddress", cudaGetErrorName(cudaErrorIllegalAddress));
  EXPECT_CUDA(cudaDeviceReset());
  EXPECT_CUDA(cudaDeviceSynchronize());
  if (ptxsim_error_count) EXPECT_EQ(1u, take_reports().size());
}

}  // namespace
