#pragma once

#include "kernels/cpu/cross_entropy_rows.hpp"
#include "kernels/cpu/rowwise_rows.hpp"
#include "kernels/measures/slopes.hpp"

/// Weighted sums of measures and their gradients: rows [first, last) of a job on one thread. The row-wise engine's sums
/// give the loss and the factors of the slopes; a sweep over the row, now in cache, makes the slopes, and a last one
/// the gradients, whose every entry depends on the sum of all slopes.
namespace kullback::cpu {

/// The gradient of one side of a row: its weighted slopes, their sum, the weight of its label.
template <class T> struct SideGradient {
  const MutableMatrixView& out;
  T* slopes;  // [cols, padded]
  CompensatedSum<double> total;
  double label_weight = 0;

  bool wanted() const { return out.data != nullptr; }
  /// A large sum makes what a small probability has lost large, too.
  bool leaves_float() const { return wanted() && !(abs(total.value()) <= 0x1p20); }
};

/// What one measure's slope is multiplied by: its weight and the derivative of what it is a function of.
struct SlopeWeight {
  double of = 0;
  bool far = false;    // of a sum far from 1: the slopes are shares of it
  double log_sum = 0;  // and this its logarithm
};

/// h += the weighted slope of M on one side.
template <class M, bool kOfQ, class T>
static void add_slopes(const PairBlock<T>& b, const TermParameters<T>& parameters, const SlopeWeight& weight,
                       std::int64_t n, T* h) {
  using Known = SlopeOf<M>;
  const TermParameters<T> w = parameters;
  const T factor = static_cast<T>(weight.of);
  if constexpr (kIsLogOfSum<M> && sizeof(T) == sizeof(double)) {
    if (weight.far) {
      const double log_sum = weight.log_sum;
      for (std::int64_t i = 0; i < n; ++i) {
        h[i] += factor * (kOfQ ? Known::far_q(b[i], w, log_sum) : Known::far_p(b[i], w, log_sum));
      }
      return;
    }
  }
  for (std::int64_t i = 0; i < n; ++i) h[i] += factor * (kOfQ ? Known::slope_q(b[i], w) : Known::slope_p(b[i], w));
}

/// The weights of all measures, divided by the largest, which multiplies the gradient instead: products of slopes and
/// weights stay in range.
template <class T> struct SlopeWeights {
  SlopeWeight measure[MeasureSet::kMaxSize];
  double largest = 0;
  bool beyond_float = false;

  SlopeWeights(const DivergenceLossJob& job, const double* values, const RowFacts& facts, SideGradient<T>& p,
               SideGradient<T>& q) {
    const int count = job.rows.measures.size();
    for (int k = 0; k < count; ++k) {
      if (job.weights[k] == 0) continue;
      with_measure(AllMeasures{}, job.rows.measures[k], [&](auto m) {
        using M = decltype(m);
        double chain = chain_of<M>(values[k], facts);
        if constexpr (kIsLogOfSum<M>) {
          measure[k].log_sum = M::log_sum(values[k], facts);
          measure[k].far = abs(measure[k].log_sum) > 0.7 && abs(values[k]) < kInf<double>;
          if (measure[k].far) chain = 1;
          beyond_float |= measure[k].far;
        }
        // A large factor makes what a small probability has lost large, too; a small sum has lost what its root needs.
        beyond_float |= !(abs(chain) <= 0x1p20) || (kIsRoot<M> && values[k] < 0x1p-20);
        measure[k].of = job.weights[k] * chain;
        largest = abs(measure[k].of) > largest ? abs(measure[k].of) : largest;
      });
    }
    if (!(largest > 0 && largest < kInf<double>)) largest = 1;
    for (int k = 0; k < count; ++k) {
      if (job.weights[k] == 0) continue;
      measure[k].of /= largest;
      with_measure(AllMeasures{}, job.rows.measures[k], [&](auto m) {
        using M = decltype(m);
        if constexpr (kIsOfLabel<M>) (M::kInfo.needs_q ? q : p).label_weight += measure[k].of;
      });
    }
  }

 private:
  template <class M> static constexpr bool kIsRoot = std::is_same_v<M, Hellinger> || std::is_same_v<M, JsDistance>;
};

template <class T>
static void sum_slopes(const DivergenceLossJob& job, const RowsPlan& plan, const Side<T>& p, const Side<T>& q,
                       const PairNormalisers& normalisers, const SlopeWeights<T>& weights, PairBlock<T>& b,
                       SideGradient<T>& of_p, SideGradient<T>& of_q) {
  const TermParameters<T> parameters = term_parameters<T>(job.rows.options, plan);
  for (std::int64_t c = 0; c < job.rows.cols; c += kBlock) {
    const std::int64_t n = fill_block(job.rows, plan, p, q, normalisers, true, c, b);
    const auto sum_side = [&](SideGradient<T>& side, auto is_q) {
      constexpr bool kOfQ = decltype(is_q)::value;
      if (!side.wanted()) return;
      T* h = side.slopes + c;
      for (std::int64_t i = 0; i < n; ++i) h[i] = 0;
      for (int k = 0; k < job.rows.measures.size(); ++k) {
        if (job.weights[k] == 0) continue;
        with_measure(AllMeasures{}, job.rows.measures[k], [&](auto measure) {
          using M = decltype(measure);
          if constexpr (kHasSlope<M>) add_slopes<M, kOfQ>(b, parameters, weights.measure[k], n, h);
        });
      }
      side.total.add(static_cast<double>(block_sum(h, n)));
    };
    sum_side(of_p, std::false_type{});
    sum_side(of_q, std::true_type{});
  }
}

/// factor (h_j - q_j sum h), and for a label's weight w + factor w (q_j - [j = label]).
template <class T>
static void write_gradient(const Side<T>& side, const SideGradient<T>& g, double scale, std::int64_t label,
                           PairBlock<T>& b) {
  const std::int64_t cols = side.view.cols;
  const T factor = static_cast<T>(scale), total = static_cast<T>(g.total.value() - g.label_weight);
  if (!(abs(total) < kInf<T>)) return fill_row(g.out, side.row, kNaN<T>);
  for (std::int64_t c = 0; c < cols; c += kBlock) {
    const std::int64_t n = block_columns(cols, c);
    load_block(side.view, side.row, c, n, side.pad(), b.x_q);
    fill_side(side, b.x_q, b.remainder_q, padded(n), false, b.q, b.log_q);
    const T* h = g.slopes + c;
    for (std::int64_t i = 0; i < n; ++i) b.term[i] = factor * fma(-b.q[i], total, h[i]);
    if (g.label_weight != 0 && label >= c && label < c + n) {
      const std::int64_t i = label - c;
      const double q = static_cast<double>(b.q[i]), own = label_gradient(side, b.x_q[i], q, RowLoss(0, cols));
      b.term[i] = static_cast<T>(scale * ((static_cast<double>(h[i]) - q * g.total.value()) + g.label_weight * own));
    }
    for (std::int64_t i = 0; i < n; ++i) b.term[i] = b.x_q[i] > -kInf<T> ? b.term[i] : T(0);
    store_block(g.out, side.row, c, n, b.term);
  }
}

/// False, with nothing written, for a row that needs a wider type.
template <class T>
static bool one_divergence_loss(const DivergenceLossJob& job, const DivergenceLossPlan& plan, Side<T>& p, Side<T>& q,
                                std::int64_t row, PairBlock<T>& b, RowSums& sums, T* slopes) {
  const RowsJob& rows = job.rows;
  const bool labels_matter = plan.rows.label_p || plan.rows.label_q;
  Label label = read_label(rows.labels, row, rows.cols, rows.options.ignore_index);
  if (label.status == status_label_range && !labels_matter) label.status = status_ok;
  std::uint8_t status = label.status;
  double loss = 0;
  const auto fill_gradients = [&](T value) {
    fill_row(job.output.gradient_p, row, value);
    fill_row(job.output.gradient_q, row, value);
  };
  if (status != status_ignored && rows.cols > 0) {
    if (plan.rows.p) prepare_row(p, row, b.x_p, b.term, b.remainder_p), status |= p.status;
    if (plan.rows.q) prepare_row(q, row, b.x_q, b.term, b.remainder_q), status |= q.status;
    if ((plan.rows.p && leaves_float(p)) || (plan.rows.q && leaves_float(q))) return false;
    if (status == status_ok && reads_far_logarithms(plan.rows) && lose_probabilities(plan.rows, p, q, b)) return false;
  }
  if (status == status_ok && rows.cols > 0) {
    const PairNormalisers normalisers = sum_pair_terms(rows, plan.rows, p, q, b, sums);
    if (has_small_entropy(plan.rows, SumOf{sums}) && lose_probabilities(plan.rows, p, q, b)) return false;
    const RowFacts facts = facts_of(rows, plan.rows, p, q, label, sums);
    double values[MeasureSet::kMaxSize];
    for (int k = 0; k < rows.measures.size(); ++k) {
      with_measure(AllMeasures{}, rows.measures[k],
                   [&](auto measure) { values[k] = value_of<decltype(measure)>(SumOf{sums}, facts); });
      if (job.weights[k] != 0) loss += job.weights[k] * values[k];
    }
    const auto room = padded(rows.cols);
    SideGradient<T> of_p{job.output.gradient_p, slopes, {}}, of_q{job.output.gradient_q, slopes + room, {}};
    if (of_p.wanted() || of_q.wanted()) {
      const SlopeWeights<T> weights(job, values, facts, of_p, of_q);
      const double factor = plan.gradient_factor * weights.largest / rows.options.temperature;
      const bool narrow = sizeof(T) == sizeof(float);
      if (narrow && (weights.beyond_float || gradient_leaves_float(factor))) return false;
      sum_slopes(job, plan.rows, p, q, normalisers, weights, b, of_p, of_q);
      if (narrow && (of_p.leaves_float() || of_q.leaves_float())) return false;
      if (of_p.wanted()) write_gradient(p, of_p, factor, label.index, b);
      if (of_q.wanted()) write_gradient(q, of_q, factor, label.index, b);
    }
  } else if (status == status_ok || status == status_ignored) {
    fill_gradients(T(0));
  } else {
    loss = kNaN<double>;
    fill_gradients(kNaN<T>);
  }
  if (job.output.status != nullptr) job.output.status[row] = status;
  if (plan.row_loss != nullptr) plan.row_loss[row] = loss;
  if (job.output.loss.data != nullptr && job.reduction == Reduction::none) {
    store_value(job.output.loss.data, job.output.loss.dtype, row, loss);
  }
  return true;
}

template <class T>
static void divergence_loss_range_as(const DivergenceLossJob& job, const DivergenceLossPlan& plan, std::int64_t first,
                                     std::int64_t last, void* slopes) {
  PairBlock<T> block;
  RowSums sums{};
  Side<T> p = side_of<T>(job.rows.p, plan.rows.form_p, plan.rows.temperature_p, false, plan.rows.mass_p);
  Side<T> q = side_of<T>(job.rows.q, plan.rows.form_q, plan.rows.temperature_q, false, plan.rows.mass_q);
  for (std::int64_t row = first; row < last; ++row) {
    if (!one_divergence_loss(job, plan, p, q, row, block, sums, static_cast<T*>(slopes))) {
      divergence_loss_range_as<double>(job, plan, row, row + 1, slopes);
    }
  }
}

static void divergence_loss_range(const DivergenceLossJob& job, const DivergenceLossPlan& plan, std::int64_t first,
                                  std::int64_t last, void* slopes) {
  if (plan.rows.wide) {
    divergence_loss_range_as<double>(job, plan, first, last, slopes);
  } else {
    divergence_loss_range_as<float>(job, plan, first, last, slopes);
  }
}

}  // namespace kullback::cpu
