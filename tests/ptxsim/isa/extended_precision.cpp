/// Integer arithmetic with the carry bit CC.CF (PTX ISA 9.7.2).
#include "isa/lanewise.hpp"

namespace ptxsim {
namespace {

// What an instruction does with the carry, in Instruction::target.
constexpr std::uint32_t kReads = 1, kWrites = 2;

std::uint32_t carry_use(const Opcode& opcode) {
  const bool reads = opcode.name() == "addc" || opcode.name() == "subc" || opcode.name() == "madc";
  return (reads ? kReads : 0) | (opcode.has("cc") ? kWrites : 0);
}

/// Carry out of a sum, borrow out of a difference; both operands are unsigned, which gives the bits of signed ones,
/// too.
struct Sum {
  template <class T> static T compute(T a, T b, bool in, bool& out) {
    const T partial = a + b;
    const T result = partial + (in ? 1 : 0);
    out = partial < a || result < partial;
    return result;
  }
};

struct Difference {
  template <class T> static T compute(T a, T b, bool in, bool& out) {
    const T partial = a - b;
    out = a < b || (in && partial == 0);
    return partial - (in ? 1 : 0);
  }
};

template <class Op, class T, class First>
Outcome execute(Warp& warp, const Instruction& i, Mask mask, Operand second, First first) {
  const auto d = warp.out<T>(i.d);
  const auto b = warp.in<T>(second);
  const bool reads = (i.target & kReads) != 0, writes = (i.target & kWrites) != 0;
  Mask carries = warp.carry;
  for_each_lane(mask, [&](unsigned lane) {
    const Mask bit = Mask{1} << lane;
    bool out = false;
    d.set(lane, Op::template compute<T>(first(lane), b[lane], reads && (warp.carry & bit) != 0, out));
    carries = out ? carries | bit : carries & ~bit;
  });
  if (writes) warp.carry = carries;
  return Outcome::next;
}

template <class Op, class T> Outcome execute_add(Warp& warp, const Instruction& i, Mask mask) {
  const auto a = warp.in<T>(i.a);
  return execute<Op, T>(warp, i, mask, i.b, [&](unsigned lane) { return a[lane]; });
}

template <class Op> Execute add(const Opcode& opcode, Instruction& i) {
  i.target = carry_use(opcode);
  return size_of(opcode.type()) == 8 ? &execute_add<Op, std::uint64_t> : &execute_add<Op, std::uint32_t>;
}

template <class T> struct ProductOf {
  using type = std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>;
};

/// T tells whether the product is signed, which only matters for its upper half.
template <class T, bool kHigh> Outcome execute_multiply_add(Warp& warp, const Instruction& i, Mask mask) {
  using Product = typename ProductOf<T>::type;
  const auto a = warp.in<T>(i.a), b = warp.in<T>(i.b);
  return execute<Sum, std::make_unsigned_t<T>>(warp, i, mask, i.c, [&](unsigned lane) {
    const Product product = Product(a[lane]) * Product(b[lane]);
    return static_cast<std::make_unsigned_t<T>>(kHigh ? product >> kBits<T> : product);
  });
}

template <bool kHigh> Execute multiply_add(const Opcode& opcode, Instruction& i) {
  using List = TypeList<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
  i.target = carry_use(opcode);
  return for_type(List(), opcode.type(),
                  [](auto tag) -> Execute { return &execute_multiply_add<typename decltype(tag)::type, kHigh>; });
}

}  // namespace

const Forms& extended_precision_forms() {
  static const Forms forms = {
      {"add.cc", "d, a, b", "", add<Sum>, cost::integer<1>},
      {"addc", "d, a, b", "cc", add<Sum>, cost::integer<1>},
      {"sub.cc", "d, a, b", "", add<Difference>, cost::integer<1>},
      {"subc", "d, a, b", "cc", add<Difference>, cost::integer<1>},
      {"mad.lo.cc", "d, a, b, c", "", multiply_add<false>, cost::integer<1, 4>},
      {"mad.hi.cc", "d, a, b, c", "", multiply_add<true>, cost::integer<1, 4>},
      {"madc.lo", "d, a, b, c", "cc", multiply_add<false>, cost::integer<1, 4>},
      {"madc.hi", "d, a, b, c", "cc", multiply_add<true>, cost::integer<1, 4>},
  };
  return forms;
}

}  // namespace ptxsim
