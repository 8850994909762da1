#include "host/cli/row_stream.hpp"

#include <algorithm>

#include "host/cli/inputs.hpp"
#include "host/cli/progress.hpp"
#include "host/mirror.hpp"

namespace kullback::cli {
namespace {

// Per side: enough rows for every thread even at a vocabulary of 262144, and far below 1 GB resident.
constexpr std::int64_t kChunkBytes = 64 << 20;

MatrixView slice(MatrixView m, std::int64_t begin, std::int64_t rows) {
  if (m.rows == 1) return m;
  const auto offset = static_cast<std::size_t>(begin * m.row_stride) * size_of(m.dtype);
  return {static_cast<const std::byte*>(m.data) + offset, m.dtype, rows, m.cols, m.row_stride};
}

VectorView slice(VectorView v, std::int64_t begin, std::int64_t size) {
  if (v.data == nullptr) return v;
  return {static_cast<const std::byte*>(v.data) + static_cast<std::size_t>(begin) * size_of(v.dtype), v.dtype, size};
}

std::size_t bytes_of(MatrixView m) { return static_cast<std::size_t>(m.rows * m.row_stride) * size_of(m.dtype); }

}  // namespace

std::vector<double> RowValues::column(int measure) const {
  std::vector<double> values(static_cast<std::size_t>(view.rows));
  for (std::size_t r = 0; r < values.size(); ++r) {
    const std::size_t i = r * static_cast<std::size_t>(view.row_stride) + static_cast<std::size_t>(measure);
    values[r] =
        view.dtype == DType::f32 ? static_cast<const float*>(view.data)[i] : static_cast<const double*>(view.data)[i];
  }
  return values;
}

RowValues stream_rows(const MeasureSet& measures, const ArrayFile& p, const ArrayFile& q, VectorView labels,
                      const RowsOptions& options, bool quiet) {
  const std::int64_t total = matched_rows(p, q);
  const RowsInput all{p.matrix(), q.matrix(), labels};
  const DType dtype = rows_result_dtype(all, options);
  // The results, the same widened, and a copy of one measure for its quantiles.
  const double per_row = measures.size() * static_cast<double>(size_of(dtype) + sizeof(double)) + sizeof(double);
  check_memory(per_row * static_cast<double>(total), q.described() + ": the results of its rows");

  RowValues values;
  const std::size_t value_bytes = size_of(dtype) * static_cast<std::size_t>(measures.size());
  values.bytes.resize(value_bytes * static_cast<std::size_t>(total));
  values.view = {values.bytes.data(), dtype, total, measures.size(), measures.size()};

  const std::size_t row_bytes =
      static_cast<std::size_t>(std::max<std::int64_t>({all.p.row_stride, all.q.row_stride, 1})) *
      std::max(size_of(all.p.dtype), size_of(all.q.dtype));
  const std::int64_t chunk = std::max<std::int64_t>(1, kChunkBytes / static_cast<std::int64_t>(row_bytes));
  const std::string files = &p == &q ? p.described() : p.described() + " and " + q.described();
  Progress progress(total, quiet);
  for (std::int64_t begin = 0; begin < total; begin += chunk) {
    const std::int64_t n = std::min(chunk, total - begin), next = std::min(chunk, total - begin - n);
    const RowsInput input{slice(all.p, begin, n), slice(all.q, begin, n), slice(labels, begin, n)};
    // The next chunk is read from disk while this one is computed.
    for (const auto& side : {std::pair{&p, all.p}, std::pair{&q, all.q}})
      if (side.second.rows > 1) {
        const MatrixView ahead = slice(side.second, begin + n, next);
        side.first->prefetch(ahead.data, bytes_of(ahead));
      }
    const MutableMatrixView out{values.bytes.data() + static_cast<std::size_t>(begin) * value_bytes, dtype, n,
                                measures.size(), measures.size()};
    Mirror mirror(options.execution.backend);
    const RowsInput in{mirror.in(input.p), mirror.in(input.q), mirror.in(input.labels)};
    const RowsOutput mirrored{mirror.out(out), nullptr};
    const Workspace workspace = workspace_for(files, mirror, [&] { return rows_workspace(measures, in, options); });
    rows(measures, in, mirrored, options, workspace, host_stream);
    mirror.finish();
    if (input.p.rows > 1) p.release(input.p.data, bytes_of(input.p));
    if (input.q.rows > 1) q.release(input.q.data, bytes_of(input.q));
    progress.at(begin + n);
  }
  return values;
}

}  // namespace kullback::cli
