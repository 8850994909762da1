/// cvt in all pairs of types and modifiers (PTX ISA 9.7.9.21): integers by 128-bit arithmetic, floats by MPFR.
#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

using Wide = __int128;

template <class T> std::string name_of() {
  if constexpr (std::is_same_v<T, F16>) return ".f16";
  if constexpr (std::is_same_v<T, BF16>) return ".bf16";
  if constexpr (std::is_floating_point_v<T>) return ".f" + std::to_string(sizeof(T) * 8);
  return (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(sizeof(T) * 8);
}

template <class... Ts, class F> void for_types(F f) { (f(Ts()), ...); }

template <class F> void for_integers(F f) {
  for_types<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t,
            std::int64_t>(f);
}

template <class F> void for_floats(F f) { for_types<F16, BF16, float, double>(f); }

template <class T> Wide clamped(Wide value) {
  const Wide low = std::numeric_limits<T>::min(), high = std::numeric_limits<T>::max();
  return value < low ? low : value > high ? high : value;
}

/// The register that holds a D: results of 8 bits are extended to it.
template <class D>
using Result =
    std::conditional_t<sizeof(D) == 1, std::conditional_t<std::is_signed_v<D>, std::int16_t, std::uint16_t>, D>;

TEST(Convert, IntegerToInteger) {
  for_integers([](auto s) {
    using S = decltype(s);
    for_integers([](auto d) {
      using D = decltype(d);
      const std::string types = name_of<D>() + name_of<S>() + " $d, $a;";
      check<S>("cvt" + types, [](S a) { return static_cast<Result<D>>(static_cast<D>(a)); });
      check<S>("cvt.sat" + types, [](S a) { return static_cast<Result<D>>(clamped<D>(a)); });
    });
  });
}

/// Registers may be wider than what is converted: operands are cut, results extended as their type says.
TEST(Convert, WideRegisters) {
  using U64 = std::uint64_t;
  using U32 = std::uint32_t;
  check<U64>("cvt.s64.s8 $d, $a;", [](U64 a) { return static_cast<U64>(static_cast<std::int8_t>(a)); });
  check<U64>("cvt.u32.u16 $d, $a;", [](U64 a) { return static_cast<U32>(a & 0xffff); });
  check<U32>("cvt.s8.s32 $d, $a;", [](U32 a) { return static_cast<U64>(static_cast<std::int8_t>(a)); });
  check<U32>("cvt.u8.u32 $d, $a;", [](U32 a) { return static_cast<U64>(a & 0xff); });
  check<U64>("cvt.s16.s64 $d, $a;", [](U64 a) { return static_cast<U32>(static_cast<std::int16_t>(a)); });
}

template <class S> using FromInteger = std::conditional_t<std::is_signed_v<S>, long, unsigned long>;

template <class D, class S> D integer_rounded(mpfr_rnd_t mode, S a) {
  return rounded<D>(mode, [&](mpfr_ptr result, mpfr_rnd_t r) {
    return std::is_signed_v<S> ? mpfr_set_si(result, static_cast<long>(a), r)
                               : mpfr_set_ui(result, static_cast<unsigned long>(a), r);
  });
}

TEST(Convert, IntegerToFloat) {
  for_integers([](auto s) {
    using S = decltype(s);
    for_floats([](auto d) {
      using D = decltype(d);
      for (const NamedRounding& rounding : kRoundings) {
        // 16-bit floats are rounded to nearest or to zero here.
        const bool directed = rounding.mode == MPFR_RNDD || rounding.mode == MPFR_RNDU;
        if (sizeof(D) == 2 && directed) continue;
        check<S>(std::string("cvt") + rounding.name + name_of<D>() + name_of<S>() + " $d, $a;",
                 [&](S a) { return integer_rounded<D>(rounding.mode, a); });
      }
    });
  });
}

double integral(double x, mpfr_rnd_t mode) {
  Real result(x, 53), operand(x);
  mpfr_rint(result, operand, mode);
  return mpfr_get_d(result, MPFR_RNDN);
}

/// NaN: 0, or with an f64 source or a 64-bit result, only the sign bit.
template <class D, class S> D to_integer(double x, mpfr_rnd_t mode) {
  using U = std::make_unsigned_t<D>;
  if (std::isnan(x)) {
    const bool zero = !std::is_same_v<S, double> && sizeof(D) < 8;
    return zero ? D(0) : static_cast<D>(U(1) << (sizeof(D) * 8 - 1));
  }
  const double rounded = integral(x, mode);
  if (rounded >= 0x1p64) return std::numeric_limits<D>::max();
  if (rounded <= -0x1p64) return std::numeric_limits<D>::min();
  return static_cast<D>(clamped<D>(static_cast<Wide>(rounded)));
}

template <class S> Sets<S> around_integers() {
  auto sets = operand_sets<S>(2000);
  for (const double x : {0.5,
                         1.5,
                         2.5,
                         -0.5,
                         -1.5,
                         -2.5,
                         0.75,
                         -0.75,
                         126.5,
                         127.5,
                         128.0,
                         255.0,
                         255.5,
                         256.0,
                         -128.5,
                         -129.0,
                         32767.5,
                         32768.0,
                         -32768.5,
                         65535.5,
                         65536.0,
                         2147483647.0,
                         2147483648.0,
                         -2147483648.0,
                         -2147483649.0,
                         4294967295.0,
                         4294967296.0,
                         9223372036854774784.0,
                         9223372036854775808.0,
                         -9223372036854775808.0,
                         18446744073709549568.0,
                         18446744073709551616.0,
                         1e30,
                         -1e30}) {
    sets.add(rounded_of<S>(MPFR_RNDN, mpfr_set, x));
  }
  return sets;
}

constexpr NamedRounding kIntegerRoundings[] = {
    {".rni", MPFR_RNDN}, {".rzi", MPFR_RNDZ}, {".rmi", MPFR_RNDD}, {".rpi", MPFR_RNDU}};

TEST(Convert, FloatToInteger) {
  for_floats([](auto s) {
    using S = decltype(s);
    const auto sets = around_integers<S>();
    for_integers([&](auto d) {
      using D = decltype(d);
      for (const NamedRounding& rounding : kIntegerRoundings) {
        check(std::string("cvt") + rounding.name + name_of<D>() + name_of<S>() + " $d, $a;", sets,
              [&](S a) { return static_cast<Result<D>>(to_integer<D, S>(value_of(a), rounding.mode)); });
      }
    });
  });
  check("cvt.rpi.ftz.s32.f32 $d, $a;", around_integers<float>(),
        [](float a) { return to_integer<std::int32_t, float>(flushed(a), MPFR_RNDU); });
}

template <class D, class S> D float_rounded(mpfr_rnd_t mode, S a) { return rounded_of<D>(mode, mpfr_set, value_of(a)); }

/// Exactly between two numbers of the narrow format, and just beside.
template <class D> Sets<float> ties() {
  Sets<float> sets;
  constexpr int kFraction = FormatOf<D>::kPrecision - 1;
  for (int k = 0; k < 1 << (kFraction + 1); ++k) {
    const auto tie = static_cast<float>(std::ldexp((1 << (kFraction + 1)) + k, k % 9 - kFraction));
    for (const float value : {tie, -tie, std::nextafterf(tie, 0), std::nextafterf(tie, INFINITY)}) sets.add(value);
  }
  return sets;
}

template <class D> void check_ties() {
  check("cvt.rn" + name_of<D>() + ".f32 $d, $a;", ties<D>(), [](float a) { return float_rounded<D>(MPFR_RNDN, a); });
  check("cvt.rz" + name_of<D>() + ".f32 $d, $a;", ties<D>(), [](float a) { return float_rounded<D>(MPFR_RNDZ, a); });
}

TEST(Convert, Ties) {
  check_ties<F16>();
  check_ties<BF16>();
  Sets<float, float> pairs;
  const auto singles = ties<BF16>();
  for (std::size_t n = 0; n + 1 < singles.size(); ++n) {
    pairs.add(std::get<0>(singles.row(n)), std::get<0>(singles.row(n + 1)));
  }
  check("cvt.rn.bf16x2.f32 $d, $a, $b;", pairs, [](float a, float b) {
    const std::uint32_t high = float_rounded<BF16>(MPFR_RNDN, a).bits, low = float_rounded<BF16>(MPFR_RNDN, b).bits;
    return BF16x2{high << 16 | low};
  });
  // Integers of 64 bits whose lowest bit decides a tie.
  Sets<std::int64_t> integers;
  for (const std::int64_t tie : {std::int64_t{0x0080'8000'0000'0000}, std::int64_t{0x4040'0000'0000'0000}}) {
    for (const std::int64_t difference : {-1, 0, 1}) {
      integers.add(tie + difference);
      integers.add(-tie + difference);
    }
  }
  check("cvt.rn.bf16.s64 $d, $a;", integers, [](std::int64_t a) { return integer_rounded<BF16>(MPFR_RNDN, a); });
}

TEST(Convert, NanIsCanonical) {
  const Sets<std::uint32_t> nans{{0x7f800001}, {0xffc12345}};
  check("cvt.rn.f16.f32 $d, $a;", nans, [](std::uint32_t) { return std::uint16_t{0x7fff}; });
  check("cvt.rn.bf16.f32 $d, $a;", nans, [](std::uint32_t) { return std::uint16_t{0x7fff}; });
  check("cvt.rz.bf16.f32 $d, $a;", nans, [](std::uint32_t) { return std::uint16_t{0x7fff}; });
}

TEST(Convert, FloatToFloat) {
  for_floats([](auto s) {
    using S = decltype(s);
    for_floats([](auto d) {
      using D = decltype(d);
      if (std::is_same_v<S, D>) return;
      const bool widening =
          FormatOf<D>::kPrecision > FormatOf<S>::kPrecision && FormatOf<D>::kMaxExponent >= FormatOf<S>::kMaxExponent;
      const std::string types = name_of<D>() + name_of<S>() + " $d, $a;";
      const auto sets = operand_sets<S>(3000);
      if (widening) {
        check("cvt" + types, sets, [](S a) { return float_rounded<D>(MPFR_RNDN, a); });
        return;
      }
      for (const NamedRounding& rounding : kRoundings) {
        const bool directed = rounding.mode == MPFR_RNDD || rounding.mode == MPFR_RNDU;
        if (sizeof(D) == 2 && directed) continue;
        check(std::string("cvt") + rounding.name + types, sets,
              [&](S a) { return float_rounded<D>(rounding.mode, a); });
      }
    });
  });
}

TEST(Convert, RoundToIntegralFloat) {
  for (const NamedRounding& rounding : kIntegerRoundings) {
    const std::string opcode = std::string("cvt") + rounding.name;
    check(opcode + ".f32.f32 $d, $a;", around_integers<float>(),
          [&](float a) { return static_cast<float>(integral(a, rounding.mode)); });
    check(opcode + ".f64.f64 $d, $a;", around_integers<double>(), [&](double a) { return integral(a, rounding.mode); });
    check(opcode + ".f16.f16 $d, $a;", around_integers<F16>(),
          [&](F16 a) { return number_with<F16>(integral(value_of(a), rounding.mode)); });
  }
  check("cvt.rni.ftz.f32.f32 $d, $a;", around_integers<float>(),
        [](float a) { return static_cast<float>(integral(flushed(a), MPFR_RNDN)); });
  check("cvt.rmi.sat.f32.f32 $d, $a;", around_integers<float>(),
        [](float a) { return saturated(static_cast<float>(integral(a, MPFR_RNDD))); });
}

TEST(Convert, FloatModifiers) {
  check<float>("cvt.sat.f32.f32 $d, $a;", [](float a) { return saturated(a); });
  check<double>("cvt.rn.sat.f32.f64 $d, $a;", [](double a) { return saturated(float_rounded<float>(MPFR_RNDN, a)); });
  check<double>("cvt.rn.ftz.f32.f64 $d, $a;", [](double a) { return flushed(float_rounded<float>(MPFR_RNDN, a)); });
  check<float>("cvt.ftz.f64.f32 $d, $a;", [](float a) { return static_cast<double>(flushed(a)); });
  check<float>("cvt.rn.ftz.f16.f32 $d, $a;", [](float a) { return float_rounded<F16>(MPFR_RNDN, flushed(a)); });
  check<float>("cvt.rn.relu.f16.f32 $d, $a;", [](float a) { return rectified(float_rounded<F16>(MPFR_RNDN, a)); });
  check<float>("cvt.rz.relu.bf16.f32 $d, $a;", [](float a) { return rectified(float_rounded<BF16>(MPFR_RNDZ, a)); });
}

TEST(Convert, FloatPairs) {
  const auto sets = operand_sets<float, float>(2000);
  const auto both = [](auto pair, auto convert, float a, float b) {
    const std::uint32_t high = convert(a).bits, low = convert(b).bits;
    return decltype(pair){high << 16 | low};
  };
  for (const NamedRounding& rounding : {kRoundings[0], kRoundings[1]}) {
    const auto f16 = [&](float a) { return float_rounded<F16>(rounding.mode, a); };
    const auto bf16 = [&](float a) { return float_rounded<BF16>(rounding.mode, a); };
    const std::string opcode = std::string("cvt") + rounding.name;
    check(opcode + ".f16x2.f32 $d, $a, $b;", sets, [&](float a, float b) { return both(F16x2(), f16, a, b); });
    check(opcode + ".bf16x2.f32 $d, $a, $b;", sets, [&](float a, float b) { return both(BF16x2(), bf16, a, b); });
    check(opcode + ".relu.f16x2.f32 $d, $a, $b;", sets, [&](float a, float b) {
      return both(
          F16x2(), [&](float x) { return rectified(f16(x)); }, a, b);
    });
    check(opcode + ".relu.bf16x2.f32 $d, $a, $b;", sets, [&](float a, float b) {
      return both(
          BF16x2(), [&](float x) { return rectified(bf16(x)); }, a, b);
    });
  }
}

TEST(Convert, PackSaturated) {
  using S = std::int32_t;
  using U = std::uint32_t;
  const auto sets = operand_sets<S, S>();
  check("cvt.pack.sat.s16.s32 $d, $a, $b;", sets, [](S a, S b) {
    return (static_cast<U>(clamped<std::int16_t>(a)) & 0xffff) << 16 |
           (static_cast<U>(clamped<std::int16_t>(b)) & 0xffff);
  });
  check("cvt.pack.sat.u16.s32 $d, $a, $b;", sets, [](S a, S b) {
    return static_cast<U>(clamped<std::uint16_t>(a)) << 16 | static_cast<U>(clamped<std::uint16_t>(b));
  });
  check("cvt.pack.sat.u8.s32.b32 $d, $a, $b, $c;", operand_sets<S, S, U>(200), [](S a, S b, U c) {
    return c << 16 | static_cast<U>(clamped<std::uint8_t>(a)) << 8 | static_cast<U>(clamped<std::uint8_t>(b));
  });
  check("cvt.pack.sat.s8.s32.b32 $d, $a, $b, $c;", operand_sets<S, S, U>(200), [](S a, S b, U c) {
    return c << 16 | (static_cast<U>(clamped<std::int8_t>(a)) & 0xff) << 8 |
           (static_cast<U>(clamped<std::int8_t>(b)) & 0xff);
  });
}

}  // namespace
}  // namespace ptxsim::test
