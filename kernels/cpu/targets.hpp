#pragma once

#include "kernels/cpu/isa.hpp"

/// A function body compiled for each instruction set inside one file: for engines whose hot part is a small leaf. Body
/// is a struct with one always-inlined static `run`; arithmetic is IEEE with explicit fma, so all copies agree in every
/// bit.
namespace kullback::cpu {

#if defined(KULLBACK_DISPATCH)
#define KULLBACK_TARGET_AVX2 __attribute__((target("avx2,fma,bmi,bmi2,f16c")))
#define KULLBACK_TARGET_AVX512                                                                         \
  __attribute__((                                                                                      \
      target("avx512f,avx512bw,avx512dq,avx512vl,avx512cd,avx2,fma,bmi,bmi2,f16c,prefer-vector-width=" \
             "512")))
template <class Body, class... Args> void on_baseline(const Args&... args) { Body::run(args...); }
template <class Body, class... Args> KULLBACK_TARGET_AVX2 void on_avx2(const Args&... args) { Body::run(args...); }
template <class Body, class... Args> KULLBACK_TARGET_AVX512 void on_avx512(const Args&... args) { Body::run(args...); }

template <class Body, class... Args> void run_on(Isa isa, const Args&... args) {
  switch (isa) {
    case Isa::baseline: return on_baseline<Body>(args...);
    case Isa::avx2: return on_avx2<Body>(args...);
    case Isa::avx512: return on_avx512<Body>(args...);
  }
}

#undef KULLBACK_TARGET_AVX2
#undef KULLBACK_TARGET_AVX512
#else
template <class Body, class... Args> void run_on(Isa, const Args&... args) { Body::run(args...); }
#endif

}  // namespace kullback::cpu
