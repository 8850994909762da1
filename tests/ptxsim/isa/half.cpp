/// Arithmetic of f16 and bf16, single and in pairs (PTX ISA 9.7.4), min and max as in 9.7.3.
#include "isa/half.hpp"

#include "isa/float.hpp"
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

template <class H> H flush_half(H value) {
  constexpr std::uint16_t kExponent = ((1u << H::kExponentBits) - 1) << H::kFractionBits;
  return (value.bits & kExponent) == 0 ? H{static_cast<std::uint16_t>(value.bits & 0x8000)} : value;
}

// In double, exact or rounded to odd.
struct Add {
  double operator()(double a, double b) const { return add_to_odd(a, b); }
};
struct Subtract {
  double operator()(double a, double b) const { return add_to_odd(a, -b); }
};
struct Multiply {
  double operator()(double a, double b) const { return a * b; }
};
struct FusedMultiplyAdd {
  double operator()(double a, double b, double c) const { return add_to_odd(a * b, c); }
};

/// The modifiers are bits of kModifiers, so that the common case has none of their code.
constexpr unsigned kFlush = 1, kSaturate = 2, kRelu = 4;

template <class Op, unsigned kModifiers> struct Rounded {
  template <class H, class... More> H operator()(H a, More... more) const {
    const auto number = [](H x) { return to_double((kModifiers & kFlush) != 0 ? flush_half(x) : x); };
    const double exact = Op()(number(a), number(more)...);
    H result = from_double<H>(exact);
    if ((kModifiers & kFlush) != 0) result = flush_half(result);
    const bool is_nan = exact != exact;
    if ((kModifiers & kSaturate) != 0) return from_double<H>(saturate(to_double(result)));
    if ((kModifiers & kRelu) != 0 && !is_nan && (result.bits & 0x8000) != 0) return H{0};
    return result;
  }
};

template <class Op> struct ByHalves {
  template <class H, class... More> Pair<H> operator()(Pair<H> a, More... more) const {
    return {Op()(a.low, more.low...), Op()(a.high, more.high...)};
  }
};

template <class Op, class T, unsigned kOperands> Execute execute() {
  if constexpr (kOperands == 1) return &execute_unary<Op, T>;
  if constexpr (kOperands == 2) return &execute_binary<Op, T, T>;
  if constexpr (kOperands == 3) return &execute_ternary<Op, T, T, T>;
}

template <class Op, unsigned kOperands> Execute for_halves(Type type) {
  switch (type) {
    case Type::f16: return execute<Op, Half, kOperands>();
    case Type::bf16: return execute<Op, BFloat16, kOperands>();
    case Type::f16x2: return execute<ByHalves<Op>, Pair<Half>, kOperands>();
    case Type::bf16x2: return execute<ByHalves<Op>, Pair<BFloat16>, kOperands>();
    default: return nullptr;
  }
}

template <class Op, unsigned kOperands> Execute arithmetic(const Opcode& opcode, Instruction&) {
  switch ((opcode.has("ftz") ? kFlush : 0) | (opcode.has("sat") ? kSaturate : 0) | (opcode.has("relu") ? kRelu : 0)) {
    case 0: return for_halves<Rounded<Op, 0>, kOperands>(opcode.type());
    case kFlush: return for_halves<Rounded<Op, kFlush>, kOperands>(opcode.type());
    case kSaturate: return for_halves<Rounded<Op, kSaturate>, kOperands>(opcode.type());
    case kFlush | kSaturate: return for_halves<Rounded<Op, kFlush | kSaturate>, kOperands>(opcode.type());
    case kRelu: return for_halves<Rounded<Op, kRelu>, kOperands>(opcode.type());
    case kFlush | kRelu: return for_halves<Rounded<Op, kFlush | kRelu>, kOperands>(opcode.type());
    default: return nullptr;
  }
}

struct Negate {
  template <class H> H operator()(H a) const { return H{static_cast<std::uint16_t>(a.bits ^ 0x8000)}; }
};
struct Absolute {
  template <class H> H operator()(H a) const { return H{static_cast<std::uint16_t>(a.bits & 0x7fff)}; }
};
template <class Op> struct Flushed {
  template <class H> H operator()(H a) const { return flush_half(Op()(a)); }
};

template <class Op> Execute sign(const Opcode& opcode, Instruction&) {
  return opcode.has("ftz") ? for_halves<Flushed<Op>, 1>(opcode.type()) : for_halves<Op, 1>(opcode.type());
}

template <bool kMaximum, bool kFlushed, bool kPropagateNan, bool kXorSign> struct MinMax {
  template <class H> H operator()(H a, H b) const {
    if (kFlushed) {
      a = flush_half(a);
      b = flush_half(b);
    }
    return from_double<H>(min_max_signed<kMaximum, kPropagateNan, kXorSign>(to_double(a), to_double(b)));
  }
};

template <bool kMaximum, bool kFlushed> Execute min_max_half(const Opcode& opcode) {
  const bool nan = opcode.has("NaN"), xor_sign = opcode.has("xorsign");
  if (nan && xor_sign) return for_halves<MinMax<kMaximum, kFlushed, true, true>, 2>(opcode.type());
  if (nan) return for_halves<MinMax<kMaximum, kFlushed, true, false>, 2>(opcode.type());
  if (xor_sign) return for_halves<MinMax<kMaximum, kFlushed, false, true>, 2>(opcode.type());
  return for_halves<MinMax<kMaximum, kFlushed, false, false>, 2>(opcode.type());
}

template <bool kMaximum> Execute minimum_maximum(const Opcode& opcode, Instruction&) {
  return opcode.has("ftz") ? min_max_half<kMaximum, true>(opcode) : min_max_half<kMaximum, false>(opcode);
}

}  // namespace

const Forms& half_forms() {
  static const Forms forms = {
      {"add", "d, a, b", "rn ftz sat", arithmetic<Add, 2>, cost::floating},
      {"sub", "d, a, b", "rn ftz sat", arithmetic<Subtract, 2>, cost::floating},
      {"mul", "d, a, b", "rn ftz sat", arithmetic<Multiply, 2>, cost::floating},
      {"fma.rn", "d, a, b, c", "ftz sat relu", arithmetic<FusedMultiplyAdd, 3>, cost::floating},
      {"neg", "d, a", "ftz", sign<Negate>, cost::sign},
      {"abs", "d, a", "ftz", sign<Absolute>, cost::sign},
      {"min", "d, a, b", "ftz NaN xorsign abs", minimum_maximum<false>, cost::min_max},
      {"max", "d, a, b", "ftz NaN xorsign abs", minimum_maximum<true>, cost::min_max},
  };
  return forms;
}

}  // namespace ptxsim
