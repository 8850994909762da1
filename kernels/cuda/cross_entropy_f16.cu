#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernels kLossF16 = loss_kernels<float, float16>();

}  // namespace kullback::cuda
