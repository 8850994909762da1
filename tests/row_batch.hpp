#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "kullback/kullback.hpp"
#include "tests/backend_under_test.hpp"

/// Batches of rows for the tests: values by pattern, any dtype, kept in a buffer whose padding is poisoned.
namespace kullback::test {

inline constexpr double kInf = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
inline constexpr unsigned kSeed = 20240607;

inline const MeasureSet kAllMeasures = all_measures();

/// Round to nearest even, from the definition of the formats; independent of the library's conversion.
inline std::uint16_t to_16_bits(double x, int exponent_bits, int mantissa_bits) {
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000 : 0);
  const auto infinity = static_cast<std::uint16_t>(((1 << exponent_bits) - 1) << mantissa_bits);
  if (std::isnan(x)) return static_cast<std::uint16_t>(infinity | 1u << (mantissa_bits - 1));
  if (std::isinf(x)) return static_cast<std::uint16_t>(sign | infinity);
  if (x == 0) return sign;
  int exponent = std::max(std::ilogb(x), 1 - bias);
  double mantissa = std::nearbyint(std::ldexp(std::fabs(x), mantissa_bits - exponent));
  if (mantissa >= std::ldexp(1.0, mantissa_bits + 1)) mantissa /= 2, ++exponent;
  if (exponent > bias) return static_cast<std::uint16_t>(sign | infinity);
  const bool subnormal = mantissa < std::ldexp(1.0, mantissa_bits);
  const int field = subnormal ? 0 : exponent + bias;
  const int fraction = static_cast<int>(mantissa) - (subnormal ? 0 : 1 << mantissa_bits);
  return static_cast<std::uint16_t>(sign | field << mantissa_bits | fraction);
}

inline void store(DType dtype, void* data, std::int64_t at, double x) {
  switch (dtype) {
    case DType::f32: static_cast<float*>(data)[at] = static_cast<float>(x); break;
    case DType::f64: static_cast<double*>(data)[at] = x; break;
    case DType::f16: static_cast<std::uint16_t*>(data)[at] = to_16_bits(x, 5, 10); break;
    case DType::bf16: static_cast<std::uint16_t*>(data)[at] = to_16_bits(x, 8, 7); break;
    case DType::u8: static_cast<std::uint8_t*>(data)[at] = static_cast<std::uint8_t>(x); break;
    case DType::u16: static_cast<std::uint16_t*>(data)[at] = static_cast<std::uint16_t>(x); break;
    case DType::i32: static_cast<std::int32_t*>(data)[at] = static_cast<std::int32_t>(x); break;
    case DType::i64: static_cast<std::int64_t*>(data)[at] = static_cast<std::int64_t>(x); break;
  }
}

