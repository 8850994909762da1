/// Bit fields, funnel shifts and byte permutation (PTX ISA 9.7.1.16 ff., 9.7.8.7, 9.7.9.7).
#include <algorithm>

#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

/// All ones from bit 0, `count` of them; any count.
template <class T> T low_ones(std::uint32_t count) {
  return count >= kBits<T> ? static_cast<T>(~T(0)) : static_cast<T>((T(1) << count) - 1);
}

/// Position and length are taken modulo 256; a field that reaches beyond the top is filled with the sign.
struct Extract {
  template <class T> T operator()(T a, std::uint32_t b, std::uint32_t c) const {
    const std::uint32_t position = b & 0xff, length = c & 0xff;
    if (length == 0) return 0;
    using Unsigned = std::make_unsigned_t<T>;
    const std::uint32_t sign_bit = std::min(position + length - 1, kBits<T> - 1);
    const bool negative = std::is_signed_v<T> && (static_cast<Unsigned>(a) >> sign_bit & 1) != 0;
    const Unsigned field =
        position >= kBits<T> ? Unsigned(0) : static_cast<Unsigned>(static_cast<Unsigned>(a) >> position);
    const std::uint32_t valid = position >= kBits<T> ? 0 : std::min(length, kBits<T> - position);
    const Unsigned ones = low_ones<Unsigned>(valid);
    return static_cast<T>(negative ? field | static_cast<Unsigned>(~ones) : field & ones);
  }
};

/// The low bits of a, put into b.
struct Insert {
  template <class T> T operator()(T a, T b, std::uint32_t c, std::uint32_t d) const {
    const std::uint32_t position = c & 0xff, length = d & 0xff;
    if (position >= kBits<T>) return b;
    const T field = static_cast<T>(low_ones<T>(length) << position);
    return static_cast<T>((b & ~field) | (static_cast<T>(a << position) & field));
  }
};

template <class T> Outcome execute_insert(Warp& warp, const Instruction& i, Mask mask) {
  const auto d = warp.out<T>(i.d);
  const auto a = warp.in<T>(i.a), b = warp.in<T>(i.b);
  const auto c = warp.in<std::uint32_t>(i.c), e = warp.in<std::uint32_t>(i.e);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, Insert()(a[lane], b[lane], c[lane], e[lane])); });
  return Outcome::next;
}

Execute insert(const Opcode& opcode, Instruction&) {
  return for_type(TypeList<std::uint32_t, std::uint64_t>(), opcode.type(),
                  [](auto tag) -> Execute { return &execute_insert<typename decltype(tag)::type>; });
}

Execute extract(const Opcode& opcode, Instruction&) {
  using List = TypeList<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
  return for_type(List(), opcode.type(), [](auto tag) -> Execute {
    return &execute_ternary<Extract, typename decltype(tag)::type, std::uint32_t, std::uint32_t>;
  });
}

struct Clamp {
  std::uint32_t operator()(std::uint32_t amount) const { return std::min(amount, 32u); }
};
struct Wrapped {
  std::uint32_t operator()(std::uint32_t amount) const { return amount & 31; }
};

template <class Amount> struct FunnelLeft {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    const std::uint64_t both = std::uint64_t{b} << 32 | a;
    return static_cast<std::uint32_t>(both << Amount()(c) >> 32);
  }
};

template <class Amount> struct FunnelRight {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    const std::uint64_t both = std::uint64_t{b} << 32 | a;
    return static_cast<std::uint32_t>(both >> Amount()(c));
  }
};

/// A mask of b ones from bit a.
template <class Amount> struct BitMask {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b) const {
    const std::uint32_t position = Amount()(a);
    return position >= 32 ? 0 : low_ones<std::uint32_t>(Amount()(b)) << position;
  }
};

/// The low b bits of a, extended to 32.
template <class Amount> struct Extend {
  template <class T> T operator()(T a, std::uint32_t b) const {
    const std::uint32_t bits = Amount()(b);
    if (bits == 0) return 0;
    const std::uint32_t shift = 32 - bits;
    return static_cast<T>(static_cast<T>(static_cast<std::uint32_t>(a) << shift) >> shift);
  }
};

