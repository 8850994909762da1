#pragma once

#include "kernels/math/row_side.hpp"
#include "kullback/cross_entropy.hpp"

namespace kullback {

/// Whether gradients of float logits must be computed in double, because float does not hold the factor and what it may
/// be multiplied with.
KULLBACK_HD bool gradient_leaves_float(double factor) {
  return !(abs(factor) < 0x1p64) || (factor != 0 && abs(factor) < 0x1p-64);
}

/// Options that give each column work of its own; the GPU's engine does them in double alone.
KULLBACK_HD bool has_column_options(const CrossEntropyOptions& options) {
  return options.softcap > 0 || (options.class_weights.data != nullptr && options.label_smoothing > 0);
}

/// An element of a float32 or float64 vector; 1 where there is none.
KULLBACK_HD double class_weight(const VectorView& weights, std::int64_t j) {
  if (weights.data == nullptr) return 1;
  return weights.dtype == DType::f64 ? static_cast<const double*>(weights.data)[j]
                                     : static_cast<double>(static_cast<const float*>(weights.data)[j]);
}

/// What the sum of the losses is divided by, given the sum of the valid rows' weights. A mean over nothing is NaN.
KULLBACK_HD double mean_divisor(double weights) { return weights != 0 ? weights : kNaN<double>; }

/// What a row's loss is made of: sum_j a_j (-log q_j) + z lse^2, a_j = w_j ((1 - e) [j is the label] + e / cols).
struct RowLoss {
  double at_label;        // (1 - e) w of the label
  double everywhere = 0;  // e / cols
  double target;          // a of the label
  double others = 0;      // the sum of all other a
  double total = 1;       // the sum of all a
  double z_loss = 0;      // z lse^2
  double pull = 0;        // 2 z lse, which the gradient adds to the total

  KULLBACK_HD RowLoss(double smoothing, std::int64_t cols) : at_label(1 - smoothing), target(at_label) {
    if (smoothing == 0) return;
    const double uniform = 1 / static_cast<double>(cols);
    everywhere = smoothing * uniform;
    target += everywhere;
    others = smoothing * (1 - uniform);
  }
  /// `weight`: of the label's class; `weights`: the sum of all.
  KULLBACK_HD void set_weights(double weight, DoubleDouble weights) {
    at_label *= weight;
    target *= weight;
    others = everywhere * ((weights.hi - weight) + weights.lo);
    total = target + others;
  }
  KULLBACK_HD void set_z_loss(double z, double lse) {
    z_loss = z * lse * lse;
    pull = 2 * z * lse;
  }
};

/// dL/dy of the label's column before scaling: total q - target + pull q. The first two from what they are where that
/// is small, else from what each lacks of the total: the other entries' sum, which is known exactly where the label's
/// entry x is the largest, and the other targets'.
template <class T> KULLBACK_HD double label_gradient(const RowSide<T>& side, T x, double q, const RowLoss& loss) {
  const double pull = loss.pull * q;
  if (loss.total * q + loss.target < loss.total) return (loss.total * q - loss.target) + pull;
  const double rest = x == side.max ? side.rest / (1 + side.rest) : 1 - q;
  return (loss.others - loss.total * rest) + pull;
}

/// y = cap tanh(x / cap) and dy/dx, from e^(-2 |x| / cap): neither cancels. NaN and infinities stay.
class Softcap {
 public:
  KULLBACK_HD explicit Softcap(double cap) : cap_(cap), scale_(Scale<double>::reciprocal(cap)) {}

  KULLBACK_HD double operator()(double x) const {
    const TwoTerms<double> a = scale_({-2 * abs(x), 0});
    const double below = expm1_nonpositive(a.hi), d = fma(1 + below, a.lo, below);
    const double y = cap_ * (-d / (2 + d));
    return abs(x) < kInf<double> ? (x < 0 ? -y : y) : x;
  }
  KULLBACK_HD double slope(double x) const {
    const double e = exp_two_terms(scale_({-2 * abs(x), 0})), one_more = 1 + e;
    return 4 * e / (one_more * one_more);
  }

 private:
  double cap_;
  Scale<double> scale_;
};

}  // namespace kullback
