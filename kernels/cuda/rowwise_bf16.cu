#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kFactsBf16 = row_kernels<float, bfloat16, false>();
const RowKernels kRowsBf16 = row_kernels<float, bfloat16, true>();

}  // namespace kullback::cuda
