#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Cross-entropy of hard labels and its gradient, straight from logits.
namespace kullback {

enum class Reduction : std::uint8_t {
  none,  ///< one loss per row
  sum,   ///< the sum over rows whose label is not ignore_index
  mean,  ///< that sum over the sum of such rows' w[label] (their number without class weights): NaN where that is 0,
         ///< but 0 where there are no such rows
};

struct CrossEntropyOptions {
  double temperature = 1.0;      ///< > 0; the row is softmax(x / temperature)
  double label_smoothing = 0.0;  ///< e in [0, 1]: target t = (1-e) one-hot + e / cols
  Reduction reduction = Reduction::mean;
  double gradient_scale = 1.0;               ///< the upstream gradient that multiplies dL/dx
  std::optional<std::int64_t> ignore_index;  ///< such rows: loss 0, gradient 0
  /// [cols] float32 or float64, finite and >= 0, where the logits lie: w_j of class j. Left empty, all are 1.
  VectorView class_weights;
  /// >= 0; adds z_loss lse^2 to each row's loss, lse = log sum_j exp(y_j) (PaLM, Chowdhery et al. 2022, section 5).
  double z_loss = 0.0;
  /// 0 (none) or between 2^-60 and 2^60: y = softcap tanh(x / softcap) / temperature in place of x / temperature
  /// (Gemma 2, 2024). Logits of -inf stay masked.
  double softcap = 0.0;
  Execution execution;
};

/// Every output may be left empty (null data); an empty one costs nothing.
struct CrossEntropyOutput {
  MutableVectorView loss;              ///< [rows] for Reduction::none, else [1]; float32, or float64 for float64 logits
  MutableMatrixView gradient;          ///< [rows, cols], the logits' dtype; may be the logits themselves (in place)
  std::uint8_t* status = nullptr;      ///< [rows] RowStatus
  std::int64_t* valid_rows = nullptr;  ///< [1] rows whose label is not ignore_index
};

KULLBACK_EXPORT std::size_t cross_entropy_workspace(MatrixView logits, VectorView labels,
                                                    const CrossEntropyOutput& output,
                                                    const CrossEntropyOptions& options);

/// loss_i = -sum_j w_j t_j log q_ij + z_loss lse_i^2 with q_i = softmax(y_i), y = x / T, and dL/dx_ij = gradient_scale
/// (A q_ij - w_j t_j + 2 z_loss lse_i q_ij) dy_ij/dx_ij with A = sum_j w_j t_j; for Reduction::mean over what the sum
/// of the losses is divided by. Losses and gradients are those of PyTorch's CrossEntropyLoss(weight, ignore_index,
/// label_smoothing), but for a class of weight 0, which adds 0 even where its q is 0, and for the mean of ignored rows
/// alone. The label's q - 1 is formed from the other entries, without cancellation. Entries whose logit is -inf have
/// gradient 0. Bad rows (NaN, +inf, all -inf, label out of range) get NaN in loss and gradient, and a status.
///
/// Rows with a softcap, and on CUDA rows with class weights and label smoothing, are computed in float64 whatever their
/// type.
/// logits: [rows, cols] f32, f16, bf16 or f64. labels: [rows] u8, u16, i32 or i64.
/// The reduced loss adds the rows in order, whatever the threads. Allocates nothing. CPU: returns when done.
/// CUDA: asynchronous on `stream`. Outputs must not overlap inputs (but for the gradient, in place) or each other.
/// Throws InvalidArgument or BackendUnavailable before anything is written.
KULLBACK_EXPORT void cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                                   const CrossEntropyOptions& options, Workspace workspace, Stream stream);

}  // namespace kullback
