#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kFactsF64 = row_kernel<double, double, false>();
const RowKernel kRowsF64 = row_kernel<double, double, true>();

}  // namespace kullback::cuda
