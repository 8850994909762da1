#pragma once

#include "host/code_arguments.hpp"
#include "kullback/joint_counts.hpp"

namespace kullback {

/// Throws InvalidArgument, naming the field; the cells of all tables, whose bytes fit 64 bits.
inline std::int64_t checked_cells(const JointCountsShape& shape) {
  require_enumerator(shape.form, JointCountsShape::Form::label, "shape.form", "JointCountsShape::Form");
  if (shape.tables < 0) {
    throw InvalidArgument("shape.tables: is " + std::to_string(shape.tables) + ", expected 0 or more");
  }
  require_classes(shape.classes_x, "shape.classes_x");
  require_classes(shape.classes_y, "shape.classes_y");
  const std::int64_t more = shape.missing.has_value();  // a line of missing codes
  if (shape.classes_x > kMaxCells || shape.classes_y > kMaxCells) require_cells(shape.classes_x, shape.classes_y);
  require_cells(shape.classes_x + more, shape.classes_y + more);
  const std::int64_t cells = checked_product(shape.tables, shape.classes_x * shape.classes_y, "cells of all tables");
  checked_product(cells, 16, "bytes of all tables");
  return cells;
}

}  // namespace kullback
