#pragma once

#include "kernels/cpu/block.hpp"
#include "kernels/cpu/row_engines.hpp"
#include "kernels/cpu/softmax_row.hpp"
#include "kernels/cpu/top_entries.hpp"
#include "kernels/math/row_side.hpp"

/// One side (P or Q) of a row on the CPU: its normaliser, its probabilities block by block.
namespace kullback::cpu {

template <class T> struct Side : RowSide<T> {
  MatrixView view;
  bool check;         // Normalize::check
  bool with_mass;     // its mass is asked for
  bool wants_argmax;  // the maximum's index is asked for
  std::int64_t row;
  // Of float logits at temperature 1, most rows of most calls: p = exp(x - reference) * inverse.
  bool quick;
  T reference, inverse;

  KULLBACK_HD void start_row(std::int64_t of_batch) { row = view.rows == 1 ? 0 : of_batch; }
  /// Of a row of probabilities that are taken as they are.
  KULLBACK_HD bool needs_range_alone() const {
    return this->form == Form::prob && !check && !with_mass && !wants_argmax;
  }
  /// The same, from its largest entry. False for a row that must be looked at more closely.
  KULLBACK_HD bool set_range(T largest) {
    if (!(largest > 0 && largest <= T(0x1p100))) return false;
    this->status = status_ok;
    this->max = largest, this->min = 0;
    this->total = {1, 0};
    this->set_no_normaliser();
    return true;
  }
};

template <class T>
KULLBACK_HD Side<T> side_of(const MatrixView& view, Form form, double temperature, bool check, bool with_mass = false,
                            bool wants_argmax = false) {
  Side<T> side{};
  side.view = view;
  side.form = form;
  side.wants_argmax = wants_argmax;
  side.check = check && (form == Form::prob || form == Form::log_prob);
  side.with_mass = with_mass;
  side.scale = Scale<T>::reciprocal(temperature);
  return side;
}

/// Counts beyond 2^53 may tie once they are doubles.
static inline std::int64_t exact_argmax(const MatrixView& view, std::int64_t row) {
  const std::int64_t* x = element<std::int64_t>(view, row, 0);
  std::int64_t top = 0;
  for (std::int64_t c = 1; c < view.cols; ++c) top = x[c] > x[top] ? c : top;
  return top;
}

/// First pass over a row: range checks, maximum and its index, and the sum where a row is divided by it.
template <class T> static void scan_row(Side<T>& side, double scale, BlockArray<T>& x, BlockArray<double>& remainder) {
  const std::int64_t cols = side.view.cols;
  const T lowest = -kInf<T>;
  const T masked = side.is_log() ? lowest : kNaN<T>;  // not counted in the minimum; nothing equals NaN
  const bool needs_total = side.form == Form::share || ((side.check || side.with_mass) && !side.is_log());
  alignas(64) double sum[kLanes] = {}, lost[kLanes] = {};
  T max = lowest, min = kInf<T>;
  bool nan = false;
  std::int64_t argmax = 0;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.pad(), x);
    alignas(64) T high[kLanes], low[kLanes];
    alignas(64) typename Real<T>::Bits unordered[kLanes] = {};
    for (std::int64_t l = 0; l < kLanes; ++l) high[l] = lowest, low[l] = kInf<T>;
    for (std::int64_t i = 0; i < padded(n); i += kLanes) {
#pragma omp simd
      for (std::int64_t l = 0; l < kLanes; ++l) {
        high[l] = x[i + l] > high[l] ? x[i + l] : high[l];
        low[l] = x[i + l] < low[l] && x[i + l] != masked ? x[i + l] : low[l];
        unordered[l] |= x[i + l] != x[i + l];
      }
    }
    T block_max = lowest;
    for (std::int64_t l = 0; l < kLanes; ++l) {
      block_max = high[l] > block_max ? high[l] : block_max;
      min = low[l] < min ? low[l] : min;
      nan = nan || unordered[l] != 0;
    }
    if (block_max > max) {
      max = block_max;
      std::int64_t i = 0;
      while (i + 1 < n && !(x[i] == block_max)) ++i;
      argmax = c + i;
    }
    if (needs_total) {
      load_block_remainder(side.view, side.row, c, n, remainder);
      for (std::int64_t i = 0; i < padded(n); i += kLanes) {
#pragma omp simd
        for (std::int64_t l = 0; l < kLanes; ++l) {
          const TwoTerms<double> t = two_sum(sum[l], scale * static_cast<double>(x[i + l]));
          sum[l] = t.hi;
          lost[l] += t.lo + remainder[i + l];
        }
      }
    }
  }
  CompensatedSum<double> total;
  for (std::int64_t l = 0; l < kLanes; ++l) total.merge({sum[l], lost[l]});
  if (side.view.dtype == DType::i64) argmax = exact_argmax(side.view, side.row);
  side.max = max, side.min = min;
  side.argmax = argmax;
  side.total = total.two_terms();
  side.set_status(nan);
}

