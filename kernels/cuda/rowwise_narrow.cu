#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kRowsNarrow = row_kernel<float, AnyElement, true>();

}  // namespace kullback::cuda
