#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "bench/buffer.hpp"
#include "kullback/kullback.hpp"

namespace kullback::bench {

/// Two matrices of made-up rows and labels. Q is P a little disturbed, as a quantised model is of its original. The
/// values depend on nothing but their position. There is only room for them until `fill`.
struct SyntheticRows {
  SyntheticRows(DType dtype, Input form, std::int64_t rows, std::int64_t cols);
  void fill();
  RowsInput input() const;

  DType dtype;
  Input form;
  std::int64_t rows, cols;
  Buffer<std::byte> p, q;
  Buffer<std::int64_t> labels;
};

/// Codes in [0, classes): a matrix, and another one that agrees with it in about half of its entries.
struct SyntheticCodes {
  SyntheticCodes(std::int64_t rows, std::int64_t cols, std::int64_t classes);
  void fill();
  MatrixView x() const { return view(first.data(), rows, cols); }
  MatrixView y() const { return view(second.data(), rows, cols); }

  std::int64_t rows, cols, classes;
  Buffer<std::uint8_t> first, second;
};

}  // namespace kullback::bench
