#pragma once

#include "kernels/cuda/row_feed.cuh"
#include "kernels/cuda/row_kernels.hpp"
#include "kernels/cuda/row_normaliser.cuh"
#include "kernels/cuda/row_terms.cuh"
#include "kernels/math/label.hpp"
#include "kernels/row_results.hpp"

/// The row-wise engine: one sweep over a row (or a pair) on its way into shared memory finds the normalisers, a second
/// over the row now on chip sums the terms of every asked measure. Rows that do not fit are read twice.
namespace kullback::cuda {

template <class T> __device__ RowSide<T> side_p(const RowsLaunch& launch) {
  RowSide<T> side{};
  side.form = launch.plan.form_p;
  if constexpr (sizeof(T) == sizeof(double))
    side.scale = launch.wide_scale_p;
  else
    side.scale = launch.scale_p;
  return side;
}
template <class T> __device__ RowSide<T> side_q(const RowsLaunch& launch) {
  RowSide<T> side{};
  side.form = launch.plan.form_q;
  if constexpr (sizeof(T) == sizeof(double))
    side.scale = launch.wide_scale_q;
  else
    side.scale = launch.scale_q;
  return side;
}

/// An entry as T and what that rounding took away.
template <class T, class Element> __device__ Entry<T> entry(const Reader<Element>& reader, const char* at) {
  return {reader.template read<T>(at), remainder_of<T>(reader, at)};
}

/// The largest entry's lowest index. Counts beyond 2^53 are compared as integers.
struct Top {
  std::int64_t value, index;

