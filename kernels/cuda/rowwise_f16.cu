#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kFactsF16 = row_kernels<float, float16, false>();
const RowKernels kRowsF16 = row_kernels<float, float16, true>();

}  // namespace kullback::cuda
