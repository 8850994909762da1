#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernel kLossBf16 = loss_kernel_of<float, bfloat16>();

}  // namespace kullback::cuda
