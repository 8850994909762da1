#include <algorithm>

#include "kernels/cuda/histogram_plan.hpp"
#include "mutual_information_calls.hpp"

/// The CUDA engine's ways of counting: whatever the device is like, results are the CPU backend's bit for bit.
namespace kullback::test {
namespace {

MutualInformationOptions on(Backend backend) {
  MutualInformationOptions options;
  options.execution.backend = backend;
  options.execution.threads = 1;
  return options;
}

/// NaN is equal to NaN.
void expect_same(const std::vector<double>& values, const std::vector<double>& expected) {
  ASSERT_EQ(values.size(), expected.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_TRUE(values[i] == expected[i] || (std::isnan(values[i]) && std::isnan(expected[i])))
        << i << ": " << values[i] << " instead of " << expected[i];
  }
}

/// Codes of a type with an offset in bytes and rows that are `stride` apart; what lies between is out of range.
class CodeBytes {
 public:
  CodeBytes(const CodeVector& codes, DType dtype, std::int64_t rows, std::int64_t cols, std::int64_t stride,
            std::size_t elements_before)
      : dtype_(dtype), rows_(rows), cols_(cols), stride_(stride) {
    const std::size_t size = size_of(dtype);
    offset_ = elements_before * size;
    const std::int64_t elements = rows == 0 ? 0 : (rows - 1) * stride + cols;
    bytes_.assign(offset_ + static_cast<std::size_t>(elements) * size, 0xee);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) {
        const std::int64_t code = codes[static_cast<std::size_t>(r * cols + c)];
        std::memcpy(bytes_.data() + offset_ + static_cast<std::size_t>(r * stride + c) * size, &code, size);
      }
    }
  }
  MatrixView matrix() const { return {bytes_.data() + offset_, dtype_, rows_, cols_, stride_}; }
  VectorView vector() const { return {bytes_.data() + offset_, dtype_, cols_}; }

 private:
  DType dtype_;
  std::int64_t rows_, cols_, stride_;
  std::size_t offset_;
  std::vector<unsigned char> bytes_;
};

/// A random call: shapes, types, skews, strides, alignments, now and then a code out of range.
class RandomCall {
 public:
  explicit RandomCall(std::mt19937_64& random) : random_(random) {}

  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(n)); }
  template <class T> T one_of(std::initializer_list<T> values) {
    return values.begin()[below(static_cast<std::int64_t>(values.size()))];
  }
  std::int64_t classes() { return one_of<std::int64_t>({1, 2, 3, 4, 5, 7, 16, 17, 31, 32, 33, 40, 64, 65}); }
  std::int64_t samples() { return one_of<std::int64_t>({0, 1, 3, 15, 16, 17, 100, 257, 1000, 2500}) + below(3); }

  CodeBytes codes(std::int64_t rows, std::int64_t cols, std::int64_t classes) {
    const DType dtype = one_of({DType::u8, DType::u8, DType::u16, DType::i32, DType::i64});
    CodeVector codes = random_codes(random_, rows * cols, classes, one_of({0.0, 0.3, 0.9, 1.0}));
    if (below(4) == 0 && !codes.empty()) {
      auto& code = codes[static_cast<std::size_t>(below(rows * cols))];
      code = dtype == DType::u8 || dtype == DType::u16 ? classes : one_of<std::int64_t>({-1, classes, classes + 1});
    }
    const std::int64_t stride = cols + (below(2) == 0 ? 0 : below(40));
    return {codes, dtype, rows, cols, stride, static_cast<std::size_t>(below(17))};
  }

 private:
  std::mt19937_64& random_;
};

