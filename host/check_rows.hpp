#pragma once

#include "kernels/engines.hpp"

namespace kullback {

/// Checks everything but the outputs of a row-wise call and fills in the shape.
RowsJob check_rows(const MeasureSet& measures, const RowsInput& input, const RowsOptions& options);

}  // namespace kullback
