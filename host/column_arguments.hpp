#pragma once

#include "kernels/column_jobs.hpp"

/// The checks of kullback/column_measures.hpp, which verification makes, too.
namespace kullback {

GaussianKlJob check_gaussian_kl(const MatrixView& p, const MatrixView& q, const MutableVectorView& values,
                                const GaussianKlOptions& options);
BinaryCrossEntropyJob check_binary_cross_entropy(const MatrixView& targets, const MatrixView& q,
                                                 const MutableVectorView& values,
                                                 const BinaryCrossEntropyOptions& options);

}  // namespace kullback