TEST(JointHistogram, EqualsTheCpuBackendOnRandomCalls) {
  auto random = seeded(60);
  RandomCall call(random);
  const MutualInformationOptions cpu = on(Backend::cpu), cuda = on(Backend::cuda);
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE(round);
    const std::int64_t n = call.samples(), kx = call.classes(), ky = call.classes();
    const std::int64_t features = 1 + call.below(call.one_of<std::int64_t>({3, 12, 40}));
    if (kx * ky * features < 20'000) {
      const CodeBytes x = call.codes(features, n, kx), y = call.codes(features, n, ky);
      expect_same(pairs(x.matrix(), kx, y.matrix(), ky, cuda), pairs(x.matrix(), kx, y.matrix(), ky, cpu));
    }
    const CodeBytes table = call.codes(n, features, kx), label = call.codes(1, n, ky);
    if (kx * ky * features < 50'000) {
      expect_same(with_label(table.matrix(), kx, label.vector(), ky, cuda),
                  with_label(table.matrix(), kx, label.vector(), ky, cpu));
    }
    if (kx * kx * features * features < 100'000) {
      expect_same(all_pairs(table.matrix(), kx, cuda), all_pairs(table.matrix(), kx, cpu));
    }
  }
}

TEST(JointHistogram, EdgesOfWideTablesEqualTheCpuBackend) {
  auto random = seeded(65);
  const std::int64_t n = 150;
  for (std::int64_t classes : {2, 4, 9, 12, 20}) {
    for (std::int64_t features : {97, 129, 193}) {
      SCOPED_TRACE(std::to_string(features) + " features of " + std::to_string(classes));
      const CodeBytes table(random_codes(random, n * features, classes, 0.3), DType::u8, n, features, features, 1);
      const CodeBytes label(random_codes(random, n, classes), DType::u8, 1, n, n, 2);
      expect_same(with_label(table.matrix(), classes, label.vector(), classes, on(Backend::cuda)),
                  with_label(table.matrix(), classes, label.vector(), classes, on(Backend::cpu)));
      if (classes > 4 || features > 130) continue;
      expect_same(all_pairs(table.matrix(), classes, on(Backend::cuda)),
                  all_pairs(table.matrix(), classes, on(Backend::cpu)));
    }
  }
}

TEST(JointHistogram, JointTablesEqualTheCpuBackends) {
  auto random = seeded(61);
  RandomCall call(random);
  const MutualInformationOptions cpu = on(Backend::cpu), cuda = on(Backend::cuda);
  for (int round = 0; round < 60; ++round) {
    SCOPED_TRACE(round);
    const std::int64_t rows = 1 + call.below(call.one_of<std::int64_t>({5, 40, 200})),
                       cols = 1 + call.below(call.one_of<std::int64_t>({5, 40, 200}));
    const auto size = static_cast<std::size_t>(rows * cols);
    const int bits = call.one_of({3, 8, 31, 40, 58, 62});
    std::vector<std::int64_t> counts(size);
    std::vector<double> shares(size);
    std::vector<float> floats(size);
    for (std::size_t k = 0; k < size; ++k) {
      counts[k] = static_cast<std::int64_t>(random() >> (64 - bits));
      shares[k] = static_cast<double>(random() >> 11) * call.one_of({0x1p-53, 0x1p-900, 0x1p+800});
      floats[k] = static_cast<float>(counts[k] % 1000) / 1000;
    }
    const auto check = [&](const MatrixView& table) { expect_same({joint(table, cuda)}, {joint(table, cpu)}); };
    check(view(counts.data(), rows, cols));
    check(view(shares.data(), rows, cols));
    check(view(floats.data(), rows, cols));
    const std::vector<std::uint8_t> bytes(counts.begin(), counts.end());
    check(view(bytes.data(), rows, (cols + 1) / 2, cols));
  }
}

