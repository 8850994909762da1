#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

#include "backend_under_test.hpp"
#include "host/reference/reference.hpp"
#include "kullback/kullback.hpp"

/// The public calls with their workspace, and what a result is held against.
namespace kullback::test {

using CodeVector = std::vector<std::int64_t>;

inline const double kLn2 = std::log(2.0);
inline constexpr double kContract = 0x1p-46;

/// Exactly as large as asked, so that a sanitizer sees a step beyond it, and full of garbage.
struct Scratch {
  explicit Scratch(std::size_t bytes) : memory(bytes, 0xA5) {}
  operator Workspace() { return {memory.data(), memory.size()}; }
  std::vector<unsigned char> memory;
};

/// The options, for the backend under test unless they name one.
inline MutualInformationOptions on_backend_under_test(MutualInformationOptions options) {
  if (options.execution.backend == Backend::automatic) options.execution.backend = backend_under_test();
  return options;
}

inline std::vector<double> pairs(MatrixView x, std::int64_t classes_x, MatrixView y, std::int64_t classes_y,
                                 const MutualInformationOptions& asked = {}) {
  const MutualInformationOptions options = on_backend_under_test(asked);
  std::vector<double> out(static_cast<std::size_t>(x.rows), -1);
  Mirror mirror(options.execution.backend);
  x = mirror.in(x), y = mirror.in(y);
  double* const values = mirror.out(out.data(), x.rows);
  const Workspace workspace = mirror.workspace(mutual_information_pairs_workspace(x, classes_x, y, classes_y, options));
  mutual_information_pairs(x, classes_x, y, classes_y, values, options, workspace, host_stream);
  mirror.finish();
  return out;
}

inline std::vector<double> with_label(MatrixView table, std::int64_t classes, VectorView label,
                                      std::int64_t label_classes, const MutualInformationOptions& asked = {}) {
  const MutualInformationOptions options = on_backend_under_test(asked);
  std::vector<double> out(static_cast<std::size_t>(table.cols), -1);
  Mirror mirror(options.execution.backend);
  table = mirror.in(table), label = mirror.in(label);
  double* const values = mirror.out(out.data(), table.cols);
  const Workspace workspace =
      mirror.workspace(mutual_information_label_workspace(table, classes, label, label_classes, options));
  mutual_information_label(table, classes, label, label_classes, values, options, workspace, host_stream);
  mirror.finish();
  return out;
}

inline void all_pairs(MatrixView table, std::int64_t classes, const MutableMatrixView& out,
                      const MutualInformationOptions& asked = {}) {
  const MutualInformationOptions options = on_backend_under_test(asked);
  Mirror mirror(options.execution.backend);
  table = mirror.in(table);
  const MutableMatrixView values = mirror.out(out);
  const Workspace workspace = mirror.workspace(mutual_information_all_pairs_workspace(table, classes, options));
  mutual_information_all_pairs(table, classes, values, options, workspace, host_stream);
  mirror.finish();
}

inline std::vector<double> all_pairs(MatrixView table, std::int64_t classes,
                                     const MutualInformationOptions& options = {}) {
  std::vector<double> out(static_cast<std::size_t>(table.cols * table.cols), -1);
  all_pairs(table, classes, mutable_view(out.data(), table.cols, table.cols), options);
  return out;
}

inline double joint(MatrixView table, const MutualInformationOptions& asked = {}) {
  const MutualInformationOptions options = on_backend_under_test(asked);
  double out = -1;
  Mirror mirror(options.execution.backend);
  table = mirror.in(table);
  double* const value = mirror.out(&out, 1);
  const Workspace workspace = mirror.workspace(mutual_information_joint_workspace(table, options));
  mutual_information_joint(table, value, options, workspace, host_stream);
  mirror.finish();
  return out;
}

template <class T>
double joint(const std::vector<T>& cells, std::int64_t rows, std::int64_t cols, Unit unit = Unit::nats) {
  return joint(view(cells.data(), rows, cols), {unit, {}});
}

/// One pair of code vectors, as a batch of one.
template <class X, class Y>
double pair(const std::vector<X>& x, std::int64_t classes_x, const std::vector<Y>& y, std::int64_t classes_y,
            const MutualInformationOptions& options = {}) {
  const auto row = [](const auto& v) { return view(v.data(), 1, static_cast<std::int64_t>(v.size())); };
  return pairs(row(x), classes_x, row(y), classes_y, options)[0];
}

inline MutualInformationOptions with_threads(int threads) {
  MutualInformationOptions options;
  options.execution.threads = threads;
  return options;
}

template <class T> std::vector<T> as(const CodeVector& codes) { return {codes.begin(), codes.end()}; }

/// Column c of a row-major table [samples, cols].
inline CodeVector column(const CodeVector& table, std::int64_t cols, std::int64_t c) {
  CodeVector result;
  for (auto i = static_cast<std::size_t>(c); i < table.size(); i += static_cast<std::size_t>(cols)) {
    result.push_back(table[i]);
  }
  return result;
}

inline std::mt19937_64 seeded(std::uint64_t seed) {
  std::printf("seed %llu\n", static_cast<unsigned long long>(seed));
  return std::mt19937_64(seed);
}

/// `skew` of the codes are 0, the others uniform.
inline CodeVector random_codes(std::mt19937_64& random, std::int64_t size, std::int64_t classes, double skew = 0) {
  CodeVector codes(static_cast<std::size_t>(size));
  for (auto& code : codes) {
    const bool hot = static_cast<double>(random() >> 11) * 0x1p-53 < skew;
    code = hot ? 0 : static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(classes));
  }
  return codes;
}

/// Codes of `classes` that repeat `other` (reduced to the classes) two times in three.
inline CodeVector related_codes(std::mt19937_64& random, const CodeVector& other, std::int64_t classes) {
  CodeVector codes = random_codes(random, static_cast<std::int64_t>(other.size()), classes);
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (random() % 3 != 0) codes[i] = other[i] % classes;
  }
  return codes;
}

/// The contract: 2^-46 of the exact value, which the reference knows up to its own bound.
inline void expect_contract(double value, const reference::Estimate<reference::Binary128>& exact) {
  const double expected = static_cast<double>(exact.value);
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(value)) << value;
    return;
  }
  EXPECT_GE(value, 0);
  const auto error = static_cast<double>(value - exact.value);
  EXPECT_LE(std::abs(error), kContract * std::abs(expected) + static_cast<double>(exact.error))
      << value << " instead of " << expected;
}

inline void expect_contract(double value, const CodeVector& x, const CodeVector& y, Unit unit = Unit::nats) {
  expect_contract(value, reference::mutual_information<reference::Binary128>(x, y, unit));
}

inline void expect_close(double value, double expected) {
  EXPECT_LE(std::abs(value - expected), kContract * std::abs(expected)) << value << " instead of " << expected;
}

}  // namespace kullback::test
