/// Integer arithmetic (PTX ISA 9.7.1, without bit fields and video instructions). It is done in unsigned types, which
/// wrap as the machine does.
#include <algorithm>
#include <limits>

#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

struct Add {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wrap<T>(a) + Wrap<T>(b)); }
};

struct Subtract {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wrap<T>(a) - Wrap<T>(b)); }
};

std::int32_t saturate(std::int64_t value) {
  using Limits = std::numeric_limits<std::int32_t>;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(value, Limits::min(), Limits::max()));
}

struct AddSaturating {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return saturate(std::int64_t{a} + b); }
};

struct SubtractSaturating {
  std::int32_t operator()(std::int32_t a, std::int32_t b) const { return saturate(std::int64_t{a} - b); }
};

struct MultiplyLow {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wrap<T>(a) * Wrap<T>(b)); }
};

/// The next wider type of the same signedness, in which products are exact.
template <class T> struct WiderOf;
template <> struct WiderOf<std::uint16_t> { using type = std::uint32_t; };
template <> struct WiderOf<std::int16_t> { using type = std::int32_t; };
template <> struct WiderOf<std::uint32_t> { using type = std::uint64_t; };
template <> struct WiderOf<std::int32_t> { using type = std::int64_t; };
template <> struct WiderOf<std::uint64_t> { using type = unsigned __int128; };
template <> struct WiderOf<std::int64_t> { using type = __int128; };
template <class T> using Wider = typename WiderOf<T>::type;

struct MultiplyHigh {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wider<T>(a) * Wider<T>(b) >> kBits<T>); }
};

struct MultiplyWide {
  template <class T> Wider<T> operator()(T a, T b) const { return Wider<T>(a) * Wider<T>(b); }
};

template <class Multiply> struct MultiplyAdd {
  template <class T> T operator()(T a, T b, T c) const { return Add()(Multiply()(a, b), c); }
};

struct MultiplyAddWide {
  template <class T> Wider<T> operator()(T a, T b, Wider<T> c) const { return Add()(MultiplyWide()(a, b), c); }
};

struct MultiplyAddHighSaturating {
  std::int32_t operator()(std::int32_t a, std::int32_t b, std::int32_t c) const {
    return saturate(std::int64_t{MultiplyHigh()(a, b)} + c);
  }
};

/// The low 24 bits of the operands, sign-extended for .s32.
template <class T> T low_24(T value) {
  return static_cast<T>(static_cast<T>(static_cast<std::uint32_t>(value) << 8) >> 8);
}

struct Multiply24Low {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wider<T>(low_24(a)) * low_24(b)); }
};

/// The upper 32 of the 48 bits of the product.
struct Multiply24High {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(Wider<T>(low_24(a)) * low_24(b) >> 16); }
};

struct SumOfAbsoluteDifferences {
  template <class T> T operator()(T a, T b, T c) const { return Add()(c, a < b ? Subtract()(b, a) : Subtract()(a, b)); }
};

/// Division by zero gives an unspecified value: all ones, as the machine does.
struct Divide {
  template <class T> T operator()(T a, T b) const {
    if (b == 0) return static_cast<T>(~Wrap<T>(0));
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return Subtract()(T(0), a);
    return static_cast<T>(a / b);
  }
};

struct Remainder {
  template <class T> T operator()(T a, T b) const {
    if (b == 0) return a;
    if (std::is_signed_v<T> && b == static_cast<T>(-1)) return T(0);
    return static_cast<T>(a % b);
  }
};

struct Negate {
  template <class T> T operator()(T a) const { return Subtract()(T(0), a); }
};

struct Absolute {
  template <class T> T operator()(T a) const { return a < 0 ? Subtract()(T(0), a) : a; }
};

struct Minimum {
  template <class T> T operator()(T a, T b) const { return b < a ? b : a; }
};

struct Maximum {
  template <class T> T operator()(T a, T b) const { return b > a ? b : a; }
};

/// .relu: negative results become 0.
template <class Op> struct Relu {
  template <class T> T operator()(T a, T b) const { return std::max<T>(0, Op()(a, b)); }
};

template <class Op> struct ByHalves {
  template <class T> Pair<T> operator()(Pair<T> a, Pair<T> b) const {
    return {Op()(a.low, b.low), Op()(a.high, b.high)};
  }
};

struct PopulationCount {
  template <class T> std::uint32_t operator()(T a) const { return static_cast<std::uint32_t>(__builtin_popcountll(a)); }
};

