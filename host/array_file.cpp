#include "host/array_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "host/npy_header.hpp"
#include "host/safetensors_header.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "data are used in place and must be little endian");

/// What mapped_file_at looks through.
struct MappedFile {
  std::atomic<bool> taken{false};
  std::uintptr_t begin = 0, end = 0;
  char path[PATH_MAX] = "";
};
MappedFile mapped_files[16];

MappedFile* remember(const void* address, std::size_t bytes, const std::string& path) {
  for (MappedFile& file : mapped_files) {
    if (path.size() >= sizeof file.path || file.taken.exchange(true)) continue;
    file.begin = reinterpret_cast<std::uintptr_t>(address), file.end = file.begin + bytes;
    std::memcpy(file.path, path.c_str(), path.size() + 1);
    return &file;
  }
  return nullptr;
}

void forget(MappedFile* file) {
  if (file == nullptr) return;
  file->begin = file->end = 0;
  file->taken = false;
}

struct Mapping {
  std::shared_ptr<const void> memory;
  std::size_t bytes = 0;
};

Mapping map_file(const std::string& path) {
  const auto fail = [&](const std::string& what) { throw InvalidArgument(path + ": " + what); };
  // O_NONBLOCK: a pipe without a writer must give an error, not wait.
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail(std::string("cannot open the file: ") + std::strerror(errno));
  struct Closer {
    int fd;
    ~Closer() { close(fd); }
  } closer{fd};
  struct stat info;
  if (fstat(fd, &info) != 0) fail(std::string("cannot read the file: ") + std::strerror(errno));
  if (S_ISDIR(info.st_mode)) fail("is a directory, a file is expected");
  if (!S_ISREG(info.st_mode)) fail("is not a regular file");
  if (info.st_size == 0) fail("the file is empty");
  const auto bytes = static_cast<std::size_t>(info.st_size);
  void* address = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED) fail(std::string("cannot map the file: ") + std::strerror(errno));
  MappedFile* slot = remember(address, bytes, path);
  const auto unmap = [bytes, slot](void* p) {
    forget(slot);
    munmap(p, bytes);
  };
  return {std::shared_ptr<const void>(address, unmap), bytes};
}

template <class T> void widen(const char* from, std::vector<std::int64_t>& to, const std::string& path) {
  for (std::size_t i = 0; i < to.size(); ++i) {
    T value;
    std::memcpy(&value, from + i * sizeof(T), sizeof(T));
    if (sizeof(T) == 8 && static_cast<std::int64_t>(value) < 0)
      throw InvalidArgument(path + ": element " + std::to_string(i) + " is " + std::to_string(value) +
                            ", which does not fit int64");
    to[i] = static_cast<std::int64_t>(value);
  }
}

/// Element types that the library has no views for; true if `to` was filled.
bool convert(ElementType type, const char* from, std::vector<std::int64_t>& to, std::int64_t elements,
             const std::string& path) {
  const auto fill = [&](auto example) {
    to.reserve(1);  // an empty array still has an address
    to.resize(static_cast<std::size_t>(elements));
    widen<decltype(example)>(from, to, path);
    return true;
  };
  switch (type) {
    case ElementType::boolean: return fill(std::uint8_t{});
    case ElementType::i8: return fill(std::int8_t{});
    case ElementType::i16: return fill(std::int16_t{});
    case ElementType::u32: return fill(std::uint32_t{});
    case ElementType::u64: return fill(std::uint64_t{});
    default: return false;
  }
}

DType native_dtype(ElementType type, bool u16_is_bf16) {
  switch (type) {
    case ElementType::u8: return DType::u8;
    case ElementType::u16: return u16_is_bf16 ? DType::bf16 : DType::u16;
    case ElementType::i32: return DType::i32;
    case ElementType::f16: return DType::f16;
    case ElementType::bf16: return DType::bf16;
    case ElementType::f32: return DType::f32;
    case ElementType::f64: return DType::f64;
    default: return DType::i64;
  }
}

}  // namespace

ArrayFile::ArrayFile(const std::string& path, bool u16_is_bf16) : path_(path) {
  const TensorPath place = tensor_path(path);
  Mapping file = map_file(place.file);
  const char* bytes = static_cast<const char*>(file.memory.get());
  const std::string_view contents(bytes, file.bytes);
  ArrayHeader header = place.is_safetensors ? parse_safetensors_header(contents, place.file, place.tensor)
                                            : parse_npy_header(contents, path);
  elements_ = header.elements;
  shape_ = std::move(header.shape);
  dtype_ = native_dtype(header.type, u16_is_bf16);
  const char* data = bytes + header.data_offset;

  auto copy = std::make_shared<std::vector<std::int64_t>>();
  const std::size_t size = size_of(dtype_);
  if (convert(header.type, data, *copy, elements_, path)) {
    mapped_ = false;
  } else if (reinterpret_cast<std::uintptr_t>(data) % size != 0) {
    const std::size_t data_bytes = static_cast<std::size_t>(elements_) * size;
    copy->resize((data_bytes + 7) / 8);
    std::memcpy(copy->data(), data, data_bytes);
    mapped_ = false;
  }
  data_ = mapped_ ? static_cast<const void*>(data) : copy->data();
  storage_ = mapped_ ? std::move(file.memory) : std::shared_ptr<const void>(copy, copy->data());
}

MatrixView ArrayFile::matrix() const {
  if (shape_.empty()) throw InvalidArgument(path_ + ": holds a single number, an array of rows is expected");
  const std::int64_t cols = cols_ >= 0 ? cols_ : shape_.back();
  std::int64_t rows = 1;
  for (std::size_t i = 0; i + 1 < shape_.size(); ++i) rows *= shape_[i];  // fits: checked with the header
  return {data_, dtype_, rows, cols, shape_.back()};
}

const char* mapped_file_at(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  for (const MappedFile& file : mapped_files) {
    if (file.begin <= at && at < file.end) return file.path;
  }
  return nullptr;
}

void ArrayFile::prefetch(const void* begin, std::size_t bytes) const noexcept {
  if (!mapped_ || bytes == 0) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto from = reinterpret_cast<std::uintptr_t>(begin), first = from / page * page;
  madvise(reinterpret_cast<void*>(first), from + bytes - first, MADV_WILLNEED);
}

void ArrayFile::release(const void* begin, std::size_t bytes) const noexcept {
  if (!mapped_ || bytes == 0) return;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto from = reinterpret_cast<std::uintptr_t>(begin);
  // Whole pages, outwards: a neighbour's bytes come back from the file when they are read.
  const std::uintptr_t first = from / page * page;
  madvise(reinterpret_cast<void*>(first), from + bytes - first, MADV_DONTNEED);
}

}  // namespace kullback
