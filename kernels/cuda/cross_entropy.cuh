#pragma once

#include "kernels/cuda/loss_kernels.hpp"
#include "kernels/cuda/row_feed.cuh"
#include "kernels/cuda/row_normaliser.cuh"
#include "kernels/math/label.hpp"
#include "kernels/math/loss.hpp"

/// The cross-entropy engine: one sweep over a row on its way into shared memory finds its normaliser; the gradient
/// takes the place of the logits there and goes out by 16-byte words.
namespace kullback::cuda {

/// Logits of any type, under a softcap if there is one: only rows that are done in double whatever their type know of
/// options that give each column work of its own.
struct AnyLogit {};
template <> inline constexpr int kColumnsPerThread<AnyLogit> = kColumnsPerThread<AnyElement>;
template <> inline constexpr int kChunkColumns<AnyLogit> = kChunkColumns<AnyElement>;

template <> struct Reader<AnyLogit> : Reader<AnyElement> {
  Softcap softcap{1};
  bool capped = false;

  __device__ explicit Reader(DType t) : Reader<AnyElement>(t) {}
  template <class T> __device__ T read(const char* at) const {
    const T x = Reader<AnyElement>::read<T>(at);
    return capped ? softcap(x) : x;
  }
  __device__ double slope(const char* at) const {
    return capped ? softcap.slope(Reader<AnyElement>::read<double>(at)) : 1;
  }
};

/// A value as an element in shared or device memory.
template <class Element> __device__ void write_element(char* at, DType, float value) {
  from_float(value, *reinterpret_cast<Element*>(at));
}
template <class Element> __device__ void write_element(char* at, DType dtype, double value) {
  if constexpr (std::is_same_v<Element, double>) {
    *reinterpret_cast<double*>(at) = value;
  } else {
    static_assert(std::is_same_v<Element, AnyLogit>);
    switch (dtype) {
      case DType::f16: from_float(static_cast<float>(value), *reinterpret_cast<float16*>(at)); break;
      case DType::bf16: from_float(static_cast<float>(value), *reinterpret_cast<bfloat16*>(at)); break;
      case DType::f32: *reinterpret_cast<float*>(at) = static_cast<float>(value); break;
      default: *reinterpret_cast<double*>(at) = value; break;
    }
  }
}

__device__ inline char* gradient_row(const LossLaunch& launch, std::int64_t row) {
  const MutableMatrixView& g = launch.job.output.gradient;
  if (g.data == nullptr) return nullptr;
  return static_cast<char*>(g.data) + row * g.row_stride * static_cast<std::int64_t>(size_of(g.dtype));
}

/// Does one row, the feed's side P, with the threads of a group.
template <class T, class Element> class LossWorker {
 public:
  __device__ LossWorker(const LossLaunch& launch, RowFeed<Element>& feed)
      : launch_(launch), feed_(feed), reader_(launch.job.logits.dtype) {
    if constexpr (kColumnOptions) {
      const double cap = launch.job.options.softcap;
      if (cap > 0) reader_.softcap = Softcap(cap), reader_.capped = true;
    }
  }

  /// `write`: this group owns the row. `gradient`: where its gradient goes, or null. `in_place`: it replaces the logits
  /// in shared memory, which somebody copies out; else it is written here, element by element.
  __device__ __forceinline__ void run(std::int64_t row, bool write, char* gradient, bool in_place) {
    const CrossEntropyJob& job = launch_.job;
    RowSide<T> side{};
    side.form = Form::softmax;
    if constexpr (sizeof(T) == sizeof(double)) {
      side.scale = launch_.wide_scale;
    } else {
      side.scale = launch_.scale;
    }
    const std::int64_t cols = job.logits.cols;
    if (cols > 0) normalise(side);
    const Label label = read_label(job.labels, row, cols, job.options.ignore_index);
    const bool ignored = label.status == status_ignored;
    const RowLoss parts = parts_of(side, label);
    const double factor = gradient != nullptr ? gradient_factor() : 0;
    if constexpr (sizeof(T) == sizeof(float)) {
      const bool wide_gradient = gradient != nullptr && gradient_leaves_float(factor * (parts.total + parts.pull));
      if (!ignored && (leaves_float(side) || wide_gradient)) {
        if (write && feed_.group.rank() == 0) launch_.selection.put_off(row);
        write = false;
      }
    }
    const std::uint8_t status = ignored ? label.status : label.status | side.status;
    const bool good = status == status_ok;
    const double e = job.options.label_smoothing;
    T x_label = 0;
    if (good) {
      const char* x = feed_.row_p() != nullptr ? feed_.row_p() : row_data(job.logits, row);
      x_label = reader_.template read<T>(x + label.index * reader_.bytes());
    }
    double sum_of_nll = 0;
    if (gradient != nullptr || e > 0) {
      if (in_place) feed_.group.sync();  // all have read the label's logit, before the gradient takes its place
      const Target target{write, gradient, in_place, good, ignored, label.index, factor};
      sum_of_nll = second_sweep(side, target, parts);
    }
    if (!write || feed_.group.rank() != 0) return;
    double loss = good ? parts.z_loss : ignored ? 0 : kNaN<double>;
    if (good) {
      if (parts.at_label != 0) loss += parts.at_label * (0.0 - precise_log_probability(side, x_label, 0.0));
      if (e > 0) {
        const double n = launch_.class_weights != nullptr ? *launch_.class_weights : static_cast<double>(cols);
        loss += parts.everywhere * (sum_of_nll + n * side.log_sum);
      }
    }
    if (job.output.status != nullptr) job.output.status[row] = status;
    if (launch_.row_loss != nullptr) launch_.row_loss[row] = loss;
    if (job.output.loss.data != nullptr && job.options.reduction == Reduction::none) {
      store_value(job.output.loss.data, job.output.loss.dtype, row, loss);
    }
  }

 private:
  static constexpr int kPerLane = RowFeed<Element>::kPerLane;
  static constexpr bool kColumnOptions = std::is_same_v<Element, AnyLogit>;

  struct Target {
    bool write;
    char* gradient;
    bool in_place, good, ignored;
    std::int64_t label;
    double factor;
  };

  __device__ RowLoss parts_of(const RowSide<T>& side, const Label& label) const {
    const CrossEntropyOptions& options = launch_.job.options;
    RowLoss parts(options.label_smoothing, launch_.job.logits.cols);
    if (options.class_weights.data != nullptr && label.status == status_ok) {
      const double* all = launch_.class_weights;
      const DoubleDouble sum = all != nullptr ? DoubleDouble{all[0], all[1]} : DoubleDouble{0, 0};
      parts.set_weights(class_weight(options.class_weights, label.index), sum);
    }
    if (options.z_loss > 0) parts.set_z_loss(options.z_loss, side.log_mass);
    return parts;
  }
  __device__ double gradient_factor() const {
    const CrossEntropyOptions& options = launch_.job.options;
    return options.gradient_scale / options.temperature / loss_divisor(launch_.valid_rows, launch_.row_weights);
  }

  /// The thread's i-th column of a chunk, counted from its first.
  __device__ int column(int i) const { return feed_.group.rank() + i * feed_.group.size(); }

  __device__ void normalise(RowSide<T>& side) {
    const Scan scan = scan_of(side, false);
    Normaliser<T> normaliser(side, scan, 1.0);
    feed_.sweep([&](const Chunk& chunk) {
      scan_chunk<kPerLane>(normaliser, reader_, feed_.group, chunk.p, chunk.count, side.pad());
    });
    const SideState<T> state = normaliser.reduce(feed_.group);
    reference_ = state.online.reference;
    finish_side(side, state, false, launch_.job.options.z_loss > 0, launch_.job.logits.dtype);
    complete_status(side);
  }

  /// A row with a NaN is looked through once more for what else is wrong with it.
  __device__ void complete_status(RowSide<T>& side) {
    const bool has_nan = (side.status & status_nan) != 0;
    if (!feed_.group.any_neighbour(has_nan)) return;
    unsigned bits = 0;
    feed_.sweep([&](const Chunk& chunk) {
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        bits |= status_of_entry(side, reader_.template read<T>(chunk.p + c * reader_.bytes()));
      }
    });
    bits = feed_.group.reduce(bits, [](unsigned a, unsigned b) { return a | b; });
    if (has_nan) side.status = static_cast<std::uint8_t>(bits);
  }

