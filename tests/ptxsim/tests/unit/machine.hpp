/// PTX text on the machine, without nvcc and the CUDA runtime: modules, device arrays, launches.
#pragma once
#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "machine/device_memory.hpp"
#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"
#include "ptx/parser.hpp"

namespace ptxsim::test {

/// An array in device memory, freed at the end.
template <class T> class DeviceArray {
 public:
  explicit DeviceArray(std::size_t size)
      : size_(size), address_(device_memory().allocate_initialised(std::max<std::size_t>(1, size) * sizeof(T))) {}
  explicit DeviceArray(const std::vector<T>& values) : DeviceArray(values.size()) {
    std::memcpy(reinterpret_cast<void*>(address_), values.data(), values.size() * sizeof(T));
  }
  ~DeviceArray() { device_memory().release(address_); }
  DeviceArray(const DeviceArray&) = delete;
  DeviceArray& operator=(const DeviceArray&) = delete;

  std::uint64_t address() const { return address_; }
  std::vector<T> values() const {
    const T* begin = reinterpret_cast<const T*>(address_);
    return std::vector<T>(begin, begin + size_);
  }

 private:
  std::size_t size_;
  std::uint64_t address_;
};

/// Puts options back at the end.
class OptionScope {
 public:
  OptionScope() : before_(options()) {}
  ~OptionScope() { options() = before_; }
  OptionScope(const OptionScope&) = delete;
  OptionScope& operator=(const OptionScope&) = delete;

 private:
  Options before_;
};

constexpr const char* kHeader = ".version 9.0\n.target sm_90\n.address_size 64\n";

class Program {
 public:
  /// The text of a module without its header.
  explicit Program(const std::string& text) : module_(parse_module(kHeader + text, 90)) {}

  struct Shape {
    Dimensions grid = {}, block = {}, cluster = {};
    unsigned dynamic_shared = 0;
  };

  /// Arguments are numbers of the parameters' sizes.
  template <class... Arguments> Fault launch(const std::string& kernel, const Shape& shape, Arguments... arguments) {
    LaunchConfig config;
    config.kernel = module_->find(kernel);
    if (config.kernel == nullptr) throw std::invalid_argument("no kernel " + kernel);
    config.grid = shape.grid;
    config.block = shape.block;
    config.cluster = shape.cluster;
    config.dynamic_shared = shape.dynamic_shared;
    config.parameters.resize(config.kernel->parameter_bytes);
    std::size_t index = 0;
    (put(config, index++, arguments), ...);
    return run(config);
  }

  Module& module() { return *module_; }

 private:
  template <class T> static void put(LaunchConfig& config, std::size_t index, T argument) {
    const Variable& parameter = config.kernel->parameters.at(index);
    if (parameter.size != sizeof argument) throw std::invalid_argument("size of parameter " + parameter.name);
    std::memcpy(config.parameters.data() + parameter.offset, &argument, sizeof argument);
  }

  std::unique_ptr<Module> module_;
};

/// Runs `body` in the threads of one block, with the parameter `out`, an array with an element for each thread, of
/// which %i is the thread's index and %out the element's address. `registers` are further declarations.
template <class T>
std::vector<T> run_block(unsigned threads, const std::string& body, const std::string& registers = "",
                         const std::string& variables = "") {
  Program program(variables + R"(
    .visible .entry kernel(.param .u64 out_array)
    {
      .reg .pred %p<10>; .reg .b16 %h<10>; .reg .b32 %r<20>; .reg .b64 %d<20>; .reg .f32 %f<10>;
      .reg .b32 %i; .reg .b64 %out;
      )" + registers +
                  R"(
      mov.u32 %i, %tid.x;
      ld.param.u64 %out, [out_array];
      mad.wide.u32 %out, %i, )" +
                  std::to_string(sizeof(T)) + R"(, %out;
      )" + body + R"(
      ret;
    })");
  DeviceArray<T> out(threads);
  EXPECT_EQ(Fault::none, program.launch("kernel", {{1}, {threads}}, out.address()));
  return out.values();
}

/// Everything that has been reported since the last call.
inline std::vector<std::string> take_reports() {
  std::vector<std::string> texts;
  for (int k = 0; *report_text(k) != '\0'; ++k) texts.emplace_back(report_text(k));
  clear_reports();
  return texts;
}

}  // namespace ptxsim::test