/// The second pass of softmax rows: the sum without its largest term, which keeps log(sum) exact when one entry has
/// nearly all the mass (Blanchard, Higham & Higham 2021). With max = 0 it is the plain sum of exponentials less one of
/// them.
template <class T> static double sum_of_others(const Side<T>& side, BlockArray<T>& x, BlockArray<T>& term) {
  const std::int64_t cols = side.view.cols;
  const Shift<T> shift(side);
  CompensatedSum<double> sum;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    if (cols > kBlock) load_block(side.view, side.row, c, n, side.pad(), x);
#pragma omp simd
    for (std::int64_t i = 0; i < padded(n); ++i) term[i] = exp_two_terms(shift(x[i]));
    if (side.argmax >= c && side.argmax < c + n) term[side.argmax - c] = 0;
    sum.add(block_sum(term, padded(n)));
  }
  return sum.value();
}

/// Float logits at temperature 1, in one pass. False for a row that must be looked at more closely.
static bool prepare_quickly(Side<float>& side, BlockArray<float>& x) {
  if (side.form != Form::softmax || side.scale.hi != 1 || side.scale.lo != 0) return false;
  const std::int64_t cols = side.view.cols;
  const bool as_they_lie = side.view.dtype == DType::f32 && cols > kBlock;
  OnlineLanes lanes;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    const bool whole = as_they_lie && n == kBlock;
    if (!whole) load_block(side.view, side.row, c, n, side.pad(), x);
    lanes.add(whole ? element<float>(side.view, side.row, c) : x, padded(n));
  }
  const SoftmaxRow found = lanes.finish();
  if (found.bad || found.max == -kInf<float>) return false;
  side.status = status_ok;
  side.max = side.min = found.max;
  side.set_no_normaliser();
  const double scale = exp(static_cast<double>(found.reference) - static_cast<double>(found.max));
  side.set_rest(found.sum * scale);
  side.reference = found.reference;
  side.inverse = static_cast<float>(scale / (1 + side.rest));
  if (side.with_mass) set_mass(side, side.rest, side.total);
  for (std::int64_t c = 0; side.wants_argmax && c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    if (cols > kBlock) load_block(side.view, side.row, c, n, side.pad(), x);
    const std::int64_t i = first_equal(x, n, found.max);
    if (i < 0) continue;
    side.argmax = c + i;
    break;
  }
  return true;
}
static bool prepare_quickly(Side<double>&, BlockArray<double>&) { return false; }

/// The smallest entry with mass, which the quick way does not look for.
static void find_smallest(Side<float>& side, BlockArray<float>& x) {
  if (!side.quick || side.status != status_ok) return;
  const std::int64_t cols = side.view.cols;
  alignas(64) float low[kLanes];
  for (float& lane : low) lane = side.max;
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.pad(), x);
    for (std::int64_t i = 0; i < padded(n); i += kLanes) {
#pragma omp simd
      for (std::int64_t l = 0; l < kLanes; ++l) {
        low[l] = x[i + l] < low[l] && x[i + l] != -kInf<float> ? x[i + l] : low[l];
      }
    }
  }
  for (float lane : low) side.min = lane < side.min ? lane : side.min;
}

