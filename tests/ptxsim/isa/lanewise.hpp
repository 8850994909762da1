/// Instructions that compute each lane's result from that lane's operands. An operation is a small struct with an
/// operator(), usually a template over the types; these helpers make the functions that execute it for a warp, and pick
/// the one for an opcode's type.
#pragma once
#include "isa/costs.hpp"
#include "isa/form.hpp"
#include "isa/half.hpp"
#include "machine/warp.hpp"

namespace ptxsim {

template <class... Ts> struct TypeList {};

using Integers16 = TypeList<std::uint16_t, std::int16_t>;
using Integers32 = TypeList<std::uint32_t, std::int32_t>;
using Integers64 = TypeList<std::uint64_t, std::int64_t>;
using Integers = TypeList<std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
using SignedIntegers = TypeList<std::int16_t, std::int32_t, std::int64_t>;
using Bits = TypeList<std::uint16_t, std::uint32_t, std::uint64_t>;  // .b16 .b32 .b64, and .u too
using IntegerPairs = TypeList<Pair<std::uint16_t>, Pair<std::int16_t>>;

/// Whether registers of the PTX type hold values of T.
template <class T> constexpr bool holds(Type type) {
  if constexpr (std::is_same_v<T, std::uint8_t>) return type == Type::u8 || type == Type::b8;
  if constexpr (std::is_same_v<T, std::int8_t>) return type == Type::s8;
  if constexpr (std::is_same_v<T, std::uint16_t>) return type == Type::u16 || type == Type::b16;
  if constexpr (std::is_same_v<T, std::int16_t>) return type == Type::s16;
  if constexpr (std::is_same_v<T, std::uint32_t>) return type == Type::u32 || type == Type::b32;
  if constexpr (std::is_same_v<T, std::int32_t>) return type == Type::s32;
  if constexpr (std::is_same_v<T, std::uint64_t>) return type == Type::u64 || type == Type::b64;
  if constexpr (std::is_same_v<T, std::int64_t>) return type == Type::s64;
  if constexpr (std::is_same_v<T, float>) return type == Type::f32;
  if constexpr (std::is_same_v<T, double>) return type == Type::f64;
  if constexpr (std::is_same_v<T, Half>) return type == Type::f16;
  if constexpr (std::is_same_v<T, BFloat16>) return type == Type::bf16;
  if constexpr (std::is_same_v<T, Pair<Half>>) return type == Type::f16x2;
  if constexpr (std::is_same_v<T, Pair<BFloat16>>) return type == Type::bf16x2;
  if constexpr (std::is_same_v<T, Pair<std::uint16_t>>) return type == Type::u16x2;
  if constexpr (std::is_same_v<T, Pair<std::int16_t>>) return type == Type::s16x2;
  return false;
}

template <class T> struct Tag { using type = T; };

/// make(Tag<T>()) for the T of the list that the type holds, nullptr if there is none.
template <class... Ts, class Make> Execute for_type(TypeList<Ts...>, Type type, Make make) {
  Execute result = nullptr;
  ((holds<Ts>(type) ? void(result = make(Tag<Ts>())) : void()), ...);
  return result;
}

template <class Op, class A> Outcome execute_unary(Warp& warp, const Instruction& i, Mask mask) {
  using D = decltype(Op()(A()));
  const auto d = warp.out<D>(i.d);
  const auto a = warp.in<A>(i.a);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, Op()(a[lane])); });
  return Outcome::next;
}

template <class Op, class A, class B> Outcome execute_binary(Warp& warp, const Instruction& i, Mask mask) {
  using D = decltype(Op()(A(), B()));
  const auto d = warp.out<D>(i.d);
  const auto a = warp.in<A>(i.a);
  const auto b = warp.in<B>(i.b);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, Op()(a[lane], b[lane])); });
  return Outcome::next;
}

template <class Op, class A, class B, class C> Outcome execute_ternary(Warp& warp, const Instruction& i, Mask mask) {
  using D = decltype(Op()(A(), B(), C()));
  const auto d = warp.out<D>(i.d);
  const auto a = warp.in<A>(i.a);
  const auto b = warp.in<B>(i.b);
  const auto c = warp.in<C>(i.c);
  for_each_lane(mask, [&](unsigned lane) { d.set(lane, Op()(a[lane], b[lane], c[lane])); });
  return Outcome::next;
}

/// d = op(a), for the types of the list.
template <class Op, class List> Execute unary(const Opcode& opcode, Instruction&) {
  return for_type(List(), opcode.type(),
                  [](auto tag) -> Execute { return &execute_unary<Op, typename decltype(tag)::type>; });
}

/// d = op(a, b); b is of the same type, or of type Other.
template <class Op, class List, class Other = void> Execute binary(const Opcode& opcode, Instruction&) {
  return for_type(List(), opcode.type(), [](auto tag) -> Execute {
    using T = typename decltype(tag)::type;
    return &execute_binary<Op, T, std::conditional_t<std::is_void_v<Other>, T, Other>>;
  });
}

/// d = op(a, b, c), all of one type.
template <class Op, class List> Execute ternary(const Opcode& opcode, Instruction&) {
  return for_type(List(), opcode.type(), [](auto tag) -> Execute {
    using T = typename decltype(tag)::type;
    return &execute_ternary<Op, T, T, T>;
  });
}

/// The unsigned type in which arithmetic of T wraps, at least 32 bits so that nothing is promoted to int.
template <class T> using Wrap = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class T> constexpr unsigned kBits = sizeof(T) * 8;

}  // namespace ptxsim
