#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"

/// Row-wise measures: any set of them from one read of the rows.
/// P holds the "true" rows, Q the "model" rows; every direction is P first.
namespace kullback {

/// Sums run over the columns of a row; p=q=0 contributes 0 to everything.
/// KL and JS: Kullback & Leibler 1951, Lin 1991. `kl` and `reverse_kl` are the generalised (Bregman) forms, which equal
/// the textbook ones for normalised rows and are never negative. So are `renyi` and `tsallis`, with
/// W = alpha sum p + (1-alpha) sum q, which is 1 for normalised rows (`renyi` is NaN where W <= 0). Of order >= 1 they
/// are +inf where q = 0 < p.
enum class Measure : std::uint8_t {
  entropy,        ///< -sum p log p
  entropy_q,      ///< -sum q log q
  cross_entropy,  ///< -sum p log q (soft labels); +inf where q = 0 < p
  nll,            ///< -log q[label]; +inf where that q is 0
  nll_p,          ///< -log p[label]
  kl,             ///< sum p log(p/q) - p + q; +inf where q = 0 < p
  reverse_kl,     ///< sum q log(q/p) - q + p; +inf where p = 0 < q
  js,             ///< beta KL(p,m) + (1-beta) KL(q,m), m = beta p + (1-beta) q
  tv,             ///< 1/2 sum |p - q|
  top1_agree,     ///< 1 where the largest entries of p and q have the same (lowest) index, else 0
  rel_entr,       ///< sum p log(p/q), plain: of rows that are not normalised it may be negative; +inf where q = 0 < p
  jeffreys,       ///< kl + reverse_kl = sum (p-q) log(p/q) (Jeffreys 1946; PSI of binned data); +inf where one is 0
  js_distance,    ///< sqrt(js), a metric at beta = 1/2 (Endres & Schindelin 2003)
  hellinger_sq,   ///< 1/2 sum (sqrt p - sqrt q)^2
  hellinger,      ///< its root, a metric
  bhattacharyya,  ///< -log sum sqrt(pq) (Bhattacharyya 1943); +inf for disjoint rows, negative only where masses exceed
                  ///< 1
  chi2,           ///< sum (p-q)^2/q (Pearson 1900); +inf where q = 0 < p
  chi2_reverse,   ///< sum (p-q)^2/p (Neyman 1949); +inf where p = 0 < q
  triangular,     ///< sum (p-q)^2/(p+q) (Le Cam 1986)
  renyi,          ///< order alpha (Renyi 1961): log(sum p^alpha q^(1-alpha) / W) / (alpha-1); kl / sum p at 1
  tsallis,        ///< order alpha (Tsallis 1998): (sum p^alpha q^(1-alpha) - W) / (alpha-1); kl at 1
  lse,            ///< log of Q's mass before any normalisation: log sum exp(x / T), or log sum q; -inf without columns
  max_prob,       ///< the largest q; 0 without columns
  top1,           ///< its (lowest) index as a number; 0 without columns
  perplexity,     ///< exp(nll), nll in nats; 1 for an ignored label
};

/// What the numbers in a row mean.
enum class Input : std::uint8_t {
  logits,     ///< the row is softmax(x / temperature); float64 logits must not differ by more than the largest float64
  log_probs,  ///< natural logarithms of probabilities, taken as given
  probs,      ///< probabilities, taken as given unless `normalize` says otherwise
  counts,     ///< non-negative integers (u8, u16, i32, i64), always normalised, exactly
};

/// What to do with probabilities and log-probabilities that do not sum to 1.
enum class Normalize : std::uint8_t {
  never,   ///< the generalised functions of the given values
  always,  ///< divide each row by its sum
  check,   ///< NaN and a status bit where |sum - 1| > 1e-3 (16-bit), 1e-5 (32-bit), 1e-12 (64-bit)
};

enum class Unit : std::uint8_t { nats, bits, bans };

/// Per-row status byte: bits that say why a row's outputs are NaN (`ignored`: why its nll is 0).
enum RowStatus : std::uint8_t {
  status_ok = 0,
  status_nan = 1,              ///< a NaN among the row's inputs
  status_infinite = 2,         ///< +inf, or a log-probability above 709.78, whose exponential overflows float64
  status_negative = 4,         ///< a negative probability or count
  status_zero_mass = 8,        ///< all probabilities 0, or all logits -inf
  status_not_normalized = 16,  ///< Normalize::check failed
  status_label_range = 32,     ///< label outside [0, cols) and not ignore_index; only the label's measures are NaN
  status_ignored = 64,         ///< label == ignore_index
};

/// An ordered set of measures; output column k holds the k-th.
class MeasureSet {
 public:
  static constexpr int kMaxSize = 32;

