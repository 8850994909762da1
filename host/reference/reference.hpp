#pragma once

#include <cstdint>
#include <vector>

#include "kullback/column_measures.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/divergence_loss.hpp"
#include "kullback/information.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// The oracle: every measure from its definition, in plain loops. It is written apart from the kernels and shares
/// neither code nor algebra with them. Instantiated for double and for binary128; it allocates.
namespace kullback::reference {

using Binary128 = __float128;

/// A value, a bound on the reference's own rounding error in it, and the sum of the absolute values of its terms
/// (which is the value itself where all terms have one sign). The bound is 0 for NaN and infinite values.
template <class Real> struct Estimate {
  Real value = 0;
  Real error = 0;
  Real magnitude = 0;
};

template <class Real> struct RowEstimates {
  std::vector<Estimate<Real>> values;  ///< one per measure, in the order asked
  std::uint8_t status = status_ok;
};

/// What `kullback::rows` promises for one row. An ignored row's nll is 0 whatever its values hold.
template <class Real>
RowEstimates<Real> rows(const MeasureSet& measures, const RowsInput& input, const RowsOptions& options,
                        std::int64_t row);

template <class Real> struct LossEstimates {
  Estimate<Real> loss;                   ///< of this row, whatever the reduction
  std::vector<Estimate<Real>> gradient;  ///< empty unless asked for
  Real lse = 0;
  std::uint8_t status = status_ok;
};

std::int64_t count_valid_rows(VectorView labels, const CrossEntropyOptions& options);

/// What the batch's losses, added up, are divided by: for Reduction::mean the sum of the weights of the valid rows'
/// labels, which must be classes, NaN if it is 0. 1 for other reductions and without valid rows.
template <class Real> Real loss_divisor(VectorView labels, const CrossEntropyOptions& options);

/// What `kullback::cross_entropy` promises for one row. An ignored row is 0 whatever its logits hold. `divisor`, as
/// above, is of the gradient.
template <class Real>
LossEstimates<Real> cross_entropy(MatrixView logits, VectorView labels, const CrossEntropyOptions& options,
                                  std::int64_t row, Real divisor, bool with_gradient);

/// The sum of the rows' losses over `divisor`.
template <class Real> Estimate<Real> reduce_losses(const std::vector<Estimate<Real>>& losses, Real divisor);

template <class Real> struct DivergenceEstimates {
  Estimate<Real> loss;  ///< of this row, whatever the reduction
  std::vector<Estimate<Real>> gradient_p, gradient_q;
  std::uint8_t status = status_ok;
};

std::int64_t count_valid_rows(const RowsInput& input, std::int64_t rows, const DivergenceLossOptions& options);

/// What `kullback::divergence_loss` promises for one row; `valid_rows` as above.
template <class Real>
DivergenceEstimates<Real> divergence_loss(const LossTerms& loss, const RowsInput& input,
                                          const DivergenceLossOptions& options, std::int64_t row,
                                          std::int64_t valid_rows, bool with_p, bool with_q);

/// KL(P || Q) of diagonal Gaussians, in nats. A row is [means | log variances]; q.data == nullptr is N(0, 1).
template <class Real> Estimate<Real> gaussian_kl(MatrixView p, MatrixView q, std::int64_t row);

/// What `kullback::binary_cross_entropy` promises for one row, in nats.
template <class Real>
Estimate<Real> binary_cross_entropy(MatrixView targets, MatrixView q, const BinaryCrossEntropyOptions& options,
                                    std::int64_t row);

/// I(X;Y) of two columns of codes of one length; NaN if a code is negative, 0 without samples.
template <class Real>
Estimate<Real> mutual_information(const std::vector<std::int64_t>& x, const std::vector<std::int64_t>& y, Unit unit);

/// I(X;Y) of a joint table of counts or probabilities (divided by their sum).
template <class Real> Estimate<Real> mutual_information_joint(MatrixView joint, Unit unit);

/// What kullback/information.hpp promises for two columns of codes of one length, and a third one that is given (empty:
/// none); NaN if a code is negative and not missing. The magnitudes are what the contract's bounds are relative to: the
/// terms of ami's differences, and p (1 + G/2) of a p-value p, as a small error in G shows in it.
template <class Real>
std::vector<Estimate<Real>> information(const InformationSet& measures, const std::vector<std::int64_t>& x,
                                        const std::vector<std::int64_t>& y, const std::vector<std::int64_t>& given,
                                        const InformationOptions& options);

/// The same of a joint table of counts or probabilities.
template <class Real>
std::vector<Estimate<Real>> information_joint(const InformationSet& measures, MatrixView joint,
                                              const InformationOptions& options);

}  // namespace kullback::reference
