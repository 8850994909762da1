#pragma once

#include "kernels/cuda/device_exp.cuh"
#include "kernels/cuda/group.cuh"
#include "kernels/cuda/row_stream.cuh"
#include "kernels/math/online_softmax.hpp"

/// Phase 1 of every row: range checks, the largest entry and the normaliser, in one sweep over the columns.
namespace kullback::cuda {

/// What has to be known of a side's entries.
enum class Scan {
  range,                ///< the largest, the smallest, whether one is NaN
  exponentials,         ///< and the sum of exp((x - reference) / T)
  exponentials_at_one,  ///< the same at T = 1
  total,                ///< and the sum of the entries
};

template <class T> __device__ Scan scan_of(const RowSide<T>& side, bool check) {
  const bool at_one = side.scale.hi == 1 && side.scale.lo == 0;
  switch (side.form) {
    case Form::softmax: return at_one ? Scan::exponentials_at_one : Scan::exponentials;
    case Form::log_prob: return check ? Scan::exponentials_at_one : Scan::range;
    case Form::prob: return check ? Scan::total : Scan::range;
    case Form::share: return Scan::total;
  }
  return Scan::range;
}

/// The larger one; NaN if there is one (PTX ISA, max.NaN), so that a NaN among the entries costs nothing to notice.
__device__ inline float larger(float a, float b) {
#if __CUDA_ARCH__ >= 800
  float c;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(c) : "f"(a), "f"(b));
  return c;
#else
  return a != a || a > b ? a : b;
#endif
}
__device__ inline double larger(double a, double b) { return a != a || a > b ? a : b; }
__device__ inline float smaller(float a, float b) { return fminf(a, b); }
__device__ inline double smaller(double a, double b) { return fmin(a, b); }

/// What a thread, and after merging a group, knows of one side of a row.
template <class T> struct SideState {
  OnlineSoftmax<T> online;       // max, min and nan of every scan, the sum of exponentials
  CompensatedSum<double> total;  // the sum of the entries

  /// The sum of what is not the running maximum, which starts at `max` and is left in online.max.
  template <int N, bool kAtOne> __device__ T part(const T (&x)[N], T max, const ReferredExp<T, kAtOne>& referred) {
    T sum = 0;
#pragma unroll
    for (int i = 0; i < N; ++i) {
      sum += referred(smaller(x[i], max), online.reference, DeviceExp());
      max = larger(x[i], max);
    }
    online.max = max;
    return sum;
  }
  template <int N, bool kAtOne>
  __device__ void add_exponentials(const T (&x)[N], const ReferredExp<T, kAtOne>& referred) {
    const T before = online.max;
    T sum = part(x, before, referred);
    if (!referred.serves(online.reference, online.max)) {  // rare: these columns are summed once more
      const T reference = referred.reference_for(online.max);
      if (online.sum > 0) online.sum *= static_cast<double>(referred(online.reference, reference, DeviceExp()));
      online.reference = reference;
      sum = part(x, before, referred);
    }
    online.sum += static_cast<double>(sum);
  }
  template <int N> __device__ void add_largest(const T (&x)[N]) {
#pragma unroll
    for (int i = 0; i < N; ++i) online.max = larger(x[i], online.max);
  }
  /// -inf is not counted where it stands for an entry without mass.
  template <int N> __device__ void add_smallest(const T (&x)[N], bool logarithms) {
    if (logarithms) {
#pragma unroll
      for (int i = 0; i < N; ++i) {
        if (x[i] > -kInf<T>) online.min = smaller(x[i], online.min);
      }
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i) online.min = smaller(x[i], online.min);
    }
  }
};