  constexpr MeasureSet() = default;
  constexpr MeasureSet(std::initializer_list<Measure> list) {
    for (Measure m : list) push_back(m);
  }
  /// Measures beyond kMaxSize make the set invalid, which the call reports.
  constexpr void push_back(Measure m) {
    if (size_ < kMaxSize) items_[size_] = m;
    ++size_;
  }
  constexpr int size() const { return size_; }
  constexpr const Measure* begin() const { return items_; }
  constexpr const Measure* end() const { return items_ + (size_ < kMaxSize ? size_ : kMaxSize); }
  constexpr Measure operator[](int i) const { return items_[i]; }

 private:
  Measure items_[kMaxSize] = {};
  int size_ = 0;
};

/// Static facts about a measure.
struct MeasureInfo {
  const char* name;  ///< the name used by the command line and in tables
  bool needs_p;      ///< reads P
  bool needs_q;      ///< reads Q
  bool needs_labels;
  bool scaled;  ///< multiplied by the unit (nats, bits, bans); js_distance by its root
};

KULLBACK_EXPORT MeasureInfo measure_info(Measure measure) noexcept;
/// The measure of that name; `surprisal` is another one for nll.
KULLBACK_EXPORT std::optional<Measure> parse_measure(std::string_view name) noexcept;
/// Every measure that there is, in one fixed order.
KULLBACK_EXPORT MeasureSet all_measures() noexcept;

/// P and Q: [rows, cols]. Either may have one row, which is then compared with every row of the other.
/// A side that no asked measure needs may be left empty (data null, 0 rows).
/// labels: [rows] of u8, u16, i32 or i64; needed by nll, nll_p and perplexity.
struct RowsInput {
  MatrixView p;
  MatrixView q;
  VectorView labels;
};

/// values: [rows, measures], dtype `rows_result_dtype`. status: null or [rows].
struct RowsOutput {
  MutableMatrixView values;
  std::uint8_t* status = nullptr;
};

struct RowsOptions {
  Input input_p = Input::logits;
  Input input_q = Input::logits;
  double temperature = 1.0;      ///< > 0; divides logits on both sides, and only logits
  double beta = 0.5;             ///< js, js_distance: weight of P, in (0, 1)
  std::optional<double> alpha;   ///< renyi, tsallis: their order, > 0; there is no default
  double label_smoothing = 0.0;  ///< nll, nll_p, perplexity: in [0, 1]; target (1-e) one-hot + e / cols
  Normalize normalize = Normalize::never;
  /// >= 0; additive (Laplace, Lidstone) smoothing of the sides that are probabilities or counts, at least one: such a
  /// row is p_j = (x_j + smooth) / sum_k (x_k + smooth), whatever `normalize` says, x and x + smooth rounded to
  /// float64. A row of zeros is then uniform; a negative entry is what it is without. On the CPU alone, with a
  /// workspace.
  double smooth = 0.0;
  Unit unit = Unit::nats;
  std::optional<std::int64_t> ignore_index;  ///< rows with this label get nll = 0 (perplexity 1) and status_ignored
  Execution execution;
};

/// float64 if a side is float64 or counts, else float32.
KULLBACK_EXPORT DType rows_result_dtype(const RowsInput& input, const RowsOptions& options) noexcept;

/// Bytes of workspace that `rows` needs for these arguments. Reads no data. Throws InvalidArgument like `rows`.
KULLBACK_EXPORT std::size_t rows_workspace(const MeasureSet& measures, const RowsInput& input,
                                           const RowsOptions& options);

/// Computes every measure of the set for every row, reading each row once from memory.
///
/// Edges: NaN, +inf or a negative probability in a row, or a row without mass, make all outputs of that row NaN (but
/// the nll of an ignored label, which is 0) and touch no other row; `status` says which. Zero columns: divergences and
/// entropies are 0. A label out of range reads no memory: NaN and a status bit. A row's bits depend on its values, its
/// length, its dtype and the request alone: not on the batch, the row's position, alignment, stride, threads or run.
/// Accuracy: see the README's contract table. Allocates nothing. CPU: returns when done. CUDA: asynchronous on
/// `stream`. Outputs must not overlap inputs or each other. Throws InvalidArgument or BackendUnavailable before
/// anything is written.
KULLBACK_EXPORT void rows(const MeasureSet& measures, const RowsInput& input, const RowsOutput& output,
                          const RowsOptions& options, Workspace workspace, Stream stream);

}  // namespace kullback
