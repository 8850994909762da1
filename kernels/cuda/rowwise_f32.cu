#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kFactsF32 = row_kernel<float, float, false>();
const RowKernel kRowsF32 = row_kernel<float, float, true>();

}  // namespace kullback::cuda
