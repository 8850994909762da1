/// Arithmetic of f32 and f64 (PTX ISA 9.7.3). This file is compiled with -frounding-math, because the directed
/// roundings use those of the host.
#include "isa/float.hpp"

#include <cfenv>

#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

/// The host rounds in this direction while the object lives.
class RoundingScope {
 public:
  explicit RoundingScope(Rounding rounding) : before_(std::fegetround()) {
    constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
    std::fesetround(kModes[static_cast<unsigned>(rounding)]);
  }
  ~RoundingScope() { std::fesetround(before_); }
  RoundingScope(const RoundingScope&) = delete;
  RoundingScope& operator=(const RoundingScope&) = delete;

 private:
  int before_;
};

struct Add {
  template <class T> T operator()(T a, T b) const { return a + b; }
};

struct Subtract {
  template <class T> T operator()(T a, T b) const { return a - b; }
};

struct Multiply {
  template <class T> T operator()(T a, T b) const { return a * b; }
};

struct FusedMultiplyAdd {
  float operator()(float a, float b, float c) const { return __builtin_fmaf(a, b, c); }
  double operator()(double a, double b, double c) const { return __builtin_fma(a, b, c); }
};

struct Divide {
  template <class T> T operator()(T a, T b) const { return a / b; }
};

struct Reciprocal {
  template <class T> T operator()(T a) const { return T(1) / a; }
};

struct SquareRoot {
  float operator()(float a) const { return __builtin_sqrtf(a); }
  double operator()(double a) const { return __builtin_sqrt(a); }
};

/// Op on f32, with flushed operands and a finished result.
template <class Op, bool kFlush, bool kSaturate> struct Single {
  template <class... T> float operator()(T... x) const {
    return finish<kFlush, kSaturate>(Op()(flush_if<kFlush>(x)...));
  }
};

template <class Op, class T, unsigned kOperands> Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
  if constexpr (kOperands == 1) return execute_unary<Op, T>(warp, i, mask);
  if constexpr (kOperands == 2) return execute_binary<Op, T, T>(warp, i, mask);
  if constexpr (kOperands == 3) return execute_ternary<Op, T, T, T>(warp, i, mask);
}

/// The same with the rounding in `target`. The operation reads its operands from memory after the direction is set and
/// writes its results there before it is set back, so the compiler cannot move it out.
template <class Op, class T, unsigned kOperands> Outcome execute_directed(Warp& warp, const Instruction& i, Mask mask) {
  const RoundingScope scope(static_cast<Rounding>(i.target));
  return execute<Op, T, kOperands>(warp, i, mask);
}

template <class Op, class T, unsigned kOperands> Execute with_rounding(const Opcode& opcode, Instruction& i) {
  i.target = static_cast<std::uint32_t>(opcode.rounding());
  return opcode.rounding() == Rounding::nearest ? &execute<Op, T, kOperands> : &execute_directed<Op, T, kOperands>;
}

template <class Op, unsigned kOperands> Execute arithmetic(const Opcode& opcode, Instruction& i) {
  const bool flush = opcode.has("ftz"), saturate = opcode.has("sat");
  if (opcode.type() == Type::f64) return flush || saturate ? nullptr : with_rounding<Op, double, kOperands>(opcode, i);
  if (opcode.type() != Type::f32) return nullptr;
  if (flush && saturate) return with_rounding<Single<Op, true, true>, float, kOperands>(opcode, i);
  if (flush) return with_rounding<Single<Op, true, false>, float, kOperands>(opcode, i);
  if (saturate) return with_rounding<Single<Op, false, true>, float, kOperands>(opcode, i);
  return with_rounding<Single<Op, false, false>, float, kOperands>(opcode, i);
}

/// neg and abs change the sign bit, of NaN too.
struct Negate {
  template <class T> T operator()(T a) const { return -a; }
};

struct Absolute {
  template <class T> T operator()(T a) const { return std::fabs(a); }
};

template <class Op> struct Flushed {
  float operator()(float a) const { return flush(Op()(a)); }
};

template <class Op> Execute sign(const Opcode& opcode, Instruction&) {
  if (opcode.has("ftz")) return opcode.type() == Type::f32 ? &execute_unary<Flushed<Op>, float> : nullptr;
  return for_type(TypeList<float, double>(), opcode.type(),
                  [](auto tag) -> Execute { return &execute_unary<Op, typename decltype(tag)::type>; });
}

/// The sign of a, the rest of b.
struct CopySign {
  template <class T> T operator()(T a, T b) const { return std::copysign(b, a); }
};

template <bool kMaximum, bool kFlush, bool kPropagateNan, bool kXorSign> struct MinMax {
  float operator()(float a, float b) const {
    return canonical(min_max_signed<kMaximum, kPropagateNan, kXorSign>(flush_if<kFlush>(a), flush_if<kFlush>(b)));
  }
};

