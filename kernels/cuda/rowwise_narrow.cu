#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kRowsNarrow = row_kernels<float, AnyElement, true>();

}  // namespace kullback::cuda
