#pragma once

#include "kernels/math/row_side.hpp"

namespace kullback {

/// Whether gradients of float logits must be computed in double, because float does not hold the factor and what it may
/// be multiplied with.
KULLBACK_HD bool gradient_leaves_float(double factor) {
  return !(abs(factor) < 0x1p64) || (factor != 0 && abs(factor) < 0x1p-64);
}

/// dL/dx of the label's column before scaling: q - t, t = 1 - e + e/n. From the two of them where they are small, else
/// from what each lacks of 1: the other entries' sum, which is known exactly where the label's entry x is the largest,
/// and e (1 - 1/n).
template <class T>
KULLBACK_HD double label_gradient(const RowSide<T>& side, T x, double q, double smoothing, std::int64_t cols) {
  const double uniform = 1 / static_cast<double>(cols);
  const double t = (1 - smoothing) + smoothing * uniform;
  if (q + t < 1) return q - t;
  const double others = x == side.max ? side.rest / (1 + side.rest) : 1 - q;
  return smoothing * (1 - uniform) - others;
}

}  // namespace kullback
