#pragma once

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Row-wise measures of rows whose columns are distributions of their own: diagonal Gaussians and Bernoulli variables.
/// One value per row, float64 if an input is float64, else float32; within 32 u of the exact one, plus columns times
/// the smallest normal number. Neither call allocates; on a GPU they enqueue one kernel and do not synchronise. They
/// throw InvalidArgument or BackendUnavailable before anything is written. A row's bits depend on its values, its
/// length, the dtypes, the options and the backend alone.
namespace kullback {

struct GaussianKlOptions {
  Unit unit = Unit::nats;
  Execution execution;
};

/// KL(P || Q) of diagonal Gaussians (Kullback 1959, chapter 9), summed over dimensions, P first:
/// 1/2 sum_i e^(a_i - b_i) - 1 - (a_i - b_i) + (m_i - n_i)^2 e^(-b_i), for P = [m | a], Q = [n | b].
/// Nearly equal Gaussians keep their digits: no term cancels.
///
/// p: [rows, 2 dimensions] float32, float16, bfloat16 or float64: means, then natural logarithms of variances. q: the
/// same, or one row for all, or left empty (null data): N(0, 1), the regulariser of a variational autoencoder.
/// values: [rows]. A NaN or an infinity among a row's parameters makes its value NaN; without dimensions it is 0.
KULLBACK_EXPORT void gaussian_kl(MatrixView p, MatrixView q, MutableVectorView values, const GaussianKlOptions& options,
                                 Stream stream);

struct BinaryCrossEntropyOptions {
  Input input_q = Input::logits;  ///< or probs; q = 1 / (1 + exp(-x / temperature)) of logits
  double temperature = 1.0;       ///< > 0; of logits alone
  Unit unit = Unit::nats;
  Execution execution;
};

/// The mean over the columns of -t log q - (1-t) log(1-q), whose terms of t = 0 and t = 1 are 0 even beside an infinite
/// logarithm. From logits it is t softplus(-x) + (1-t) softplus(x), without cancellation.
///
/// targets: [rows, cols] probabilities t. q: [rows, cols], logits (infinite ones, too) or probabilities. Either may
/// have one row for all. Both float32, float16, bfloat16 or float64. values: [rows]. A NaN, or a probability outside
/// [0, 1], makes a row's value NaN; without columns it is 0.
KULLBACK_EXPORT void binary_cross_entropy(MatrixView targets, MatrixView q, MutableVectorView values,
                                          const BinaryCrossEntropyOptions& options, Stream stream);

}  // namespace kullback
