#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "kullback/backend.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Losses that are weighted sums of measures of two models' rows, with their gradients: distillation, alignment,
/// regularisation towards a reference model.
namespace kullback {

struct WeightedMeasure {
  Measure measure;
  double weight;
};

/// L = sum_k weight_k measure_k. A measure may not stand in it twice.
class LossTerms {
 public:
  static constexpr int kMaxSize = MeasureSet::kMaxSize;

  constexpr LossTerms() = default;
  constexpr LossTerms(std::initializer_list<WeightedMeasure> list) {
    for (const WeightedMeasure& term : list) push_back(term);
  }
  /// Terms beyond kMaxSize make the loss invalid, which the call reports.
  constexpr void push_back(const WeightedMeasure& term) {
    if (measures_.size() < kMaxSize) weights_[measures_.size()] = term.weight;
    measures_.push_back(term.measure);
  }
  constexpr const MeasureSet& measures() const { return measures_; }
  constexpr double weight(int k) const { return weights_[k]; }

 private:
  MeasureSet measures_;
  double weights_[kMaxSize] = {};
};

struct DivergenceLossOptions {
  Input input_p = Input::logits;     ///< what P's rows are; Q's are logits
  double temperature = 1.0;          ///< > 0; divides logits, and only logits
  bool temperature_squared = false;  ///< multiplies loss and gradients by T^2 (Hinton, Vinyals & Dean 2015)
  double beta = 0.5;                 ///< js, js_distance: weight of P, in (0, 1)
  std::optional<double> alpha;       ///< renyi, tsallis: their order, > 0; there is no default
  Reduction reduction = Reduction::mean;
  double gradient_scale = 1.0;               ///< the upstream gradient that multiplies the gradients
  std::optional<std::int64_t> ignore_index;  ///< rows with this label: loss 0, gradient 0
  Execution execution;
};

/// Every output may be left empty (null data); an empty one costs nothing.
struct DivergenceLossOutput {
  MutableVectorView loss;              ///< [rows] for Reduction::none, else [1]; rows_result_dtype of the inputs
  MutableMatrixView gradient_q;        ///< [rows, cols], Q's dtype; may be Q's logits themselves (in place)
  MutableMatrixView gradient_p;        ///< the same of P, whose rows must be logits
  std::uint8_t* status = nullptr;      ///< [rows] RowStatus
  std::int64_t* valid_rows = nullptr;  ///< [1] rows whose label is not ignore_index
};

/// Whether a measure may stand in a loss with gradients: all but those of the largest entry (top1, top1_agree,
/// max_prob) and lse.
KULLBACK_EXPORT bool has_gradient(Measure measure) noexcept;

/// Bytes of workspace that `divergence_loss` needs. Reads no data. Throws InvalidArgument like `divergence_loss`.
KULLBACK_EXPORT std::size_t divergence_loss_workspace(const LossTerms& terms, const RowsInput& input,
                                                      const DivergenceLossOutput& output,
                                                      const DivergenceLossOptions& options);

/// loss_i = sum_k w_k D_k(P_i, Q_i) in nats, and with g_j = dL/dq_j its gradient with respect to Q's logits,
/// q_j (g_j - sum_m q_m g_m) / T, and to P's likewise; each times gradient_scale (over the valid rows for
/// Reduction::mean). One read of the rows, one write of each gradient. The gradient of a divergence of equal rows is
/// exactly 0 (of `hellinger` and `js_distance`, which have a corner there, too). The sign of `tv`'s is any where p and
/// q agree to within rounding.
///
/// P, Q: [rows, cols]; either may have one row against many (it then has no gradient). labels: [rows]; needed by nll,
/// nll_p and perplexity, and for ignore_index. Bad rows (see `rows`; if a measure reads the labels also a label out of
/// range) get NaN in loss and gradients, and a status. A measure that is +inf makes the loss infinite, or NaN where
/// another's is infinite with the other sign. The gradient is NaN where a slope is infinite or beyond float64, as that
/// of `reverse_kl` is at p = 0 < q, and for an infinite `renyi`, `bhattacharyya` or `perplexity`. (With respect to Q
/// `kl`, `rel_entr` and `cross_entropy` stay finite at q = 0 < p.) In other rows entries whose own logit is -inf have
/// gradient 0.
/// Accuracy: see the README's contract table. A row's bits depend on its values, its length, the dtypes and the
/// request, which outputs are asked for among it: not on the batch, the place or the threads. The reduced loss adds the
/// rows in order. Allocates nothing. Runs on the CPU alone so far: CUDA throws BackendUnavailable. Outputs must not
/// overlap inputs (but for gradients in place) or each other. Throws InvalidArgument or BackendUnavailable before
/// anything is written.
KULLBACK_EXPORT void divergence_loss(const LossTerms& terms, const RowsInput& input, const DivergenceLossOutput& output,
                                     const DivergenceLossOptions& options, Workspace workspace, Stream stream);

}  // namespace kullback