template <bool kMaximum> struct MinMaxDouble {
  double operator()(double a, double b) const { return min_max<kMaximum, false>(a, b); }
};

template <bool kMaximum, bool kFlush> Execute min_max_float(bool propagate_nan, bool xor_sign) {
  if (propagate_nan && xor_sign) return &execute_binary<MinMax<kMaximum, kFlush, true, true>, float, float>;
  if (propagate_nan) return &execute_binary<MinMax<kMaximum, kFlush, true, false>, float, float>;
  if (xor_sign) return &execute_binary<MinMax<kMaximum, kFlush, false, true>, float, float>;
  return &execute_binary<MinMax<kMaximum, kFlush, false, false>, float, float>;
}

template <bool kMaximum> Execute minimum_maximum(const Opcode& opcode, Instruction&) {
  const bool flush = opcode.has("ftz"), nan = opcode.has("NaN"), xor_sign = opcode.has("xorsign");
  if (opcode.type() == Type::f64) {
    return flush || nan || xor_sign ? nullptr : &execute_binary<MinMaxDouble<kMaximum>, double, double>;
  }
  if (opcode.type() != Type::f32) return nullptr;
  return flush ? min_max_float<kMaximum, true>(nan, xor_sign) : min_max_float<kMaximum, false>(nan, xor_sign);
}

/// The classes of numbers that testp asks for (PTX ISA 9.7.3.1).
template <class T> Mask test(const Warp& warp, const Instruction& i, Mask mask, std::string_view what) {
  const auto a = warp.in<T>(i.a);
  Mask result = 0;
  for_each_lane(mask, [&](unsigned lane) {
    const int kind = std::fpclassify(a[lane]);
    const bool holds = what == "finite"       ? kind != FP_NAN && kind != FP_INFINITE
                       : what == "infinite"   ? kind == FP_INFINITE
                       : what == "number"     ? kind != FP_NAN
                       : what == "notanumber" ? kind == FP_NAN
                       : what == "normal"     ? kind == FP_NORMAL
                                              : kind == FP_SUBNORMAL;
    result |= static_cast<Mask>(holds) << lane;
  });
  return result;
}

Outcome execute_testp(Warp& warp, const Instruction& i, Mask mask) {
  const Opcode& opcode = i.info->opcode;
  const std::string& what = opcode.modifiers().front();
  warp.set_predicate(i.d, mask,
                     opcode.type() == Type::f64 ? test<double>(warp, i, mask, what) : test<float>(warp, i, mask, what));
  return Outcome::next;
}

Execute test_property(const Opcode& opcode, Instruction&) {
  return opcode.modifiers().size() == 1 && (opcode.type() == Type::f32 || opcode.type() == Type::f64) ? execute_testp
                                                                                                      : nullptr;
}

Cost test_cost(const Opcode&) { return cost::make(Kind::compare_select, 2, 0, 0, 2); }

}  // namespace

const Forms& float_forms() {
  using Both = TypeList<float, double>;
  static const Forms forms = {
      {"add", "d, a, b", "rn rz rm rp ftz sat", arithmetic<Add, 2>, cost::floating},
      {"sub", "d, a, b", "rn rz rm rp ftz sat", arithmetic<Subtract, 2>, cost::floating},
      {"mul", "d, a, b", "rn rz rm rp ftz sat", arithmetic<Multiply, 2>, cost::floating},
      {"fma", "d, a, b, c", "rn rz rm rp ftz sat", arithmetic<FusedMultiplyAdd, 3>, cost::floating},
      {"mad", "d, a, b, c", "rn rz rm rp ftz sat", arithmetic<FusedMultiplyAdd, 3>, cost::floating},
      {"div", "d, a, b", "rn rz rm rp ftz", arithmetic<Divide, 2>, cost::divide_float},
      {"rcp", "d, a", "rn rz rm rp ftz", arithmetic<Reciprocal, 1>, cost::reciprocal},
      {"sqrt", "d, a", "rn rz rm rp ftz", arithmetic<SquareRoot, 1>, cost::square_root},
      {"neg", "d, a", "ftz", sign<Negate>, cost::sign},
      {"abs", "d, a", "ftz", sign<Absolute>, cost::sign},
      {"copysign", "d, a, b", "", binary<CopySign, Both>, cost::integer<1, 1>},
      {"min", "d, a, b", "ftz NaN xorsign abs", minimum_maximum<false>, cost::min_max},
      {"max", "d, a, b", "ftz NaN xorsign abs", minimum_maximum<true>, cost::min_max},
      {"testp", "d:pred, a", "finite infinite number notanumber normal subnormal", test_property, test_cost},
  };
  return forms;
}

}  // namespace ptxsim
