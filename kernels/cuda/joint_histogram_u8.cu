#include "kernels/cuda/joint_histogram.cuh"

namespace kullback::cuda {

const CountKernels kCountBytes = count_kernels<ByteCodes>();

}  // namespace kullback::cuda
