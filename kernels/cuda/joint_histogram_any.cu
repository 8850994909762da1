#include "kernels/cuda/joint_histogram.cuh"

namespace kullback::cuda {

const CountKernels kCountAny = count_kernels<AnyCodes>();

}  // namespace kullback::cuda
