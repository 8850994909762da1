#include "host/cli/inputs.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "host/cli/options.hpp"

namespace kullback::cli {

void check_input_dtype(const ArrayFile& array, Input input) {
  const char* dtype = name_of(array.dtype());
  if (input == Input::counts)
    require(!is_floating(array.dtype()), fmt::format("{}: holds {}, counts must be integers", array.path(), dtype));
  else
    require(is_floating(array.dtype()),
            fmt::format("{}: holds {}, {} must be floating-point numbers (uint16 with --bf16 is bfloat16)",
                        array.path(), dtype,
                        input == Input::logits  ? "logits"
                        : input == Input::probs ? "probabilities"
                                                : "log-probabilities"));
}

void keep_common_columns(ArrayFile& p, ArrayFile& q) {
  const std::int64_t cols = std::min(p.matrix().cols, q.matrix().cols);
  p.keep_columns(cols);
  q.keep_columns(cols);
}

std::int64_t matched_rows(const ArrayFile& p, const ArrayFile& q) {
  const MatrixView a = p.matrix(), b = q.matrix();
  require(a.cols == b.cols,
          fmt::format("{} and {} differ in width: {} and {} columns (--columns common keeps what both have)",
                      p.described(), q.described(), a.cols, b.cols));
  require(a.rows == b.rows || a.rows == 1 || b.rows == 1,
          fmt::format("{} and {} differ in their number of rows: {} and {} (equal, or one of them 1, is expected)",
                      p.described(), q.described(), a.rows, b.rows));
  return a.rows == 1 ? b.rows : a.rows;
}

std::int64_t result_rows(const MeasureSet& measures, const ArrayFile& p, const ArrayFile& q) {
  const std::int64_t matched = matched_rows(p, q);
  bool reads_p = false, reads_q = false;
  for (Measure m : measures) {
    reads_p = reads_p || measure_info(m).needs_p;
    reads_q = reads_q || measure_info(m).needs_q;
  }
  return reads_p && reads_q ? matched : reads_p ? p.matrix().rows : q.matrix().rows;
}

void check_labels(const ArrayFile& labels, const ArrayFile& rows_of, std::int64_t rows, std::int64_t cols,
                  std::optional<std::int64_t> ignore_index) {
  check_integers(labels, "labels");
  require(labels.size() == rows, fmt::format("{} has {} labels and {} has {} rows: one label per row is expected",
                                             labels.described(), labels.size(), rows_of.described(), rows));
  for (std::int64_t i = 0; i < rows; ++i) {
    const std::int64_t label = integer_at(labels.vector(), i);
    if ((label >= 0 && label < cols) || label == ignore_index) continue;
    throw InvalidArgument(fmt::format("{}: label {} at index {} is outside [0, {}){}", labels.path(), label, i, cols,
                                      ignore_index ? "" : " (and there is no --ignore-index)"));
  }
}

std::vector<bool> ignored_rows(VectorView labels, std::optional<std::int64_t> ignore_index) {
  std::vector<bool> ignored;
  if (!ignore_index) return ignored;
  ignored.resize(static_cast<std::size_t>(labels.size));
  for (std::int64_t i = 0; i < labels.size; ++i)
    ignored[static_cast<std::size_t>(i)] = integer_at(labels, i) == *ignore_index;
  return ignored;
}

void check_integers(const ArrayFile& array, const char* what) {
  require(!is_floating(array.dtype()),
          fmt::format("{}: holds {}, {} must be integers", array.path(), name_of(array.dtype()), what));
}

std::int64_t integer_at(VectorView view, std::int64_t i) {
  switch (view.dtype) {
    case DType::u8: return static_cast<const std::uint8_t*>(view.data)[i];
    case DType::u16: return static_cast<const std::uint16_t*>(view.data)[i];
    case DType::i32: return static_cast<const std::int32_t*>(view.data)[i];
    default: return static_cast<const std::int64_t*>(view.data)[i];
  }
}

void check_memory(double bytes, const std::string& what) {
  const double machine = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  require(bytes <= machine / 2,
          fmt::format("{} would take {:.3g} GB, more than half of this machine's memory of {:.3g} GB", what,
                      bytes / 1e9, machine / 1e9));
}

}  // namespace kullback::cli