  /// The gradient, and the sum of w (max - x) / T, whose terms are all >= 0.
  __device__ double second_sweep(const RowSide<T>& side, const Target& target, const RowLoss& parts) {
    if constexpr (sizeof(T) == sizeof(float)) {
      if (scan_of(side, false) == Scan::exponentials_at_one)
        return second_sweep(side, target, parts, LogitSide(side, reference_));
    }
    return second_sweep(side, target, parts, [&side](T x) { return probability<Form::softmax>(side, x); });
  }

  template <class Probability>
  __device__ double second_sweep(const RowSide<T>& side, const Target& target, const RowLoss& parts,
                                 const Probability& probability_of) {
    const bool smoothed = parts.everywhere > 0;
    const T factor = static_cast<T>(target.factor * (parts.total + parts.pull));
    const T uniform = static_cast<T>(target.factor * parts.everywhere);
    const VectorView& weights = launch_.job.options.class_weights;
    const Shift<T> shift(side);
    CompensatedSum<double> sum;
    const auto weight_of = [&](std::int64_t column) {
      return kColumnOptions && smoothed ? static_cast<T>(class_weight(weights, column)) : T(1);
    };
    const auto gradient_of = [&](T x, std::int64_t column) {
      if (!target.good) return target.ignored ? T(0) : kNaN<T>;
      const T q = probability_of(x);
      T g = fma(factor, q, -uniform * weight_of(column));
      if (column == target.label) {
        g = static_cast<T>(target.factor * label_gradient(side, x, static_cast<double>(q), parts));
      }
      return x > -kInf<T> ? g : T(0);
    };
    const auto body = [&](const Chunk& chunk) {
      if (!target.write) return;
      T part = 0;
#pragma unroll 2
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        char* at = chunk.p + c * reader_.bytes();
        const T x = reader_.template read<T>(at);
        if (smoothed) {
          const T w = weight_of(chunk.first + c);
          part -= w == 0 ? T(0) : w * shift(x).hi;
        }
        if (target.gradient == nullptr) continue;
        T g = gradient_of(x, chunk.first + c);
        if constexpr (kColumnOptions) g *= x > -kInf<T> ? static_cast<T>(reader_.slope(at)) : T(1);
        if (!target.in_place) at = target.gradient + (chunk.first + c) * reader_.bytes();
        write_element<Element>(at, launch_.job.logits.dtype, g);
      }
      sum.add(static_cast<double>(part));
    };
    feed_.sweep_and_store(body, target.in_place && target.write ? target.gradient : nullptr);
    if (!smoothed) return 0;
    return feed_.group
        .reduce(sum,
                [](CompensatedSum<double> a, const CompensatedSum<double>& b) {
                  a.merge(b);
                  return a;
                })
        .value();
  }

  const LossLaunch& launch_;
  RowFeed<Element>& feed_;
  Reader<Element> reader_;
  T reference_ = 0;
};

}  // namespace kullback::cuda
