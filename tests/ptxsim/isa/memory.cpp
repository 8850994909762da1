/// ld and st, prefetches, cache policies (PTX ISA 9.7.9.8 to 9.7.9.17).
#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"
#include "machine/report.hpp"

namespace ptxsim {
namespace {

/// What an ld or st needs at run time, in Instruction::target: space, vector size, and whether it orders.
enum Flag : std::uint32_t { kStrong = 1 << 8, kRelease = 1 << 9, kAnyWindow = 1 << 10, kAcquire = 1 << 11 };

Space space_of(const Instruction& i) { return static_cast<Space>(i.target & 0xff); }

std::uint32_t encode(const Opcode& opcode, const Instruction& i) {
  Space space = opcode.space();
  if (space == Space::param) {
    // In a kernel .param is the launch's parameter block, except where an argument of a call is named.
    const bool named = i.info->symbol_space == Space::param || i.info->symbol_space == Space::kernel_param;
    space = named ? i.info->symbol_space : i.info->function->is_entry ? Space::kernel_param : Space::param;
  }
  std::uint32_t target = static_cast<std::uint32_t>(space);
  const bool ordered =
      opcode.has("volatile") || opcode.has("relaxed") || opcode.has("acquire") || opcode.has("release");
  if (ordered || opcode.has("mmio")) target |= kStrong;
  if (opcode.has("acquire")) target |= kAcquire;
  if (opcode.has("release")) target |= kRelease;
  if (opcode.has("shared::cluster")) target |= kAnyWindow;
  return target;
}

Request request_of(const Instruction& i, unsigned size, AccessKind kind) {
  Request request;
  request.space = space_of(i);
  request.size = size;
  request.kind = kind;
  request.strong = (i.target & kStrong) != 0;
  request.any_window = (i.target & kAnyWindow) != 0;
  request.bytes = i.info->used_bytes;
  return request;
}

/// Pointers for the spaces that are nobody else's business. A program can compute where it reads in its parameters.
bool private_pointers(Warp& warp, const Instruction& i, Mask mask, unsigned access_size, Pointers& out) {
  const Space space = space_of(i);
  if (space != Space::param && space != Space::kernel_param) return false;
  const Addresses addresses = addresses_of(warp, i.a, i.a_size, i.offset);
  const std::uint64_t size =
      space == Space::param ? warp.function->frame_bytes : warp.block->launch().config.parameters.size();
  for_each_lane(mask, [&](unsigned lane) {
    if (DeviceMemory::Range{0, size}.holds(addresses[lane], access_size)) return;
    report(report_key("parameter", i),
           "OUT OF BOUNDS " + std::to_string(access_size) + "-byte access to parameters: " + describe(warp, lane));
    raise(warp.block->launch(), Fault::illegal_address);
  });
  auto* block = const_cast<std::uint8_t*>(warp.block->launch().config.parameters.data());  // nothing stores there
  for_each_lane(mask, [&](unsigned lane) {
    out[lane] = (space == Space::param ? warp.parameters(lane) : block) + addresses[lane];
  });
  return true;
}

Addresses addresses(Warp& warp, const Instruction& i, Mask mask) {
  Addresses result = addresses_of(warp, i.a, i.a_size, i.offset);
  if (space_of(i) == Space::local) {
    for_each_lane(mask, [&](unsigned lane) { result[lane] += warp.lanes[lane].frame.locals; });
  }
  return result;
}

/// A volatile, relaxed or acquiring load sees what was released at its address; such a store publishes.
void order(Warp& warp, const Instruction& i, const Resolved& resolved, AccessKind kind) {
  RaceChecker& race = warp.block->cluster().race;
  const Mask shared = resolved.shared | resolved.remote;
  for_each_lane(resolved.global | shared, [&](unsigned lane) {
    const bool in_shared = (shared >> lane & 1) != 0;
    const auto address = reinterpret_cast<std::uint64_t>(resolved.pointer[lane]);
    if (kind == AccessKind::load) {
      race.acquire(warp, lane, in_shared, address, (i.target & kAcquire) == 0);
    } else {
      race.release(warp, lane, in_shared, address, (i.target & kRelease) == 0);
    }
  });
}

template <class T> T read(const std::uint8_t* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Registers may be wider than what is loaded; signed types are then extended with their sign.
template <class T>
void load_element(const Warp& warp, Mask mask, const Pointers& from, unsigned offset, Operand d, unsigned d_size) {
  if (d == kAbsent) return;
  if (d_size == 8) {
    const auto out = warp.out<std::uint64_t>(d);
    for_each_lane(mask,
                  [&](unsigned lane) { out.set(lane, static_cast<std::uint64_t>(read<T>(from[lane] + offset))); });
  } else {
    const auto out = warp.out<std::uint32_t>(d);
    for_each_lane(mask,
                  [&](unsigned lane) { out.set(lane, static_cast<std::uint32_t>(read<T>(from[lane] + offset))); });
  }
}

template <class T> Outcome execute_load(Warp& warp, const Instruction& i, Mask mask) {
  const InstructionInfo& info = *i.info;
  const auto count = static_cast<unsigned>(info.vector.size());
  Resolved resolved;
  if (!private_pointers(warp, i, mask, sizeof(T) * count, resolved.pointer)) {
    resolve(warp, mask, addresses(warp, i, mask), request_of(i, sizeof(T) * count, AccessKind::load), resolved);
    if ((i.target & kStrong) != 0 && warp.block->launch().checking) order(warp, i, resolved, AccessKind::load);
  }
  for (unsigned k = 0; k < count; ++k) {
    load_element<T>(warp, mask, resolved.pointer, k * sizeof(T), info.vector[k], info.vector_sizes[k]);
  }
  return Outcome::next;
}

template <class T> Outcome execute_store(Warp& warp, const Instruction& i, Mask mask) {
  const InstructionInfo& info = *i.info;
  const auto count = static_cast<unsigned>(info.vector.size());
  Resolved resolved;
  if (!private_pointers(warp, i, mask, sizeof(T) * count, resolved.pointer)) {
    resolve(warp, mask, addresses(warp, i, mask), request_of(i, sizeof(T) * count, AccessKind::store), resolved);
    if ((i.target & kStrong) != 0 && warp.block->launch().checking) order(warp, i, resolved, AccessKind::store);
  }
  for (unsigned k = 0; k < count; ++k) {
    for_each_lane(mask, [&](unsigned lane) {
      const auto value = static_cast<T>(warp.number(info.vector[k], info.vector_sizes[k], lane));
      std::memcpy(resolved.pointer[lane] + k * sizeof(T), &value, sizeof value);
    });
  }
  return Outcome::next;
}

/// The integer type with the size and the signedness of a PTX type.
template <class Make> Execute for_size(unsigned size, Make make) {
  switch (size) {
    case 1: return make(Tag<std::uint8_t>());
    case 2: return make(Tag<std::uint16_t>());
    case 4: return make(Tag<std::uint32_t>());
    case 8: return make(Tag<std::uint64_t>());
    default: return nullptr;
  }
}

/// A variable's address is an offset in its own space, which a generic access would misunderstand.
bool is_valid(const Opcode& opcode, const Instruction& i) {
  const Space symbol = i.info->symbol_space;
  if (opcode.space() == Space::generic && (symbol == Space::shared || symbol == Space::local)) return false;
  return i.info->vector.size() == opcode.vector_size() && opcode.type() != Type::pred &&
         size_of(opcode.type()) * opcode.vector_size() <= 32;
}

Execute load(const Opcode& opcode, Instruction& i) {
  if (!is_valid(opcode, i)) return nullptr;
  i.target = encode(opcode, i);
  return for_size(size_of(opcode.type()), [&](auto tag) -> Execute {
    using T = typename decltype(tag)::type;
    return is_signed(opcode.type()) ? &execute_load<std::make_signed_t<T>> : &execute_load<T>;
  });
}

Execute store(const Opcode& opcode, Instruction& i) {
  if (!is_valid(opcode, i) || opcode.space() == Space::constant) return nullptr;
  i.target = encode(opcode, i);
  return for_size(size_of(opcode.type()),
                  [](auto tag) -> Execute { return &execute_store<typename decltype(tag)::type>; });
}

/// A cache policy is a number that nobody looks into.
Outcome execute_policy(Warp& warp, const Instruction& i, Mask mask) {
  for_each_lane(mask, [&](unsigned lane) { warp.out<std::uint64_t>(i.d).set(lane, 0); });
  return Outcome::next;
}

constexpr const char* kLoad =
    "weak volatile relaxed acquire mmio cta cluster gpu sys global shared shared::cta shared::cluster local const "
    "param param::entry param::func nc ca cg cs lu cv L1::* L2::* level::* v2 v4 v8 unified";
constexpr const char* kStore =
    "weak volatile relaxed release mmio cta cluster gpu sys global shared shared::cta shared::cluster local param "
    "param::func wb cg cs wt L1::* L2::* level::* v2 v4 v8";
constexpr const char* kPrefetch = "global local L1 L2 L2::* const param tensormap";

}  // namespace

const Forms& memory_forms() {
  static const Forms forms = {
      {"ld", "{d}, [a], ?e:b64", kLoad, load, cost::load},
      {"ldu", "{d}, [a]", "global v2 v4", load, cost::load},
      {"st", "[a], {b}, ?e:b64", kStore, store, cost::store},
      {"prefetch", "[a]", kPrefetch, nothing, cost::nothing<Kind::other>},
      {"prefetchu", "[a]", kPrefetch, nothing, cost::nothing<Kind::other>},
      {"applypriority", "[a], #", "global L2::*", nothing, cost::nothing<Kind::other>},
      {"createpolicy.fractional", "d:b64, ?a:f32", "L2::*", always<execute_policy>, cost::one<Kind::other>},
  };
  return forms;
}

}  // namespace ptxsim
