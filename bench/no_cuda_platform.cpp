/// The CUDA device of a benchmark that was built without CUDA.
#include "bench/platform.hpp"
#include "kullback/error.hpp"

namespace kullback::bench {

Platform cuda_platform(Effort) { throw BackendUnavailable(backend_status(Backend::cuda).description); }

}  // namespace kullback::bench
