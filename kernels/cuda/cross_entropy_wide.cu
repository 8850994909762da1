#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernel kLossWide = loss_kernel_of<double, AnyLogit>();

}  // namespace kullback::cuda
