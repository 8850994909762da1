/// The instructions of the special-function unit (PTX ISA 9.7.3.13 ff.). The host's libm is closer to the exact result
/// than the document demands; special values follow the document's tables. Last bits differ from the device's.
#include <cmath>

#include "isa/float.hpp"
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

struct Exp2 {
  float operator()(float a) const { return std::exp2(a); }
};
struct Log2 {
  float operator()(float a) const { return std::log2(a); }
};
struct Sine {
  float operator()(float a) const { return std::sin(a); }
};
struct Cosine {
  float operator()(float a) const { return std::cos(a); }
};
struct HyperbolicTangent {
  float operator()(float a) const { return std::tanh(a); }
};
struct Reciprocal {
  float operator()(float a) const { return 1.0f / a; }
};
struct SquareRoot {
  float operator()(float a) const { return std::sqrt(a); }
};
struct ReciprocalRoot {
  float operator()(float a) const { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(a))); }
};

/// a * (1 / b) on the device: with abs(b) > 2^126 the reciprocal is subnormal and taken for zero.
struct DivideApproximate {
  float operator()(float a, float b) const {
    constexpr float kLimit = 0x1p126f;
    if (std::fabs(b) > kLimit && std::fabs(b) < INFINITY) return a * std::copysign(0.0f, b);
    return a / b;
  }
};

struct DivideFullRange {
  float operator()(float a, float b) const { return a / b; }
};

template <class Op, bool kFlush> struct Approximate {
  template <class... T> float operator()(T... x) const { return finish<kFlush, false>(Op()(flush_if<kFlush>(x)...)); }
};

template <class Op> Execute approximate(const Opcode& opcode, Instruction&) {
  if (opcode.type() != Type::f32) return nullptr;
  return opcode.has("ftz") ? &execute_unary<Approximate<Op, true>, float>
                           : &execute_unary<Approximate<Op, false>, float>;
}

template <class Op> Execute divide(const Opcode& opcode, Instruction&) {
  if (opcode.type() != Type::f32) return nullptr;
  return opcode.has("ftz") ? &execute_binary<Approximate<Op, true>, float, float>
                           : &execute_binary<Approximate<Op, false>, float, float>;
}

/// rcp and rsqrt.approx.ftz.f64 are gross approximations: the upper 32 bits of the result, from which libraries start
/// Newton's iteration; subnormal operands are zero and NaN is canonical (PTX ISA 9.7.3.14 and 9.7.3.19).
template <bool kRoot> struct Gross {
  double operator()(double a) const {
    if (std::isnan(a)) return bit_cast<double>(std::uint64_t{0x7fff'ffff} << 32);
    if (std::fpclassify(a) == FP_SUBNORMAL) a = std::copysign(0.0, a);
    const double exact = kRoot ? 1.0 / std::sqrt(a) : 1.0 / a;
    if (std::isnan(exact)) return bit_cast<double>(std::uint64_t{0x7fff'ffff} << 32);
    if (std::fpclassify(exact) == FP_SUBNORMAL) return std::copysign(0.0, exact);
    return bit_cast<double>(bit_cast<std::uint64_t>(exact) >> 32 << 32);
  }
};

template <class H, class Op, bool kFlush> struct OfHalf {
  H operator()(H a) const {
    double x = to_double(a);
    if (kFlush && std::fabs(x) < std::ldexp(1.0, 2 - (1 << (H::kExponentBits - 1)))) x = std::copysign(0.0, x);
    const double y = Op()(x);
    if (kFlush && std::fabs(y) < std::ldexp(1.0, 2 - (1 << (H::kExponentBits - 1)))) {
      return from_double<H>(std::copysign(0.0, y));
    }
    return from_double<H>(y);
  }
};

struct Exp2Double {
  double operator()(double a) const { return std::exp2(a); }
};
struct TanhDouble {
  double operator()(double a) const { return std::tanh(a); }
};

template <class Op> struct OfPair {
  template <class H> Pair<H> operator()(Pair<H> a) const { return {Op()(a.low), Op()(a.high)}; }
};

template <class H, class Op, bool kFlush> Execute half_unary(bool pair) {
  using Scalar = OfHalf<H, Op, kFlush>;
  return pair ? &execute_unary<OfPair<Scalar>, Pair<H>> : &execute_unary<Scalar, H>;
}

/// ex2.approx.ftz.bf16 flushes, ex2.approx.f16 does not; tanh has no .ftz.
template <class Op> Execute approximate_half(const Opcode& opcode, Instruction&) {
  const Type type = opcode.type();
  if (type == Type::f16 || type == Type::f16x2) {
    return opcode.has("ftz") ? nullptr : half_unary<Half, Op, false>(type == Type::f16x2);
  }
  if (type != Type::bf16 && type != Type::bf16x2) return nullptr;
  return opcode.has("ftz") ? half_unary<BFloat16, Op, true>(type == Type::bf16x2)
                           : half_unary<BFloat16, Op, false>(type == Type::bf16x2);
}

}  // namespace

const Forms& transcendental_forms() {
  using F64 = TypeList<double>;
  static const Forms forms = {
      {"ex2.approx", "d, a", "ftz", approximate<Exp2>, cost::ex2_lg2},
      {"ex2.approx", "d, a", "ftz", approximate_half<Exp2Double>, cost::ex2_lg2},
      {"lg2.approx", "d, a", "ftz", approximate<Log2>, cost::ex2_lg2},
      {"sin.approx", "d, a", "ftz", approximate<Sine>, cost::sin_cos},
      {"cos.approx", "d, a", "ftz", approximate<Cosine>, cost::sin_cos},
      {"tanh.approx", "d, a", "", approximate<HyperbolicTangent>, cost::tanh},
      {"tanh.approx", "d, a", "", approximate_half<TanhDouble>, cost::tanh},
      {"rcp.approx", "d, a", "ftz", approximate<Reciprocal>, cost::reciprocal},
      {"rcp.approx.ftz", "d, a", "", unary<Gross<false>, F64>, cost::reciprocal},
      {"sqrt.approx", "d, a", "ftz", approximate<SquareRoot>, cost::square_root},
      {"rsqrt.approx", "d, a", "ftz", approximate<ReciprocalRoot>, cost::reciprocal_root},
      {"rsqrt.approx.ftz", "d, a", "", unary<Gross<true>, F64>, cost::reciprocal_root},
      {"div.approx", "d, a, b", "ftz", divide<DivideApproximate>, cost::divide_float},
      {"div.full", "d, a, b", "ftz", divide<DivideFullRange>, cost::divide_float},
  };
  return forms;
}

}  // namespace ptxsim
