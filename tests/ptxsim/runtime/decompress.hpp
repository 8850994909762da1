#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace ptxsim {

/// zstd, through libzstd.so.1; stops if that is missing.
std::string decompress_zstd(std::string_view compressed, std::size_t size);
std::string decompress_lz4(std::string_view compressed, std::size_t size);

}  // namespace ptxsim
