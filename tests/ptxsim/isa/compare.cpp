/// Comparison and selection (PTX ISA 9.7.5 to 9.7.7).
#include <cmath>

#include "isa/float.hpp"
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

struct Equal {
  template <class T> bool operator()(T a, T b) const { return a == b; }
};
struct NotEqual {  // false if one is NaN
  template <class T> bool operator()(T a, T b) const { return a < b || a > b; }
};
struct Less {
  template <class T> bool operator()(T a, T b) const { return a < b; }
};
struct LessOrEqual {
  template <class T> bool operator()(T a, T b) const { return a <= b; }
};
struct Greater {
  template <class T> bool operator()(T a, T b) const { return a > b; }
};
struct GreaterOrEqual {
  template <class T> bool operator()(T a, T b) const { return a >= b; }
};
struct Ordered {  // num: neither is NaN
  template <class T> bool operator()(T a, T b) const { return a == a && b == b; }
};
/// equ, neu, ltu and so on: also true if one is NaN; nan is what is left of num.
template <class Op> struct OrUnordered {
  template <class T> bool operator()(T a, T b) const { return Op()(a, b) || !Ordered()(a, b); }
};
struct Unordered {
  template <class T> bool operator()(T a, T b) const { return !Ordered()(a, b); }
};

/// What a register of type T is compared as.
template <class T> T comparable(T value) { return value; }
inline double comparable(Half value) { return to_double(value); }
inline float comparable(BFloat16 value) { return to_float(value); }

template <bool kFlush, class T> auto operand(T value) {
  const auto number = comparable(value);
  if constexpr (!kFlush) return number;
  if constexpr (std::is_same_v<T, float>) return flush(number);
  if constexpr (std::is_same_v<T, Half>) return std::fabs(number) < 0x1p-14 ? number * 0 : number;
  return number;
}

/// The lanes for which op(a, b) holds; of a pair the low or the high halves. Lanes that do not execute are compared,
/// too: the loop is then simple enough for the vectoriser.
template <class Op, class T, bool kFlush> Mask compare(const Warp& warp, const Instruction& i) {
  const auto a = warp.in<T>(i.a), b = warp.in<T>(i.b);
  Mask result = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    result |= static_cast<Mask>(Op()(operand<kFlush>(a[lane]), operand<kFlush>(b[lane]))) << lane;
  }
  return result;
}

template <class Op, class H, bool kFlush, bool kHigh> Mask compare_half(const Warp& warp, const Instruction& i) {
  const auto a = warp.in<Pair<H>>(i.a), b = warp.in<Pair<H>>(i.b);
  Mask result = 0;
  for (unsigned lane = 0; lane < kWarpSize; ++lane) {
    const H x = kHigh ? a[lane].high : a[lane].low, y = kHigh ? b[lane].high : b[lane].low;
    result |= static_cast<Mask>(Op()(operand<kFlush>(x), operand<kFlush>(y))) << lane;
  }
  return result;
}

/// How the result of the comparison is combined with a predicate, in Instruction::target.
enum Combine : std::uint32_t { kAlone, kAnd, kOr, kXor };

Combine combine_of(const Opcode& opcode) {
  return opcode.has("and") ? kAnd : opcode.has("or") ? kOr : opcode.has("xor") ? kXor : kAlone;
}

Mask combine(const Warp& warp, const Instruction& i, Mask compared) {
  if (i.target == kAlone) return compared;
  const Mask other = warp.predicate(i.c) ^ (i.info->negated ? kAllLanes : 0);
  return i.target == kAnd ? compared & other : i.target == kOr ? compared | other : compared ^ other;
}

/// setp p|q: q gets the opposite comparison.
template <class Op, class T, bool kFlush> struct SetPredicate {
  static Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
    const Mask compared = compare<Op, T, kFlush>(warp, i);
    const Mask q = i.p != kAbsent ? combine(warp, i, ~compared) : 0;
    warp.set_predicate(i.d, mask, combine(warp, i, compared));
    warp.set_predicate(i.p, mask, q);
    return Outcome::next;
  }
};

/// setp of pairs: p is the comparison of the low halves, q that of the high ones.
template <class Op, class H, bool kFlush> struct SetPredicate<Op, Pair<H>, kFlush> {
  static Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
    const Mask low = combine(warp, i, compare_half<Op, H, kFlush, false>(warp, i));
    const Mask high = combine(warp, i, compare_half<Op, H, kFlush, true>(warp, i));
    warp.set_predicate(i.d, mask, low);
    warp.set_predicate(i.p, mask, high);
    return Outcome::next;
  }
};

