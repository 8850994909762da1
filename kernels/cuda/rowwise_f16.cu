#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kFactsF16 = row_kernel<float, float16, false>();
const RowKernel kRowsF16 = row_kernel<float, float16, true>();

}  // namespace kullback::cuda
