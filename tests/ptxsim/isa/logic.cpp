/// Logic and shifts (PTX ISA 9.7.8).
#include <algorithm>

#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

struct And {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a & b); }
};
struct Or {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a | b); }
};
struct Xor {
  template <class T> T operator()(T a, T b) const { return static_cast<T>(a ^ b); }
};
struct Not {
  template <class T> T operator()(T a) const { return static_cast<T>(~a); }
};
struct LogicalNot {
  template <class T> T operator()(T a) const { return a == 0 ? 1 : 0; }
};

/// Predicates are masks of lanes already.
template <class Op> Outcome execute_predicates(Warp& warp, const Instruction& i, Mask mask) {
  warp.set_predicate(i.d, mask, Op()(warp.predicate(i.a), warp.predicate(i.b)));
  return Outcome::next;
}

Outcome execute_predicate_not(Warp& warp, const Instruction& i, Mask mask) {
  warp.set_predicate(i.d, mask, ~warp.predicate(i.a));
  return Outcome::next;
}

template <class Op> Execute bitwise(const Opcode& opcode, Instruction& i) {
  return opcode.type() == Type::pred ? &execute_predicates<Op> : binary<Op, Bits>(opcode, i);
}

Execute bitwise_not(const Opcode& opcode, Instruction& i) {
  return opcode.type() == Type::pred ? &execute_predicate_not : unary<Not, Bits>(opcode, i);
}

/// Amounts beyond the width shift everything out.
struct ShiftLeft {
  template <class T> T operator()(T a, std::uint32_t amount) const {
    return amount >= kBits<T> ? T(0) : static_cast<T>(Wrap<T>(a) << amount);
  }
};
struct ShiftRight {
  template <class T> T operator()(T a, std::uint32_t amount) const {
    if (std::is_signed_v<T>) return static_cast<T>(a >> std::min(amount, kBits<T> - 1));
    return amount >= kBits<T> ? T(0) : static_cast<T>(a >> amount);
  }
};

/// Bit k of the table is the result for a, b, c being bits 2, 1, 0 of k.
std::uint32_t look_up(std::uint32_t table, std::uint32_t a, std::uint32_t b, std::uint32_t c) {
  std::uint32_t result = 0;
  for (unsigned k = 0; k < 8; ++k) {
    if ((table >> k & 1) == 0) continue;
    result |= ((k & 4) != 0 ? a : ~a) & ((k & 2) != 0 ? b : ~b) & ((k & 1) != 0 ? c : ~c);
  }
  return result;
}

Outcome execute_lop3(Warp& warp, const Instruction& i, Mask mask) {
  const auto d = warp.out<std::uint32_t>(i.d);
  const auto a = warp.in<std::uint32_t>(i.a), b = warp.in<std::uint32_t>(i.b), c = warp.in<std::uint32_t>(i.c);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, look_up(i.target, a[lane], b[lane], c[lane])); });
  return Outcome::next;
}

/// lop3.or d|p, a, b, c, lut, q: p is whether the result is not zero, or (and) q.
template <class Op> Outcome execute_lop3_predicate(Warp& warp, const Instruction& i, Mask mask) {
  const auto a = warp.in<std::uint32_t>(i.a), b = warp.in<std::uint32_t>(i.b), c = warp.in<std::uint32_t>(i.c);
  const Mask q = warp.predicate(i.e) ^ (i.info->negated ? kAllLanes : 0);
  Mask not_zero = 0;
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint32_t result = look_up(i.target, a[lane], b[lane], c[lane]);
    not_zero |= static_cast<Mask>(result != 0) << lane;
    if (i.d != kAbsent) warp.out<std::uint32_t>(i.d).set(lane, result);
  });
  warp.set_predicate(i.p, mask, Op()(not_zero, q));
  return Outcome::next;
}

template <Execute kExecute> Execute of_32_bits(const Opcode& opcode, Instruction&) {
  return opcode.type() == Type::b32 ? kExecute : nullptr;
}

}  // namespace

const Forms& logic_forms() {
  static const Forms forms = {
      {"and", "d, a, b", "", bitwise<And>, cost::logic},
      {"or", "d, a, b", "", bitwise<Or>, cost::logic},
      {"xor", "d, a, b", "", bitwise<Xor>, cost::logic},
      {"not", "d, a", "", bitwise_not, cost::logic},
      {"cnot", "d, a", "", unary<LogicalNot, Bits>, cost::logic},
      {"shl", "d, a, b:u32", "", binary<ShiftLeft, Bits, std::uint32_t>, cost::integer<1>},
      {"shr", "d, a, b:u32", "", binary<ShiftRight, Integers, std::uint32_t>, cost::integer<1>},
      {"lop3", "d, a, b, c, #", "", of_32_bits<execute_lop3>, cost::integer<1>},
      {"lop3.or", "d|p, a, b, c, #, !e:pred", "", of_32_bits<execute_lop3_predicate<Or>>, cost::integer<1>},
      {"lop3.and", "d|p, a, b, c, #, !e:pred", "", of_32_bits<execute_lop3_predicate<And>>, cost::integer<1>},
  };
  return forms;
}

}  // namespace ptxsim
