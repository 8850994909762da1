/// setp, set, selp, slct against values compared as exact numbers (PTX ISA 9.7.5 to 9.7.7).
#include <algorithm>

#include "tests/unit/exact.hpp"

namespace ptxsim::test {
namespace {

/// The comparison by name, of ordered operands.
bool compare_ordered(const std::string& name, double x, double y) {
  if (name == "eq") return x == y;
  if (name == "ne") return x != y;
  if (name == "lt") return x < y;
  if (name == "le") return x <= y;
  if (name == "gt") return x > y;
  return x >= y;
}

/// PTX ISA 9.3.1.1: eq, ne and so on are false for NaN, equ, neu and so on true.
bool compare_float(const std::string& name, double x, double y) {
  const bool unordered = std::isnan(x) || std::isnan(y);
  if (name == "num") return !unordered;
  if (name == "nan") return unordered;
  const bool or_unordered = name.size() == 3;
  return unordered ? or_unordered : compare_ordered(name.substr(0, 2), x, y);
}

const std::vector<std::string> kFloatComparisons = {"eq",  "ne",  "lt",  "le",  "gt",  "ge",  "equ",
                                                    "neu", "ltu", "leu", "gtu", "geu", "num", "nan"};

template <class T> struct NameOf;
template <> struct NameOf<float> { static constexpr const char* kName = ".f32"; };
template <> struct NameOf<double> { static constexpr const char* kName = ".f64"; };
template <> struct NameOf<F16> { static constexpr const char* kName = ".f16"; };
template <> struct NameOf<BF16> { static constexpr const char* kName = ".bf16"; };

template <class T> class CompareFloatTest : public testing::Test {};
using Floats = testing::Types<float, double, F16, BF16>;
TYPED_TEST_SUITE(CompareFloatTest, Floats);

TYPED_TEST(CompareFloatTest, SetPredicate) {
  using T = TypeParam;
  const auto sets = operand_sets<T, T>(300);
  for (const std::string& name : kFloatComparisons) {
    check_pair("setp." + name + NameOf<T>::kName + " $d|$p, $a, $b;", sets, [&](T a, T b) {
      const bool holds = compare_float(name, value_of(a), value_of(b));
      return std::make_pair(holds, !holds);
    });
  }
}

template <class T> void check_flushed(const std::string& type) {
  for (const std::string& name : kFloatComparisons) {
    check<T, T>("setp." + name + ".ftz" + type + " $d, $a, $b;",
                [&](T a, T b) { return compare_float(name, value_of(flushed(a)), value_of(flushed(b))); });
  }
}

TEST(Compare, FlushToZero) {
  check_flushed<float>(".f32");
  check_flushed<F16>(".f16");
}

template <class Pair, class T> void check_pairs(const std::string& type, const std::string& modifier, bool flush) {
  const auto value = [&](Pair pair, int shift) {
    const T half{static_cast<std::uint16_t>(pair.bits >> shift)};
    return value_of(flush ? flushed(half) : half);
  };
  auto sets = operand_sets<Pair, Pair>(2000);
  const auto singles = operand_sets<T, T>(0);
  for (std::size_t n = 0; n < singles.size(); ++n) {
    const auto [a, b] = singles.row(n);
    sets.add(Pair{static_cast<std::uint32_t>(a.bits) << 16 | b.bits},
             Pair{static_cast<std::uint32_t>(b.bits) << 16 | a.bits});
  }
  for (const std::string& name : kFloatComparisons) {
    check_pair("setp." + name + modifier + type + " $d|$p, $a, $b;", sets, [&](Pair a, Pair b) {
      return std::make_pair(compare_float(name, value(a, 0), value(b, 0)),
                            compare_float(name, value(a, 16), value(b, 16)));
    });
    // 1.0 in each half that holds.
    const std::uint32_t one = std::is_same_v<T, F16> ? 0x3c00 : 0x3f80;
    check("set." + name + modifier + type + type + " $d, $a, $b;", sets, [&](Pair a, Pair b) {
      const std::uint32_t low = compare_float(name, value(a, 0), value(b, 0)) ? one : 0;
      const std::uint32_t high = compare_float(name, value(a, 16), value(b, 16)) ? one : 0;
      return high << 16 | low;
    });
  }
}

TEST(Compare, Pairs) {
  check_pairs<F16x2, F16>(".f16x2", "", false);
  check_pairs<F16x2, F16>(".f16x2", ".ftz", true);
  check_pairs<BF16x2, BF16>(".bf16x2", "", false);
}

template <class T> class CompareIntegerTest : public testing::Test {};
using Integers = testing::Types<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
TYPED_TEST_SUITE(CompareIntegerTest, Integers);

template <class T> bool compare_integer(const std::string& name, T a, T b) {
  // The order of long doubles is that of 64-bit integers.
  const long double x = a, y = b;
  if (name == "eq") return x == y;
  if (name == "ne") return x != y;
  if (name == "lt" || name == "lo") return x < y;
  if (name == "le" || name == "ls") return x <= y;
  if (name == "gt" || name == "hi") return x > y;
  return x >= y;
}

TYPED_TEST(CompareIntegerTest, SetPredicate) {
  using T = TypeParam;
  const std::string type = (std::is_signed_v<T> ? ".s" : ".u") + std::to_string(sizeof(T) * 8);
  auto sets = operand_sets<T, T>(300);
  std::vector<std::string> names = {"eq", "ne", "lt", "le", "gt", "ge"};
  if (!std::is_signed_v<T>) names.insert(names.end(), {"lo", "ls", "hi", "hs"});
  for (const std::string& name : names) {
    check_pair("setp." + name + type + " $d|$p, $a, $b;", sets, [&](T a, T b) {
      const bool holds = compare_integer(name, a, b);
      return std::make_pair(holds, !holds);
    });
  }
  if (!std::is_signed_v<T>) {
    const std::string bits = ".b" + std::to_string(sizeof(T) * 8);
    check("setp.eq" + bits + " $d, $a, $b;", sets, [](T a, T b) { return a == b; });
    check("setp.ne" + bits + " $d, $a, $b;", sets, [](T a, T b) { return a != b; });
  }
}

TEST(Compare, CombineWithPredicate) {
  using S = std::int32_t;
  const auto sets = operand_sets<S, S, bool>(100);
  check_pair("setp.lt.and.s32 $d|$p, $a, $b, $c;", sets,
             [](S a, S b, bool c) { return std::make_pair(a < b && c, !(a < b) && c); });
  check_pair("setp.lt.or.s32 $d|$p, $a, $b, $c;", sets,
             [](S a, S b, bool c) { return std::make_pair(a < b || c, !(a < b) || c); });
  check_pair("setp.lt.xor.s32 $d|$p, $a, $b, $c;", sets,
             [](S a, S b, bool c) { return std::make_pair((a < b) != c, !(a < b) != c); });
  check_pair("setp.lt.and.s32 $d|$p, $a, $b, !$c;", sets,
             [](S a, S b, bool c) { return std::make_pair(a < b && !c, !(a < b) && !c); });
  check("setp.gt.or.f32 $d, $a, $b, !$c;", operand_sets<float, float, bool>(100),
        [](float a, float b, bool c) { return a > b || !c; });
}

TEST(Compare, DestinationMayBeASource) {
  using S = std::int32_t;
  check("mov.pred $d, $c; setp.eq.xor.s32 $d, $a, $b, $d;", operand_sets<S, S, bool>(100),
        [](S a, S b, bool c) { return (a == b) != c; });
}

TEST(Compare, GuardedLanesKeepTheirs) {
  using S = std::int32_t;
  const auto sets = operand_sets<S, S, bool, bool>(200);
  check_pair("mov.pred $d, $c; mov.pred $p, $c; @$e setp.lt.s32 $d|$p, $a, $b;", sets,
             [](S a, S b, bool c, bool e) { return std::make_pair(e ? a < b : c, e ? a >= b : c); });
  check("mov.pred $d, $c; @!$e and.pred $d, $c, 0;", sets, [](S, S, bool c, bool e) { return e && c; });
}

TEST(Compare, Set) {
  using S = std::int32_t;
  using U = std::uint32_t;
  const auto sets = operand_sets<S, S>(300);
  check("set.le.u32.s32 $d, $a, $b;", sets, [](S a, S b) { return a <= b ? ~U{0} : 0; });
  check("set.le.s32.s32 $d, $a, $b;", sets, [](S a, S b) { return a <= b ? ~U{0} : 0; });
  check("set.gt.f32.s32 $d, $a, $b;", sets, [](S a, S b) { return a > b ? 1.0f : 0.0f; });
  check<U, U>("set.hi.u32.u32 $d, $a, $b;", [](U a, U b) { return a > b ? ~U{0} : 0; });
  check<float, float>("set.neu.ftz.u32.f32 $d, $a, $b;",
                      [](float a, float b) { return compare_float("neu", flushed(a), flushed(b)) ? ~U{0} : 0; });
  check<double, double>("set.lt.s32.f64 $d, $a, $b;", [](double a, double b) { return a < b ? ~U{0} : 0; });
  check("set.eq.and.u32.s32 $d, $a, $b, $c;", operand_sets<S, S, bool>(100),
        [](S a, S b, bool c) { return a == b && c ? ~U{0} : 0; });
  check<F16, F16>("set.lt.f16.f16 $d, $a, $b;",
                  [](F16 a, F16 b) { return F16{static_cast<std::uint16_t>(value_of(a) < value_of(b) ? 0x3c00 : 0)}; });
  check<BF16, BF16>("set.geu.bf16.bf16 $d, $a, $b;", [](BF16 a, BF16 b) {
    return BF16{static_cast<std::uint16_t>(compare_float("geu", value_of(a), value_of(b)) ? 0x3f80 : 0)};
  });
}

template <class T> void check_select(const std::string& type) {
  check("selp" + type + " $d, $a, $b, $c;", operand_sets<T, T, bool>(100), [](T a, T b, bool c) { return c ? a : b; });
  check("slct" + type + ".s32 $d, $a, $b, $c;", operand_sets<T, T, std::int32_t>(100),
        [](T a, T b, std::int32_t c) { return c >= 0 ? a : b; });
  check("slct" + type + ".f32 $d, $a, $b, $c;", operand_sets<T, T, float>(100),
        [](T a, T b, float c) { return c >= 0 ? a : b; });
  check("slct.ftz" + type + ".f32 $d, $a, $b, $c;", operand_sets<T, T, float>(100),
        [](T a, T b, float c) { return flushed(c) >= 0 ? a : b; });
}

TEST(Compare, Select) {
  check_select<std::uint16_t>(".b16");
  check_select<std::uint32_t>(".b32");
  check_select<std::uint64_t>(".b64");
  check_select<float>(".f32");
  check_select<double>(".f64");
  check_select<std::int16_t>(".s16");
}

}  // namespace
}  // namespace ptxsim::test
