#include "host/array_header.hpp"

#include <algorithm>

#include "kullback/error.hpp"

namespace kullback {
namespace {

struct Element {
  std::size_t size;
  const char* name;
};
// In the order of ElementType.
constexpr Element kElements[] = {{1, "bool"},     {1, "int8"},    {1, "uint8"},  {2, "int16"},  {2, "uint16"},
                                 {4, "int32"},    {4, "uint32"},  {8, "int64"},  {8, "uint64"}, {2, "float16"},
                                 {2, "bfloat16"}, {4, "float32"}, {8, "float64"}};

}  // namespace

std::size_t element_size_of(ElementType type) noexcept { return kElements[static_cast<int>(type)].size; }
const char* element_name_of(ElementType type) noexcept { return kElements[static_cast<int>(type)].name; }

std::uint64_t count_elements(ArrayHeader& header, const std::string& name) {
  const auto size = static_cast<std::int64_t>(element_size_of(header.type));
  // Zero dimensions count as one here, so that every product of some of the dimensions fits 64 bits.
  std::int64_t bytes = size;
  bool empty = false;
  for (const std::int64_t n : header.shape) {
    if (__builtin_mul_overflow(bytes, std::max<std::int64_t>(n, 1), &bytes)) {
      throw InvalidArgument(name + ": its shape " + shape_text(header.shape) +
                            " times the element size does not fit 64 bits");
    }
    empty = empty || n == 0;
  }
  if (empty) bytes = 0;
  header.elements = bytes / size;
  return static_cast<std::uint64_t>(bytes);
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + "]";
}

}  // namespace kullback
