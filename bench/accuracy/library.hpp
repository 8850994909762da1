#pragma once

#include <cstdint>
#include <vector>

#include "bench/accuracy/inputs.hpp"

/// What the library says about a batch.
namespace kullback::accuracy {

struct Results {
  DType dtype = DType::f32;              ///< that the values and the losses were computed in
  std::vector<double> values;            ///< [rows, all_measures()], widened
  std::vector<double> losses, gradient;  ///< of q; empty unless the rows are logits
};

/// The options of cross_entropy that go with a batch.
CrossEntropyOptions loss_options(const Batch& batch);

enum class Requests : std::uint8_t { together, alone };

/// All measures from one call of `rows` or from one each, which may take other ways; loss and gradient from one of
/// `cross_entropy`. On one thread on the CPU.
Results run_library(const Batch& batch, Backend backend, Requests requests);

}  // namespace kullback::accuracy
