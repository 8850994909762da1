/// The fundamental types, state spaces and lane masks of PTX (PTX ISA, sections 5.1 and 5.2).
#pragma once
#include <cstdint>
#include <string_view>

namespace ptxsim {

enum class Type : std::uint8_t {
  none,
  pred,
  u8,
  s8,
  b8,
  u16,
  s16,
  b16,
  f16,
  bf16,
  u32,
  s32,
  b32,
  f32,
  f16x2,
  bf16x2,
  u16x2,
  s16x2,
  u64,
  s64,
  b64,
  f64,
};

/// kernel_param is the launch's parameter block, param the arguments of calls inside PTX; both are written `.param`.
enum class Space : std::uint8_t { generic, global, shared, local, constant, kernel_param, param };

/// One bit per lane of a warp.
using Mask = std::uint32_t;
constexpr unsigned kWarpSize = 32;
constexpr Mask kAllLanes = ~Mask{0};

/// Type::none if there is no type of that name.
Type type_named(std::string_view name);
unsigned size_of(Type type);
bool is_signed(Type type);
bool is_float(Type type);

}  // namespace ptxsim
