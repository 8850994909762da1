#include "kullback/backend.hpp"

#include "kernels/cpu/isa.hpp"
#include "kernels/engines.hpp"

namespace kullback {

BackendStatus backend_status(Backend backend) {
  if (backend == Backend::cuda) return cuda::status();
  switch (cpu::detect_isa()) {
    case cpu::Isa::avx512: return {true, "CPU backend, AVX-512 engines"};
    case cpu::Isa::avx2: return {true, "CPU backend, AVX2 engines"};
    case cpu::Isa::baseline: return {true, "CPU backend, baseline engines"};
  }
  return {true, "CPU backend"};
}

}  // namespace kullback