/// rows x cols values in memory, `offset` elements after a 64-byte boundary, rows `stride` apart; all else is poison
/// (NaN, or the largest code).
class Batch {
 public:
  Batch(DType dtype, const std::vector<std::vector<double>>& values, std::int64_t stride = 0, std::int64_t offset = 0)
      : dtype_(dtype), rows_(static_cast<std::int64_t>(values.size())) {
    cols_ = values.empty() ? 0 : static_cast<std::int64_t>(values[0].size());
    stride_ = stride > cols_ ? stride : cols_;
    const auto elements = static_cast<std::size_t>(rows_ * stride_ + offset + 64);
    memory_.assign(elements * size_of(dtype) + 64, 0xff);
    auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    address = (address + 63) / 64 * 64;
    data_ = reinterpret_cast<unsigned char*>(address) + static_cast<std::size_t>(offset) * size_of(dtype);
    for (std::int64_t r = 0; r < rows_; ++r) {
      for (std::int64_t c = 0; c < cols_; ++c) {
        store(dtype, data_, r * stride_ + c, values[static_cast<std::size_t>(r)][static_cast<std::size_t>(c)]);
      }
    }
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  MatrixView view() const { return {data_, dtype_, rows_, cols_, stride_}; }
  MatrixView row(std::int64_t r) const {
    return {data_ + static_cast<std::size_t>(r * stride_) * size_of(dtype_), dtype_, 1, cols_, stride_};
  }
  MutableMatrixView mutable_view() { return {data_, dtype_, rows_, cols_, stride_}; }

 private:
  DType dtype_;
  std::int64_t rows_, cols_ = 0, stride_;
  std::vector<unsigned char> memory_;
  unsigned char* data_;
};

/// What `rows` returned, widened: values[row][measure].
struct RowsResult {
  std::vector<std::vector<double>> values;
  std::vector<std::uint8_t> status;
};

/// Orders without a default are 0.7 here, so that every test can ask for every measure.
inline RowsResult run_rows(const MeasureSet& measures, const RowsInput& input, const RowsOptions& given = {},
                           VerifyReport* report = nullptr) {
  RowsOptions options = given;
  options.alpha = given.alpha.value_or(0.7);
  const std::int64_t rows_p = input.p.rows, rows_q = input.q.rows;
  const std::int64_t n = rows_p == 1 ? (rows_q == 0 ? 1 : rows_q) : rows_p == 0 && input.p.cols == 0 ? rows_q : rows_p;
  const auto width = static_cast<std::int64_t>(measures.size());
  RowsResult result;
  result.status.assign(static_cast<std::size_t>(n), 0xee);
  std::vector<float> narrow(static_cast<std::size_t>(n * width), -1.0f);
  std::vector<double> wide(static_cast<std::size_t>(n * width), -1.0);
  const bool is_wide = rows_result_dtype(input, options) == DType::f64;
  RowsOutput output;
  output.values = is_wide ? mutable_view(wide.data(), n, width) : mutable_view(narrow.data(), n, width);
  output.status = result.status.data();
  run(measures, input, output, options);
  if (report != nullptr) *report = verify_rows(measures, input, output.values, options, {1 << 20});
  for (std::int64_t r = 0; r < n; ++r) {
    auto& row = result.values.emplace_back();
    for (std::int64_t k = 0; k < width; ++k) {
      const auto at = static_cast<std::size_t>(r * width + k);
      row.push_back(is_wide ? wide[at] : narrow[at]);
    }
  }
  return result;
}

inline double run_one(Measure measure, const RowsInput& input, const RowsOptions& options = {}) {
  return run_rows({measure}, input, options).values.at(0).at(0);
}

inline std::string describe(const VerifyReport& report) {
  std::string text;
  for (const VerifiedValue& v : report.wrong) {
    char line[256];
    std::snprintf(line, sizeof line, "\n  %s row %lld column %lld: got %.17g, expected %.17g, error %.3g of %.3g u",
                  v.what.c_str(), static_cast<long long>(v.row), static_cast<long long>(v.column), v.got, v.expected,
                  v.error_u, v.bound_u);
    text += line;
  }
  return text;
}

/// Whether two doubles are the same bits, any NaN equal to any NaN.
inline bool same_bits(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

/// Pairs of logit rows whose difficulty has a name.
enum class Pattern {
  gaussian,    ///< sigma 3, independent: the ordinary case
  peaked,      ///< one entry has nearly all the mass: loss and entropy are tiny
  uniform,     ///< nearly flat: logs near -log n, divergences tiny
  near_equal,  ///< Q = P + 1e-5 noise: everything cancels in the textbook forms
  masked,      ///< -inf tails of different length, as from a vocabulary mask
  wide,        ///< gaps up to 80: one side's probabilities underflow
  ties,        ///< few distinct values: the maximum is repeated
};
inline constexpr Pattern kPatterns[] = {Pattern::gaussian, Pattern::peaked, Pattern::uniform, Pattern::near_equal,
                                        Pattern::masked,   Pattern::wide,   Pattern::ties};

struct LogitPair {
  std::vector<double> p, q;
};

inline LogitPair logit_pair(Pattern pattern, std::int64_t cols, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> flat(-40, 40);
  LogitPair pair;
  for (std::int64_t c = 0; c < cols; ++c) {
    double p = 3 * normal(random), q = 3 * normal(random);
    if (pattern == Pattern::uniform) p = 1e-3 * normal(random), q = 1e-3 * normal(random);
    if (pattern == Pattern::near_equal) q = p + 1e-5 * normal(random);
    if (pattern == Pattern::wide) p = flat(random), q = flat(random);
    if (pattern == Pattern::ties) p = static_cast<double>(random() % 3), q = static_cast<double>(random() % 2);
    if (pattern == Pattern::masked && c > 0 && c % 3 == 0) p = -kInf;
    if (pattern == Pattern::masked && c > 0 && (c % 3 == 0 || c % 5 == 0)) q = -kInf;
    pair.p.push_back(p);
    pair.q.push_back(q);
  }
  if (pattern == Pattern::peaked && cols > 0) {
    const auto at = static_cast<std::size_t>(random() % static_cast<std::uint64_t>(cols));
    pair.p[at] += 40, pair.q[at] += 30;
  }
  return pair;
}

/// The same rows as probabilities: softmax in double, which is input enough for a test.
inline std::vector<double> softmax(const std::vector<double>& logits) {
  double max = -kInf, sum = 0;
  for (double x : logits) max = std::max(max, x);
  std::vector<double> p;
  for (double x : logits) p.push_back(std::exp(x - max)), sum += p.back();
  for (double& x : p) x /= sum;
  return p;
}

}  // namespace kullback::test
