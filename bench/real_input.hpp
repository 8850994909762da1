#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/workloads.hpp"

namespace kullback::bench {

/// Files of one data set: two models' logits, the labels, a table of integer codes and, where there is one, a large one
/// of genotypes (data/snps.py).
class RealInput {
 public:
  /// Throws InvalidArgument: one sentence that names the directory or the file.
  explicit RealInput(const std::string& directory);

  std::vector<std::function<Batch()>> batches(const Platform& platform, Effort effort) const;
  /// What the measures say about these files, in a few lines. Computed on the CPU.
  std::string summary() const;

 private:
  struct Files;
  Batch batch(const Platform& platform, Effort effort) const;
  std::shared_ptr<const Files> files_;
};

}  // namespace kullback::bench
