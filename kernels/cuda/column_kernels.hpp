#pragma once

#include "kernels/column_jobs.hpp"

/// What the host's part knows of the kernels of measures whose columns are distributions of their own.
namespace kullback::cuda {

inline constexpr int kColumnThreads = 256;

/// `row_threads`: of one row, some lanes of a warp or the block.
extern void (*const kGaussianKl)(GaussianKlJob job, int row_threads);
extern void (*const kBinaryCrossEntropy)(BinaryCrossEntropyJob job, int row_threads);

}  // namespace kullback::cuda
