#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kFactsBf16 = row_kernel<float, bfloat16, false>();
const RowKernel kRowsBf16 = row_kernel<float, bfloat16, true>();

}  // namespace kullback::cuda
