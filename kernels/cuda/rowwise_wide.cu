#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernel kRowsWide = row_kernel<double, AnyElement, true>();

}  // namespace kullback::cuda
