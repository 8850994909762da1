#include "runtime/decompress.hpp"

#include <dlfcn.h>

#include "machine/report.hpp"

namespace ptxsim {

std::string decompress_zstd(std::string_view compressed, std::size_t size) {
  using Decompress = std::size_t (*)(void*, std::size_t, const void*, std::size_t);
  static void* library = dlopen("libzstd.so.1", RTLD_NOW);
  if (library == nullptr) stop("the PTX is compressed and libzstd.so.1 is missing: compile with -no-compress");
  static const auto decompress = reinterpret_cast<Decompress>(dlsym(library, "ZSTD_decompress"));
  std::string result(size, '\0');
  const std::size_t written = decompress(result.data(), size, compressed.data(), compressed.size());
  if (written > size) stop("the compressed PTX is damaged");  // an error code is a huge number
  result.resize(written);
  return result;
}

/// The block format: a token of two nibbles, literals, a match further back; lengths of 15 go on in the next bytes.
std::string decompress_lz4(std::string_view compressed, std::size_t size) {
  std::string result;
  result.reserve(size);
  std::size_t at = 0;
  const auto byte = [&]() -> std::size_t {
    if (at >= compressed.size()) stop("the compressed PTX is damaged");
    return static_cast<unsigned char>(compressed[at++]);
  };
  const auto length = [&](std::size_t nibble) {
    std::size_t total = nibble;
    if (nibble == 15) {
      for (std::size_t more = 255; more == 255;) total += more = byte();
    }
    return total;
  };
  while (at < compressed.size()) {
    const std::size_t token = byte();
    const std::size_t literals = length(token >> 4);
    result += compressed.substr(at, literals);
    at += literals;
    if (at >= compressed.size()) break;  // the last sequence has no match
    const std::size_t low = byte();
    const std::size_t distance = low | byte() << 8;
    const std::size_t match = length(token & 15) + 4;
    if (distance == 0 || distance > result.size()) stop("the compressed PTX is damaged");
    for (std::size_t k = 0; k < match; ++k) result += result[result.size() - distance];
  }
  return result;
}

}  // namespace ptxsim
