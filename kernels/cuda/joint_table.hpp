#pragma once

#include <cstddef>

#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/table_kernels.hpp"

namespace kullback::cuda {

/// How tables are finished, and the memory that takes.
class TableFinish {
 public:
  explicit TableFinish(const Tables& tables);

  std::size_t bytes() const { return bytes_; }
  std::size_t cleared_bytes() const { return cleared_bytes_; }  ///< at its beginning
  void run(const Tables& tables, void* memory, Stream stream) const;

 private:
  bool small_;
  std::size_t margins_ = 0, shares_ = 0, squares_ = 0, cleared_bytes_ = 0, bytes_ = 0;  // offsets
};

}  // namespace kullback::cuda
