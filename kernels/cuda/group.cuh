#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/policy.hpp"

/// The threads that work on one row together, and their reductions: a part of a warp or a whole block. Both reduce in a
/// fixed order of their threads, so that a row's bits do not depend on where it is computed. The size is known at run
/// time, which CUB's reductions do not allow: it would take a copy of every kernel, and of its minutes to compile, for
/// each size.
namespace kullback::cuda {

inline constexpr unsigned kFullWarp = 0xffffffffu;
inline constexpr int kWarpLanes = 32;

/// The value of the lane whose number differs by `mask`, for any trivially copyable type.
template <class A> __device__ __forceinline__ A shuffle_xor(const A& value, int mask) {
  static_assert(std::is_trivially_copyable_v<A> && sizeof(A) % sizeof(unsigned) == 0);
  constexpr int kWords = sizeof(A) / sizeof(unsigned);
  unsigned words[kWords];
  __builtin_memcpy(words, &value, sizeof(A));
#pragma unroll
  for (int i = 0; i < kWords; ++i) words[i] = __shfl_xor_sync(kFullWarp, words[i], mask);
  A other;
  __builtin_memcpy(&other, words, sizeof(A));
  return other;
}

/// 1, 2, 4, ... 32 neighbouring lanes. All lanes of the warp must call together, whatever row they are at.
class WarpGroup {
 public:
  __device__ explicit WarpGroup(int width) : width_(width), rank_(static_cast<int>(threadIdx.x) & (width - 1)) {}

  __device__ int rank() const { return rank_; }
  __device__ int size() const { return width_; }
  __device__ void sync() const { __syncwarp(); }

  /// merge(lower lanes, higher lanes) over the group; every lane gets the result.
  template <class A, class Merge> __device__ A reduce(A own, Merge merge) const {
    for (int distance = 1; distance < width_; distance *= 2) {
      const A other = shuffle_xor(own, distance);
      own = (rank_ & distance) != 0 ? merge(other, own) : merge(own, other);
    }
    return own;
  }
  /// Whether `own` holds for a row of any group that shares this one's barriers.
  __device__ bool any_neighbour(bool own) const { return __any_sync(kFullWarp, own) != 0; }

 private:
  int width_, rank_;
};

/// All threads of the block, whole warps.
class BlockGroup {
 public:
  __device__ int rank() const { return static_cast<int>(threadIdx.x); }
  __device__ int size() const { return static_cast<int>(blockDim.x); }
  __device__ void sync() const { __syncthreads(); }

  template <class A, class Merge> __device__ A reduce(const A& own, Merge merge) const {
    constexpr int kMostWarps = kMostBlockThreads / kWarpLanes;
    alignas(A) __shared__ unsigned char shared[(kMostWarps + 1) * sizeof(A)];
    A* of_warps = reinterpret_cast<A*>(shared);  // and of the block
    A of_warp = own;  // counts in the first lane: the others' order is not asked for, which would take both
    for (int distance = 1; distance < kWarpLanes; distance *= 2) {
      of_warp = merge(of_warp, shuffle_xor(of_warp, distance));
    }
    if (rank() % kWarpLanes == 0) of_warps[rank() / kWarpLanes] = of_warp;
    __syncthreads();
    if (rank() < kWarpLanes) {
      const int warps = size() / kWarpLanes;
      A total = of_warps[rank() < warps ? rank() : 0];
      for (int distance = 1; distance < warps; distance *= 2) {
        const A other = shuffle_xor(total, distance);
        if ((rank() | distance) < warps) total = merge(total, other);  // counts where rank() & distance is 0
      }
      if (rank() == 0) of_warps[kMostWarps] = total;
    }
    __syncthreads();
    const A total = of_warps[kMostWarps];
    __syncthreads();  // the next reduction may use the same memory
    return total;
  }
  __device__ bool any_neighbour(bool own) const { return own; }
};

}  // namespace kullback::cuda
