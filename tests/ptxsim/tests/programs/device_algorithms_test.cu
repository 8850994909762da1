/// CUB's device-wide algorithms, host code and all: launches, temporary storage, decoupled look-back between blocks.
#include <cub/device/device_histogram.cuh>
#include <cub/device/device_reduce.cuh>
#include <cub/device/device_scan.cuh>
#include <numeric>

#include "executor.cuh"

using namespace executor;

namespace {

/// Calls the algorithm for its size of temporary storage, and then with it.
template <class F> void with_storage(F algorithm) {
  std::size_t size = 0;
  ASSERT_CUDA(algorithm(nullptr, size));
  const Array<char> storage(size);
  ASSERT_CUDA(algorithm(storage.data(), size));
  ASSERT_CUDA(cudaDeviceSynchronize());
}

std::vector<float> numbers() {
  std::vector<float> result(20000);
  for (std::size_t k = 0; k < result.size(); ++k) result[k] = static_cast<float>(k * 7919 % 1000);
  return result;
}

TEST(DeviceAlgorithms, Reduce) {
  const std::vector<float> in = numbers();
  const Array<float> device_in(in), out(1);
  with_storage([&](void* storage, std::size_t& size) {
    return cub::DeviceReduce::Sum(storage, size, device_in.data(), out.data(), static_cast<int>(in.size()));
  });
  EXPECT_EQ(std::accumulate(in.begin(), in.end(), 0.), out.values()[0]);
}

TEST(DeviceAlgorithms, Scan) {
  std::vector<int> in(20000, 3), expected(in.size());
  std::inclusive_scan(in.begin(), in.end(), expected.begin());
  const Array<int> device_in(in), out(in.size());
  with_storage([&](void* storage, std::size_t& size) {
    return cub::DeviceScan::InclusiveSum(storage, size, device_in.data(), out.data(), static_cast<int>(in.size()));
  });
  EXPECT_EQ(expected, out.values());
}

TEST(DeviceAlgorithms, Histogram) {
  const std::vector<float> in = numbers();
  const Array<float> device_in(in);
  const Array<int> out(100);
  with_storage([&](void* storage, std::size_t& size) {
    return cub::DeviceHistogram::HistogramEven(storage, size, device_in.data(), out.data(), 101, 0.f, 1000.f,
                                               static_cast<int>(in.size()));
  });
  EXPECT_EQ(std::vector<int>(100, 200), out.values());
}

}  // namespace
