/// What only the CUDA backend promises: calls that can be captured, memory that is located, errors that are told apart.
#include <cuda_runtime_api.h>

#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

template <class Exception = InvalidArgument, class Call> std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

template <class Exception = InvalidArgument, class Call> void expect_refused(const std::string& part, Call&& call) {
  const std::string message = message_of<Exception>(call);
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

/// Three rows of P and Q with labels, on the device, and room for results.
struct OnDevice {
  static constexpr std::int64_t kRows = 3, kCols = 1500;
  std::vector<float> p, q;
  std::vector<std::int32_t> labels = {0, 700, 1499};
  DeviceMemory device_p{kRows * kCols * sizeof(float)}, device_q{kRows * kCols * sizeof(float)};
  DeviceMemory device_labels{kRows * sizeof(std::int32_t)};
  DeviceMemory values{kRows * 3 * sizeof(float)}, loss{sizeof(float)}, gradient{kRows * kCols * sizeof(float)};
  DeviceMemory scratch;
  MeasureSet measures = {Measure::kl, Measure::js, Measure::nll};
  RowsOptions options;
  CrossEntropyOptions of_loss;

  OnDevice() {
    std::mt19937_64 random(kSeed);
    std::normal_distribution<float> normal(0, 3);
    for (std::int64_t i = 0; i < kRows * kCols; ++i) p.push_back(normal(random)), q.push_back(normal(random));
    copy_to_device(device_p.data(), p.data(), device_p.bytes(), host_stream);
    copy_to_device(device_q.data(), q.data(), device_q.bytes(), host_stream);
    copy_to_device(device_labels.data(), labels.data(), device_labels.bytes(), host_stream);
    scratch = DeviceMemory(std::max(rows_workspace(measures, input(), options),
                                    cross_entropy_workspace(input().p, input().labels, loss_output(), of_loss)));
  }
  RowsInput input() const {
    return {view(static_cast<const float*>(device_p.data()), kRows, kCols),
            view(static_cast<const float*>(device_q.data()), kRows, kCols),
            vector_view(static_cast<const std::int32_t*>(device_labels.data()), kRows)};
  }
  RowsOutput output() const { return {mutable_view(static_cast<float*>(values.data()), kRows, 3), nullptr}; }
  CrossEntropyOutput loss_output() const {
    CrossEntropyOutput output;
    output.loss = mutable_vector_view(static_cast<float*>(loss.data()), 1);
    output.gradient = mutable_view(static_cast<float*>(gradient.data()), kRows, kCols);
    return output;
  }
  Workspace workspace() const { return {scratch.data(), scratch.bytes()}; }
  void call(Stream stream) const {
    rows(measures, input(), output(), options, workspace(), stream);
    cross_entropy(input().p, input().labels, loss_output(), of_loss, workspace(), stream);
  }
  /// Everything that a call writes.
  std::vector<float> results() const {
    std::vector<float> all(kRows * 3 + 1 + kRows * kCols);
    copy_to_host(all.data(), values.data(), values.bytes(), host_stream);
    copy_to_host(all.data() + kRows * 3, loss.data(), loss.bytes(), host_stream);
    copy_to_host(all.data() + kRows * 3 + 1, gradient.data(), gradient.bytes(), host_stream);
    return all;
  }
  void clear() const {
    for (const DeviceMemory* memory : {&values, &loss, &gradient}) {
      ASSERT_EQ(cudaMemset(memory->data(), 0xff, memory->bytes()), cudaSuccess);
    }
  }
};

TEST(Cuda, DataOnTheDeviceChooseTheBackend) {
  const OnDevice data;
  ASSERT_EQ(data.options.execution.backend, Backend::automatic);
  data.call(host_stream);
  VerifyReport report = verify_rows(data.measures,
                                    {view(data.p.data(), 3, OnDevice::kCols), view(data.q.data(), 3, OnDevice::kCols),
                                     vector_view(data.labels.data(), 3)},
                                    view(data.results().data(), 3, 3), data.options, {});
  EXPECT_TRUE(report.ok()) << describe(report);
}

TEST(Cuda, CallsAreCapturedIntoAGraph) {
  const OnDevice data;
  data.call(host_stream);
  const std::vector<float> direct = data.results();
  data.clear();
  cudaStream_t stream;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  cudaGraph_t graph;
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  data.call({stream});
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  EXPECT_TRUE(std::isnan(data.results()[0])) << "written while it was only captured";
  cudaGraphExec_t executable;
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  for (int launch = 0; launch < 2; ++launch) {
    data.clear();
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    synchronize({stream});
    EXPECT_EQ(data.results(), direct) << launch;
  }
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

TEST(Cuda, MemoryThatTheBackendCannotReachIsRefused) {
  const OnDevice data;
  RowsOptions options = data.options;
  const auto call = [&](const RowsInput& input, const RowsOutput& output) {
    rows(data.measures, input, output, options, data.workspace(), host_stream);
  };
  options.execution.backend = Backend::cuda;
  RowsInput input = data.input();
  input.p.data = data.p.data();
  expect_refused("P: lies in host memory", [&] { call(input, data.output()); });
  input = data.input();
  input.labels.data = data.labels.data();
  expect_refused("labels: lies in host memory", [&] { call(input, data.output()); });
  std::vector<float> values(9);
  expect_refused("values: lies in host memory", [&] {
    call(data.input(), {mutable_view(values.data(), 3, 3), nullptr});
  });
  options.execution.backend = Backend::cpu;
  expect_refused("P: lies in device memory", [&] { call(data.input(), data.output()); });
}

TEST(Cuda, ViewsBeyondTheirMemoryAreRefused) {
  const OnDevice data;
  RowsInput input = data.input();
  input.q.row_stride = std::int64_t{1} << 40;
  expect_refused("Q: its 8796093028208 bytes reach beyond",
                 [&] { rows(data.measures, input, data.output(), data.options, data.workspace(), host_stream); });
}

TEST(Cuda, WorkspaceIsChecked) {
  const OnDevice data;
  const std::string bytes = std::to_string(rows_workspace(data.measures, data.input(), data.options));
  expect_refused("workspace: has 1 bytes, this call needs " + bytes, [&] {
    rows(data.measures, data.input(), data.output(), data.options, {data.scratch.data(), 1}, host_stream);
  });
  expect_refused("workspace: has 0 bytes",
                 [&] { rows(data.measures, data.input(), data.output(), data.options, {}, host_stream); });
}

/// Each call with a workspace of its own.
TEST(Cuda, AWorkspaceThatTheDeviceDoesNotReachIsRefused) {
  const OnDevice data;
  const auto x = view(static_cast<const std::uint8_t*>(data.device_p.data()), 1, 600);
  const auto y = view(static_cast<const std::uint8_t*>(data.device_q.data()), 1, 600);
  const auto refused = [&](const std::string& part, const Workspace& workspace) {
    data.clear();
    expect_refused(part,
                   [&] { rows(data.measures, data.input(), data.output(), data.options, workspace, host_stream); });
    expect_refused(part, [&] {
      cross_entropy(data.input().p, data.input().labels, data.loss_output(), data.of_loss, workspace, host_stream);
    });
    expect_refused(part, [&] {
      mutual_information_pairs(x, 3, y, 3, static_cast<double*>(data.gradient.data()), {}, workspace, host_stream);
    });
    for (float value : data.results()) ASSERT_TRUE(std::isnan(value)) << "written although refused";
  };
  constexpr std::size_t kEnough = 1 << 16;
  std::vector<unsigned char> host(kEnough);
  refused("workspace: lies in host memory", {host.data(), kEnough});
  void* freed = nullptr;
  ASSERT_EQ(cudaMalloc(&freed, kEnough), cudaSuccess);
  ASSERT_EQ(cudaFree(freed), cudaSuccess);
  refused("workspace: lies in host memory, or in memory that was freed", {freed, kEnough});
  const DeviceMemory small(16);
  refused("workspace: its 1099511627776 bytes reach beyond", {small.data(), std::size_t{1} << 40});
  refused("workspace: its 18446744073709551615 bytes reach beyond", {small.data(), ~std::size_t{0}});
  refused("overlap", {data.device_p.data(), data.device_p.bytes()});
}

TEST(Cuda, AskedForIsWhatIsUsed) {
  const DeviceMemory memory(6 * sizeof(double)), result(2 * sizeof(double));
  const RowsInput input = {
      view(static_cast<const double*>(memory.data()), 2, 3), view(static_cast<const double*>(memory.data()), 2, 3), {}};
  const std::vector<double> values = {0.5, 0.25, 0.25, 1, 2, 4};
  copy_to_device(memory.data(), values.data(), memory.bytes(), host_stream);
  EXPECT_EQ(rows_workspace({Measure::kl}, input, {}), 0U) << "float64 rows need none";
  rows({Measure::kl}, input, {mutable_view(static_cast<double*>(result.data()), 2, 1), nullptr}, {}, {}, host_stream);
  std::vector<double> got(2, -1);
  copy_to_host(got.data(), result.data(), result.bytes(), host_stream);
  EXPECT_EQ(got, std::vector<double>(2, 0));
  const auto none = view(static_cast<const float*>(memory.data()), 0, 3);
  EXPECT_EQ(rows_workspace({Measure::kl}, {none, none, {}}, {}), 0U) << "no rows need none";
}

TEST(Cuda, AWorkspaceOfAnyAlignmentWillDo) {
  const OnDevice data;
  data.call(host_stream);
  const std::vector<float> expected = data.results();
  for (std::size_t offset : {1, 7, 63}) {
    const DeviceMemory memory(data.scratch.bytes() + offset);
    const Workspace workspace = {static_cast<char*>(memory.data()) + offset, data.scratch.bytes()};
    data.clear();
    rows(data.measures, data.input(), data.output(), data.options, workspace, host_stream);
    cross_entropy(data.input().p, data.input().labels, data.loss_output(), data.of_loss, workspace, host_stream);
    EXPECT_EQ(data.results(), expected) << offset;
  }
}

TEST(Cuda, ACallThatWouldBreakSomebodyElsesCaptureSaysSo) {
  const OnDevice data;
  cudaStream_t capturing;
  ASSERT_EQ(cudaStreamCreate(&capturing), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(capturing, cudaStreamCaptureModeGlobal), cudaSuccess);
  expect_refused<DeviceError>("CUDA, while ", [&] { data.call(host_stream); });
  cudaGraph_t graph = nullptr;
  EXPECT_NE(cudaStreamEndCapture(capturing, &graph), cudaSuccess);
  cudaGetLastError();
  cudaStreamDestroy(capturing);
  data.clear();
  data.call(host_stream);
  EXPECT_FALSE(std::isnan(data.results()[0])) << "the next call is not affected";
}

__global__ void trap_kernel() { asm("trap;"); }

/// Last: nothing works on this device afterwards.
TEST(CudaTheEnd, AStickyErrorOfSomebodyElseIsToldApart) {
  const OnDevice data;
  trap_kernel<<<1, 1>>>();
  EXPECT_NE(cudaDeviceSynchronize(), cudaSuccess);
  const std::string message = message_of<Error>([&] { data.call(host_stream); });
  EXPECT_NE(message.find("pending before this call"), std::string::npos) << message;
}

/// In a process whose first call of the library comes after the error, neither backend may be taken for the other.
TEST(CudaTheEndAtFirst, AStickyErrorIsNotAMissingBackend) {
  void *p = nullptr, *values = nullptr;
  ASSERT_EQ(cudaMalloc(&p, 4 * sizeof(float)), cudaSuccess) << "run it in a process of its own";
  ASSERT_EQ(cudaMalloc(&values, sizeof(float)), cudaSuccess);
  trap_kernel<<<1, 1>>>();
  EXPECT_NE(cudaDeviceSynchronize(), cudaSuccess);
  const auto row = view(static_cast<const float*>(p), 1, 4);
  for (Backend backend : {Backend::automatic, Backend::cuda, Backend::automatic}) {
    RowsOptions options;
    options.execution.backend = backend;
    expect_refused<DeviceError>("pending before this call", [&] {
      rows({Measure::kl}, {row, row, {}}, {mutable_view(static_cast<float*>(values), 1, 1), nullptr}, options, {},
           host_stream);
    });
    expect_refused<DeviceError>("pending before this call", [] { DeviceMemory memory(1); });
  }
}

}  // namespace
}  // namespace kullback::test
