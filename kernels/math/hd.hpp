#pragma once

/// Marks a function that both backends call. Always inlined, so that the CPU engines' copies for wider instruction
/// sets (kernels/cpu/isa.hpp) compile it for theirs.
#ifdef __CUDACC__
#define KULLBACK_HD __host__ __device__ __forceinline__
#else
#define KULLBACK_HD inline __attribute__((always_inline))
#endif
