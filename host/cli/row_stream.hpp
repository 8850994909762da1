#pragma once

#include <cstddef>
#include <vector>

#include "host/array_file.hpp"
#include "kullback/kullback.hpp"

namespace kullback::cli {

/// What `rows` computed, in its own dtype. Kept whole: a few numbers per row, beside rows that are far longer.
struct RowValues {
  std::vector<std::byte> bytes;
  MutableMatrixView view;

  std::vector<double> column(int measure) const;
};

/// Calls `rows` chunk by chunk, so that files larger than memory pass through with little of them resident.
/// A row's bits do not depend on the chunks. A side with one row serves all rows.
RowValues stream_rows(const MeasureSet& measures, const ArrayFile& p, const ArrayFile& q, VectorView labels,
                      const RowsOptions& options, bool quiet);

/// The same of `cross_entropy`'s losses, one per row, in nats. `options.reduction` must be none.
RowValues stream_losses(const ArrayFile& logits, VectorView labels, const CrossEntropyOptions& options, bool quiet);

}  // namespace kullback::cli
