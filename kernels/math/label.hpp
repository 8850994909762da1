#pragma once

#include <optional>

#include "kernels/math/hd.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

namespace kullback {

/// A row's label, with status_ignored or status_label_range where it must not be used as an index.
struct Label {
  std::int64_t index = 0;
  std::uint8_t status = status_ok;
};

KULLBACK_HD std::int64_t label_value(const VectorView& labels, std::int64_t row) {
  switch (labels.dtype) {
    case DType::u8: return static_cast<const std::uint8_t*>(labels.data)[row];
    case DType::u16: return static_cast<const std::uint16_t*>(labels.data)[row];
    case DType::i32: return static_cast<const std::int32_t*>(labels.data)[row];
    default: return static_cast<const std::int64_t*>(labels.data)[row];
  }
}

/// Without labels: index 0 and status_ok.
KULLBACK_HD Label read_label(const VectorView& labels, std::int64_t row, std::int64_t cols,
                             const std::optional<std::int64_t>& ignore_index) {
  if (labels.data == nullptr) return {};
  Label label{label_value(labels, row), status_ok};
  if (ignore_index && label.index == *ignore_index) {
    label.status = status_ignored;
  } else if (label.index < 0 || label.index >= cols) {
    label.status = status_label_range;
  }
  return label;
}

}  // namespace kullback
