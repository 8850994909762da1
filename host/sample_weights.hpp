#pragma once

#include <string>

#include "host/arguments.hpp"
#include "kernels/information_jobs.hpp"
#include "kullback/error.hpp"

namespace kullback {

/// Weights are read here, on the host: the sum decides how wide the counters are.
inline SampleWeights checked_weights(const VectorView& weights, std::int64_t samples) {
  if (weights.data == nullptr && weights.size == 0) return {};
  require_vector(weights, samples, "weights");
  if (weights.dtype != DType::i64) {
    throw InvalidArgument("weights: are " + describe({nullptr, weights.dtype, 1, weights.size, weights.size}) +
                          ", expected int64");
  }
  SampleWeights result = {static_cast<const std::int64_t*>(weights.data), 0};
  for (std::int64_t i = 0; i < samples; ++i) {
    const std::int64_t weight = result.data[i];
    if (weight < 0) {
      throw InvalidArgument("weights: is " + std::to_string(weight) + " at [" + std::to_string(i) +
                            "], expected 0 or more");
    }
    if (__builtin_add_overflow(result.total, weight, &result.total)) {
      throw InvalidArgument("weights: their sum passes 2^63 - 1 at [" + std::to_string(i) + "]");
    }
  }
  return result;
}

}  // namespace kullback
