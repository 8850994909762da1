#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// What the header of a file says of the array in it, whatever the format.
namespace kullback {

/// Element types that can be read.
enum class ElementType : std::uint8_t { boolean, i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, f64 };

struct ArrayHeader {
  ElementType type = ElementType::f32;
  std::vector<std::int64_t> shape;
  std::int64_t elements = 0;    ///< product of the shape
  std::size_t data_offset = 0;  ///< of its elements * element_size_of(type) bytes in the file
};

std::size_t element_size_of(ElementType type) noexcept;
const char* element_name_of(ElementType type) noexcept;

/// Sets `elements` from the shape and returns their bytes. Throws InvalidArgument, one sentence that starts with
/// `name`, if a product of some of the dimensions and the element size does not fit 64 bits.
std::uint64_t count_elements(ArrayHeader& header, const std::string& name);

/// "[3, 4]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace kullback
