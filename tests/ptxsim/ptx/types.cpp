#include "ptx/types.hpp"

#include <iterator>

namespace ptxsim {
namespace {

struct Named {
  std::string_view name;
  Type type;
  unsigned size;
};

// In the order of the enumerators.
constexpr Named kTypes[] = {
    {"", Type::none, 0},       {"pred", Type::pred, 1},   {"u8", Type::u8, 1},       {"s8", Type::s8, 1},
    {"b8", Type::b8, 1},       {"u16", Type::u16, 2},     {"s16", Type::s16, 2},     {"b16", Type::b16, 2},
    {"f16", Type::f16, 2},     {"bf16", Type::bf16, 2},   {"u32", Type::u32, 4},     {"s32", Type::s32, 4},
    {"b32", Type::b32, 4},     {"f32", Type::f32, 4},     {"f16x2", Type::f16x2, 4}, {"bf16x2", Type::bf16x2, 4},
    {"u16x2", Type::u16x2, 4}, {"s16x2", Type::s16x2, 4}, {"u64", Type::u64, 8},     {"s64", Type::s64, 8},
    {"b64", Type::b64, 8},     {"f64", Type::f64, 8},
};
static_assert(std::size(kTypes) == static_cast<unsigned>(Type::f64) + 1);

}  // namespace

Type type_named(std::string_view name) {
  for (const Named& each : kTypes) {
    if (each.name == name) return each.type;
  }
  return Type::none;
}

unsigned size_of(Type type) { return kTypes[static_cast<unsigned>(type)].size; }

bool is_signed(Type type) {
  return type == Type::s8 || type == Type::s16 || type == Type::s32 || type == Type::s64 || type == Type::s16x2;
}

bool is_float(Type type) {
  switch (type) {
    case Type::f16:
    case Type::bf16:
    case Type::f16x2:
    case Type::bf16x2:
    case Type::f32:
    case Type::f64: return true;
    default: return false;
  }
}

}  // namespace ptxsim
