#include "kernels/cuda/rowwise_kernels.cuh"

namespace kullback::cuda {

const RowKernels kRowsWide = row_kernels<double, AnyElement, true>();

}  // namespace kullback::cuda
