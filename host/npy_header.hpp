#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/array_header.hpp"

namespace kullback {

/// Reads the header of a .npy file (versions 1-3) and checks it against the file, of which `file` is all bytes.
/// Allocates nothing that the bytes could make large. Throws InvalidArgument, one sentence that starts with `name`.
ArrayHeader parse_npy_header(std::string_view file, const std::string& name);

/// The bytes that np.save writes in front of a float64 array in C order.
std::string npy_header_f64(const std::vector<std::int64_t>& shape);

}  // namespace kullback
