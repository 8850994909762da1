#pragma once

#include <fstream>
#include <mutex>
#include <string>
#include <vector>

#include "bench/accuracy/check.hpp"

/// Plain batches with their exact values, for peers.py.
namespace kullback::accuracy {

class SampleWriter {
 public:
  /// Nothing is written where `folder` is empty. Of every family and floating form the first `batches` are looked at.
  SampleWriter(std::string folder, std::int64_t batches);
  bool wants(const Batch& batch) const;
  void write(const Batch& batch, const Results& results);

 private:
  std::string folder_;
  std::int64_t batches_;
  std::mutex mutex_;
  std::ofstream index_;
};

}  // namespace kullback::accuracy
