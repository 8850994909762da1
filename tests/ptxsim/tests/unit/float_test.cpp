/// f32 and f64 arithmetic in all roundings against MPFR (PTX ISA 9.7.3).
#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

template <class T> const char* const kType = std::is_same_v<T, float> ? ".f32" : ".f64";

template <class T> class FloatTest : public testing::Test {};
using Floats = testing::Types<float, double>;
TYPED_TEST_SUITE(FloatTest, Floats);

TYPED_TEST(FloatTest, AddSubtractMultiplyDivide) {
  using T = TypeParam;
  struct Operation {
    const char* name;
    int (*function)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);
  };
  const Operation operations[] = {{"add", mpfr_add}, {"sub", mpfr_sub}, {"mul", mpfr_mul}, {"div", mpfr_div}};
  const auto sets = operand_sets<T, T>();
  for (const Operation& operation : operations) {
    for (const NamedRounding& rounding : kRoundings) {
      check(std::string(operation.name) + rounding.name + kType<T> + " $d, $a, $b;", sets,
            [&](T a, T b) { return rounded_of<T>(rounding.mode, operation.function, a, b); });
    }
  }
}

TYPED_TEST(FloatTest, NearestIsTheDefault) {
  using T = TypeParam;
  check<T, T>(std::string("add") + kType<T> + " $d, $a, $b;",
              [](T a, T b) { return rounded_of<T>(MPFR_RNDN, mpfr_add, a, b); });
}

TYPED_TEST(FloatTest, FusedMultiplyAdd) {
  using T = TypeParam;
  auto sets = operand_sets<T, T, T>(2000);
  for (std::size_t k = 0; k < 1000; ++k) {  // products that nearly cancel the addend
    const auto [a, b, c] = sets.row(sets.size() - 1 - 2 * k);
    sets.add(a, b, -a * b);
  }
  for (const NamedRounding& rounding : kRoundings) {
    check(std::string("fma") + rounding.name + kType<T> + " $d, $a, $b, $c;", sets,
          [&](T a, T b, T c) { return rounded_of<T>(rounding.mode, mpfr_fma, a, b, c); });
  }
  check(std::string("mad.rn") + kType<T> + " $d, $a, $b, $c;", sets,
        [](T a, T b, T c) { return rounded_of<T>(MPFR_RNDN, mpfr_fma, a, b, c); });
}

TYPED_TEST(FloatTest, ReciprocalAndSquareRoot) {
  using T = TypeParam;
  for (const NamedRounding& rounding : kRoundings) {
    check<T>(std::string("rcp") + rounding.name + kType<T> + " $d, $a;", [&](T a) {
      return rounded_of<T>(
          rounding.mode, [](mpfr_ptr r, mpfr_srcptr x, mpfr_rnd_t mode) { return mpfr_ui_div(r, 1, x, mode); }, a);
    });
    check<T>(std::string("sqrt") + rounding.name + kType<T> + " $d, $a;",
             [&](T a) { return rounded_of<T>(rounding.mode, mpfr_sqrt, a); });
  }
}

TYPED_TEST(FloatTest, SignsChangeNothingElse) {
  using T = TypeParam;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits kSign = Bits(1) << (sizeof(T) * 8 - 1);
  const auto with = [](auto change) {
    return [change](T a) {
      const Bits bits = change(static_cast<Bits>(bits_of(a)));
      T result;
      std::memcpy(&result, &bits, sizeof result);
      return result;
    };
  };
  check<T>(std::string("neg") + kType<T> + " $d, $a;", with([](Bits bits) { return bits ^ kSign; }));
  check<T>(std::string("abs") + kType<T> + " $d, $a;", with([](Bits bits) { return bits & ~kSign; }));
  // The sign of a, the magnitude of b.
  check<Bits, Bits>(std::string("copysign") + kType<T> + " $d, $a, $b;",
                    [](Bits a, Bits b) { return (a & kSign) | (b & ~kSign); });
}

/// PTX ISA 9.7.3.11 f.: -0 < +0; a single NaN is ignored.
template <class T> T lesser(T a, T b) {
  if (is_nan(a)) return b;
  if (is_nan(b)) return a;
  if (a == b) return std::signbit(a) ? a : b;
  return a < b ? a : b;
}
template <class T> T greater(T a, T b) { return -lesser<T>(-a, -b); }

TYPED_TEST(FloatTest, MinimumAndMaximum) {
  using T = TypeParam;
  check<T, T>(std::string("min") + kType<T> + " $d, $a, $b;", lesser<T>);
  check<T, T>(std::string("max") + kType<T> + " $d, $a, $b;", greater<T>);
}

TYPED_TEST(FloatTest, TestProperty) {
  using T = TypeParam;
  struct Property {
    const char* name;
    bool (*holds)(T);
  };
  const Property properties[] = {
      {"finite", [](T a) { return std::fabs(a) <= std::numeric_limits<T>::max(); }},
      {"infinite", [](T a) { return std::fabs(a) > std::numeric_limits<T>::max(); }},
      {"number", [](T a) { return a == a; }},
      {"notanumber", [](T a) { return a != a; }},
      {"normal",
       [](T a) {
         return std::fabs(a) >= std::numeric_limits<T>::min() && std::fabs(a) <= std::numeric_limits<T>::max();
       }},
      {"subnormal", [](T a) { return a != 0 && std::fabs(a) < std::numeric_limits<T>::min(); }},
  };
  for (const Property& property : properties) {
    check<T>(std::string("testp.") + property.name + kType<T> + " $d, $a;", property.holds);
  }
}

