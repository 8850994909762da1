#pragma once

#include "kullback/column_measures.hpp"

/// What the host hands to the engine of kullback/column_measures.hpp: arguments that have been checked.
namespace kullback {

struct GaussianKlJob {
  MatrixView p, q;  ///< q: data null for N(0, 1)
  MutableVectorView values;
  double unit_scale;  ///< nats -> asked unit
  int threads;        ///< >= 1
};

struct BinaryCrossEntropyJob {
  MatrixView targets, q;
  bool logits;
  double temperature;
  MutableVectorView values;
  double unit_scale;
  int threads;
};

namespace cpu {
void gaussian_kl(const GaussianKlJob& job);
void binary_cross_entropy(const BinaryCrossEntropyJob& job);
}  // namespace cpu
namespace cuda {
void gaussian_kl(const GaussianKlJob& job, Stream stream);
void binary_cross_entropy(const BinaryCrossEntropyJob& job, Stream stream);
}  // namespace cuda

}  // namespace kullback
