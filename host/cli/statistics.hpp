#pragma once

#include <cstdint>
#include <vector>

namespace kullback::cli {

/// Of the finite values; all but the counts are NaN when there are none (`standard_error`: fewer than two).
struct Summary {
  std::int64_t count = 0;
  double mean, standard_error, min, p01, p50, p90, p99, max;
  std::int64_t nonfinite = 0;
};

/// `left_out`: empty, or one flag per value; flagged values are in neither count.
Summary summarize(const std::vector<double>& values, const std::vector<bool>& left_out);

}  // namespace kullback::cli
