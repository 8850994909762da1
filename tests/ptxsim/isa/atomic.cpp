/// atom and red (PTX ISA 9.7.13.5 and 9.7.13.6). The lanes of a warp take their turns in order.
#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>

#include "isa/float.hpp"
#include "isa/lanewise.hpp"
#include "machine/block.hpp"
#include "machine/cluster.hpp"
#include "machine/launch.hpp"
#include "machine/memory_access.hpp"

namespace ptxsim {
namespace {

/// Instruction::target: space and the same flags as in ld and st.
enum Flag : std::uint32_t { kAcquire = 1 << 8, kRelease = 1 << 9, kAnyWindow = 1 << 10 };

struct Add {
  template <class T> T operator()(T old, T b, T) const { return static_cast<T>(Wrap<T>(old) + Wrap<T>(b)); }
};
struct Minimum {
  template <class T> T operator()(T old, T b, T) const { return std::min(old, b); }
};
struct Maximum {
  template <class T> T operator()(T old, T b, T) const { return std::max(old, b); }
};
struct And {
  template <class T> T operator()(T old, T b, T) const { return static_cast<T>(old & b); }
};
struct Or {
  template <class T> T operator()(T old, T b, T) const { return static_cast<T>(old | b); }
};
struct Xor {
  template <class T> T operator()(T old, T b, T) const { return static_cast<T>(old ^ b); }
};
struct Exchange {
  template <class T> T operator()(T, T b, T) const { return b; }
};
struct CompareAndSwap {
  template <class T> T operator()(T old, T b, T c) const { return old == b ? c : old; }
};
struct Increment {
  std::uint32_t operator()(std::uint32_t old, std::uint32_t b, std::uint32_t) const { return old >= b ? 0 : old + 1; }
};
struct Decrement {
  std::uint32_t operator()(std::uint32_t old, std::uint32_t b, std::uint32_t) const {
    return old == 0 || old > b ? b : old - 1;
  }
};

/// On global memory atom.add.f32 flushes subnormal numbers, on shared memory it does not.
struct AddFloat {
  float operator()(float old, float b, bool in_global_memory) const {
    return in_global_memory ? finish<true, false>(flush(old) + flush(b)) : canonical(old + b);
  }
};
struct AddDouble {
  double operator()(double old, double b, double) const { return old + b; }
};
struct AddHalf {
  template <class H> H operator()(H old, H b, H) const {
    return from_double<H>(add_to_odd(to_double(old), to_double(b)));
  }
  template <class H> Pair<H> operator()(Pair<H> old, Pair<H> b, Pair<H>) const {
    return {(*this)(old.low, b.low, b.low), (*this)(old.high, b.high, b.high)};
  }
};
/// Held while a value is changed if blocks run on several threads of the host: one of a few locks, by address.
class AddressLock {
 public:
  AddressLock(bool needed, const std::uint8_t* address) {
    static std::array<std::atomic_flag, 1024> locks = {};
    if (!needed) return;
    flag_ = &locks[reinterpret_cast<std::uintptr_t>(address) / 8 % locks.size()];
    while (flag_->test_and_set(std::memory_order_acquire)) {
    }
  }
  ~AddressLock() {
    if (flag_ != nullptr) flag_->clear(std::memory_order_release);
  }
  AddressLock(const AddressLock&) = delete;
  AddressLock& operator=(const AddressLock&) = delete;

