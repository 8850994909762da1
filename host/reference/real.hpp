#pragma once

#include <quadmath.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// The little arithmetic the reference needs of a real type, and how it reads memory.
namespace kullback::reference {

inline double exp(double x) { return std::exp(x); }
inline double log(double x) { return std::log(x); }
inline double log1p(double x) { return std::log1p(x); }
inline double sqrt(double x) { return std::sqrt(x); }
inline double fabs(double x) { return std::fabs(x); }
inline double tanh(double x) { return std::tanh(x); }
inline double cosh(double x) { return std::cosh(x); }
inline __float128 tanh(__float128 x) { return tanhq(x); }
inline __float128 cosh(__float128 x) { return coshq(x); }
inline __float128 exp(__float128 x) { return expq(x); }
inline __float128 log(__float128 x) { return logq(x); }
inline __float128 log1p(__float128 x) { return log1pq(x); }
inline __float128 expm1(__float128 x) { return expm1q(x); }
inline __float128 sqrt(__float128 x) { return sqrtq(x); }
inline __float128 fabs(__float128 x) { return fabsq(x); }

/// Unit roundoff: the largest relative error of one rounded operation.
template <class Real> inline constexpr Real kUnit = Real::unsupported;
template <> inline constexpr double kUnit<double> = 1.0 / (std::uint64_t{1} << 53);
template <>
inline constexpr __float128 kUnit<__float128> = __float128(1) / (std::uint64_t{1} << 57) / (std::uint64_t{1} << 56);

/// The library functions stay below 2 ulp; a handful of operations make a term.
inline constexpr int kRoundings = 8;

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// By halves: the error grows with log2(n), so that long rows keep their digits.
template <class Real> Real sum(const Real* x, std::size_t n) {
  if (n > 8) return sum(x, n / 2) + sum(x + n / 2, n - n / 2);
  Real total = 0;
  for (std::size_t i = 0; i < n; ++i) total += x[i];
  return total;
}
template <class Real> Real sum(const std::vector<Real>& x) { return sum(x.data(), x.size()); }
/// The error of `sum`, relative to the sum of the absolute values.
template <class Real> Real sum_error(std::size_t n) { return kUnit<Real> * Real(8 + std::log2(double(n) + 1)); }

inline double from_binary16(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double x = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) x = fraction == 0 ? kInfinity : kNaN;
  return bits >> 15 ? -x : x;
}

inline double from_bfloat16(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float x;
  std::memcpy(&x, &wide, sizeof x);
  return x;
}

template <class T> T read_as(const void* data, std::int64_t index) {
  T x;
  std::memcpy(&x, static_cast<const char*>(data) + index * std::int64_t{sizeof(T)}, sizeof x);
  return x;
}

/// Element `index` of an array, exactly (but for integers beyond 2^53 in double).
template <class Real> Real read_real(const void* data, DType dtype, std::int64_t index) {
  switch (dtype) {
    case DType::f32: return Real(read_as<float>(data, index));
    case DType::f16: return Real(from_binary16(read_as<std::uint16_t>(data, index)));
    case DType::bf16: return Real(from_bfloat16(read_as<std::uint16_t>(data, index)));
    case DType::f64: return Real(read_as<double>(data, index));
    case DType::u8: return Real(read_as<std::uint8_t>(data, index));
    case DType::u16: return Real(read_as<std::uint16_t>(data, index));
    case DType::i32: return Real(read_as<std::int32_t>(data, index));
    case DType::i64: return Real(read_as<std::int64_t>(data, index));
  }
  return Real(kNaN);
}

/// Labels and codes. Floating types hold none: -1 is out of every range.
inline std::int64_t read_integer(const void* data, DType dtype, std::int64_t index) {
  switch (dtype) {
    case DType::u8: return read_as<std::uint8_t>(data, index);
    case DType::u16: return read_as<std::uint16_t>(data, index);
    case DType::i32: return read_as<std::int32_t>(data, index);
    case DType::i64: return read_as<std::int64_t>(data, index);
    case DType::f32:
    case DType::f16:
    case DType::bf16:
    case DType::f64: return -1;
  }
  return -1;
}

template <class Real> std::vector<Real> read_row(const MatrixView& view, std::int64_t row) {
  std::vector<Real> x(static_cast<std::size_t>(view.cols));
  for (std::int64_t j = 0; j < view.cols; ++j) {
    x[static_cast<std::size_t>(j)] = read_real<Real>(view.data, view.dtype, row * view.row_stride + j);
  }
  return x;
}

template <class Real> Real per_nat(Unit unit) {
  switch (unit) {
    case Unit::nats: return 1;
    case Unit::bits: return 1 / log(Real(2));
    case Unit::bans: return 1 / log(Real(10));
  }
  return Real(kNaN);
}

}  // namespace kullback::reference
