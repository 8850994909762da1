#pragma once

/// Run-time choice of instruction set. row_engines.cpp is compiled once for each, the leaves of the joint histograms by
/// targets.hpp; the arithmetic is IEEE with explicit fma, so all copies return the same bits.
namespace kullback::cpu {

enum class Isa { baseline, avx2, avx512 };

inline Isa detect_isa() {
#if defined(KULLBACK_DISPATCH)
  // Every feature that the copies are compiled with: a hypervisor may hide any of them.
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                    __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                      __builtin_cpu_supports("avx512cd");
  return avx512 ? Isa::avx512 : avx2 ? Isa::avx2 : Isa::baseline;
#else
  return Isa::baseline;
#endif
}

}  // namespace kullback::cpu