struct CountLeadingZeros {
  template <class T> std::uint32_t operator()(T a) const {
    return a == 0 ? kBits<T> : static_cast<std::uint32_t>(__builtin_clzll(a)) - (64 - kBits<T>);
  }
};

constexpr std::uint32_t kNotFound = 0xffff'ffff;

/// Position of the most significant bit that differs from the sign; .shiftamt: how far it is from the top.
template <bool kShiftAmount> struct FindBit {
  template <class T> std::uint32_t operator()(T a) const {
    if (a < 0) a = static_cast<T>(~a);
    if (a == 0) return kNotFound;
    const std::uint32_t position = 63u - static_cast<std::uint32_t>(__builtin_clzll(static_cast<std::uint64_t>(a)));
    return kShiftAmount ? kBits<T> - 1 - position : position;
  }
};

/// PTX ISA 9.7.1.19: the offset-th set bit from bit `base`, upwards for a positive offset, downwards for a negative
/// one; for 0 the base itself if it is set.
struct FindNthSet {
  std::uint32_t operator()(std::uint32_t mask, std::uint32_t base, std::int32_t offset) const {
    if (base > 31) return kNotFound;
    const int step = offset < 0 ? -1 : 1;
    std::int64_t wanted = offset < 0 ? -std::int64_t{offset} : offset;
    if (wanted == 0) return (mask >> base & 1) != 0 ? base : kNotFound;
    for (int position = static_cast<int>(base); position >= 0 && position < 32; position += step) {
      if ((mask >> position & 1) != 0 && --wanted == 0) return static_cast<std::uint32_t>(position);
    }
    return kNotFound;
  }
};

struct ReverseBits {
  template <class T> T operator()(T a) const {
    T result = 0;
    for (unsigned k = 0; k < kBits<T>; ++k) result |= static_cast<T>((a >> k & 1) << (kBits<T> - 1 - k));
    return result;
  }
};

template <class T> std::int32_t element(std::uint32_t packed, unsigned index) {
  return static_cast<T>(packed >> (index * kBits<T>));
}

/// Four products of bytes; the sum wraps.
template <class A, class B> struct DotProduct4 {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    for (unsigned k = 0; k < 4; ++k) c += static_cast<std::uint32_t>(element<A>(a, k) * element<B>(b, k));
    return c;
  }
};

/// Two products of 16 and 8 bits, with the lower or the upper two bytes of b.
template <class A, class B, bool kHigh> struct DotProduct2 {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    for (unsigned k = 0; k < 2; ++k) {
      c +=
          static_cast<std::uint32_t>(element<A>(a, k)) * static_cast<std::uint32_t>(element<B>(b, k + (kHigh ? 2 : 0)));
    }
    return c;
  }
};

/// d = op(a, b, c) on .b32 registers whose contents two types tell: Op<A, B>.
template <template <class, class> class Op, class Unsigned, class Signed, class UnsignedB, class SignedB>
Execute dot_product(const Opcode& opcode, Instruction&) {
  using U = std::uint32_t;
  const bool a = is_signed(opcode.type(0)), b = is_signed(opcode.type(1));
  if (a && b) return &execute_ternary<Op<Signed, SignedB>, U, U, U>;
  if (a) return &execute_ternary<Op<Signed, UnsignedB>, U, U, U>;
  if (b) return &execute_ternary<Op<Unsigned, SignedB>, U, U, U>;
  return &execute_ternary<Op<Unsigned, UnsignedB>, U, U, U>;
}

template <class A, class B> using DotProduct2Low = DotProduct2<A, B, false>;
template <class A, class B> using DotProduct2High = DotProduct2<A, B, true>;

Execute find_nth_set(const Opcode&, Instruction&) {
  return &execute_ternary<FindNthSet, std::uint32_t, std::uint32_t, std::int32_t>;
}

/// c and d are twice as wide as a and b.
Execute multiply_add_wide(const Opcode& opcode, Instruction&) {
  using List = TypeList<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t>;
  return for_type(List(), opcode.type(), [](auto tag) -> Execute {
    using T = typename decltype(tag)::type;
    return &execute_ternary<MultiplyAddWide, T, T, Wider<T>>;
  });
}

}  // namespace

