/// The special-function unit: inside the error bounds and with the special values of PTX ISA 9.7.3.13 ff. and 9.7.4.
#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);

int reciprocal(mpfr_ptr r, mpfr_srcptr x, mpfr_rnd_t mode) { return mpfr_ui_div(r, 1, x, mode); }

/// MPFR gives +inf for -0, PTX -inf.
int reciprocal_root(mpfr_ptr r, mpfr_srcptr x, mpfr_rnd_t mode) {
  const int error = mpfr_rec_sqrt(r, x, mode);
  if (mpfr_zero_p(x)) mpfr_set_inf(r, mpfr_signbit(x) ? -1 : 1);
  return error;
}

/// The exact value as a double, much more precise than what is compared with it.
double exact_value(Unary function, double a) {
  Real x(a), result(0, 80);
  function(result, x, MPFR_RNDN);
  return mpfr_get_d(result, MPFR_RNDN);
}

/// Checks that abs(result - exact) is at most the bound; the oracle gives the machine's own result back if it is.
template <class T> T within(T result, double exact, double bound) {
  const double value = value_of(result);
  if (std::isnan(exact)) return number_with<T>(NAN);
  if (std::isinf(exact) || exact == 0) return number_with<T>(exact);
  return std::fabs(value - exact) <= bound ? result : number_with<T>(NAN);
}

/// Runs the instruction once to get results, which are then judged.
template <class T, class Bound>
void check_bound(const std::string& opcode, Unary function, Bound bound, bool flush = false) {
  const auto sets = operand_sets<T>(20000);
  const OptionScope scope;
  options().check = false;
  const auto results = results_of<T>(opcode + " $d, $a;", sets);
  unsigned shown = 0;
  for (std::size_t n = 0; n < sets.size() && shown < 3; ++n) {
    const T a = flush ? flushed(std::get<0>(sets.row(n))) : std::get<0>(sets.row(n));
    const double exact = exact_value(function, value_of(a));
    // Results that the format cannot hold: rounded to zero, a subnormal number or infinity.
    T expected = within(results[n], exact, bound(value_of(a), exact));
    const T nearest = rounded_of<T>(MPFR_RNDN, function, value_of(a));
    if (std::isinf(value_of(nearest)) || is_subnormal(nearest) || value_of(nearest) == 0) {
      expected = flush ? flushed(nearest) : nearest;
    }
    if (same(results[n], expected)) continue;
    ++shown;
    ADD_FAILURE() << opcode << " of " << text_of(std::get<0>(sets.row(n))) << " gives " << text_of(results[n])
                  << ", exact " << exact;
  }
}

double relative(double exact, double bits) { return std::fabs(exact) * std::ldexp(1.0, static_cast<int>(-bits)); }

TEST(Transcendental, Single) {
  const auto two_to_minus_22 = [](double, double exact) { return relative(exact, 22); };
  const auto one_ulp = [](double, double exact) { return relative(exact, 23); };
  for (const bool flush : {false, true}) {
    const std::string type = flush ? ".ftz.f32" : ".f32";
    check_bound<float>("ex2.approx" + type, mpfr_exp2, two_to_minus_22, flush);
    check_bound<float>("rcp.approx" + type, reciprocal, one_ulp, flush);
    check_bound<float>("sqrt.approx" + type, mpfr_sqrt, two_to_minus_22, flush);
    check_bound<float>(
        "rsqrt.approx" + type, reciprocal_root, [](double, double exact) { return relative(exact, 22.4); }, flush);
    check_bound<float>(
        "lg2.approx" + type, mpfr_log2,
        [](double a, double exact) { return a > 0.5 && a < 2 ? std::ldexp(1.0, -22) : relative(exact, 22); }, flush);
  }
  check_bound<float>("tanh.approx.f32", mpfr_tanh, [](double, double exact) { return relative(exact, 11); });
}

/// The absolute errors are promised in [-2 pi, 2 pi] only; outside nothing is.
TEST(Transcendental, SineAndCosine) {
  Sets<float> sets;
  std::mt19937_64 random(kSeed);
  std::uniform_real_distribution<float> argument(-6.283f, 6.283f);
  for (int k = 0; k < 5000; ++k) sets.add(argument(random));
  for (const auto& [opcode, function] :
       {std::pair<const char*, Unary>{"sin.approx.f32", mpfr_sin}, {"cos.approx.ftz.f32", mpfr_cos}}) {
    const auto results = results_of<float>(std::string(opcode) + " $d, $a;", sets);
    for (std::size_t n = 0; n < sets.size(); ++n) {
      ASSERT_NEAR(results[n], exact_value(function, std::get<0>(sets.row(n))), std::ldexp(1.0, -20.5)) << opcode << n;
    }
  }
}