/// set: the value of "true" in a register of the type.
std::uint32_t true_value(Type type) {
  switch (type) {
    case Type::f32: return bit_cast<std::uint32_t>(1.0f);
    case Type::f16:
    case Type::f16x2: return 0x3c00;
    case Type::bf16:
    case Type::bf16x2: return 0x3f80;
    case Type::u16:
    case Type::s16: return 0xffff;
    default: return 0xffff'ffff;
  }
}

template <class Op, class T, bool kFlush> struct Set {
  static Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
    const Mask result = combine(warp, i, compare<Op, T, kFlush>(warp, i));
    const std::uint32_t yes = true_value(i.info->opcode.type());
    const auto d = warp.out<std::uint32_t>(i.d);
    for_each_lane(mask, [&](unsigned lane) { d.set(lane, (result >> lane & 1) != 0 ? yes : 0); });
    return Outcome::next;
  }
};

template <class Op, class H, bool kFlush> struct Set<Op, Pair<H>, kFlush> {
  static Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
    const Mask low = combine(warp, i, compare_half<Op, H, kFlush, false>(warp, i));
    const Mask high = combine(warp, i, compare_half<Op, H, kFlush, true>(warp, i));
    const std::uint32_t yes = true_value(i.info->opcode.type()) & 0xffff;
    const auto d = warp.out<std::uint32_t>(i.d);
    for_each_lane(mask, [&](unsigned lane) {
      d.set(lane, ((high >> lane & 1) != 0 ? yes << 16 : 0) | ((low >> lane & 1) != 0 ? yes : 0));
    });
    return Outcome::next;
  }
};

template <template <class, class, bool> class Instructions, class Op, bool kFlush> Execute for_float(Type type) {
  using Floats = std::conditional_t<kFlush, TypeList<float, Half, Pair<Half>>,
                                    TypeList<float, double, Half, BFloat16, Pair<Half>, Pair<BFloat16>>>;
  return for_type(Floats(), type,
                  [](auto tag) -> Execute { return &Instructions<Op, typename decltype(tag)::type, kFlush>::execute; });
}

/// lt, le, gt, ge are signed or unsigned as the type says; lo, ls, hi, hs are for unsigned types.
template <template <class, class, bool> class Instructions, class Op>
Execute for_integer_or_float(Type type, bool flush) {
  if (flush) return for_float<Instructions, Op, true>(type);
  const Execute integer = for_type(Integers(), type, [](auto tag) -> Execute {
    return &Instructions<Op, typename decltype(tag)::type, false>::execute;
  });
  return integer != nullptr ? integer : for_float<Instructions, Op, false>(type);
}

template <template <class, class, bool> class Instructions, class Op> Execute for_unsigned(Type type) {
  return for_type(Bits(), type,
                  [](auto tag) -> Execute { return &Instructions<Op, typename decltype(tag)::type, false>::execute; });
}

template <template <class, class, bool> class Instructions, class Op> Execute for_any_float(Type type, bool flush) {
  return flush ? for_float<Instructions, Op, true>(type) : for_float<Instructions, Op, false>(type);
}

template <template <class, class, bool> class I> Execute comparison(const Opcode& opcode, Type type) {
  const bool flush = opcode.has("ftz");
  const std::string& name = opcode.modifiers().front();
  if (name == "eq") return for_integer_or_float<I, Equal>(type, flush);
  if (name == "ne") return for_integer_or_float<I, NotEqual>(type, flush);
  if (name == "lt") return for_integer_or_float<I, Less>(type, flush);
  if (name == "le") return for_integer_or_float<I, LessOrEqual>(type, flush);
  if (name == "gt") return for_integer_or_float<I, Greater>(type, flush);
  if (name == "ge") return for_integer_or_float<I, GreaterOrEqual>(type, flush);
  if (name == "lo") return for_unsigned<I, Less>(type);
  if (name == "ls") return for_unsigned<I, LessOrEqual>(type);
  if (name == "hi") return for_unsigned<I, Greater>(type);
  if (name == "hs") return for_unsigned<I, GreaterOrEqual>(type);
  if (name == "equ") return for_any_float<I, OrUnordered<Equal>>(type, flush);
  if (name == "neu") return for_any_float<I, OrUnordered<NotEqual>>(type, flush);
  if (name == "ltu") return for_any_float<I, OrUnordered<Less>>(type, flush);
  if (name == "leu") return for_any_float<I, OrUnordered<LessOrEqual>>(type, flush);
  if (name == "gtu") return for_any_float<I, OrUnordered<Greater>>(type, flush);
  if (name == "geu") return for_any_float<I, OrUnordered<GreaterOrEqual>>(type, flush);
  if (name == "num") return for_any_float<I, Ordered>(type, flush);
  if (name == "nan") return for_any_float<I, Unordered>(type, flush);
  return nullptr;
}

