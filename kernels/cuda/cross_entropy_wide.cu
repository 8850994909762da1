#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernels kLossWide = loss_kernels<double, AnyLogit>();

}  // namespace kullback::cuda
