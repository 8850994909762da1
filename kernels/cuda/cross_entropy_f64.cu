#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernel kLossF64 = loss_kernel_of<double, double>();

}  // namespace kullback::cuda
