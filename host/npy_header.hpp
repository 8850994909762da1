#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kullback {

/// Element types of a .npy file that can be read.
enum class NpyType : std::uint8_t { boolean, i8, u8, i16, u16, i32, u32, i64, u64, f16, bf16, f32, f64 };

struct NpyHeader {
  NpyType type = NpyType::f32;
  std::vector<std::int64_t> shape;
  std::int64_t elements = 0;    ///< product of the shape
  std::size_t data_offset = 0;  ///< the data are the rest of the file: elements * npy_size_of(type) bytes
};

std::size_t npy_size_of(NpyType type) noexcept;
const char* npy_name_of(NpyType type) noexcept;

/// Reads the header of a .npy file (versions 1-3) and checks it against the file, of which `file` is all bytes.
/// Allocates nothing that the bytes could make large. Throws InvalidArgument, one sentence that starts with `name`.
NpyHeader parse_npy_header(std::string_view file, const std::string& name);

/// The bytes that np.save writes in front of a float64 array in C order.
std::string npy_header_f64(const std::vector<std::int64_t>& shape);

/// "[3, 4]"
std::string shape_text(const std::vector<std::int64_t>& shape);

}  // namespace kullback
