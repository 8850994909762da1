/// Access to the lanes of a register. A value of up to 4 bytes takes 4, others take 8, so that a warp's register is an
/// array which the compiler's vectoriser understands. The library is compiled with -fno-strict-aliasing for that.
#pragma once
#include <cstring>
#include <type_traits>

#include "ptx/types.hpp"

namespace ptxsim {

template <class T> using Slot = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <class To, class From> To bit_cast(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

template <class T> T unpack(Slot<T> slot) {
  T value;
  std::memcpy(&value, &slot, sizeof value);  // little endian: the low bytes
  return value;
}

template <class T> Slot<T> pack(T value) {
  Slot<T> slot = 0;
  std::memcpy(&slot, &value, sizeof value);
  return slot;
}

template <class T> struct Source {
  const Slot<T>* slots;
  T operator[](unsigned lane) const { return unpack<T>(slots[lane]); }
};

template <class T> struct Destination {
  Slot<T>* slots;
  void set(unsigned lane, T value) const { slots[lane] = pack(value); }
};

/// Calls f(lane) for each lane of the mask. Lanes do not depend on each other, so the loop over a full warp is
/// vectorised.
template <class F> inline void for_each_lane(Mask mask, F f) {
  if (mask == kAllLanes) {
#pragma GCC ivdep
    for (unsigned lane = 0; lane < kWarpSize; ++lane) f(lane);
  } else {
    for (; mask != 0; mask &= mask - 1) f(static_cast<unsigned>(__builtin_ctz(mask)));
  }
}

inline unsigned first_lane(Mask mask) { return static_cast<unsigned>(__builtin_ctz(mask)); }
inline unsigned count_lanes(Mask mask) { return static_cast<unsigned>(__builtin_popcount(mask)); }

}  // namespace ptxsim
