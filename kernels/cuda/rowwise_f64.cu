#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kFactsF64 = row_kernels<double, double, false>();
const RowKernels kRowsF64 = row_kernels<double, double, true>();

}  // namespace kullback::cuda
