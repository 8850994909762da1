#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernel kLossF32 = loss_kernel_of<float, float>();

}  // namespace kullback::cuda
