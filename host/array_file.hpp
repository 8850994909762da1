#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/array_header.hpp"
#include "kullback/matrix_view.hpp"

namespace kullback {

/// The array of a .npy file or a tensor of a .safetensors file, mapped read-only. Only bool, int8, int16, uint32 and
/// uint64 (converted to int64, checked) and arrays that lie at an address their elements cannot have are copied. A file
/// that shrinks while it is mapped raises SIGBUS, as with every mapping; mapped_file_at tells which.
class ArrayFile {
 public:
  /// `path`: FILE.npy or FILE.safetensors:TENSOR. Throws InvalidArgument: one sentence that names the file.
  /// `u16_is_bf16`: uint16 holds the bits of bfloat16.
  explicit ArrayFile(const std::string& path, bool u16_is_bf16 = false);

  const std::string& path() const { return path_; }
  DType dtype() const { return dtype_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  std::int64_t size() const { return elements_; }
  /// "P.npy [3, 4]", for messages.
  std::string described() const { return path_ + " " + shape_text(shape_); }

  /// Rows of the last axis; a 1-D array is one row. Throws InvalidArgument for a 0-D array.
  MatrixView matrix() const;
  /// Leaves the columns from `cols` on out of the matrix.
  void keep_columns(std::int64_t cols) { cols_ = cols; }
  /// All elements in order, whatever the shape.
  VectorView vector() const { return {data_, dtype_, elements_}; }

  /// Hints for reading a file that is larger than memory. They change nothing but what is resident.
  void prefetch(const void* begin, std::size_t bytes) const noexcept;
  void release(const void* begin, std::size_t bytes) const noexcept;

 private:
  std::string path_;
  std::shared_ptr<const void> storage_;
  const void* data_ = nullptr;
  DType dtype_ = DType::f32;
  bool mapped_ = true;
  std::int64_t elements_ = 0;
  std::int64_t cols_ = -1;  // that are kept, -1: all
  std::vector<std::int64_t> shape_;
};

/// The path of the mapped file whose bytes lie at `address`; null if there is none. For signal handlers: no locks, no
/// allocation. Knows the first 16 files that are mapped at a time.
const char* mapped_file_at(const void* address) noexcept;

}  // namespace kullback
