#pragma once

#include <cstdint>
#include <vector>

#include "bench/accuracy/real.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/rows.hpp"

/// Exact values of what the library computes, straight from the definitions, in binary128 or in MPFR. Shares nothing
/// with the kernels or with the sealed reference.
namespace kullback::accuracy {

/// high + low is the value, to 2^-106. `magnitude`: what the contract's bound is relative to, the sum of the absolute
/// values of the terms. `error`: a bound on the rounding of this computation itself.
struct Exact {
  double high = 0, low = 0;
  double magnitude = 0;
  double error = 0;
};

/// One pair of rows, each element widened exactly.
struct RowPair {
  const double* p = nullptr;
  const double* q = nullptr;
  std::int64_t cols = 0;
  std::int64_t label = 0;
};

/// Every measure of all_measures(), in its order.
template <class Real> std::vector<Exact> exact_measures(const RowPair& row, const RowsOptions& options);

/// cross_entropy of q's logits: the loss, then the gradient's entries. Of the options temperature, label smoothing and
/// gradient scale count.
template <class Real> std::vector<Exact> exact_cross_entropy(const RowPair& row, const CrossEntropyOptions& options);

}  // namespace kullback::accuracy