/// Tables of special values, as bits.
struct Special {
  std::uint32_t operand, result;
};

void check_special(const std::string& opcode, std::initializer_list<Special> table) {
  for (const Special& row : table) {
    check(opcode + " $d, $a;", Sets<std::uint32_t>{{row.operand}}, [&](std::uint32_t) { return row.result; });
  }
}

constexpr std::uint32_t kInf = 0x7f800000, kMinusInf = 0xff800000, kMinusZero = 0x80000000, kNan = 0x7fffffff;
constexpr std::uint32_t kSubnormal = 0x00000123, kMinusSubnormal = 0x80000123, kOne = 0x3f800000;

TEST(Transcendental, SpecialValues) {
  check_special("ex2.approx.ftz.f32", {{kMinusInf, 0},
                                       {kMinusSubnormal, kOne},
                                       {kMinusZero, kOne},
                                       {0, kOne},
                                       {kSubnormal, kOne},
                                       {kInf, kInf},
                                       {0xffc00001, kNan},
                                       {0xc3160000, 0}});
  check_special("lg2.approx.ftz.f32", {{kMinusInf, kNan},
                                       {kMinusSubnormal, kMinusInf},
                                       {kMinusZero, kMinusInf},
                                       {0, kMinusInf},
                                       {kSubnormal, kMinusInf},
                                       {kInf, kInf},
                                       {0x7fc00001, kNan},
                                       {0xbf800000, kNan},
                                       {kOne, 0}});
  check_special("rcp.approx.ftz.f32", {{kMinusInf, kMinusZero},
                                       {kMinusSubnormal, kMinusInf},
                                       {kMinusZero, kMinusInf},
                                       {0, kInf},
                                       {kSubnormal, kInf},
                                       {kInf, 0},
                                       {0x7fc00001, kNan}});
  check_special("sqrt.approx.ftz.f32", {{kMinusInf, kNan},
                                        {kMinusSubnormal, kMinusZero},
                                        {kMinusZero, kMinusZero},
                                        {0, 0},
                                        {kSubnormal, 0},
                                        {kInf, kInf},
                                        {0x7fc00001, kNan},
                                        {0xbf800000, kNan}});
  check_special("rsqrt.approx.ftz.f32", {{kMinusInf, kNan},
                                         {kMinusSubnormal, kMinusInf},
                                         {kMinusZero, kMinusInf},
                                         {0, kInf},
                                         {kSubnormal, kInf},
                                         {kInf, 0},
                                         {0x7fc00001, kNan}});
  check_special("sin.approx.ftz.f32", {{kMinusInf, kNan},
                                       {kMinusSubnormal, kMinusZero},
                                       {kMinusZero, kMinusZero},
                                       {0, 0},
                                       {kSubnormal, 0},
                                       {kInf, kNan}});
  check_special(
      "cos.approx.ftz.f32",
      {{kMinusInf, kNan}, {kMinusSubnormal, kOne}, {kMinusZero, kOne}, {0, kOne}, {kSubnormal, kOne}, {kInf, kNan}});
  check_special("tanh.approx.f32", {{kMinusInf, 0xbf800000}, {kMinusZero, kMinusZero}, {0, 0}, {kInf, kOne}});
}

