#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernel kLossF16 = loss_kernel_of<float, float16>();

}  // namespace kullback::cuda
