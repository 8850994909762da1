/// cvt (PTX ISA 9.7.9.21). Every pair of types has a scalar function from bits to bits; the conversions that kernels
/// spend their time in have a loop of their own as well. Directed roundings use those of the host, so this file is
/// compiled with -frounding-math.
#include <cfenv>
#include <cmath>
#include <limits>

#include "isa/float.hpp"
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

enum class Round : std::uint8_t { nearest, zero, down, up };

/// The modifiers of a cvt.
struct Mode {
  Round rounding = Round::nearest;
  bool to_integer = false;  // rni, rzi, rmi, rpi
  bool flush = false, saturate = false, relu = false;
};

Mode mode_of(const Opcode& opcode) {
  Mode mode;
  mode.to_integer = opcode.has("rni") || opcode.has("rzi") || opcode.has("rmi") || opcode.has("rpi");
  if (opcode.has("rz") || opcode.has("rzi")) mode.rounding = Round::zero;
  if (opcode.has("rm") || opcode.has("rmi")) mode.rounding = Round::down;
  if (opcode.has("rp") || opcode.has("rpi")) mode.rounding = Round::up;
  mode.flush = opcode.has("ftz");
  mode.saturate = opcode.has("sat");
  mode.relu = opcode.has("relu");
  return mode;
}

template <class F> auto rounded_by_host(Round rounding, F convert) {
  constexpr int kModes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  const int before = std::fegetround();
  std::fesetround(kModes[static_cast<unsigned>(rounding)]);
  const auto result = convert();
  std::fesetround(before);
  return result;
}

double round_to_integer(double x, Round rounding) {
  switch (rounding) {
    case Round::nearest: return std::nearbyint(x);
    case Round::zero: return std::trunc(x);
    case Round::down: return std::floor(x);
    case Round::up: break;
  }
  return std::ceil(x);
}

template <class T>
constexpr bool kIsFloat = std::is_floating_point_v<T> || std::is_same_v<T, Half> || std::is_same_v<T, BFloat16>;

template <class S> double number(S value, bool flush_input) {
  if constexpr (std::is_same_v<S, float>) return static_cast<double>(flush_input ? flush(value) : value);
  if constexpr (std::is_same_v<S, double>) return value;
  if constexpr (!std::is_floating_point_v<S>) return to_double(value);
}

/// Out of range becomes the nearest integer of the type. NaN becomes 0 if the source is not f64 and the result not of
/// 64 bits, else the smallest signed or the middle unsigned number.
template <class D, class S> D float_to_integer(S value, Mode mode) {
  const double x = round_to_integer(number(value, mode.flush), mode.rounding);
  using Limits = std::numeric_limits<D>;
  if (std::isnan(x)) {
    const bool zero = !std::is_same_v<S, double> && sizeof(D) < 8;
    return zero ? D(0) : static_cast<D>(std::make_unsigned_t<D>(1) << (kBits<D> - 1));
  }
  // The limits of 64-bit types are not doubles: compare with the power of two above.
  const double above = std::ldexp(1.0, std::is_signed_v<D> ? kBits<D> - 1 : kBits<D>);
  if (x >= above) return Limits::max();
  if (x < static_cast<double>(Limits::min())) return Limits::min();
  return static_cast<D>(x);
}