/// Phase 1 of one side: a monoid over chunks of columns.
template <class T> class Normaliser {
 public:
  __device__ Normaliser(const RowSide<T>& side, Scan scan, double factor)
      : scale_(side.scale), logarithms_(side.is_log()), scan_(scan), factor_(factor) {}

  /// x: the thread's entries of a chunk, side.pad() where there is no column. `remainder(i)`: what rounding the i-th
  /// took away.
  template <int N, class Remainder> __device__ void add(const T (&x)[N], const Remainder& remainder) {
    state_.add_smallest(x, logarithms_);
    switch (scan_) {
      case Scan::range: state_.add_largest(x); break;
      case Scan::exponentials: state_.add_exponentials(x, ReferredExp<T, false>{scale_}); break;
      case Scan::exponentials_at_one: state_.add_exponentials(x, ReferredExp<T, true>{}); break;
      case Scan::total:
        state_.add_largest(x);
        for (int i = 0; i < N; ++i) {
          state_.total.merge({factor_ * static_cast<double>(x[i]), remainder(i)});
        }
        break;
    }
  }

  template <class Group> __device__ SideState<T> reduce(const Group& group) const {
    SideState<T> own = state_;
    own.online.nan = own.online.max != own.online.max;
    return group.reduce(own, [this](const SideState<T>& a, const SideState<T>& b) {
      SideState<T> c;
      if (scan_ == Scan::exponentials) {
        c.online = OnlineSoftmax<T>::merge(a.online, b.online, ReferredExp<T, false>{scale_}, DeviceExp());
      } else if (scan_ == Scan::exponentials_at_one) {
        c.online = OnlineSoftmax<T>::merge(a.online, b.online, ReferredExp<T, true>{}, DeviceExp());
      } else {
        c.online.max = larger(a.online.max, b.online.max);  // NaN stays
        c.online.min = smaller(a.online.min, b.online.min);
        c.online.nan = a.online.nan || b.online.nan;
        c.total = a.total;
        c.total.merge(b.total);
      }
      return c;
    });
  }

 private:
  SideState<T> state_;
  Scale<T> scale_;
  bool logarithms_;
  Scan scan_;
  double factor_;
};

/// A thread's entries of a chunk, N at a time. `remainder` only where counts beyond 2^53 may occur.
template <int N, class T, class Element, class Group>
__device__ void scan_chunk(Normaliser<T>& normaliser, const Reader<Element>& reader, const Group& group,
                           const char* chunk, int count, T pad) {
  const int bytes = reader.bytes(), size = group.size();
  const char* own = chunk + group.rank() * bytes;
  int left = count - group.rank();  // columns from the thread's next one on
  T x[N];
  for (; left > (N - 1) * size; left -= N * size, own += N * size * bytes) {
#pragma unroll
    for (int i = 0; i < N; ++i) x[i] = reader.template read<T>(own + i * size * bytes);
    normaliser.add(x, [&](int i) { return remainder_of<T>(reader, own + i * size * bytes); });
  }
  if (left <= 0) return;
#pragma unroll
  for (int i = 0; i < N; ++i) x[i] = i * size < left ? reader.template read<T>(own + i * size * bytes) : pad;
  normaliser.add(x, [&](int i) { return i * size < left ? remainder_of<T>(reader, own + i * size * bytes) : 0.0; });
}

/// What one entry makes wrong with a row: for rows that have a NaN, where the largest entry tells nothing.
template <class T> __device__ int status_of_entry(const RowSide<T>& side, T x) {
  return (x != x ? status_nan : 0) | (x == kInf<T> ? status_infinite : 0) |
         (!side.is_log() && x < 0 ? status_negative : 0);
}

/// Fills in the side from what its entries told. True if the total overflowed and must be summed again, smaller.
template <class T>
__device__ bool finish_side(RowSide<T>& side, const SideState<T>& state, bool check, bool mass, DType dtype) {
  side.max = state.online.max, side.min = state.online.min;
  side.set_status(state.online.nan);
  side.set_no_normaliser();
  side.total = state.total.two_terms();
  if (side.status != status_ok) return false;
  if (side.form == Form::softmax) side.set_rest(state.online.rest(side.scale));
  if (side.form == Form::log_prob && side.max > kMaxLogProbability) side.status |= status_infinite;
  if (side.form == Form::share && !(side.total.hi < kInf<double>)) return true;
  if (side.form == Form::share) side.scale_share(0);
  const bool checked = check && (side.form == Form::prob || side.form == Form::log_prob);
  const double rest = side.form == Form::log_prob && (check || mass) ? state.online.rest(Scale<T>{}) : 0.0;
  if (mass) set_mass(side, side.form == Form::softmax ? side.rest : rest, side.total);
  if (checked) {
    const double sum = side.is_log() ? exp(static_cast<double>(side.max)) * (1 + rest) : side.total.hi;
    if (!(abs(sum - 1) <= check_tolerance(dtype))) side.status |= status_not_normalized;
  }
  if (side.form == Form::prob) side.total = {1, 0};
  return false;
}

/// The probabilities of a row of float logits at temperature 1, from phase 1's integer reference: 9 issue slots.
class LogitSide {
 public:
  __device__ LogitSide(const RowSide<float>& side, float reference)
      : reference_(reference),
        inverse_sum_(
            static_cast<float>(exp(static_cast<double>(reference) - static_cast<double>(side.max)) / (1 + side.rest))) {
  }

  __device__ float operator()(float x) const { return DeviceExp()(x - reference_) * inverse_sum_; }

 private:
  float reference_, inverse_sum_;
};

}  // namespace kullback::cuda
