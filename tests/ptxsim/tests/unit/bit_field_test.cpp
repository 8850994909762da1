/// Bit fields, funnel shifts, permutation: bit by bit, as the document's pseudocode has them.
#include "tests/unit/instruction.hpp"

namespace ptxsim::test {
namespace {

using U32 = std::uint32_t;
using U64 = std::uint64_t;

/// PTX ISA 9.7.1.21 (bfe).
template <class T> T extracted(T a, U32 b, U32 c) {
  using U = std::make_unsigned_t<T>;
  const int msb = sizeof(T) * 8 - 1, position = b & 0xff, length = c & 0xff;
  const auto bit = [&](int k) { return static_cast<U>(static_cast<U>(a) >> k & 1); };
  const U sign = !std::is_signed_v<T> || length == 0 ? U(0) : bit(std::min(position + length - 1, msb));
  U result = 0;
  for (int k = 0; k <= msb; ++k) {
    const bool inside = k < length && position + k <= msb;
    result |= static_cast<U>((inside ? bit(position + k) : sign) << k);
  }
  return static_cast<T>(result);
}

/// PTX ISA 9.7.1.22 (bfi).
template <class T> T inserted(T a, T b, U32 c, U32 d) {
  const int msb = sizeof(T) * 8 - 1, position = c & 0xff, length = d & 0xff;
  T result = b;
  for (int k = 0; k < length && position + k <= msb; ++k) {
    result = static_cast<T>((result & ~(T(1) << (position + k))) | ((a >> k & 1) << (position + k)));
  }
  return result;
}

/// Values with every position and length that matters.
template <class T> Sets<T, U32, U32> fields() {
  Sets<T, U32, U32> sets;
  for (const T value : {T(0), T(~T(0)), static_cast<T>(0x9234567812345679), static_cast<T>(0x7edcba98fedcba97)}) {
    for (const U32 position : {0u, 1u, 5u, 16u, 30u, 31u, 32u, 33u, 62u, 63u, 64u, 200u, 255u, 256u, 257u}) {
      for (const U32 length : {0u, 1u, 2u, 8u, 31u, 32u, 33u, 63u, 64u, 65u, 255u, 256u, 260u}) {
        sets.add(value, position, length);
      }
    }
  }
  return sets;
}

TEST(BitField, Extract) {
  check("bfe.u32 $d, $a, $b, $c;", fields<U32>(), extracted<U32>);
  check("bfe.s32 $d, $a, $b, $c;", fields<std::int32_t>(), extracted<std::int32_t>);
  check("bfe.u64 $d, $a, $b, $c;", fields<U64>(), extracted<U64>);
  check("bfe.s64 $d, $a, $b, $c;", fields<std::int64_t>(), extracted<std::int64_t>);
}

template <class T> Sets<T, T, U32, U32> insertions() {
  Sets<T, T, U32, U32> sets;
  const auto extractions = fields<T>();
  for (std::size_t n = 0; n < extractions.size(); ++n) {
    const auto [value, position, length] = extractions.row(n);
    sets.add(value, static_cast<T>(0x5a5a5a5a5a5a5a5a), position, length);
    sets.add(value, static_cast<T>(~value), position, length);
  }
  return sets;
}

TEST(BitField, Insert) {
  check("bfi.b32 $d, $a, $b, $c, $e;", insertions<U32>(), inserted<U32>);
  check("bfi.b64 $d, $a, $b, $c, $e;", insertions<U64>(), inserted<U64>);
}

/// Bit k of the pair {b, a}.
U32 pair_bit(U32 a, U32 b, int k) { return k < 0 || k > 63 ? 0 : (k < 32 ? a >> k : b >> (k - 32)) & 1; }

TEST(BitField, FunnelShift) {
  const auto shifted = [](U32 a, U32 b, int first) {
    U32 result = 0;
    for (int k = 0; k < 32; ++k) result |= pair_bit(a, b, first + k) << k;
    return result;
  };
  const auto clamp = [](U32 c) { return static_cast<int>(c > 32 ? 32 : c); };
  const auto wrap = [](U32 c) { return static_cast<int>(c % 32); };
  check("shf.l.clamp.b32 $d, $a, $b, $c;", operand_sets<U32, U32, U32>(300),
        [&](U32 a, U32 b, U32 c) { return shifted(a, b, 32 - clamp(c)); });
  check("shf.l.wrap.b32 $d, $a, $b, $c;", operand_sets<U32, U32, U32>(300),
        [&](U32 a, U32 b, U32 c) { return shifted(a, b, 32 - wrap(c)); });
  check("shf.r.clamp.b32 $d, $a, $b, $c;", operand_sets<U32, U32, U32>(300),
        [&](U32 a, U32 b, U32 c) { return shifted(a, b, clamp(c)); });
  check("shf.r.wrap.b32 $d, $a, $b, $c;", operand_sets<U32, U32, U32>(300),
        [&](U32 a, U32 b, U32 c) { return shifted(a, b, wrap(c)); });
}

TEST(BitField, Mask) {
  const auto ones = [](U32 position, U32 length) {
    U32 result = 0;
    for (U32 k = position; k < 32 && k - position < length; ++k) result |= 1u << k;
    return result;
  };
  const auto clamp = [](U32 x) { return x > 32 ? 32u : x; };
  check<U32, U32>("bmsk.clamp.b32 $d, $a, $b;", [&](U32 a, U32 b) { return ones(clamp(a), clamp(b)); });
  check<U32, U32>("bmsk.wrap.b32 $d, $a, $b;", [&](U32 a, U32 b) { return ones(a % 32, b % 32); });
}

TEST(BitField, Extend) {
  const auto extended = [](U32 a, U32 bits, bool is_signed) {
    U32 result = 0;
    for (U32 k = 0; k < 32; ++k) {
      const U32 from = k < bits ? k : bits - 1;
      if (bits != 0 && (k < bits || is_signed)) result |= (a >> from & 1) << k;
    }
    return result;
  };
  const auto clamp = [](U32 b) { return b > 32 ? 32u : b; };
  check<U32, U32>("szext.clamp.u32 $d, $a, $b;", [&](U32 a, U32 b) { return extended(a, clamp(b), false); });
  check<U32, U32>("szext.clamp.s32 $d, $a, $b;", [&](U32 a, U32 b) { return extended(a, clamp(b), true); });
  check<U32, U32>("szext.wrap.u32 $d, $a, $b;", [&](U32 a, U32 b) { return extended(a, b % 32, false); });
  check<U32, U32>("szext.wrap.s32 $d, $a, $b;", [&](U32 a, U32 b) { return extended(a, b % 32, true); });
}

/// Byte k of the pair {b, a}.
U32 byte_of(U32 a, U32 b, U32 k) { return (k < 4 ? a >> (8 * k) : b >> (8 * (k - 4))) & 0xff; }

TEST(BitField, Permute) {
  check("prmt.b32 $d, $a, $b, $c;", operand_sets<U32, U32, U32>(300), [](U32 a, U32 b, U32 c) {
    U32 result = 0;
    for (U32 k = 0; k < 4; ++k) {
      const U32 selector = c >> (4 * k) & 15;
      U32 byte = byte_of(a, b, selector % 8);
      if (selector >= 8) byte = byte >= 128 ? 255 : 0;
      result |= byte << (8 * k);
    }
    return result;
  });
}

/// The bytes of the result from b3 to b0, for c = 0, 1, 2, 3, as the document's table lists them.
struct Mode {
  const char* name;
  int bytes[4][4];
};

TEST(BitField, PermuteModes) {
  const Mode modes[] = {
      {"f4e", {{3, 2, 1, 0}, {4, 3, 2, 1}, {5, 4, 3, 2}, {6, 5, 4, 3}}},
      {"b4e", {{5, 6, 7, 0}, {6, 7, 0, 1}, {7, 0, 1, 2}, {0, 1, 2, 3}}},
      {"rc8", {{0, 0, 0, 0}, {1, 1, 1, 1}, {2, 2, 2, 2}, {3, 3, 3, 3}}},
      {"ecl", {{3, 2, 1, 0}, {3, 2, 1, 1}, {3, 2, 2, 2}, {3, 3, 3, 3}}},
      {"ecr", {{0, 0, 0, 0}, {1, 1, 1, 0}, {2, 2, 1, 0}, {3, 2, 1, 0}}},
      {"rc16", {{1, 0, 1, 0}, {3, 2, 3, 2}, {1, 0, 1, 0}, {3, 2, 3, 2}}},
  };
  Sets<U32, U32, U32> sets;
  for (U32 c = 0; c < 8; ++c) sets.add(0x33221100, 0x77665544, c);
  for (const Mode& mode : modes) {
    check(std::string("prmt.b32.") + mode.name + " $d, $a, $b, $c;", sets, [&](U32 a, U32 b, U32 c) {
      U32 result = 0;
      for (const int byte : mode.bytes[c % 4]) result = result << 8 | byte_of(a, b, static_cast<U32>(byte));
      return result;
    });
  }
}

}  // namespace
}  // namespace ptxsim::test