TEST(Float, NanIsCanonical) {
  // MPFR compares NaN with NaN; that f32 has only one is a statement about bits.
  const Sets<std::uint32_t, std::uint32_t> sets{
      {0xffc12345, 0x3f800000}, {0x3f800000, 0x7f812345}, {0x7f800000, 0xff800000}};
  check("add.f32 $d, $a, $b;", sets, [](std::uint32_t, std::uint32_t) { return std::uint32_t{0x7fffffff}; });
  check("max.NaN.f32 $d, $a, $b;", Sets<std::uint32_t, std::uint32_t>{sets.row(0), sets.row(1)},
        [](std::uint32_t, std::uint32_t) { return std::uint32_t{0x7fffffff}; });
}

TEST(Float, FlushToZero) {
  const auto sets = operand_sets<float, float>();
  const auto flush_all = [](auto function) {
    return [function](float a, float b) {
      return flushed(rounded_of<float>(MPFR_RNDN, function, flushed(a), flushed(b)));
    };
  };
  check("add.ftz.f32 $d, $a, $b;", sets, flush_all(mpfr_add));
  check("sub.ftz.f32 $d, $a, $b;", sets, flush_all(mpfr_sub));
  check("mul.ftz.f32 $d, $a, $b;", sets, flush_all(mpfr_mul));
  check("div.rn.ftz.f32 $d, $a, $b;", sets, flush_all(mpfr_div));
  check("mul.rz.ftz.f32 $d, $a, $b;", sets,
        [](float a, float b) { return flushed(rounded_of<float>(MPFR_RNDZ, mpfr_mul, flushed(a), flushed(b))); });
  check("fma.rn.ftz.f32 $d, $a, $b, $c;", operand_sets<float, float, float>(), [](float a, float b, float c) {
    return flushed(rounded_of<float>(MPFR_RNDN, mpfr_fma, flushed(a), flushed(b), flushed(c)));
  });
  check<float>("sqrt.rn.ftz.f32 $d, $a;", [](float a) { return rounded_of<float>(MPFR_RNDN, mpfr_sqrt, flushed(a)); });
  check<float>("rcp.rn.ftz.f32 $d, $a;", [](float a) { return flushed(1 / flushed(a)); });
  check<float>("neg.ftz.f32 $d, $a;", [](float a) { return -flushed(a); });
  check<float>("abs.ftz.f32 $d, $a;", [](float a) { return std::fabs(flushed(a)); });
  check("min.ftz.f32 $d, $a, $b;", sets, [](float a, float b) { return lesser(flushed(a), flushed(b)); });
  check("max.ftz.f32 $d, $a, $b;", sets, [](float a, float b) { return greater(flushed(a), flushed(b)); });
}

TEST(Float, Saturate) {
  const auto sets = operand_sets<float, float>();
  const auto saturate_all = [](auto function) {
    return [function](float a, float b) { return saturated(rounded_of<float>(MPFR_RNDN, function, a, b)); };
  };
  check("add.sat.f32 $d, $a, $b;", sets, saturate_all(mpfr_add));
  check("sub.sat.f32 $d, $a, $b;", sets, saturate_all(mpfr_sub));
  check("mul.sat.f32 $d, $a, $b;", sets, saturate_all(mpfr_mul));
  check("add.rp.sat.f32 $d, $a, $b;", sets,
        [](float a, float b) { return saturated(rounded_of<float>(MPFR_RNDU, mpfr_add, a, b)); });
  check("add.ftz.sat.f32 $d, $a, $b;", sets, [](float a, float b) {
    return saturated(flushed(rounded_of<float>(MPFR_RNDN, mpfr_add, flushed(a), flushed(b))));
  });
  check("fma.rn.sat.f32 $d, $a, $b, $c;", operand_sets<float, float, float>(),
        [](float a, float b, float c) { return saturated(rounded_of<float>(MPFR_RNDN, mpfr_fma, a, b, c)); });
}

TEST(Float, MinimumAndMaximumWithModifiers) {
  const auto sets = operand_sets<float, float>();
  const auto product_of_signs = [](float a, float b) { return std::signbit(a) != std::signbit(b) ? -1.0f : 1.0f; };
  const float nan = NAN;
  check("min.NaN.f32 $d, $a, $b;", sets, [&](float a, float b) { return is_nan(a) || is_nan(b) ? nan : lesser(a, b); });
  check("max.NaN.f32 $d, $a, $b;", sets,
        [&](float a, float b) { return is_nan(a) || is_nan(b) ? nan : greater(a, b); });
  check("min.xorsign.abs.f32 $d, $a, $b;", sets,
        [&](float a, float b) { return std::copysign(lesser(std::fabs(a), std::fabs(b)), product_of_signs(a, b)); });
  check("max.xorsign.abs.f32 $d, $a, $b;", sets,
        [&](float a, float b) { return std::copysign(greater(std::fabs(a), std::fabs(b)), product_of_signs(a, b)); });
  check("max.ftz.NaN.f32 $d, $a, $b;", sets,
        [&](float a, float b) { return is_nan(a) || is_nan(b) ? nan : greater(flushed(a), flushed(b)); });
}

}  // namespace
}  // namespace ptxsim::test
