#include "kernels/cuda/cross_entropy_kernels.cuh"

namespace kullback::cuda {

const LossKernels kLossF64 = loss_kernels<double, double>();

}  // namespace kullback::cuda