/// Float probabilities as given, if they are in range.
static bool prepare_given(Side<float>& side, BlockArray<float>& x) {
  if (!side.needs_range_alone()) return false;
  TopEntries top;
  for (std::int64_t c = 0; c < side.view.cols; c += kBlock) {
    const std::int64_t n = block_columns(side.view.cols, c);
    const float* from = x;
    if (side.view.cols > kBlock) {
      from = block_at(side.view, side.row, c, n, side.pad(), x);
    } else {
      load_block(side.view, side.row, c, n, side.pad(), x);  // stays there for the second sweep
    }
    for (std::int64_t i = 0; i < padded(n); i += kLanes) {
#pragma omp simd
      for (std::int64_t l = 0; l < kLanes; ++l) top.add(l, from[i + l]);
    }
  }
  return side.set_range(top.max());
}
static bool prepare_given(Side<double>&, BlockArray<double>&) { return false; }

/// Everything above, for row `row` of the side. Leaves the row's first block in x if the row has only one.
template <class T>
static void prepare_row(Side<T>& side, std::int64_t row, BlockArray<T>& x, BlockArray<T>& term,
                        BlockArray<double>& remainder) {
  side.start_row(row);
  side.quick = prepare_quickly(side, x);
  if (side.quick || prepare_given(side, x)) return;
  scan_row(side, 1.0, x, remainder);
  side.set_no_normaliser();
  if (side.status != status_ok) return;
  if (side.form == Form::softmax) {
    side.set_rest(sum_of_others(side, x, term));
  }
  if (side.form == Form::share) {
    const int scanned = side.total.hi < kInf<double> ? 0 : -600;
    if (scanned != 0) scan_row(side, power_of_two<double>(scanned), x, remainder);
    side.scale_share(scanned);
  }
  if (side.form == Form::log_prob && side.max > kMaxLogProbability) side.status |= status_infinite;
  const bool sum_logs = side.form == Form::log_prob && (side.check || side.with_mass);
  const double rest = sum_logs ? sum_of_others(side, x, term) : 0.0;
  if (side.with_mass) set_mass(side, side.form == Form::softmax ? side.rest : rest, side.total);
  if (side.check) {
    const double sum = side.is_log() ? exp(static_cast<double>(side.max)) * (1 + rest) : side.total.hi;
    if (!(abs(sum - 1) <= check_tolerance(side.view.dtype))) side.status |= status_not_normalized;
  }
  if (side.form == Form::prob) side.total = {1, 0};
}

template <Form F, class T>
static void fill_logs(const RowSide<T> side, const T* x, [[maybe_unused]] const double* remainder, std::int64_t n,
                      T* log_p) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) {
    log_p[i] = log_probability<F>(side, x[i], F == Form::share ? remainder[i] : 0.0);
  }
}

template <Form F, class T>
static void fill_side_of(const RowSide<T> side, const T* x, const double* remainder, std::int64_t n, bool with_log,
                         T* p, T* log_p) {
#pragma omp simd
  for (std::int64_t i = 0; i < n; ++i) p[i] = probability<F>(side, x[i]);
  if (with_log) fill_logs<F>(side, x, remainder, n, log_p);
}

/// p and, if asked, log p of a loaded block.
template <class T>
static void fill_side(const Side<T>& side, const T* x, const double* remainder, std::int64_t n, bool with_log, T* p,
                      T* log_p) {
  if constexpr (sizeof(T) == sizeof(float)) {
    if (side.quick) {
      softmax_block(x, n, side.reference, side.inverse, p);
      return with_log ? fill_logs<Form::softmax>(side, x, remainder, n, log_p) : void();
    }
  }
  switch (side.form) {
    case Form::softmax: return fill_side_of<Form::softmax>(side, x, remainder, n, with_log, p, log_p);
    case Form::log_prob: return fill_side_of<Form::log_prob>(side, x, remainder, n, with_log, p, log_p);
    case Form::prob: return fill_side_of<Form::prob>(side, x, remainder, n, with_log, p, log_p);
    case Form::share: return fill_side_of<Form::share>(side, x, remainder, n, with_log, p, log_p);
  }
}

/// log p of one column, in double.
template <class T> static double log_probability_at(const Side<T>& side, std::int64_t col) {
  double remainder[kLanes] = {};
  if (side.form == Form::share) load_block_remainder(side.view, side.row, col, 1, remainder);
  return precise_log_probability<T>(side, load_element<T>(side.view, side.row, col), remainder[0]);
}

}  // namespace kullback::cpu