/// Each nibble of the selector takes one byte of {b, a}; its top bit replicates the byte's sign instead.
struct Permute {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t selector) const {
    const std::uint64_t bytes = std::uint64_t{b} << 32 | a;
    std::uint32_t result = 0;
    for (unsigned k = 0; k < 4; ++k) {
      const std::uint32_t nibble = selector >> (4 * k) & 15;
      std::uint32_t byte = static_cast<std::uint32_t>(bytes >> (8 * (nibble & 7))) & 0xff;
      if ((nibble & 8) != 0) byte = (byte & 0x80) != 0 ? 0xff : 0;
      result |= byte << (8 * k);
    }
    return result;
  }
};

/// The special modes of prmt, as selectors for c = 0, 1, 2, 3 (PTX ISA, table of prmt.mode).
template <std::uint16_t k0, std::uint16_t k1, std::uint16_t k2, std::uint16_t k3> struct PermuteMode {
  std::uint32_t operator()(std::uint32_t a, std::uint32_t b, std::uint32_t c) const {
    constexpr std::uint16_t selectors[] = {k0, k1, k2, k3};
    return Permute()(a, b, selectors[c & 3]);
  }
};

}  // namespace

const Forms& bit_field_forms() {
  using U = TypeList<std::uint32_t>;
  using Both = Integers32;
  static const Forms forms = {
      {"bfe", "d, a, b:u32, c:u32", "", extract, cost::integer<2>},
      {"bfi", "d, a, b, c:u32, e:u32", "", insert, cost::integer<2>},
      {"shf.l.clamp", "d, a, b, c", "", ternary<FunnelLeft<Clamp>, U>, cost::integer<1>},
      {"shf.l.wrap", "d, a, b, c", "", ternary<FunnelLeft<Wrapped>, U>, cost::integer<1>},
      {"shf.r.clamp", "d, a, b, c", "", ternary<FunnelRight<Clamp>, U>, cost::integer<1>},
      {"shf.r.wrap", "d, a, b, c", "", ternary<FunnelRight<Wrapped>, U>, cost::integer<1>},
      {"bmsk.clamp", "d, a, b", "", binary<BitMask<Clamp>, U>, cost::integer<1>},
      {"bmsk.wrap", "d, a, b", "", binary<BitMask<Wrapped>, U>, cost::integer<1>},
      {"szext.clamp", "d, a, b:u32", "", binary<Extend<Clamp>, Both, std::uint32_t>, cost::integer<1>},
      {"szext.wrap", "d, a, b:u32", "", binary<Extend<Wrapped>, Both, std::uint32_t>, cost::integer<1>},
      {"prmt", "d, a, b, c", "", ternary<Permute, U>, cost::integer<1>},
      {"prmt.f4e", "d, a, b, c", "", ternary<PermuteMode<0x3210, 0x4321, 0x5432, 0x6543>, U>, cost::integer<1>},
      {"prmt.b4e", "d, a, b, c", "", ternary<PermuteMode<0x5670, 0x6701, 0x7012, 0x0123>, U>, cost::integer<1>},
      {"prmt.rc8", "d, a, b, c", "", ternary<PermuteMode<0x0000, 0x1111, 0x2222, 0x3333>, U>, cost::integer<1>},
      {"prmt.ecl", "d, a, b, c", "", ternary<PermuteMode<0x3210, 0x3211, 0x3222, 0x3333>, U>, cost::integer<1>},
      {"prmt.ecr", "d, a, b, c", "", ternary<PermuteMode<0x0000, 0x1110, 0x2210, 0x3210>, U>, cost::integer<1>},
      {"prmt.rc16", "d, a, b, c", "", ternary<PermuteMode<0x1010, 0x3232, 0x1010, 0x3232>, U>, cost::integer<1>},
  };
  return forms;
}

}  // namespace ptxsim
