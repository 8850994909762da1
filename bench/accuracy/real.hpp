#pragma once

#include <mpfr.h>
#include <quadmath.h>

#include <cmath>
#include <limits>

/// The two number types that exact values are computed in: binary128, and MPFR of 256 bits.
namespace kullback::accuracy {

inline constexpr double kInfinity = std::numeric_limits<double>::infinity();
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

using Binary128 = __float128;

class Mpfr {
 public:
  static constexpr int kBits = 256;

  Mpfr(double x = 0) {
    mpfr_init2(x_, kBits);
    mpfr_set_d(x_, x, MPFR_RNDN);
  }
  Mpfr(const Mpfr& other) {
    mpfr_init2(x_, kBits);
    mpfr_set(x_, other.x_, MPFR_RNDN);
  }
  Mpfr& operator=(const Mpfr& other) {
    mpfr_set(x_, other.x_, MPFR_RNDN);
    return *this;
  }
  ~Mpfr() { mpfr_clear(x_); }

  explicit operator double() const { return mpfr_get_d(x_, MPFR_RNDN); }

  friend Mpfr operator+(const Mpfr& a, const Mpfr& b) { return of(mpfr_add, a, b); }
  friend Mpfr operator-(const Mpfr& a, const Mpfr& b) { return of(mpfr_sub, a, b); }
  friend Mpfr operator*(const Mpfr& a, const Mpfr& b) { return of(mpfr_mul, a, b); }
  friend Mpfr operator/(const Mpfr& a, const Mpfr& b) { return of(mpfr_div, a, b); }
  friend Mpfr operator-(const Mpfr& a) { return of(mpfr_neg, a); }
  Mpfr& operator+=(const Mpfr& b) {
    mpfr_add(x_, x_, b.x_, MPFR_RNDN);
    return *this;
  }
  friend bool operator==(const Mpfr& a, const Mpfr& b) { return mpfr_equal_p(a.x_, b.x_) != 0; }
  friend bool operator<(const Mpfr& a, const Mpfr& b) { return mpfr_less_p(a.x_, b.x_) != 0; }
  friend bool operator>(const Mpfr& a, const Mpfr& b) { return b < a; }

  friend Mpfr exp(const Mpfr& a) { return of(mpfr_exp, a); }
  friend Mpfr log(const Mpfr& a) { return of(mpfr_log, a); }
  friend Mpfr log1p(const Mpfr& a) { return of(mpfr_log1p, a); }
  friend Mpfr sqrt(const Mpfr& a) { return of(mpfr_sqrt, a); }
  friend Mpfr abs(const Mpfr& a) { return of(mpfr_abs, a); }

 private:
  template <class F> static Mpfr of(F f, const Mpfr& a) {
    Mpfr result;
    f(result.x_, a.x_, MPFR_RNDN);
    return result;
  }
  template <class F> static Mpfr of(F f, const Mpfr& a, const Mpfr& b) {
    Mpfr result;
    f(result.x_, a.x_, b.x_, MPFR_RNDN);
    return result;
  }
  mpfr_t x_;
};

inline Binary128 exp(Binary128 x) { return expq(x); }
inline Binary128 log(Binary128 x) { return logq(x); }
inline Binary128 log1p(Binary128 x) { return log1pq(x); }
inline Binary128 sqrt(Binary128 x) { return sqrtq(x); }
inline Binary128 abs(Binary128 x) { return fabsq(x); }

/// Twice the largest relative error of one operation: libquadmath's functions stay below 2 ulp.
template <class Real> inline constexpr double kEpsilon = 0x1p-111;
template <> inline constexpr double kEpsilon<Mpfr> = 0x1p-255;

/// A long sum in two levels: its error is that of 256 + n / 256 additions, not n.
template <class Real> class Sum {
 public:
  void add(const Real& x) {
    block_ += x;
    if (++in_block_ < 256) return;
    total_ += block_;
    block_ = Real(0);
    in_block_ = 0;
  }
  Real value() const { return total_ + block_; }

 private:
  Real block_ = Real(0), total_ = Real(0);
  int in_block_ = 0;
};

}  // namespace kullback::accuracy
