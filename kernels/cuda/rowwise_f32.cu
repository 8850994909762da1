#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kFactsF32 = row_kernels<float, float, false>();
const RowKernels kRowsF32 = row_kernels<float, float, true>();

}  // namespace kullback::cuda
