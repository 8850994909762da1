#pragma once

#include "kernels/math/convert.hpp"
#include "kernels/math/label.hpp"
#include "kernels/math/loss.hpp"
#include "kernels/math/sum.hpp"
#include "kullback/cross_entropy.hpp"

/// What becomes of the rows' losses.
namespace kullback::cpu {

/// Rows whose label is not ignore_index.
inline std::int64_t count_valid(const VectorView& labels, const std::optional<std::int64_t>& ignore_index,
                                std::int64_t rows) {
  if (!ignore_index || labels.data == nullptr) return rows;
  std::int64_t valid = 0;
  for (std::int64_t row = 0; row < rows; ++row) valid += label_value(labels, row) != *ignore_index;
  return valid;
}

inline bool reduces(const MutableVectorView& loss, Reduction reduction) {
  return loss.data != nullptr && reduction != Reduction::none;
}

/// What the sum of the losses is divided by. `weights`: the sum of the valid rows', their number where they have none.
inline double loss_divisor(Reduction reduction, std::int64_t valid, double weights) {
  return reduction == Reduction::mean && valid > 0 ? mean_divisor(weights) : 1.0;
}

/// Adds the rows' losses in order, so that the result does not depend on the threads.
inline void store_reduced(const MutableVectorView& loss, const double* row_loss, std::int64_t rows, double divisor) {
  CompensatedSum<double> total;
  for (std::int64_t row = 0; row < rows; ++row) total.add(row_loss[row]);
  store_value(loss.data, loss.dtype, 0, total.value() / divisor);
}

}  // namespace kullback::cpu
