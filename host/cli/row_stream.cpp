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

namespace {

/// Room for `total` rows of `width` results, and for what is made of them.
RowValues room_for(std::int64_t total, int width, DType dtype, const ArrayFile& file) {
  // The results, the same widened, and a copy of one measure for its quantiles.
  const double per_row = width * static_cast<double>(size_of(dtype) + sizeof(double)) + sizeof(double);
  check_memory(per_row * static_cast<double>(total), file.described() + ": the results of its rows");
  RowValues values;
  values.bytes.resize(size_of(dtype) * static_cast<std::size_t>(width) * static_cast<std::size_t>(total));
  values.view = {values.bytes.data(), dtype, total, width, width};
  return values;
}

MutableMatrixView slice(const MutableMatrixView& m, std::int64_t begin, std::int64_t rows) {
  const auto offset = static_cast<std::size_t>(begin * m.row_stride) * size_of(m.dtype);
  return {static_cast<std::byte*>(m.data) + offset, m.dtype, rows, m.cols, m.row_stride};
}

/// compute(first row, number of rows) for every chunk; the next one is read from disk meanwhile.
template <class Compute>
void for_each_chunk(const ArrayFile& p, const ArrayFile& q, std::int64_t total, bool quiet, const Compute& compute) {
  const MatrixView all_p = p.matrix(), all_q = q.matrix();
  const std::size_t row_bytes =
      static_cast<std::size_t>(std::max<std::int64_t>({all_p.row_stride, all_q.row_stride, 1})) *
      std::max(size_of(all_p.dtype), size_of(all_q.dtype));
  const std::int64_t chunk = std::max<std::int64_t>(1, kChunkBytes / static_cast<std::int64_t>(row_bytes));
  Progress progress(total, quiet);
  for (std::int64_t begin = 0; begin < total; begin += chunk) {
    const std::int64_t n = std::min(chunk, total - begin), next = std::min(chunk, total - begin - n);
    for (const auto& side : {std::pair{&p, all_p}, std::pair{&q, all_q}})
      if (side.second.rows > 1) {
        const MatrixView ahead = slice(side.second, begin + n, next);
        side.first->prefetch(ahead.data, bytes_of(ahead));
      }
    compute(begin, n);
    for (const auto& side : {std::pair{&p, all_p}, std::pair{&q, all_q}})
      if (side.second.rows > 1) {
        const MatrixView done = slice(side.second, begin, n);
        side.first->release(done.data, bytes_of(done));
      }
    progress.at(begin + n);
  }
}

}  // namespace

RowValues stream_rows(const MeasureSet& measures, const ArrayFile& p, const ArrayFile& q, VectorView labels,
                      const RowsOptions& options, bool quiet) {
  const std::int64_t total = result_rows(measures, p, q);
  const RowsInput all{p.matrix(), q.matrix(), labels};
  RowValues values = room_for(total, measures.size(), rows_result_dtype(all, options), q);
  const std::string files = &p == &q ? p.described() : p.described() + " and " + q.described();
  for_each_chunk(p, q, total, quiet, [&](std::int64_t begin, std::int64_t n) {
    Mirror mirror(options.execution.backend);
    const RowsInput in{mirror.in(slice(all.p, begin, n)), mirror.in(slice(all.q, begin, n)),
                       mirror.in(slice(labels, begin, n))};
    const RowsOutput mirrored{mirror.out(slice(values.view, begin, n)), nullptr};
    const Workspace workspace = workspace_for(files, mirror, [&] { return rows_workspace(measures, in, options); });
    rows(measures, in, mirrored, options, workspace, host_stream);
    mirror.finish();
  });
  return values;
}

RowValues stream_losses(const ArrayFile& logits, VectorView labels, const CrossEntropyOptions& options, bool quiet) {
  const MatrixView all = logits.matrix();
  RowValues values = room_for(all.rows, 1, all.dtype == DType::f64 ? DType::f64 : DType::f32, logits);
  for_each_chunk(logits, logits, all.rows, quiet, [&](std::int64_t begin, std::int64_t n) {
    Mirror mirror(options.execution.backend);
    const MatrixView x = mirror.in(slice(all, begin, n));
    const VectorView y = mirror.in(slice(labels, begin, n));
    const MutableMatrixView loss = mirror.out(slice(values.view, begin, n));
    CrossEntropyOptions own = options;
    own.class_weights = mirror.in(options.class_weights);
    CrossEntropyOutput output;
    output.loss = {loss.data, loss.dtype, n};
    const Workspace workspace =
        workspace_for(logits.described(), mirror, [&] { return cross_entropy_workspace(x, y, output, own); });
    cross_entropy(x, y, output, own, workspace, host_stream);
    mirror.finish();
  });
  return values;
}

}  // namespace kullback::cli
