#include "machine/shadow_memory.hpp"

#include <sys/mman.h>

#include "machine/device_memory.hpp"

namespace ptxsim {

ShadowMemory::ShadowMemory(std::uint64_t bytes)
    : size_(bytes),
      words_(static_cast<Shadow*>(reserve_address_space(bytes / 4 * sizeof(Shadow)))),
      bytes_(static_cast<Shadow*>(reserve_address_space(bytes * sizeof(Shadow)))) {}

ShadowMemory::~ShadowMemory() {
  munmap(words_, size_ / 4 * sizeof(Shadow));
  munmap(bytes_, size_ * sizeof(Shadow));
}

void ShadowMemory::clear() {
  discard_pages(words_, size_ / 4 * sizeof(Shadow));
  discard_pages(bytes_, size_ * sizeof(Shadow));
}

void ShadowMemory::split(Shadow& word, std::uint64_t index) {
  for (unsigned k = 0; k < 4; ++k) bytes_[index * 4 + k] = word;
  word.write.is_split = true;
}

}  // namespace ptxsim
