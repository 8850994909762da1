/// mov in its four forms (PTX ISA 9.7.9.3 and 9.7.9.4), and addresses of other spaces (9.7.9.18 ff.).
#include "isa/move.hpp"

#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"

namespace ptxsim {
namespace {

struct Same {
  template <class T> T operator()(T a) const { return a; }
};

Outcome move_predicate(Warp& warp, const Instruction& i, Mask mask) {
  warp.set_predicate(i.d, mask, warp.predicate(i.a));
  return Outcome::next;
}

Execute move(const Opcode& opcode, Instruction&) {
  switch (size_of(opcode.type())) {
    case 1: return opcode.type() == Type::pred ? &move_predicate : nullptr;
    case 2: return &execute_unary<Same, std::uint16_t>;
    case 4: return &execute_unary<Same, std::uint32_t>;
    default: return &execute_unary<Same, std::uint64_t>;
  }
}

/// The number of bits of each element of { ... }.
unsigned element_bits(const Instruction& i) {
  return size_of(i.info->opcode.type()) * 8 / static_cast<unsigned>(i.info->vector.size());
}

std::uint64_t low_bits(std::uint64_t value, unsigned bits) {
  return bits >= 64 ? value : value & ((std::uint64_t{1} << bits) - 1);
}

Outcome pack(Warp& warp, const Instruction& i, Mask mask) {
  const InstructionInfo& info = *i.info;
  const unsigned bits = element_bits(i);
  for_each_lane(mask, [&](unsigned lane) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < info.vector.size(); ++k) {
      value |= low_bits(warp.number(info.vector[k], info.vector_sizes[k], lane), bits) << (bits * k);
    }
    warp.set_number(i.d, i.d_size, lane, value);
  });
  return Outcome::next;
}

Outcome unpack_register(Warp& warp, const Instruction& i, Mask mask) {
  const InstructionInfo& info = *i.info;
  const unsigned bits = element_bits(i);
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t value = warp.number(i.a, i.a_size, lane);
    for (std::size_t k = 0; k < info.vector.size(); ++k) {
      if (info.vector[k] == kAbsent) continue;
      warp.set_number(info.vector[k], info.vector_sizes[k], lane, low_bits(value >> (bits * k), bits));
    }
  });
  return Outcome::next;
}

template <Execute kExecute> Execute vector_move(const Opcode& opcode, Instruction& i) {
  const std::size_t count = i.info->vector.size();
  return (count == 2 || count == 4) && size_of(opcode.type()) / count >= 1 ? kExecute : nullptr;
}

Execute special(const Opcode&, Instruction&) { return &read_special_register; }

/// Where window or stack of a space begins among generic addresses; 0 for those that are generic themselves.
std::uint64_t generic_base(const Warp& warp, Space space, unsigned lane, std::uint64_t address) {
  const Block& block = *warp.block;
  switch (space) {
    case Space::shared:
      return reinterpret_cast<std::uint64_t>(address < kSharedWindow ? block.cluster().window(block.rank)
                                                                     : block.cluster().windows());
    case Space::local: return reinterpret_cast<std::uint64_t>(warp.locals(lane)) + warp.lanes[lane].frame.locals;
    case Space::param: return reinterpret_cast<std::uint64_t>(block.launch().config.parameters.data());
    default: return 0;
  }
}

/// cvta: from a space to generic. `target` is the space.
Outcome to_generic(Warp& warp, const Instruction& i, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t address = warp.number(i.a, i.a_size, lane);
    warp.set_number(i.d, i.d_size, lane, address + generic_base(warp, static_cast<Space>(i.target), lane, address));
  });
  return Outcome::next;
}

/// cvta.to: from generic to a space; a shared address of another block of the cluster keeps its window.
Outcome from_generic(Warp& warp, const Instruction& i, Mask mask) {
  const auto space = static_cast<Space>(i.target);
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t address = warp.number(i.a, i.a_size, lane);
    std::uint64_t result = address - generic_base(warp, space, lane, 0);
    if (space == Space::shared && result >= kSharedWindow) {
      result = address - reinterpret_cast<std::uint64_t>(warp.block->cluster().windows());
    }
    warp.set_number(i.d, i.d_size, lane, result);
  });
  return Outcome::next;
}

template <Execute kExecute> Execute convert_address(const Opcode& opcode, Instruction& i) {
  i.target = static_cast<std::uint32_t>(opcode.space());
  return opcode.space() != Space::generic ? kExecute : nullptr;
}

/// Whether a generic address lies in a space; a window of another block only counts for shared::cluster.
Outcome is_in_space(Warp& warp, const Instruction& i, Mask mask) {
  const Block& block = *warp.block;
  const auto inside = [](std::uint64_t address, const std::uint8_t* begin, std::uint64_t size) {
    return address - reinterpret_cast<std::uint64_t>(begin) < size;
  };
  Mask result = 0;
  for_each_lane(mask, [&](unsigned lane) {
    const std::uint64_t address = warp.number(i.a, i.a_size, lane);
    const bool any_window = inside(address, block.cluster().windows(), block.cluster().windows_size());
    const bool own_window = inside(address, block.cluster().window(block.rank), kSharedWindow);
    const bool local = inside(address, warp.locals(lane), block.launch().local_bytes);
    const bool param =
        inside(address, block.launch().config.parameters.data(), block.launch().config.parameters.size());
    const bool in_space = [&] {
      switch (static_cast<Space>(i.target)) {
        case Space::shared: return i.info->opcode.has("shared::cluster") ? any_window : own_window;
        case Space::local: return local;
        case Space::param: return param;
        case Space::constant: return false;  // constants share the addresses of global memory here
        default: return !any_window && !local && !param;
      }
    }();
    result |= static_cast<Mask>(in_space) << lane;
  });
  warp.set_predicate(i.d, mask, result);
  return Outcome::next;
}

}  // namespace

const Forms& move_forms() {
  constexpr const char* kSpaces = "global shared shared::cta shared::cluster local const param param::entry";
  static const Forms forms = {
      {"mov", "d, a", "", move, cost::nothing<Kind::move>},
      {"mov.special", "d, special", "", special, cost::one<Kind::move>},
      {"mov.pack", "d, {a}", "", vector_move<pack>, cost::pack},
      {"mov.unpack", "{d}, a", "", vector_move<unpack_register>, cost::pack},
      {"cvta", "d, a", kSpaces, convert_address<to_generic>, cost::nothing<Kind::move>},
      {"cvta.to", "d, a", kSpaces, convert_address<from_generic>, cost::nothing<Kind::move>},
      {"isspacep", "d:pred, a:any", kSpaces, convert_address<is_in_space>, cost::nothing<Kind::move>},
  };
  return forms;
}

}  // namespace ptxsim