const Forms& integer_forms() {
  using Narrow = TypeList<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t>;
  using S32 = TypeList<std::int32_t>;
  using Wide = TypeList<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
  using U32U64 = TypeList<std::uint32_t, std::uint64_t>;
  static const Forms forms = {
      {"add", "d, a, b", "", binary<Add, Integers>, cost::integer<1>},
      {"add", "d, a, b", "", binary<ByHalves<Add>, IntegerPairs>, cost::integer<1>},
      {"add.sat", "d, a, b", "", binary<AddSaturating, S32>, cost::integer<1>},
      {"sub", "d, a, b", "", binary<Subtract, Integers>, cost::integer<1>},
      {"sub.sat", "d, a, b", "", binary<SubtractSaturating, S32>, cost::integer<1>},
      {"mul.lo", "d, a, b", "", binary<MultiplyLow, Integers>, cost::integer<1, 4>},
      {"mul.hi", "d, a, b", "", binary<MultiplyHigh, Integers>, cost::multiply_high},
      {"mul.wide", "d:wide, a, b", "", binary<MultiplyWide, Narrow>, cost::integer<1>},
      {"mad.lo", "d, a, b, c", "", ternary<MultiplyAdd<MultiplyLow>, Integers>, cost::integer<1, 4>},
      {"mad.hi", "d, a, b, c", "", ternary<MultiplyAdd<MultiplyHigh>, Integers>, cost::multiply_high},
      {"mad.hi.sat", "d, a, b, c", "", ternary<MultiplyAddHighSaturating, S32>, cost::multiply_high},
      {"mad.wide", "d:wide, a, b, c:wide", "", multiply_add_wide, cost::integer<1>},
      {"mul24.lo", "d, a, b", "", binary<Multiply24Low, Integers32>, cost::integer<2>},
      {"mul24.hi", "d, a, b", "", binary<Multiply24High, Integers32>, cost::integer<3>},
      {"mad24.lo", "d, a, b, c", "", ternary<MultiplyAdd<Multiply24Low>, Integers32>, cost::integer<2>},
      {"mad24.hi", "d, a, b, c", "", ternary<MultiplyAdd<Multiply24High>, Integers32>, cost::integer<3>},
      {"sad", "d, a, b, c", "", ternary<SumOfAbsoluteDifferences, Integers>, cost::integer<1, 4>},
      {"div", "d, a, b", "", binary<Divide, Integers>, cost::divide},
      {"rem", "d, a, b", "", binary<Remainder, Integers>, cost::remainder},
      {"neg", "d, a", "", unary<Negate, SignedIntegers>, cost::integer<1>},
      {"abs", "d, a", "", unary<Absolute, SignedIntegers>, cost::integer<1>},
      {"min", "d, a, b", "", binary<Minimum, Integers>, cost::integer<1, 4>},
      {"min", "d, a, b", "", binary<ByHalves<Minimum>, IntegerPairs>, cost::integer<1>},
      {"min.relu", "d, a, b", "", binary<Relu<Minimum>, S32>, cost::integer<1>},
      {"min.relu", "d, a, b", "", binary<ByHalves<Relu<Minimum>>, TypeList<Pair<std::int16_t>>>, cost::integer<1>},
      {"max", "d, a, b", "", binary<Maximum, Integers>, cost::integer<1, 4>},
      {"max", "d, a, b", "", binary<ByHalves<Maximum>, IntegerPairs>, cost::integer<1>},
      {"max.relu", "d, a, b", "", binary<Relu<Maximum>, S32>, cost::integer<1>},
      {"max.relu", "d, a, b", "", binary<ByHalves<Relu<Maximum>>, TypeList<Pair<std::int16_t>>>, cost::integer<1>},
      {"popc", "d:u32, a", "", unary<PopulationCount, U32U64>, cost::bit_count},
      {"clz", "d:u32, a", "", unary<CountLeadingZeros, U32U64>, cost::bit_count},
      {"bfind", "d:u32, a", "", unary<FindBit<false>, Wide>, cost::bit_count},
      {"bfind.shiftamt", "d:u32, a", "", unary<FindBit<true>, Wide>, cost::bit_count},
      {"fns", "d, a, b:u32, c:s32", "", find_nth_set, cost::integer<20>},
      {"brev", "d, a", "", unary<ReverseBits, U32U64>, cost::bit_count},
      {"dp4a", "d:u32, a:u32, b:u32, c:u32", "",
       dot_product<DotProduct4, std::uint8_t, std::int8_t, std::uint8_t, std::int8_t>, cost::integer<1>},
      {"dp2a.lo", "d:u32, a:u32, b:u32, c:u32", "",
       dot_product<DotProduct2Low, std::uint16_t, std::int16_t, std::uint8_t, std::int8_t>, cost::integer<1>},
      {"dp2a.hi", "d:u32, a:u32, b:u32, c:u32", "",
       dot_product<DotProduct2High, std::uint16_t, std::int16_t, std::uint8_t, std::int8_t>, cost::integer<1>},
  };
  return forms;
}

}  // namespace ptxsim
