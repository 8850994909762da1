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
  mean,  ///< that sum divided by the number of such rows; 0 when there are none
};

struct CrossEntropyOptions {
  double temperature = 1.0;      ///< > 0; the row is softmax(x / temperature)
  double label_smoothing = 0.0;  ///< e in [0, 1]: target t = (1-e) one-hot + e / cols
  Reduction reduction = Reduction::mean;
  double gradient_scale = 1.0;               ///< the upstream gradient that multiplies dL/dx
  std::optional<std::int64_t> ignore_index;  ///< such rows: loss 0, gradient 0
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

/// loss_i = -sum_j t_j log softmax(x_i / T)_j, and dL/dx_ij = gradient_scale (q_ij - t_ij) / T (over the valid rows for
/// Reduction::mean). The label's q - 1 is formed from the other entries, without cancellation. Entries whose logit is
/// -inf have gradient 0. Bad rows (NaN, +inf, all -inf, label out of range) get NaN in loss and gradient, and a status.
///
/// logits: [rows, cols] f32, f16, bf16 or f64. labels: [rows] u8, u16, i32 or i64.
/// The reduced loss adds the rows in order, whatever the threads. Allocates nothing. CPU: returns when done.
/// CUDA: asynchronous on `stream`. Outputs must not overlap inputs (but for the gradient, in place) or each other.
/// Throws InvalidArgument or BackendUnavailable before anything is written.
KULLBACK_EXPORT void cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOutput& output,
                                   const CrossEntropyOptions& options, Workspace workspace, Stream stream);

}  // namespace kullback