Execute set_predicate(const Opcode& opcode, Instruction& i) {
  i.target = combine_of(opcode);
  return comparison<SetPredicate>(opcode, opcode.type());
}

/// set.op.dtype.stype: the result is a single number of an integer or float type, or a pair for operands in pairs.
Execute set(const Opcode& opcode, Instruction& i) {
  i.target = combine_of(opcode);
  const Type from = opcode.type(1);
  if (size_of(opcode.type()) == 8 || opcode.type() == Type::pred) return nullptr;
  return comparison<Set>(opcode, from);
}

template <class T> Outcome execute_select(Warp& warp, const Instruction& i, Mask mask) {
  const auto d = warp.out<T>(i.d);
  const auto a = warp.in<T>(i.a), b = warp.in<T>(i.b);
  const Mask chosen = warp.predicate(i.c);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, (chosen >> lane & 1) != 0 ? a[lane] : b[lane]); });
  return Outcome::next;
}

Execute select(const Opcode& opcode, Instruction&) {
  const unsigned size = size_of(opcode.type());
  return size == 8   ? &execute_select<std::uint64_t>
         : size == 4 ? &execute_select<std::uint32_t>
         : size == 2 ? &execute_select<std::uint16_t>
                     : nullptr;
}

struct SelectBySign {
  template <class T, class C> T operator()(T a, T b, C c) const {
    return c >= 0 ? a : b;  // NaN selects b
  }
};

template <class T> Execute select_by_sign_of(const Opcode& opcode) {
  if (opcode.type(1) == Type::s32) return &execute_ternary<SelectBySign, T, T, std::int32_t>;
  return opcode.type(1) == Type::f32 ? &execute_ternary<SelectBySign, T, T, float> : nullptr;
}

/// -0 and, with .ftz, negative subnormal numbers count as zero, which the comparison with 0 gives only for -0.
struct SelectByFlushedSign {
  template <class T> T operator()(T a, T b, float c) const { return SelectBySign()(a, b, flush(c)); }
};

Execute select_by_sign(const Opcode& opcode, Instruction&) {
  const unsigned size = size_of(opcode.type());
  if (opcode.has("ftz")) {
    if (opcode.type(1) != Type::f32) return nullptr;
    return size == 8   ? &execute_ternary<SelectByFlushedSign, std::uint64_t, std::uint64_t, float>
           : size == 4 ? &execute_ternary<SelectByFlushedSign, std::uint32_t, std::uint32_t, float>
                       : &execute_ternary<SelectByFlushedSign, std::uint16_t, std::uint16_t, float>;
  }
  return size == 8   ? select_by_sign_of<std::uint64_t>(opcode)
         : size == 4 ? select_by_sign_of<std::uint32_t>(opcode)
                     : select_by_sign_of<std::uint16_t>(opcode);
}

constexpr const char* kComparisons = "eq ne lt le gt ge lo ls hi hs equ neu ltu leu gtu geu num nan ftz";

}  // namespace

const Forms& compare_forms() {
  static const std::string combined = std::string(kComparisons) + " and or xor";
  static const Forms forms = {
      {"setp", "d:pred|p, a, b", kComparisons, set_predicate, cost::compare},
      {"setp", "d:pred|p, a, b, !c:pred", combined.c_str(), set_predicate, cost::compare},
      {"set", "d, a:2, b:2", kComparisons, set, cost::compare},
      {"set", "d, a:2, b:2, !c:pred", combined.c_str(), set, cost::compare},
      {"selp", "d, a, b, c:pred", "", select, cost::select},
      {"slct", "d, a, b, c:2", "ftz", select_by_sign, cost::select},
  };
  return forms;
}

}  // namespace ptxsim
