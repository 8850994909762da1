/// For test programs that nvcc compiles and that run under the executor: its hooks, device arrays, and what is expected
/// of the checker in every schedule.
#pragma once
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

// Weak: the same binary runs on a device, where these are missing.
extern "C" {
__attribute__((weak)) int ptxsim_error_count();
__attribute__((weak)) const char* ptxsim_error(int k);
__attribute__((weak)) void ptxsim_clear();
__attribute__((weak)) void ptxsim_option(const char* name, const char* value);
}

namespace executor {

#define EXPECT_CUDA(call) EXPECT_EQ(cudaSuccess, (call))
#define ASSERT_CUDA(call) ASSERT_EQ(cudaSuccess, (call))

/// An array in device memory; zeros, the values given, or uninitialised.
template <class T> class Array {
 public:
  explicit Array(std::size_t size) : Array(std::vector<T>(size)) {}
  explicit Array(const std::vector<T>& values) : Array(values.size(), nullptr) {
    EXPECT_CUDA(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  }
  static Array uninitialised(std::size_t size) { return Array(size, nullptr); }
  ~Array() { cudaFree(data_); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> result(size_);
    EXPECT_CUDA(cudaMemcpy(result.data(), data_, size_ * sizeof(T), cudaMemcpyDeviceToHost));
    return result;
  }

 private:
  Array(std::size_t size, std::nullptr_t) : size_(size) { EXPECT_CUDA(cudaMalloc(&data_, size * sizeof(T))); }

  T* data_ = nullptr;
  std::size_t size_;
};

inline std::vector<std::string> take_reports() {
  std::vector<std::string> texts;
  for (int k = 0; *ptxsim_error(k) != '\0'; ++k) texts.emplace_back(ptxsim_error(k));
  ptxsim_clear();
  return texts;
}

/// Calls f in forward, reverse and random order, in lockstep and thread by thread.
template <class F> void in_all_schedules(F f) {
  if (!ptxsim_option) return f();  // a device has its own
  struct Schedule {
    const char *order, *lockstep, *slice, *seed;
  };
  const Schedule schedules[] = {{"0", "1", "0", "1"}, {"1", "1", "0", "1"}, {"2", "1", "3", "8"},
                                {"0", "0", "0", "1"}, {"1", "0", "5", "1"}, {"2", "0", "10", "15"}};
  for (const Schedule& each : schedules) {
    SCOPED_TRACE(std::string("order ") + each.order + ", lockstep " + each.lockstep + ", slice " + each.slice +
                 ", seed " + each.seed);
    ptxsim_option("order", each.order);
    ptxsim_option("lockstep", each.lockstep);
    ptxsim_option("slice", each.slice);
    ptxsim_option("seed", each.seed);
    f();
  }
  ptxsim_option("order", "0");
  ptxsim_option("lockstep", "-1");
  ptxsim_option("slice", "0");
}

/// A seeded bug: in every schedule there is a report that the expression matches.
template <class F> void expect_report(const std::string& expression, F launch) {
  if (!ptxsim_error_count) return;
  in_all_schedules([&] {
    launch();
    cudaDeviceSynchronize();
    bool found = false;
    std::string all;
    for (const std::string& text : take_reports()) {
      found |= std::regex_search(text, std::regex(expression));
      all += "\n  " + text;
    }
    EXPECT_TRUE(found) << "expected: " << expression << "\nreported:" << all;
  });
}

/// A correct kernel: silence.
template <class F> void expect_silence(F launch) {
  in_all_schedules([&] {
    launch();
    EXPECT_CUDA(cudaDeviceSynchronize());
    if (ptxsim_error_count) EXPECT_EQ(std::vector<std::string>(), take_reports());
  });
}

}  // namespace executor