/// volatile, or the compiler would convert at compile time or before the direction is set.
template <class D, class S> D integer_to_float(S value, Mode mode) {
  if constexpr (std::is_floating_point_v<D>) {
    if (mode.rounding == Round::nearest) return static_cast<D>(value);
    const volatile S source = value;
    return rounded_by_host(mode.rounding, [&] {
      const volatile D result = static_cast<D>(source);
      return static_cast<D>(result);
    });
  } else {
    // 64-bit integers do not fit in a double: what does not is kept in the last bit.
    const bool negative = std::is_signed_v<S> && value < 0;
    std::uint64_t magnitude = negative ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
    if (magnitude >> 40 != 0) magnitude = (magnitude >> 20 | ((magnitude & 0xf'ffff) != 0 ? 1 : 0)) << 20;
    const auto x = static_cast<double>(magnitude);
    return from_double<D>(negative ? -x : x, mode.rounding == Round::zero);
  }
}

template <class D> D narrow(double x, Mode mode) {
  if constexpr (std::is_same_v<D, double>) return x;
  if constexpr (std::is_same_v<D, float>) {
    if (mode.rounding == Round::nearest) return canonical(static_cast<float>(x));
    const volatile double source = x;
    return canonical(rounded_by_host(mode.rounding, [&] {
      const volatile float result = static_cast<float>(source);
      return static_cast<float>(result);
    }));
  }
  if constexpr (!std::is_floating_point_v<D>) return from_double<D>(x, mode.rounding == Round::zero);
}

/// A float at most as wide is converted exactly; .sat clamps to [0, 1], .relu to [0, inf), NaN passes .relu.
template <class D, class S> D float_to_float(S value, Mode mode) {
  double x = number(value, mode.flush);
  if (mode.to_integer) {
    x = round_to_integer(x, mode.rounding);
    mode.rounding = Round::nearest;
  }
  if (mode.saturate) x = saturate(x);
  if (mode.relu && x <= 0) x = 0;
  const D result = narrow<D>(x, mode);
  if constexpr (std::is_same_v<D, float>) return mode.flush ? flush(result) : result;
  return result;
}

template <class D, class S> D integer_to_integer(S value, Mode mode) {
  if (!mode.saturate) return static_cast<D>(value);
  using Limits = std::numeric_limits<D>;
  using Wide = __int128;
  const Wide wide = value;
  return static_cast<D>(wide < Wide{Limits::min()}   ? Wide{Limits::min()}
                        : wide > Wide{Limits::max()} ? Wide{Limits::max()}
                                                     : wide);
}

template <class D, class S> D convert(S value, Mode mode) {
  if constexpr (kIsFloat<S> && kIsFloat<D>) {
    return float_to_float<D>(value, mode);
  } else if constexpr (kIsFloat<S>) {
    return float_to_integer<D>(value, mode);
  } else if constexpr (kIsFloat<D>) {
    return integer_to_float<D>(value, mode);
  } else {
    return integer_to_integer<D>(value, mode);
  }
}

/// From the low bits of a register to a value that is sign-extended for signed results, so that it fits any register.
using Scalar = std::uint64_t (*)(std::uint64_t, Mode);

template <class D, class S> std::uint64_t convert_bits(std::uint64_t bits, Mode mode) {
  const D result = convert<D>(unpack<S>(static_cast<Slot<S>>(bits)), mode);
  if constexpr (std::is_integral_v<D>) return static_cast<std::uint64_t>(static_cast<std::int64_t>(result));
  if constexpr (!std::is_integral_v<D>) return pack(result);
}

template <class... Ts> struct Conversions {
  static constexpr unsigned kCount = sizeof...(Ts);
  template <class D> struct From {
    static constexpr Scalar kRow[] = {convert_bits<D, Ts>...};
  };
  static constexpr const Scalar* kTable[] = {From<Ts>::kRow...};
  /// kCount for a type that cannot be converted.
  static unsigned index(Type type) {
    unsigned k = 0, found = kCount;
    ((holds<Ts>(type) ? void(found = k) : void(), ++k), ...);
    return found;
  }
};
using All = Conversions<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t,
                        std::uint64_t, std::int64_t, Half, BFloat16, float, double>;

/// Types and mode as they lie in Instruction::target.
struct Packed {
  std::uint8_t d, s;
  std::uint8_t rounding : 2, to_integer : 1, flush : 1, saturate : 1, relu : 1;
};

std::uint32_t encode(unsigned d, unsigned s, Mode mode) {
  const Packed packed{static_cast<std::uint8_t>(d),
                      static_cast<std::uint8_t>(s),
                      static_cast<std::uint8_t>(mode.rounding),
                      mode.to_integer,
                      mode.flush,
                      mode.saturate,
                      mode.relu};
  std::uint32_t target = 0;
  std::memcpy(&target, &packed, sizeof packed);
  return target;
}

Mode decode(std::uint32_t target, unsigned& d, unsigned& s) {
  Packed packed;
  std::memcpy(&packed, &target, sizeof packed);
  d = packed.d;
  s = packed.s;
  return Mode{static_cast<Round>(packed.rounding), packed.to_integer != 0, packed.flush != 0, packed.saturate != 0,
              packed.relu != 0};
}

Outcome execute_general(Warp& warp, const Instruction& i, Mask mask) {
  unsigned d = 0, s = 0;
  const Mode mode = decode(i.target, d, s);
  const Scalar scalar = All::kTable[d][s];
  for_each_lane(mask, [&](unsigned lane) {
    warp.set_number(i.d, i.d_size, lane, scalar(warp.number(i.a, i.a_size, lane), mode));
  });
  return Outcome::next;
}

/// Plain conversions, without modifiers that change a value.
template <class D> struct Plain {
  template <class S> D operator()(S value) const { return convert<D>(value, Mode()); }
};

/// Towards zero, as a C++ cast does.
struct Truncate {
  std::int32_t operator()(float value) const {
    Mode mode;
    mode.rounding = Round::zero;
    return convert<std::int32_t>(value, mode);
  }
};

struct ShiftToFloat {
  float operator()(BFloat16 value) const { return to_float(value); }
};
struct RoundToBFloat16 {
  BFloat16 operator()(float value) const { return bfloat16_from_float(value); }
};

/// nullptr if there is no special loop.
Execute fast(Type d, Type s, const Mode& mode) {
  if (mode.flush || mode.saturate || mode.relu) return nullptr;
  if (mode.to_integer) {
    return d == Type::s32 && s == Type::f32 && mode.rounding == Round::zero ? &execute_unary<Truncate, float> : nullptr;
  }
  if (mode.rounding != Round::nearest) return nullptr;
  const auto is = [](Type type, Type a, Type b, Type c = Type::none) { return type == a || type == b || type == c; };
  const bool d64 = is(d, Type::u64, Type::s64, Type::b64), d32 = is(d, Type::u32, Type::s32, Type::b32);
  if (d64 && is(s, Type::u32, Type::b32)) return &execute_unary<Plain<std::uint64_t>, std::uint32_t>;
  if (d64 && s == Type::s32) return &execute_unary<Plain<std::int64_t>, std::int32_t>;
  if (d32 && is(s, Type::u64, Type::s64, Type::b64)) return &execute_unary<Plain<std::uint32_t>, std::uint64_t>;
  if (d32 && is(s, Type::u16, Type::b16)) return &execute_unary<Plain<std::uint32_t>, std::uint16_t>;
  if (d32 && s == Type::s16) return &execute_unary<Plain<std::int32_t>, std::int16_t>;
  if (d == Type::f32 && s == Type::s32) return &execute_unary<Plain<float>, std::int32_t>;
  if (d == Type::f32 && s == Type::u32) return &execute_unary<Plain<float>, std::uint32_t>;
  if (d == Type::f64 && s == Type::f32) return &execute_unary<Plain<double>, float>;
  if (d == Type::f32 && s == Type::f64) return &execute_unary<Plain<float>, double>;
  if (d == Type::f32 && s == Type::bf16) return &execute_unary<ShiftToFloat, BFloat16>;
  if (d == Type::bf16 && s == Type::f32) return &execute_unary<RoundToBFloat16, float>;
  return nullptr;
}

Execute convert_one(const Opcode& opcode, Instruction& i) {
  const Type d_type = opcode.type(0), s_type = opcode.type(1);
  const unsigned d = All::index(d_type), s = All::index(s_type);
  if (d >= All::kCount || s >= All::kCount) return nullptr;
  const Mode mode = mode_of(opcode);
  const bool to_16_bit = d_type == Type::f16 || d_type == Type::bf16;
  if (to_16_bit && (mode.rounding == Round::down || mode.rounding == Round::up) && !mode.to_integer) return nullptr;
  // Integer conversions name no rounding; float to float only where it may be inexact.
  if (mode.relu && !to_16_bit) return nullptr;
  i.target = encode(d, s, mode);
  const bool own_registers = (i.d_size == 8) == (size_of(d_type) == 8) && (i.a_size == 8) == (size_of(s_type) == 8);
  const Execute special = own_registers ? fast(d_type, s_type, mode) : nullptr;
  return special != nullptr ? special : &execute_general;
}

/// cvt d.x2, a, b: a goes to the upper half.
template <class H> Outcome execute_pair(Warp& warp, const Instruction& i, Mask mask) {
  unsigned d = 0, s = 0;
  const Mode mode = decode(i.target, d, s);
  const auto a = warp.in<float>(i.a), b = warp.in<float>(i.b);
  const auto out = warp.out<Pair<H>>(i.d);
  for_each_lane(mask, [&](unsigned lane) { out.set(lane, {convert<H>(b[lane], mode), convert<H>(a[lane], mode)}); });
  return Outcome::next;
}

struct RoundPair {
  Pair<BFloat16> operator()(float a, float b) const { return {bfloat16_from_float(b), bfloat16_from_float(a)}; }
};

Execute convert_pair(const Opcode& opcode, Instruction& i) {
  if (opcode.type(1) != Type::f32) return nullptr;
  const Mode mode = mode_of(opcode);
  if (mode.to_integer || mode.rounding == Round::down || mode.rounding == Round::up) return nullptr;
  i.target = encode(0, 0, mode);
  if (opcode.type() == Type::f16x2) return &execute_pair<Half>;
  if (opcode.type() != Type::bf16x2) return nullptr;
  const bool plain = mode.rounding == Round::nearest && !mode.saturate && !mode.relu;
  return plain ? &execute_binary<RoundPair, float, float> : &execute_pair<BFloat16>;
}

/// cvt.pack.sat.dtype.s32 d, a, b [, c]: a and b become 16 bits each, or 8 bits below the upper half of c.
template <class T> Outcome execute_pack(Warp& warp, const Instruction& i, Mask mask) {
  const auto d = warp.out<std::uint32_t>(i.d);
  const auto a = warp.in<std::int32_t>(i.a), b = warp.in<std::int32_t>(i.b);
  Mode mode;
  mode.saturate = true;
  for_each_lane(mask, [&](unsigned lane) {
    const auto x = static_cast<std::make_unsigned_t<T>>(convert<T>(a[lane], mode));
    const auto y = static_cast<std::make_unsigned_t<T>>(convert<T>(b[lane], mode));
    std::uint32_t result = static_cast<std::uint32_t>(x) << kBits<T> | y;
    if (i.c != kAbsent) result |= warp.in<std::uint32_t>(i.c)[lane] << 16;
    d.set(lane, result);
  });
  return Outcome::next;
}

Execute pack_saturated(const Opcode& opcode, Instruction& i) {
  const bool bytes = size_of(opcode.type()) == 1;
  if (bytes != (i.c != kAbsent)) return nullptr;
  switch (opcode.type()) {
    case Type::u16: return &execute_pack<std::uint16_t>;
    case Type::s16: return &execute_pack<std::int16_t>;
    case Type::u8: return &execute_pack<std::uint8_t>;
    case Type::s8: return &execute_pack<std::int8_t>;
    default: return nullptr;
  }
}

}  // namespace

const Forms& convert_forms() {
  static const Forms forms = {
      {"cvt", "d:any, a:any", "rn rz rm rp rni rzi rmi rpi ftz sat relu", convert_one, cost::convert},
      {"cvt", "d:u32, a:f32, b:f32", "rn rz relu sat", convert_pair, cost::convert},
      {"cvt.pack.sat", "d:u32, a:s32, b:s32, ?c:u32", "", pack_saturated, cost::integer<2>},
  };
  return forms;
}

}  // namespace ptxsim
