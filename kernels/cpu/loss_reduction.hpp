#pragma once

#include "kernels/math/convert.hpp"
#include "kernels/math/label.hpp"
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

/// Adds the rows' losses in order, so that the result does not depend on the threads.
inline void store_reduced(const MutableVectorView& loss, Reduction reduction, const double* row_loss, std::int64_t rows,
                          std::int64_t valid) {
  CompensatedSum<double> total;
  for (std::int64_t row = 0; row < rows; ++row) total.add(row_loss[row]);
  const double divisor = reduction == Reduction::mean && valid > 0 ? static_cast<double>(valid) : 1.0;
  store_value(loss.data, loss.dtype, 0, total.value() / divisor);
}

}  // namespace kullback::cpu
