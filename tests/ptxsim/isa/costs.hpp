/// Estimated costs of the rows of the instruction table, see counters/cost.hpp. 64-bit integers take pairs of 32-bit
/// instructions.
#pragma once
#include "counters/cost.hpp"
#include "ptx/opcode.hpp"

namespace ptxsim::cost {

inline Cost make(Kind kind, float issue, float fp32 = 0, float mufu = 0, float integer = 0, float fp64 = 0,
                 float convert = 0) {
  return Cost{kind, issue, fp32, mufu, integer, fp64, convert, {}};
}

inline bool is_wide(const Opcode& opcode) { return size_of(opcode.type()) == 8; }

/// `narrow` instructions on the integer pipe, `wide` of them for 64-bit types.
template <int kNarrow, int kWide = 2 * kNarrow> Cost integer(const Opcode& opcode) {
  const float n = is_wide(opcode) ? kWide : kNarrow;
  return make(Kind::integer, n, 0, 0, n);
}

inline Cost multiply_high(const Opcode& opcode) {
  return is_wide(opcode) ? make(Kind::integer, 8, 0, 0, 8) : make(Kind::integer, 1, 0, 0, 2);
}

inline Cost divide(const Opcode& opcode) {
  return is_wide(opcode) ? make(Kind::integer, 70, 0, 1, 60) : make(Kind::integer, 20, 0, 1, 16);
}

inline Cost remainder(const Opcode& opcode) {
  return is_wide(opcode) ? make(Kind::integer, 70, 0, 1, 60) : make(Kind::integer, 21, 0, 1, 17);
}

/// popc, clz, brev, bfind run on the special-function unit's port.
inline Cost bit_count(const Opcode& opcode) {
  const float n = is_wide(opcode) ? 2 : 1;
  return make(Kind::integer, n, 0, n);
}

inline bool is_16_bit_float(const Opcode& opcode) {
  return is_float(opcode.type()) && opcode.type() != Type::f32 && opcode.type() != Type::f64;
}

/// add, mul, fma
inline Cost floating(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 1, 0, 0, 0, 1);
  return make(is_16_bit_float(opcode) ? Kind::fp16 : Kind::fp32, 1, 1);
}

/// neg and abs are modifiers of the instruction that uses the result.
inline Cost sign(const Opcode& opcode) {
  return make(opcode.type() == Type::f64 ? Kind::fp64 : is_16_bit_float(opcode) ? Kind::fp16 : Kind::fp32, 0);
}

inline Cost min_max(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 3, 0, 0, 2, 1);
  if (opcode.type() == Type::f32) return make(Kind::fp32, 1, 0, 0, 1);
  return make(Kind::fp16, 1, 1);
}

/// An instruction of the special-function unit, with what surrounds it; its name says how exact it is.
inline Cost mufu(const Opcode& opcode, float issue, float fp32, float mufu, float integer) {
  Cost result = make(Kind::mufu, issue, fp32, mufu, integer);
  result.mufu_operation = opcode.name() + (opcode.has("full")      ? "_full"
                                           : !opcode.has("approx") ? "_rn"
                                           : opcode.has("ftz")     ? "_approx_ftz"
                                                                   : "_approx");
  return result;
}

/// Without .ftz the unit's input and output are scaled around subnormal numbers.
inline float subnormal(const Opcode& opcode) { return opcode.has("ftz") ? 0 : 1; }

inline Cost ex2_lg2(const Opcode& opcode) {
  if (is_16_bit_float(opcode)) return mufu(opcode, 2, 0, size_of(opcode.type()) == 4 ? 2 : 1, 0);
  const float scaled = subnormal(opcode);
  return mufu(opcode, 1 + 3 * scaled, 2 * scaled, 1, scaled);
}

inline Cost sin_cos(const Opcode& opcode) { return mufu(opcode, 2, 1, 1, 0); }

inline Cost tanh(const Opcode& opcode) {
  return mufu(opcode, 1, 0, is_16_bit_float(opcode) && size_of(opcode.type()) == 4 ? 2 : 1, 0);
}