TEST(JointHistogram, TablesThatNoBlockHolds) {
  auto random = seeded(63);
  const MutualInformationOptions cpu = on(Backend::cpu), cuda = on(Backend::cuda);
  const std::int64_t n = 5000;
  for (auto [kx, ky] : {std::pair<std::int64_t, std::int64_t>{65'536, 3}, {3, 65'536}, {1, 100'000}, {400, 300}}) {
    for (double skew : {0.0, 0.9}) {
      for (bool bad : {false, true}) {
        SCOPED_TRACE(std::to_string(kx) + " x " + std::to_string(ky));
        CodeVector x_codes = random_codes(random, n, kx, skew);
        if (bad) x_codes[n / 2] = kx;
        const CodeBytes x(x_codes, DType::i32, 1, n, n, 1),
            y(random_codes(random, n, ky, skew), DType::i64, 1, n, n, 0);
        expect_same(pairs(x.matrix(), kx, y.matrix(), ky, cuda), pairs(x.matrix(), kx, y.matrix(), ky, cpu));
        const MatrixView column = {x.matrix().data, DType::i32, n / 2, 1, 2};
        const VectorView label = {y.matrix().data, DType::i64, n / 2};
        expect_same(with_label(column, kx, label, ky, cuda), with_label(column, kx, label, ky, cpu));
      }
    }
  }
  // The largest table that is supported: 2^31 counters of 4 bytes, and what finishing them takes.
  const std::int64_t most = std::int64_t{1} << 31;
  DeviceMemory code(4);
  const MatrixView one = {code.data(), DType::i32, 1, 1, 1};
  for (std::int64_t classes : {std::int64_t{1}, std::int64_t{1} << 15, most}) {
    const std::size_t bytes = mutual_information_pairs_workspace(one, classes, one, most / classes, cuda);
    EXPECT_GE(bytes, std::size_t{4} << 31);
    EXPECT_LE(bytes, std::size_t{14} << 31);
  }
}

TEST(JointHistogram, TilesHaveEveryPairOfColumnsOnce) {
  for (std::int64_t cols : {1, 3, 4, 5, 32, 33, 67, 100}) {
    for (int side : {1, 2, 3, 8}) {
      cuda::Tiling tiling{};
      tiling.call = cuda::Call::all_pairs;
      tiling.block_x = tiling.block_y = 4;
      tiling.side = side;
      tiling.slots = side * side;
      tiling.cols = cols;
      tiling.groups = (cols + side * 4 - 1) / (side * 4);
      tiling.tiles = tiling.groups * (tiling.groups + 1) / 2;
      std::vector<int> seen(static_cast<std::size_t>(cols * cols));
      for (std::int64_t t = 0; t < tiling.tiles; ++t) {
        const cuda::CodeTile tile = tiling.tile(t);
        for (int k = 0; k < tiling.pairs_per_tile(); ++k) {
          cuda::ColumnPair pair;
          if (tiling.pair(tile, k, &pair)) ++seen[static_cast<std::size_t>(pair.x * cols + pair.y)];
        }
      }
      for (std::int64_t x = 0; x < cols; ++x) {
        for (std::int64_t y = 0; y < cols; ++y) EXPECT_EQ(seen[static_cast<std::size_t>(x * cols + y)], x <= y);
      }
    }
  }
  // Tiles of so many groups that a square root finds them only about.
  cuda::Tiling tiling{};
  tiling.call = cuda::Call::all_pairs;
  tiling.block_x = tiling.block_y = tiling.side = 1;
  tiling.cols = tiling.groups = std::int64_t{1} << 31;
  std::int64_t first = 0;
  for (std::int64_t x :
       {std::int64_t{0}, std::int64_t{1}, std::int64_t{12'345'678}, tiling.groups - 2, tiling.groups - 1}) {
    first = x * tiling.groups - x * (x - 1) / 2;
    EXPECT_EQ(tiling.tile(first).first.x, x);
    EXPECT_EQ(tiling.tile(first).first.y, x);
    EXPECT_EQ(tiling.tile(first + tiling.groups - x - 1).first.x, x);
    EXPECT_EQ(tiling.tile(first + tiling.groups - x - 1).first.y, tiling.groups - 1);
  }
}

/// A device of another size.
struct Ways {
  cuda::DeviceLimits limits;
  bool wide;
};

template <class Job> std::vector<double> run_with(const Ways& ways, Job job, Mirror& mirror, std::vector<double>& out) {
  job.unit_scale = 1;
  const cuda::HistogramRequest request = cuda::request_of(job);
  const cuda::HistogramPlan plan = cuda::plan_of(request, ways.limits, ways.wide);
  const Workspace workspace = mirror.workspace(cuda::workspace_bytes(plan));
  cuda::run(request, plan, workspace.data, host_stream);
  mirror.finish();
  return out;
}

TEST(JointHistogram, ThePlanSaysWhatDecided) {
  const auto plan_of = [](std::int64_t samples, std::int64_t classes, std::int64_t shared_bytes) {
    const std::int64_t features = 5;
    AllPairsJob job{};
    job.table = {nullptr, DType::u8, samples, features, features};
    job.classes = classes;
    const cuda::HistogramRequest request = cuda::request_of(job);
    return cuda::told(request, cuda::plan_of(request, {132, shared_bytes}, false));
  };
  // 16 classes and the line for codes out of range: a block of 4 x 4 pairs counts 16 * 17 * 17 * 4 = 18496 bytes.
  const CountingPlan whole = plan_of(100'000, 16, 227 << 10);
  EXPECT_EQ(whole.counting, Counting::shared_memory);
  EXPECT_EQ(whole.reason, CountingReason::table_fits);
  EXPECT_EQ(whole.pairs, 15);
  EXPECT_EQ(whole.samples, 100'000);
  EXPECT_EQ(whole.lines_x, 17);
  EXPECT_GE(whole.value, 18496);
  EXPECT_EQ(whole.limit, 227 << 10);
  // 65 * 65 * 16 * 4 = 270400 bytes do not fit, 33 lines of them do, beside the codes.
  const CountingPlan bands = plan_of(100'000, 64, 227 << 10);
  EXPECT_EQ(bands.counting, Counting::shared_bands);
  EXPECT_EQ(bands.reason, CountingReason::band_fits);
  EXPECT_EQ(bands.value, 2);
  EXPECT_EQ(bands.bands, 2);
  const CountingPlan few = plan_of(100, 16, 16 << 10);
  EXPECT_EQ(few.counting, Counting::device_memory);
  EXPECT_EQ(few.reason, CountingReason::few_samples);
  EXPECT_EQ(few.value, 17 * 17);
  EXPECT_EQ(few.limit, 100);
  const CountingPlan large = plan_of(100'000, 200, 1 << 10);
  EXPECT_EQ(large.counting, Counting::device_memory);
  EXPECT_EQ(large.reason, CountingReason::large_table);
}

class EveryWayOfCounting : public ::testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(JointHistogram, EveryWayOfCounting, ::testing::Values(DType::u8, DType::i32));

TEST_P(EveryWayOfCounting, GivesTheSameBits) {
  auto random = seeded(62);
  const std::int64_t n = 3001, features = 21, batch = 3;
  // Little shared memory: fewer copies, smaller tiles, bands of classes, device memory. Few or many multiprocessors:
  // few or many blocks that share a tile's samples.
  const std::vector<Ways> all_ways = {{{132, 227 << 10}, true}, {{1, 227 << 10}, false},  {{500, 227 << 10}, false},
                                      {{132, 99 << 10}, false}, {{132, 48 << 10}, false}, {{4, 30 << 10}, true},
                                      {{132, 20 << 10}, false}, {{132, 10 << 10}, true},  {{3, 6 << 10}, false},
                                      {{132, 1 << 10}, false},  {{7, 1 << 10}, true}};
  for (std::int64_t classes : {2, 6, 23}) {
    const CodeVector codes = random_codes(random, n * features, classes, 0.3), labels = random_codes(random, n, 5);
    const DType dtype = GetParam();
    const CodeBytes table(codes, dtype, n, features, features, 3), label(labels, DType::u8, 1, n, n, 5);
    const CodeBytes x(codes, dtype, batch, n, n + 2, 1), y(codes, DType::u8, batch, n, n, 0);
    const auto with_label_cpu = with_label(table.matrix(), classes, label.vector(), 5, on(Backend::cpu));
    const auto all_pairs_cpu = all_pairs(table.matrix(), classes, on(Backend::cpu));
    const auto pairs_cpu = pairs(x.matrix(), classes, y.matrix(), classes, on(Backend::cpu));
    for (const Ways& ways : all_ways) {
      SCOPED_TRACE(std::to_string(classes) + " classes, " + std::to_string(ways.limits.multiprocessors) + " x " +
                   std::to_string(ways.limits.shared_bytes_per_block));
      {
        Mirror mirror(Backend::cuda);
        std::vector<double> out(static_cast<std::size_t>(features), -1);
        LabelJob job{};
        job.table = mirror.in(table.matrix()), job.label = mirror.in(label.vector());
        job.classes = classes, job.label_classes = 5;
        job.out = mirror.out(out.data(), features);
        expect_same(run_with(ways, job, mirror, out), with_label_cpu);
      }
      {
        Mirror mirror(Backend::cuda);
        std::vector<double> out(static_cast<std::size_t>(features * features), -1);
        AllPairsJob job{};
        job.table = mirror.in(table.matrix());
        job.classes = classes;
        job.out = mirror.out(mutable_view(out.data(), features, features));
        expect_same(run_with(ways, job, mirror, out), all_pairs_cpu);
      }
      {
        Mirror mirror(Backend::cuda);
        std::vector<double> out(static_cast<std::size_t>(batch), -1);
        PairsJob job{};
        job.x = mirror.in(x.matrix()), job.y = mirror.in(y.matrix());
        job.classes_x = job.classes_y = classes;
        job.out = mirror.out(out.data(), batch);
        expect_same(run_with(ways, job, mirror, out), pairs_cpu);
      }
    }
  }
}

TEST(JointHistogram, CallsAreCapturedIntoAGraph) {
  auto random = seeded(64);
  const std::int64_t n = 20'000, features = 9, classes = 40;
  const auto codes = as<std::uint8_t>(random_codes(random, n * features, classes, 0.5));
  DeviceMemory table(codes.size()), out((features + features * features + 2) * sizeof(double));
  copy_to_device(table.data(), codes.data(), codes.size(), host_stream);
  const auto* data = static_cast<const std::uint8_t*>(table.data());
  auto* results = static_cast<double*>(out.data());
  const MatrixView matrix = view(data, n, features), rows = view(data, 2, n);
  const VectorView label = vector_view(data, n);
  const MutualInformationOptions options = on(Backend::cuda);
  const DeviceMemory scratch(std::max({mutual_information_label_workspace(matrix, classes, label, classes, options),
                                       mutual_information_all_pairs_workspace(matrix, classes, options),
                                       mutual_information_pairs_workspace(rows, classes, rows, classes, options)}));
  const Workspace workspace = {scratch.data(), scratch.bytes()};
  const auto call = [&](Stream stream) {
    mutual_information_label(matrix, classes, label, classes, results, options, workspace, stream);
    mutual_information_all_pairs(matrix, classes, mutable_view(results + features, features, features), options,
                                 workspace, stream);
    mutual_information_pairs(rows, classes, rows, classes, results + features + features * features, options, workspace,
                             stream);
  };
  const auto fetch = [&] {
    std::vector<double> values(out.bytes() / sizeof(double));
    copy_to_host(values.data(), out.data(), out.bytes(), host_stream);
    return values;
  };
  call(host_stream);
  const std::vector<double> direct = fetch();
  cudaStream_t stream;
  cudaGraph_t graph;
  cudaGraphExec_t executable;
  ASSERT_EQ(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), cudaSuccess);
  ASSERT_EQ(cudaStreamBeginCapture(stream, cudaStreamCaptureModeGlobal), cudaSuccess);
  call({stream});
  ASSERT_EQ(cudaStreamEndCapture(stream, &graph), cudaSuccess);
  ASSERT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  for (int launch = 0; launch < 2; ++launch) {
    ASSERT_EQ(cudaMemset(out.data(), 0xff, out.bytes()), cudaSuccess);
    ASSERT_EQ(cudaGraphLaunch(executable, stream), cudaSuccess);
    synchronize({stream});
    expect_same(fetch(), direct);
  }
  cudaGraphExecDestroy(executable);
  cudaGraphDestroy(graph);
  cudaStreamDestroy(stream);
}

}  // namespace
}  // namespace kullback::test
