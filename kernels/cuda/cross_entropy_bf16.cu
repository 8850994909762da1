#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernels kLossBf16 = loss_kernels<float, bfloat16>();

}  // namespace kullback::cuda
