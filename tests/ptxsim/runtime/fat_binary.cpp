#include "runtime/fat_binary.hpp"

#include <elf.h>

#include <cstdint>
#include <cstring>
#include <string_view>

#include "machine/report.hpp"
#include "runtime/decompress.hpp"

namespace ptxsim {
namespace {

constexpr std::uint32_t kWrapperMagic = 0x466243b1, kContainerMagic = 0xba55ed50;
constexpr std::uint32_t kZstd = 0x8000, kLz4 = 0x2000;  // flags of an entry
constexpr std::uint16_t kPtx = 1, kMachineCode = 2;     // kinds of entries

struct Wrapper {
  std::uint32_t magic, version;
  const char* container;
  void* file_name;
};

struct ContainerHeader {
  std::uint32_t magic;
  std::uint16_t version, header_size;
  std::uint64_t size;
};

struct EntryHeader {
  std::uint16_t kind, version;
  std::uint32_t header_size;
  std::uint64_t size;  // padded
  std::uint32_t compressed_size, options_offset;
  std::uint16_t minor, major;
  std::uint32_t architecture, name_offset, name_size;
  std::uint64_t flags, zero, uncompressed_size;
};
static_assert(sizeof(EntryHeader) == 64);

std::string content(const EntryHeader& header, const char* begin) {
  const std::string_view compressed(begin, header.compressed_size);
  if ((header.flags & kZstd) != 0) return decompress_zstd(compressed, header.uncompressed_size);
  if ((header.flags & kLz4) != 0) return decompress_lz4(compressed, header.uncompressed_size);
  return std::string(begin, header.size);
}

template <class T> T read(const std::string& bytes, std::size_t offset) {
  T value;
  if (offset + sizeof value > bytes.size()) stop("the machine code of the program is damaged");
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Register counts are attributes (EIATTR_REGCOUNT) in the section .nv.info, by index into the symbol table.
void read_register_counts(const std::string& elf, std::map<std::string, unsigned>& registers) {
  constexpr std::uint8_t kSizedValue = 4, kRegisterCount = 0x2f;
  if (elf.compare(0, 4, ELFMAG) != 0) return;
  const auto file = read<Elf64_Ehdr>(elf, 0);
  const auto section = [&](unsigned k) { return read<Elf64_Shdr>(elf, file.e_shoff + k * sizeof(Elf64_Shdr)); };
  const auto name_at = [&](const Elf64_Shdr& names, std::size_t offset) {
    return std::string(elf.c_str() + names.sh_offset + offset);
  };
  const Elf64_Shdr section_names = section(file.e_shstrndx);
  Elf64_Shdr symbols = {}, info = {};
  for (unsigned k = 0; k < file.e_shnum; ++k) {
    const Elf64_Shdr each = section(k);
    const std::string name = name_at(section_names, each.sh_name);
    if (name == ".symtab") symbols = each;
    if (name == ".nv.info") info = each;
  }
  for (std::size_t at = info.sh_offset; at + 4 <= info.sh_offset + info.sh_size;) {
    const auto format = read<std::uint8_t>(elf, at), attribute = read<std::uint8_t>(elf, at + 1);
    const auto size = read<std::uint16_t>(elf, at + 2);
    if (format == kSizedValue && attribute == kRegisterCount && size == 8) {
      const auto index = read<std::uint32_t>(elf, at + 4);
      const auto symbol = read<Elf64_Sym>(elf, symbols.sh_offset + index * sizeof(Elf64_Sym));
      registers[name_at(section(symbols.sh_link), symbol.st_name)] = read<std::uint32_t>(elf, at + 8);
    }
    at += format == kSizedValue ? 4 + std::size_t{size} : 4;
  }
}

}  // namespace

FatBinary read_fat_binary(const void* pointer) {
  FatBinary result;
  const auto* wrapper = static_cast<const Wrapper*>(pointer);
  ContainerHeader container;
  std::memcpy(&container, wrapper->container, sizeof container);
  if (wrapper->magic != kWrapperMagic || container.magic != kContainerMagic) stop("not a fat binary");
  const char* at = wrapper->container + container.header_size;
  const char* const end = at + container.size;
  while (at < end) {
    EntryHeader header = {};
    std::memcpy(&header, at, sizeof header);
    if (header.header_size < sizeof header) header.uncompressed_size = 0;
    if (header.kind == kPtx) {
      std::string text = content(header, at + header.header_size);
      text.resize(std::strlen(text.c_str()));  // padded with zeros
      if (text.find(".version") == std::string::npos) stop("the PTX cannot be read: compile with -no-compress");
      result.ptx.push_back({header.architecture, std::move(text)});
    } else if (header.kind == kMachineCode) {
      read_register_counts(content(header, at + header.header_size), result.registers);
    }
    at += header.header_size + header.size;
  }
  return result;
}

}  // namespace ptxsim
