#pragma once

#include <cstdint>

#include "kernels/math/hd.hpp"

namespace kullback::cuda {

/// Which rows a launch does. Rows that float cannot hold are put off by the launch that finds them and done in double
/// by a second one; there are hardly ever any.
struct RowSelection {
  std::int64_t* beyond_float = nullptr;  ///< on the device: how many were put off, then which; null: none can be
  bool only_beyond_float = false;        ///< do just these

  KULLBACK_HD std::int64_t count(std::int64_t rows) const { return only_beyond_float ? beyond_float[0] : rows; }
  KULLBACK_HD std::int64_t row(std::int64_t i) const { return only_beyond_float ? beyond_float[1 + i] : i; }
#ifdef __CUDACC__
  __device__ void put_off(std::int64_t row) const {
    const auto at = atomicAdd(reinterpret_cast<unsigned long long*>(beyond_float), 1ull);
    beyond_float[1 + at] = row;
  }
#endif
};

}  // namespace kullback::cuda