  __device__ static Top merge(const Top& a, const Top& b) {
    const bool first = a.value > b.value || (a.value == b.value && a.index < b.index);
    return first ? a : b;
  }
};

/// For measures that need none.
struct NoSums {
  template <class Term> __device__ double operator()(Term) const { return 0; }
};

/// Does one row with the threads of a group. Feed: a RowFeed.
template <class T, class Element, bool kTerms, class Feed> class RowWorker {
 public:
  __device__ RowWorker(const RowsLaunch& launch, Feed& feed)
      : launch_(launch),
        plan_(launch.plan),
        feed_(feed),
        reader_p_(launch.job.p.dtype),
        reader_q_(launch.job.q.dtype) {}

  /// `write`: this group owns the row (the last groups of a batch may have none).
  __device__ __forceinline__ void run(std::int64_t row, bool write) {
    const RowsJob& job = launch_.job;
    RowPair<T> pair;
    pair.p = side_p<T>(launch_), pair.q = side_q<T>(launch_);
    if (job.cols > 0) normalise(pair);
    const std::uint8_t sides = (plan_.p ? pair.p.status : 0) | (plan_.q ? pair.q.status : 0);
    if constexpr (sizeof(T) == sizeof(float)) {
      const bool far = (plan_.p && leaves_float(pair.p)) || (plan_.q && leaves_float(pair.q));
      if (far || (reads_far_logarithms(plan_) && sides == status_ok && loses_probabilities(pair))) put_off(row, write);
    }
    const bool worth = feed_.group.any_neighbour(sides == status_ok);
    TermSums<T, UsualTerms> sums{};
    if constexpr (kTerms) {
      if (worth && needs_usual_terms()) sums = sum_pair(pair);
      if constexpr (sizeof(T) == sizeof(float)) {
        const bool small = sides == status_ok && has_small_entropy(plan_, sums);
        if (worth && small && loses_probabilities(pair)) put_off(row, write);
      }
    }
    RowFacts facts{};
    facts.lse_q = -kInf<double>;
    if (job.cols > 0) {
      if (plan_.top1) {
        if (plan_.p) facts.top1_p = top(reader_p_, &Chunk::p, pair.p.max);
        if (plan_.q) facts.top1_q = top(reader_q_, &Chunk::q, pair.q.max);
      }
      if (plan_.q) facts.max_q = largest_probability(pair.q);
      if (plan_.mass_q) facts.lse_q = pair.q.log_mass;
    }
    Label label;
    write = write && feed_.group.rank() == 0;
    if (write) {
      label = read_label(job.labels, row, job.cols, job.options.ignore_index);
      if (sides == status_ok && label.status == status_ok && job.cols > 0) {
        const auto log_probability = [&](const MatrixView& view, const char* on_chip, const RowSide<T>& side,
                                         const typename TermSums<T, UsualTerms>::Sum& logs) {
          return label_log_probability(view, on_chip != nullptr ? on_chip : row_data(view, row), side, label.index,
                                       logs.value());
        };
        if (plan_.label_p) facts.log_p_label = log_probability(job.p, feed_.row_p(), pair.p, sums.log_p);
        if (plan_.label_q) facts.log_q_label = log_probability(job.q, feed_.row_q(), pair.q, sums.log_q);
      }
      if (job.status != nullptr) job.status[row] = sides | label.status;
      store_measures<MeasureList<>>(job, row, sides, label, facts, NoSums());
    }
    if constexpr (kTerms) {
      if (write) store_measures<UsualTerms>(job, row, sides, label, facts, sums);
      sum_and_store<DivergenceTerms>(pair, row, worth, write);
      sum_and_store<OrderTerms>(pair, row, worth, write);
    }
  }

 private:
  static constexpr int kPerLane = Feed::kPerLane;
  // Rows of known types in float: the version for logits at temperature 1 is worth its code.
  static constexpr bool kPlainLogits = sizeof(T) == sizeof(float) && !std::is_same_v<Element, AnyElement>;

  __device__ bool loses_probabilities(const RowPair<T>& pair) const {
    return (plan_.p && kullback::loses_probabilities(pair.p)) || (plan_.q && kullback::loses_probabilities(pair.q));
  }
  /// The row is for double. The group goes on with it: its neighbours' shuffles need these lanes.
  __device__ void put_off(std::int64_t row, bool& write) const {
    if (write && feed_.group.rank() == 0) launch_.selection.put_off(row);
    write = false;
  }

  /// The thread's i-th column of a chunk, counted from its first.
  __device__ int column(int i) const { return feed_.group.rank() + i * feed_.group.size(); }
  static __device__ const char* at(const Reader<Element>& reader, const char* chunk, int column) {
    return chunk + column * reader.bytes();
  }

  /// The thread's entries of a chunk into one side's phase 1.
  __device__ void scan(Normaliser<T>& normaliser, const Reader<Element>& reader, const char* chunk, int count, T pad) {
    scan_chunk<kPerLane>(normaliser, reader, feed_.group, chunk, count, pad);
  }

  __device__ __forceinline__ void normalise(RowPair<T>& pair) {
    const Scan scan_p = scan_of(pair.p, launch_.check || plan_.mass_p);
    const Scan scan_q = scan_of(pair.q, launch_.check || plan_.mass_q);
    double factor = 1;
    int exponent = 0;
    for (;;) {
      Normaliser<T> of_p(pair.p, scan_p, factor), of_q(pair.q, scan_q, factor);
      feed_.sweep([&](const Chunk& chunk) {
        if (plan_.p) scan(of_p, reader_p_, chunk.p, chunk.count, pair.p.pad());
        if (plan_.q) scan(of_q, reader_q_, chunk.q, chunk.count, pair.q.pad());
      });
      bool again = false;
      if (plan_.p) again |= finish(pair.p, pair.reference_p, of_p, plan_.mass_p, launch_.job.p.dtype, exponent);
      if (plan_.q) again |= finish(pair.q, pair.reference_q, of_q, plan_.mass_q, launch_.job.q.dtype, exponent);
      // Totals beyond float64 (of rows that only T = double sees) are summed again with a factor of 2^-600.
      if (exponent != 0 || !feed_.group.any_neighbour(again)) break;
      exponent = -600;
      factor = 0x1p-600;
    }
    if (plan_.p) complete_status(pair.p, reader_p_, &Chunk::p);
    if (plan_.q) complete_status(pair.q, reader_q_, &Chunk::q);
    if (plan_.pairing == Pairing::logs && pair.p.form == Form::softmax) pair.offset = softmax_offset(pair.p, pair.q);
    if constexpr (sizeof(T) == sizeof(double)) {
      if (plan_.mass_p && pair.p.is_log()) refine_mass(pair.p, reader_p_, &Chunk::p);
      if (plan_.mass_q && pair.q.is_log()) refine_mass(pair.q, reader_q_, &Chunk::q);
      if (plan_.pairing == Pairing::mixed) set_mixed_normalisers(pair);
    }
  }

  /// True if the total must be summed again. In the second round the others keep what they have.
  __device__ bool finish(RowSide<T>& side, T& reference, const Normaliser<T>& normaliser, bool mass, DType dtype,
                         int exponent) {
    const SideState<T> state = normaliser.reduce(feed_.group);
    reference = state.online.reference;
    if (exponent == 0) return finish_side(side, state, launch_.check && !is_share(side), mass, dtype);
    if (!is_share(side) || side.status != status_ok || side.total.hi < kInf<double>) return false;
    side.total = state.total.two_terms();
    side.scale_share(exponent);
    if (mass) set_mass(side, 0.0, side.total);
    return false;
  }
  /// A row with a NaN is looked through once more for what else is wrong with it.
  __device__ void complete_status(RowSide<T>& side, const Reader<Element>& reader, char* Chunk::*of) {
    const bool has_nan = (side.status & status_nan) != 0;
    if (!feed_.group.any_neighbour(has_nan)) return;
    unsigned bits = 0;
    feed_.sweep([&](const Chunk& chunk) {
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        bits |= status_of_entry(side, reader.template read<T>(at(reader, chunk.*of, c)));
      }
    });
    bits = feed_.group.reduce(bits, [](unsigned a, unsigned b) { return a | b; });
    if (has_nan) side.status = static_cast<std::uint8_t>(bits);
  }
  /// The one-pass sum of exponentials takes a rounding from every change of its reference, too many for `lse` in
  /// double.
  __device__ __forceinline__ void refine_mass(RowSide<T>& side, const Reader<Element>& reader, char* Chunk::*of) {
    const Shift<T> shift(side);
    CompensatedSum<double> sum;
    feed_.sweep([&](const Chunk& chunk) {
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        sum.add(exp_two_terms(shift(reader.template read<T>(at(reader, chunk.*of, c)))));
      }
    });
    sum = feed_.group.reduce(sum, [](CompensatedSum<double> a, const CompensatedSum<double>& b) {
      a.merge(b);
      return a;
    });
    set_mass(side, (sum.sum - 1) + sum.lost, side.total);
  }
  static __device__ bool is_share(const RowSide<T>& side) { return side.form == Form::share; }

  __device__ void set_mixed_normalisers(RowPair<T>& pair) {
    DoubleDouble sum_p = {0, 0}, sum_q = {0, 0};
    const bool exponentials_p = pair.p.form == Form::softmax, exponentials_q = pair.q.form == Form::softmax;
    const Shift<double> shift_p(pair.p), shift_q(pair.q);
    feed_.sweep([&](const Chunk& chunk) {
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        if (exponentials_p) sum_p = add(sum_p, exp(shift_p(reader_p_.template read<T>(at(reader_p_, chunk.p, c)))));
        if (exponentials_q) sum_q = add(sum_q, exp(shift_q(reader_q_.template read<T>(at(reader_q_, chunk.q, c)))));
      }
    });
    const auto both = [](DoubleDouble a, DoubleDouble b) { return add(a, b); };
    if (exponentials_p) pair.mixed.log_p = log(feed_.group.reduce(sum_p, both));
    if (exponentials_q) pair.mixed.log_q = log(feed_.group.reduce(sum_q, both));
    if (is_share(pair.p)) pair.mixed.log_p = log_of_total(pair.p.total, pair.p.share_exponent);
    if (is_share(pair.q)) pair.mixed.log_q = log_of_total(pair.q.total, pair.q.share_exponent);
  }

  /// A further group, once the normalisers are as good as they get. Of the facts its measures read the masses alone,
  /// and none has a label.
  template <class Terms>
  __device__ void sum_and_store(const RowPair<T>& pair, std::int64_t row, bool worth, bool write) {
    if ((plan_.sums & bits_of_terms(Terms{})) == 0) return;
    TermSums<T, Terms> sums{};
    if (worth) sums = sum_terms<Terms>(pair);
    if (!write) return;
    RowFacts facts{};
    facts.order = plan_.order;
    facts.mass_p = pair.p.mass, facts.mass_q = pair.q.mass;
    const int sides = (plan_.p ? pair.p.status : 0) | (plan_.q ? pair.q.status : 0);
    store_measures<Terms>(launch_.job, row, static_cast<std::uint8_t>(sides), Label{}, facts, sums);
  }

  /// Terms of the first group, label smoothing's logarithms or the differences that refine the normalisers.
  __device__ bool needs_usual_terms() const {
    const bool refined = plan_.pairing == Pairing::logs && plan_.form_p == Form::softmax;
    return (plan_.sums & bits_of_terms(UsualTerms{})) != 0 || plan_.smooth || refined;
  }

  /// The fields that a group reads.
  template <class Terms> __device__ unsigned fields() const {
    constexpr unsigned kLogs = kNeedsLogP | kNeedsLogQ, kOwn = fields_of(Terms{});
    constexpr bool kAll = std::is_same_v<Terms, UsualTerms>;
    return plan_.fields & (kOwn | (kAll ? kLogs : 0u) | ((kOwn & kNeedsLogs) != 0 ? kLogs | kNeedsLogRatio : 0u));
  }

  template <class Terms> __device__ TermSums<T, Terms> sum_terms(const RowPair<T>& pair) {
    TermSums<T, Terms> sums{};
    const unsigned read = fields<Terms>();
    // The last group's terms cost far more than their columns.
    if constexpr (kPlainLogits && !std::is_same_v<Terms, OrderTerms>) {
      if (plan_.pairing == Pairing::logs && scan_of(pair.p, false) == Scan::exponentials_at_one) {
        add_logit_terms(LogitColumns(pair, read), sums);
      } else {
        add_terms<Terms>(AnyColumns<T>(pair, plan_, read), sums);
      }
    } else {
      add_terms<Terms>(AnyColumns<T>(pair, plan_, read), sums);
    }
    sums.reduce(feed_.group, plan_);
    return sums;
  }

  template <class Columns> __device__ void add_logit_terms(const Columns& columns, TermSums<T, UsualTerms>& sums) {
    const unsigned asked = plan_.sums & bits_of_terms(UsualTerms{});
    if (asked == kTermBit<Kl>) {
      add_terms<MeasureList<Kl>>(columns, sums);
    } else if (asked == kTermBit<Js>) {
      add_terms<MeasureList<Js>>(columns, sums);
    } else {
      add_terms<UsualTerms>(columns, sums);
    }
  }
  template <class Columns> __device__ void add_logit_terms(const Columns& columns, TermSums<T, DivergenceTerms>& sums) {
    add_terms<DivergenceTerms>(columns, sums);
  }

  template <class Asked, class Columns, class Terms>
  __device__ void add_terms(const Columns& columns, TermSums<T, Terms>& sums) {
    constexpr bool kBoth = !std::is_same_v<Columns, AnyColumns<T>>, kUsual = std::is_same_v<Terms, UsualTerms>;
    const TermParameters<T> parameters = term_parameters<T>(launch_.job.options, plan_);
    const unsigned asked = plan_.sums;
    feed_.sweep([&](const Chunk& chunk) {
      TermParts<T, Terms, Asked> parts(sums);
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        const Entry<T> a = kBoth || plan_.p ? entry<T>(reader_p_, at(reader_p_, chunk.p, c)) : Entry<T>{};
        const Entry<T> b = kBoth || plan_.q ? entry<T>(reader_q_, at(reader_q_, chunk.q, c)) : Entry<T>{};
        const Pair<T> x = columns(a, b);
        parts.add(x, asked, parameters);
        if constexpr (kUsual) {
          if (kBoth || plan_.pairing == Pairing::logs) parts.add_differences(x);
          if (plan_.smooth) parts.add_logs(x);
        }
      }
      parts.flush();
    });
  }

  __device__ TermSums<T, UsualTerms> sum_pair(RowPair<T>& pair) {
    TermSums<T, UsualTerms> sums = sum_terms<UsualTerms>(pair);
    if (plan_.pairing != Pairing::logs || pair.p.form != Form::softmax) return sums;
    for (int repetition = 0; repetition < kMaxRefinements; ++repetition) {
      const bool again = refine<T>(pair.offset, sums.diff.value(), sums.absolute_diff.value());
      if (!feed_.group.any_neighbour(again)) break;
      sums = sum_terms<UsualTerms>(pair);  // to the same bits where nothing changed
    }
    return sums;
  }

  __device__ std::int64_t top(const Reader<Element>& reader, char* Chunk::*side, T max) {
    Top own = {INT64_MIN, INT64_MAX};
    feed_.sweep([&](const Chunk& chunk) {
#pragma unroll 1
      for (int c = column(0); c < chunk.count; c += feed_.group.size()) {
        const char* here = at(reader, chunk.*side, c);
        if (reader.template read<T>(here) != max) continue;
        std::int64_t value = 0;
        if constexpr (std::is_same_v<Element, AnyElement>) {
          if (reader.dtype == DType::i64) value = *reinterpret_cast<const std::int64_t*>(here);
        }
        own = Top::merge(own, {value, chunk.first + c});
      }
    });
    return feed_.group.reduce(own, Top::merge).index;
  }

  __device__ double label_log_probability(const MatrixView& view, const char* row, const RowSide<T>& side,
                                          std::int64_t label, double sum_of_logs) const {
    const Reader<AnyElement> reader(view.dtype);
    const char* here = row + label * static_cast<std::int64_t>(size_of(view.dtype));
    return smoothed_log_probability(
        launch_.job, precise_log_probability(side, reader.read<T>(here), remainder_of<T>(reader, here)), sum_of_logs);
  }

  const RowsLaunch& launch_;
  const RowsPlan& plan_;
  Feed& feed_;
  Reader<Element> reader_p_, reader_q_;
};

}  // namespace kullback::cuda