inline Cost reciprocal(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 9, 0, 1, 2, 6);
  const float scaled = subnormal(opcode);
  return opcode.has("approx") ? mufu(opcode, 1 + 3 * scaled, 2 * scaled, 1, scaled) : mufu(opcode, 6, 2, 1, 2);
}

inline Cost square_root(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 14, 0, 1, 3, 9);
  const float scaled = subnormal(opcode);
  return opcode.has("approx") ? mufu(opcode, 1 + 3 * scaled, 2 * scaled, 1, scaled) : mufu(opcode, 9, 6, 1, 2);
}

inline Cost reciprocal_root(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 9, 0, 1, 2, 5);
  const float scaled = subnormal(opcode);
  return mufu(opcode, 1 + 3 * scaled, 2 * scaled, 1, scaled);
}

inline Cost divide_float(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::fp64, 14, 0, 1, 2, 9);
  const float scaled = subnormal(opcode);
  if (opcode.has("full")) return mufu(opcode, 6, 4, 1, 1);
  if (opcode.has("approx")) return mufu(opcode, 2 + 2 * scaled, 1 + 2 * scaled, 1, 0);
  return mufu(opcode, 11, 8, 1, 1);
}

inline Cost compare(const Opcode& opcode) {
  if (opcode.type() == Type::f64) return make(Kind::compare_select, 1, 0, 0, 0, 1);
  const float n = is_wide(opcode) ? 2 : 1;
  return make(Kind::compare_select, n, 0, 0, n);
}

inline Cost select(const Opcode& opcode) {
  const float n = is_wide(opcode) ? 2 : 1;
  return make(Kind::compare_select, n, 0, 0, n);
}

inline Cost logic(const Opcode& opcode) {
  return opcode.type() == Type::pred ? make(Kind::compare_select, 1, 0, 0, 1) : integer<1>(opcode);
}

inline Cost convert(const Opcode& opcode) {
  const Type to = opcode.type(), from = opcode.type(1);
  if (!is_float(to) && !is_float(from)) return make(Kind::convert, .5f, 0, 0, .5f);
  if (to == Type::f32 && from == Type::bf16) return make(Kind::convert, 1, 0, 0, 1);  // a shift
  const bool any_wide = size_of(to) == 8 || size_of(from) == 8;
  return make(Kind::convert, 1, 0, 0, 0, 0, any_wide ? 4 : 1);
}

/// Packing and unpacking 64-bit registers costs nothing, they are pairs.
inline Cost pack(const Opcode& opcode) {
  return is_wide(opcode) ? make(Kind::move, 0) : make(Kind::move, .5f, 0, 0, .5f);
}

inline Cost load(const Opcode& opcode) {
  switch (opcode.space()) {
    case Space::global: return make(Kind::load_global, 1);
    case Space::shared: return make(Kind::load_shared, 1);
    case Space::generic: return make(Kind::load_generic, 1);
    case Space::local: return make(Kind::local, 1);
    case Space::constant: return make(Kind::parameter_constant, 1);
    default: return make(Kind::parameter_constant, 0);
  }
}

inline Cost store(const Opcode& opcode) {
  switch (opcode.space()) {
    case Space::global: return make(Kind::store_global, 1);
    case Space::shared: return make(Kind::store_shared, 1);
    case Space::generic: return make(Kind::store_generic, 1);
    case Space::local: return make(Kind::local, 1);
    default: return make(Kind::parameter_constant, 0);
  }
}

inline Cost atomic(const Opcode& opcode) {
  switch (opcode.space()) {
    case Space::global: return make(Kind::atomic_global, 1);
    case Space::shared: return make(Kind::atomic_shared, 1);
    default: return make(Kind::atomic_generic, 1);
  }
}

/// One issue slot and nothing else that counts.
template <Kind kKind> Cost one(const Opcode&) { return make(kKind, 1); }

/// Gone when ptxas is done.
template <Kind kKind> Cost nothing(const Opcode&) { return make(kKind, 0); }

}  // namespace ptxsim::cost
