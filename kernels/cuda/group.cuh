#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/policy.hpp"

/// The threads that work on one row together, and their reductions, in a fixed order of the threads, so that a row's
/// bits do not depend on where it is computed. The size is known at run time, which CUB's reductions do not allow: it
/// would take a copy of every kernel, and of its minutes to compile, for each size.
namespace kullback::cuda {

inline constexpr unsigned kFullWarp = 0xffffffffu;
inline constexpr int kWarpLanes = 32;

/// shuffle(word) for every word of a value of any trivially copyable type.
template <class A, class Shuffle> __device__ __forceinline__ A shuffle_words(const A& value, Shuffle shuffle) {
  static_assert(std::is_trivially_copyable_v<A> && sizeof(A) % sizeof(unsigned) == 0);
  constexpr int kWords = sizeof(A) / sizeof(unsigned);
  unsigned words[kWords];
  __builtin_memcpy(words, &value, sizeof(A));
#pragma unroll
  for (int i = 0; i < kWords; ++i) words[i] = shuffle(words[i]);
  A other;
  __builtin_memcpy(&other, words, sizeof(A));
  return other;
}
/// The value of the lane whose number differs by `mask`.
template <class A> __device__ __forceinline__ A shuffle_xor(const A& value, int mask) {
  return shuffle_words(value, [mask](unsigned word) { return __shfl_xor_sync(kFullWarp, word, mask); });
}
template <class A> __device__ __forceinline__ A shuffle_from(const A& value, int lane) {
  return shuffle_words(value, [lane](unsigned word) { return __shfl_sync(kFullWarp, word, lane); });
}

/// Merges the values of `count` neighbouring lanes, the first of them in front; the result counts in the first lane,
/// the others' would take merge a second time in the opposite order. `position`: the lane's among them. All lanes of
/// the warp must call together.
template <class A, class Merge> __device__ __forceinline__ A merge_lanes(A own, int position, int count, Merge merge) {
  for (int distance = 1; distance < count; distance *= 2) {
    const A other = shuffle_xor(own, distance);
    if ((position | distance) < count) own = merge(own, other);
  }
  return own;
}

/// 1, 2, 4, ... 32 neighbouring lanes. All lanes of the warp must call together, whatever row they are at.
class WarpGroup {
 public:
  __device__ explicit WarpGroup(int width) : width_(width), rank_(static_cast<int>(threadIdx.x) & (width - 1)) {}

  __device__ int rank() const { return rank_; }
  __device__ int size() const { return width_; }

  /// merge(lower lanes, higher lanes) over the group; every lane gets the result.
  template <class A, class Merge> __device__ A reduce(const A& own, Merge merge) const {
    return shuffle_from(merge_lanes(own, rank_, width_, merge), static_cast<int>(threadIdx.x) % kWarpLanes - rank_);
  }

 private:
  int width_, rank_;
};

/// What a kernel's rows are done by, if that is known when it is compiled.
enum class Threads { lanes, block, either };

/// The threads of a row: those of a WarpGroup, or all of the block, which is whole warps.
template <Threads kThreads = Threads::either> class RowGroup {
 public:
  __device__ explicit RowGroup(int size) : size_(size), rank_(static_cast<int>(threadIdx.x)) {
    if (!is_block()) rank_ &= size - 1;
  }

  __device__ bool is_block() const {
    return kThreads == Threads::either ? size_ > kWarpLanes : kThreads == Threads::block;
  }
  __device__ int rank() const { return rank_; }
  __device__ int size() const { return size_; }
  __device__ void sync() const {
    if (is_block()) {
      __syncthreads();
    } else {
      __syncwarp();
    }
  }

  /// merge(lower threads, higher threads); every thread gets the result. One loop for lanes and, in the first of them,
  /// for warps, so that `merge`, which is most of the code, is there once.
  template <class A, class Merge> __device__ A reduce(A own, Merge merge) const {
    constexpr int kMostWarps = kMostBlockThreads / kWarpLanes;
    alignas(A) __shared__ unsigned char shared[(kMostWarps + 1) * sizeof(A)];
    A *const of_warps = reinterpret_cast<A*>(shared), *const of_block = of_warps + kMostWarps;
    const int position = rank_ % kWarpLanes;
    int count = min(size_, kWarpLanes);
#pragma unroll 1
    for (bool last = !is_block();; last = true) {
      own = merge_lanes(own, position, count, merge);
      if (last) break;
      if (position == 0) of_warps[rank_ / kWarpLanes] = own;
      __syncthreads();
      if (rank_ >= kWarpLanes) break;
      count = size_ / kWarpLanes;
      own = of_warps[min(position, count - 1)];
    }
    if (!is_block()) return shuffle_from(own, static_cast<int>(threadIdx.x) % kWarpLanes - position);
    if (rank_ == 0) *of_block = own;
    __syncthreads();  // the next reduction writes there after a barrier of its own
    return *of_block;
  }
  /// Whether `own` holds for a row of any group that shares this one's barriers. A block has one row.
  __device__ bool any_neighbour(bool own) const { return __any_sync(kFullWarp, own) != 0; }

 private:
  int size_, rank_;
};

}  // namespace kullback::cuda