 private:
  std::atomic_flag* flag_ = nullptr;
};

Request request_of(const Instruction& i, unsigned size) {
  Request request;
  request.space = static_cast<Space>(i.target & 0xff);
  request.size = size;
  request.kind = AccessKind::atomic;
  request.strong = true;
  request.any_window = (i.target & kAnyWindow) != 0;
  return request;
}

/// An atomic access acquires what was released at its address, and releases; fences do so for relaxed ones.
void order(Warp& warp, const Instruction& i, const Resolved& resolved) {
  RaceChecker& race = warp.block->cluster().race;
  const Mask shared = resolved.shared | resolved.remote;
  for_each_lane(resolved.global | shared, [&](unsigned lane) {
    const bool in_shared = (shared >> lane & 1) != 0;
    const auto address = reinterpret_cast<std::uint64_t>(resolved.pointer[lane]);
    race.acquire(warp, lane, in_shared, address, (i.target & kAcquire) == 0);
    race.release(warp, lane, in_shared, address, (i.target & kRelease) == 0);
  });
}

template <class T, class Op> Outcome execute(Warp& warp, const Instruction& i, Mask mask) {
  Resolved resolved;
  resolve(warp, mask, addresses_of(warp, i.a, i.a_size, i.offset), request_of(i, sizeof(T)), resolved);
  const Launch& launch = warp.block->launch();
  if (launch.checking) order(warp, i, resolved);
  const auto b = warp.in<T>(i.b);
  const auto c = warp.in<T>(i.c != kAbsent ? i.c : i.b);
  for (Mask left = mask; left != 0; left &= left - 1) {
    const unsigned lane = first_lane(left);
    T old;
    {
      const AddressLock lock(launch.parallel, resolved.pointer[lane]);
      std::memcpy(&old, resolved.pointer[lane], sizeof old);
      T changed;
      if constexpr (std::is_same_v<Op, AddFloat>) {
        changed = Op()(old, b[lane], (resolved.global >> lane & 1) != 0);
      } else {
        changed = Op()(old, b[lane], c[lane]);
      }
      std::memcpy(resolved.pointer[lane], &changed, sizeof changed);
    }
    if (i.d != kAbsent) warp.out<T>(i.d).set(lane, old);
  }
  return Outcome::next;
}

std::uint32_t encode(const Opcode& opcode) {
  std::uint32_t target = static_cast<std::uint32_t>(opcode.space());
  if (opcode.has("acquire") || opcode.has("acq_rel")) target |= kAcquire;
  if (opcode.has("release") || opcode.has("acq_rel")) target |= kRelease;
  if (opcode.has("shared::cluster")) target |= kAnyWindow;
  return target;
}

template <class Op, class List> Execute atomic(const Opcode& opcode, Instruction& i) {
  i.target = encode(opcode);
  if (i.info->symbol_space == Space::shared && opcode.space() == Space::generic) return nullptr;
  return for_type(List(), opcode.type(),
                  [](auto tag) -> Execute { return &execute<typename decltype(tag)::type, Op>; });
}

constexpr const char* kModifiers =
    "relaxed acquire release acq_rel cta cluster gpu sys global shared shared::cta shared::cluster L1::* L2::*";

}  // namespace

const Forms& atomic_forms() {
  using All = TypeList<std::uint32_t, std::int32_t, std::uint64_t, std::int64_t>;
  using U32 = TypeList<std::uint32_t>;
  using Unsigned = TypeList<std::uint32_t, std::uint64_t>;
  using Halves = TypeList<Half, BFloat16, Pair<Half>, Pair<BFloat16>>;
  static const Forms forms = {
      {"atom.add", "d, [a], b, ?e:b64", kModifiers, atomic<Add, All>, cost::atomic},
      {"atom.add", "d, [a], b, ?e:b64", kModifiers, atomic<AddFloat, TypeList<float>>, cost::atomic},
      {"atom.add", "d, [a], b, ?e:b64", kModifiers, atomic<AddDouble, TypeList<double>>, cost::atomic},
      {"atom.add.noftz", "d, [a], b, ?e:b64", kModifiers, atomic<AddHalf, Halves>, cost::atomic},
      {"atom.min", "d, [a], b, ?e:b64", kModifiers, atomic<Minimum, All>, cost::atomic},
      {"atom.max", "d, [a], b, ?e:b64", kModifiers, atomic<Maximum, All>, cost::atomic},
      {"atom.and", "d, [a], b, ?e:b64", kModifiers, atomic<And, Unsigned>, cost::atomic},
      {"atom.or", "d, [a], b, ?e:b64", kModifiers, atomic<Or, Unsigned>, cost::atomic},
      {"atom.xor", "d, [a], b, ?e:b64", kModifiers, atomic<Xor, Unsigned>, cost::atomic},
      {"atom.inc", "d, [a], b, ?e:b64", kModifiers, atomic<Increment, U32>, cost::atomic},
      {"atom.dec", "d, [a], b, ?e:b64", kModifiers, atomic<Decrement, U32>, cost::atomic},
      {"atom.exch", "d, [a], b, ?e:b64", kModifiers, atomic<Exchange, Unsigned>, cost::atomic},
      {"atom.cas", "d, [a], b, c, ?e:b64", kModifiers, atomic<CompareAndSwap, Bits>, cost::atomic},
      {"red.add", "[a], b, ?e:b64", kModifiers, atomic<Add, All>, cost::atomic},
      {"red.add", "[a], b, ?e:b64", kModifiers, atomic<AddFloat, TypeList<float>>, cost::atomic},
      {"red.add", "[a], b, ?e:b64", kModifiers, atomic<AddDouble, TypeList<double>>, cost::atomic},
      {"red.add.noftz", "[a], b, ?e:b64", kModifiers, atomic<AddHalf, Halves>, cost::atomic},
      {"red.min", "[a], b, ?e:b64", kModifiers, atomic<Minimum, All>, cost::atomic},
      {"red.max", "[a], b, ?e:b64", kModifiers, atomic<Maximum, All>, cost::atomic},
      {"red.and", "[a], b, ?e:b64", kModifiers, atomic<And, Unsigned>, cost::atomic},
      {"red.or", "[a], b, ?e:b64", kModifiers, atomic<Or, Unsigned>, cost::atomic},
      {"red.xor", "[a], b, ?e:b64", kModifiers, atomic<Xor, Unsigned>, cost::atomic},
      {"red.inc", "[a], b, ?e:b64", kModifiers, atomic<Increment, U32>, cost::atomic},
      {"red.dec", "[a], b, ?e:b64", kModifiers, atomic<Decrement, U32>, cost::atomic},
  };
  return forms;
}

}  // namespace ptxsim