/// PTX ISA 9.7.3.8: 2 ulp, but for abs(b) in (2^126, 2^128) div.approx gives 0, or NaN for infinite a; div.full does
/// not.
TEST(Transcendental, Divide) {
  const auto judge = [](float result, double a, double b) {
    const float nearest = rounded_of<float>(MPFR_RNDN, mpfr_div, a, b);
    if (!std::isfinite(nearest) || nearest == 0 || is_subnormal(nearest)) return nearest;
    return std::fabs(result - a / b) <= relative(a / b, 22) ? result : std::numeric_limits<float>::quiet_NaN();
  };
  const auto sets = operand_sets<float, float>(5000);
  const auto approximate = results_of<float>("div.approx.f32 $d, $a, $b;", sets);
  const auto full = results_of<float>("div.full.f32 $d, $a, $b;", sets);
  for (std::size_t n = 0; n < sets.size(); ++n) {
    const auto [a, b] = sets.row(n);
    ASSERT_TRUE(same(full[n], judge(full[n], a, b))) << a << " / " << b << " = " << full[n];
    float expected = judge(approximate[n], a, b);
    if (std::fabs(b) > 0x1p126f && std::isfinite(b) && !std::isnan(a)) {
      expected = std::isinf(a) ? NAN : std::copysign(0.0f, std::signbit(a) != std::signbit(b) ? -1.0f : 1.0f);
    }
    ASSERT_TRUE(same(approximate[n], expected)) << a << " / " << b << " = " << approximate[n];
  }
  check("div.approx.ftz.f32 $d, $a, $b;", Sets<float, float>{{1.0f, 1e-40f}, {1e-40f, 1.0f}, {6.0f, 2.0f}},
        [](float a, float) { return a == 1.0f   ? INFINITY
                                    : a == 6.0f ? 3.0f
                                                : 0.0f; });
}

/// The gross approximations for f64: the low half is zero, the high half good to about 20 bits.
TEST(Transcendental, GrossApproximations) {
  for (const auto& [opcode, function] :
       {std::pair<const char*, Unary>{"rcp.approx.ftz.f64", reciprocal}, {"rsqrt.approx.ftz.f64", reciprocal_root}}) {
    const auto sets = operand_sets<double>(5000);
    const auto results = results_of<double>(std::string(opcode) + " $d, $a;", sets);
    for (std::size_t n = 0; n < sets.size(); ++n) {
      const double a = flushed(std::get<0>(sets.row(n))), result = results[n];
      const double exact = flushed(rounded_of<double>(MPFR_RNDN, function, a));
      ASSERT_EQ(0u, bits_of(result) & 0xffffffff) << opcode << " of " << a;
      if (std::isnan(exact)) {
        ASSERT_EQ(0x7fffffff00000000u, bits_of(result)) << opcode << " of " << a;
      } else if (std::isinf(exact) || exact == 0) {
        ASSERT_TRUE(same(result, exact)) << opcode << " of " << a << " is " << result;
      } else {
        ASSERT_LE(std::fabs(result - exact), relative(exact, 20)) << opcode << " of " << a;
      }
    }
  }
}

TEST(Transcendental, Halves) {
  check_bound<F16>("ex2.approx.f16", mpfr_exp2, [](double, double exact) { return relative(exact, 9.9); });
  check_bound<BF16>(
      "ex2.approx.ftz.bf16", mpfr_exp2, [](double, double exact) { return relative(exact, 7); }, true);
  check_bound<F16>("tanh.approx.f16", mpfr_tanh, [](double, double exact) { return relative(exact, 10.987); });
  check_bound<BF16>("tanh.approx.bf16", mpfr_tanh, [](double, double exact) { return relative(exact, 8); });
}

/// Pairs are two single results.
template <class Pair, class T> void check_pair_of(const std::string& single, const std::string& pair) {
  const auto sets = operand_sets<Pair>(500);
  Sets<T> low, high;
  for (std::size_t n = 0; n < sets.size(); ++n) {
    const auto [both] = sets.row(n);
    low.add(T{static_cast<std::uint16_t>(both.bits)});
    high.add(T{static_cast<std::uint16_t>(both.bits >> 16)});
  }
  const auto results = results_of<Pair>(pair + " $d, $a;", sets);
  const auto low_results = results_of<T>(single + " $d, $a;", low);
  const auto high_results = results_of<T>(single + " $d, $a;", high);
  for (std::size_t n = 0; n < sets.size(); ++n) {
    ASSERT_EQ(static_cast<std::uint32_t>(high_results[n].bits) << 16 | low_results[n].bits, results[n].bits);
  }
}

TEST(Transcendental, Pairs) {
  check_pair_of<F16x2, F16>("ex2.approx.f16", "ex2.approx.f16x2");
  check_pair_of<F16x2, F16>("tanh.approx.f16", "tanh.approx.f16x2");
  check_pair_of<BF16x2, BF16>("ex2.approx.ftz.bf16", "ex2.approx.ftz.bf16x2");
  check_pair_of<BF16x2, BF16>("tanh.approx.bf16", "tanh.approx.bf16x2");
}

}  // namespace
}  // namespace ptxsim::test
