#pragma once

#include <string>

#include "host/arguments.hpp"
#include "kullback/error.hpp"

/// Checks of codes and of the joint table that they are counted into.
namespace kullback {

/// Offsets into a joint table are 32-bit, and with the cap on threads no workspace overflows a size.
inline constexpr std::int64_t kMaxCells = std::int64_t{1} << 31;

inline void require_classes(std::int64_t classes, const char* name) {
  if (classes < 1) {
    throw InvalidArgument(std::string(name) + ": is " + std::to_string(classes) + ", expected at least 1");
  }
}

inline void require_cells(std::int64_t classes_x, std::int64_t classes_y) {
  if (checked_product(classes_x, classes_y, "cells of the joint table") > kMaxCells) {
    throw InvalidArgument("classes: a joint table of " + std::to_string(classes_x) + " x " + std::to_string(classes_y) +
                          " cells, at most " + std::to_string(kMaxCells) + " are supported");
  }
}

inline void require_codes(const MatrixView& codes, const char* name) {
  require_view(codes, name);
  require_integer(codes.dtype, name);
}

}  // namespace kullback
