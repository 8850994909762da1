/// One instruction, or a few, for many sets of operands: each set in a thread of its own, results compared with an
/// oracle that knows nothing of the machine.
#pragma once
#include <cmath>
#include <functional>
#include <iomanip>
#include <limits>
#include <random>
#include <sstream>
#include <tuple>

#include "tests/unit/machine.hpp"

namespace ptxsim::test {

/// A 16-bit float, as bits. The formats differ in their arithmetic, not in how they are moved.
struct F16 {
  std::uint16_t bits;
};
struct BF16 {
  std::uint16_t bits;
};
/// Two of them in a .b32 register.
struct F16x2 {
  std::uint32_t bits;
};
struct BF16x2 {
  std::uint32_t bits;
};

template <class T> std::uint64_t bits_of(T value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T> T from_bits(std::uint64_t bits) {
  if constexpr (std::is_same_v<T, bool>) return bits != 0;
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline bool is_nan(F16 value) { return (value.bits & 0x7fff) > 0x7c00; }
inline bool is_nan(BF16 value) { return (value.bits & 0x7fff) > 0x7f80; }
template <class T> bool is_nan(T value) {
  if constexpr (std::is_floating_point_v<T>) return std::isnan(value);
  return false;
}

/// NaN for NaN, whatever its payload; otherwise the same bits.
template <class T> bool same(T a, T b) { return bits_of(a) == bits_of(b) || (is_nan(a) && is_nan(b)); }
inline bool same(F16x2 a, F16x2 b) {
  const auto half = [](F16x2 pair, int shift) { return F16{static_cast<std::uint16_t>(pair.bits >> shift)}; };
  return same(half(a, 0), half(b, 0)) && same(half(a, 16), half(b, 16));
}
inline bool same(BF16x2 a, BF16x2 b) {
  const auto half = [](BF16x2 pair, int shift) { return BF16{static_cast<std::uint16_t>(pair.bits >> shift)}; };
  return same(half(a, 0), half(b, 0)) && same(half(a, 16), half(b, 16));
}

template <class T> std::string text_of(T value) {
  std::ostringstream out;
  out << "0x" << std::hex << bits_of(value);
  if constexpr (std::is_arithmetic_v<T>) out << " (" << std::dec << std::setprecision(20) << +value << ")";
  return out.str();
}

/// Registers are 16, 32 or 64 bits wide; a bool is a predicate, which travels as a 32-bit 0 or 1.
template <class T> constexpr unsigned kStored = std::is_same_v<T, bool> ? 4 : sizeof(T) < 2 ? 2 : sizeof(T);

inline std::string bit_type(unsigned size) { return ".b" + std::to_string(size * 8); }
template <class T> std::string bit_type() { return bit_type(kStored<T>); }

constexpr std::uint64_t kSeed = 20250817;

/// Values at which things go wrong.
template <class T> std::vector<T> edges();

template <class T> std::vector<T> integer_edges() {
  using U = std::make_unsigned_t<T>;
  const U top = U(1) << (sizeof(T) * 8 - 1);
  std::vector<T> result;
  for (const U value : {U(0), U(1), U(2), U(3), U(7), U(31), U(32), U(100), U(top - 1), top, U(top + 1), U(~U(0)),
                        U(~U(0) - 1), U(~U(0) - 99), U(0x5555555555555555), U(0xaaaaaaaaaaaaaaaa),
                        U(0x123456789abcdef0), U(0x8080808080808080), U(0x00ff00ff00ff00ff)}) {
    result.push_back(static_cast<T>(value));
  }
  return result;
}

template <class T> std::vector<T> values_from_bits(std::initializer_list<std::uint64_t> list) {
  std::vector<T> result;
  for (const std::uint64_t bits : list) result.push_back(from_bits<T>(bits));
  return result;
}

template <class T> std::vector<T> edges() {
  if constexpr (std::is_same_v<T, bool>) return {false, true};
  if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) return integer_edges<T>();
  // Zeros, the least and the greatest subnormal and normal numbers, around 1, halves for ties, infinities, NaNs.
  if constexpr (std::is_same_v<T, float>) {
    return values_from_bits<T>({0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000,
                                0x80800000, 0x3f800000, 0xbf800000, 0x3f800001, 0x3f7fffff, 0x3f000000, 0x3fc00000,
                                0xc0200000, 0x4b7fffff, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
                                0xffc12345, 0x33800000, 0x00ffffff, 0x7f800001});
  }
  if constexpr (std::is_same_v<T, double>) {
    return values_from_bits<T>({0x0000000000000000, 0x8000000000000000, 0x0000000000000001, 0x800fffffffffffff,
                                0x0010000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x3ff0000000000001,
                                0x3fefffffffffffff, 0x3fe0000000000000, 0x4004000000000000, 0x7fefffffffffffff,
                                0xffefffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
                                0x3ca0000000000000, 0x36a0000000000001, 0x47efffffefffffff, 0x380fffffffffffff});
  }
  if constexpr (std::is_same_v<T, F16>) {
    return values_from_bits<T>({0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x8400,
                                0x3c00, 0xbc00, 0x3c01, 0x3bff, 0x3800, 0x4100, 0x7bff, 0xfbff,
                                0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x1000, 0x1400, 0x5bff, 0x63ff});
  }
  if constexpr (std::is_same_v<T, BF16>) {
    return values_from_bits<T>({0x0000, 0x8000, 0x0001, 0x8001, 0x007f, 0x807f, 0x0080, 0x8080,
                                0x3f80, 0xbf80, 0x3f81, 0x3f7f, 0x3f00, 0x4020, 0x7f7f, 0xff7f,
                                0x7f80, 0xff80, 0x7fc0, 0xffc1, 0x3b80, 0x3c00, 0x0fff, 0x5f00});
  }
  return {};
}

template <class T> T random_value(std::mt19937_64& random) {
  std::uint64_t bits = random();
  if constexpr (std::is_same_v<T, bool>) return (bits & 1) != 0;
  if constexpr (std::is_floating_point_v<T>) {
    // Often of similar size, so that sums cancel and products stay in range; sometimes anything.
    constexpr int kFraction = std::is_same_v<T, float> ? 23 : 52;
    constexpr std::uint64_t kBias = std::is_same_v<T, float> ? 127 : 1023;
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << kFraction) - 1);
    const std::uint64_t sign = bits >> 63 << (sizeof(T) * 8 - 1);
    if (random() % 4 != 0) bits = sign | (kBias - 12 + random() % 24) << kFraction | fraction;
  }
  return from_bits<T>(bits);
}

