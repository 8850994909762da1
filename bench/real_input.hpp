#pragma once

#include <memory>
#include <string>

#include "bench/workloads.hpp"

namespace kullback::bench {

/// Files of one data set: two models' logits, the labels, and a table of integer codes.
class RealInput {
 public:
  /// Throws InvalidArgument: one sentence that names the directory or the file.
  explicit RealInput(const std::string& directory);

  Batch batch(const Platform& platform) const;
  /// What the measures say about these files, in a few lines. Computed on the CPU.
  std::string summary() const;

 private:
  struct Files;
  std::shared_ptr<const Files> files_;
};

}  // namespace kullback::bench
