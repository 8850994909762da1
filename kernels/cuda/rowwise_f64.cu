#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kFactsF64 = row_kernels<double, double, false>();

}  // namespace kullback::cuda