/// A type of operands and results, for the part that is no template: compiling it for every combination takes minutes.
struct ValueType {
  unsigned size;  // in memory and registers
  bool is_predicate;
  bool (*same)(std::uint64_t, std::uint64_t);
  std::string (*text)(std::uint64_t);
  std::vector<std::uint64_t> (*edges)();
  std::uint64_t (*random)(std::mt19937_64&);
};

template <class T> const ValueType& value_type() {
  static const ValueType type{
      kStored<T>,
      std::is_same_v<T, bool>,
      [](std::uint64_t a, std::uint64_t b) { return same(from_bits<T>(a), from_bits<T>(b)); },
      [](std::uint64_t bits) { return text_of(from_bits<T>(bits)); },
      [] {
        std::vector<std::uint64_t> bits;
        for (const T value : edges<T>()) bits.push_back(bits_of(value));
        return bits;
      },
      [](std::mt19937_64& random) { return bits_of(random_value<T>(random)); },
  };
  return type;
}

/// Sets of operands: a column of bits for each operand.
struct OperandTable {
  std::vector<const ValueType*> types;
  std::vector<std::vector<std::uint64_t>> columns;
  std::size_t size() const { return columns.front().size(); }
  /// All combinations of edges, then random values.
  void fill(unsigned random_count);
};

template <class... S> class Sets : public OperandTable {
 public:
  Sets() : OperandTable{{&value_type<S>()...}, std::vector<std::vector<std::uint64_t>>(sizeof...(S))} {}
  Sets(std::initializer_list<std::tuple<S...>> list) : Sets() {
    for (const auto& set : list) std::apply([this](S... values) { add(values...); }, set);
  }
  void add(S... values) {
    std::size_t k = 0;
    (columns[k++].push_back(bits_of(values)), ...);
  }
  std::tuple<S...> row(std::size_t n) const { return row(n, std::index_sequence_for<S...>()); }

 private:
  template <std::size_t... k> std::tuple<S...> row(std::size_t n, std::index_sequence<k...>) const {
    return {from_bits<S>(columns[k][n])...};
  }
};

/// All combinations of edges, and random values.
template <class... S> Sets<S...> operand_sets(unsigned random_count = 1000) {
  Sets<S...> sets;
  sets.fill(random_count);
  return sets;
}

using ResultBits = std::pair<std::uint64_t, std::uint64_t>;

/// Runs the instruction, in which $d and $p stand for results and $a, $b, $c, $e for operands.
std::vector<ResultBits> apply(const std::string& instruction, const OperandTable& operands, const ValueType& d,
                              const ValueType& p);

/// Compares with the oracle, which is given a row of operands: for whole warps, and for some rows once more thread by
/// thread, which takes other loops.
using OracleBits = std::function<ResultBits(const std::uint64_t* row)>;
void compare(const std::string& instruction, const OperandTable& operands, const ValueType& d, const ValueType& p,
             const OracleBits& oracle);

template <class... S, class F, std::size_t... k>
auto call_with(const F& f, const std::uint64_t* row, std::index_sequence<k...>) {
  return f(from_bits<S>(row[k])...);
}

/// Checks both results of an instruction; the oracle returns a pair.
template <class... S, class Oracle>
void check_pair(const std::string& instruction, const Sets<S...>& sets, const Oracle& oracle) {
  using Result = std::invoke_result_t<Oracle, S...>;
  compare(instruction, sets, value_type<typename Result::first_type>(), value_type<typename Result::second_type>(),
          [&](const std::uint64_t* row) {
            const Result result = call_with<S...>(oracle, row, std::index_sequence_for<S...>());
            return ResultBits(bits_of(result.first), bits_of(result.second));
          });
}

/// Checks the usual single result.
template <class... S, class Oracle>
void check(const std::string& instruction, const Sets<S...>& sets, const Oracle& oracle) {
  using Result = std::invoke_result_t<Oracle, S...>;
  compare(instruction, sets, value_type<Result>(), value_type<std::uint32_t>(), [&](const std::uint64_t* row) {
    return ResultBits(bits_of(call_with<S...>(oracle, row, std::index_sequence_for<S...>())), 0);
  });
}

/// The same for the edges and random values of the types given.
template <class... S, class Oracle> void check(const std::string& instruction, const Oracle& oracle) {
  check(instruction, operand_sets<S...>(), oracle);
}

/// The results of the instruction, for tests that judge them themselves.
template <class D> std::vector<D> results_of(const std::string& instruction, const OperandTable& operands) {
  std::vector<D> results;
  for (const auto& [d, p] : apply(instruction, operands, value_type<D>(), value_type<std::uint32_t>())) {
    results.push_back(from_bits<D>(d));
  }
  return results;
}

}  // namespace ptxsim::test
