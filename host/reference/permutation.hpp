#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "reference.hpp"

namespace kullback::reference {

using Cells = std::map<std::pair<std::int64_t, std::int64_t>, std::uint64_t>;  ///< (class of X, of Y) -> count > 0

/// The p-value of the permutation test that kullback/information.hpp defines, of a table for each class of Z. The error
/// counts the permutations that a rounding error could have decided otherwise.
template <class Real>
Estimate<Real> permutation_pvalue(const std::map<std::int64_t, Cells>& strata, std::int64_t permutations,
                                  std::uint64_t seed);

}  // namespace kullback::reference
