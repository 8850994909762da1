#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernels kLossF32 = loss_kernels<float, float>();

}  // namespace kullback::cuda
