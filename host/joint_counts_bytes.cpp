#include <algorithm>
#include <cstring>

#include "host/joint_counts.hpp"
#include "kullback/error.hpp"

/// A saved state, little endian: "kb-joint", then 8 words of 64 bits (version, form, tables, classes_x, classes_y,
/// whether there is a missing code, that code, samples), a checksum of all other bytes, the counts, a byte for each
/// table's flag.
namespace kullback {
namespace {

constexpr char kMagic[8] = {'k', 'b', '-', 'j', 'o', 'i', 'n', 't'};
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kWord = 8, kFields = 8, kChecksumAt = (1 + kFields) * kWord, kHeader = kChecksumAt + kWord;

void put(unsigned char* at, std::uint64_t value) {
  for (std::size_t i = 0; i < kWord; ++i) at[i] = static_cast<unsigned char>(value >> (8 * i));
}
std::uint64_t get(const unsigned char* at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kWord; ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}
std::int64_t get_signed(const unsigned char* at) { return static_cast<std::int64_t>(get(at)); }

/// FNV-1a of all bytes but the checksum's: no change of one byte escapes it.
std::uint64_t checksum_of(const unsigned char* bytes, std::size_t size) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::size_t i = 0; i < size; ++i) {
    if (i == kChecksumAt) i += kWord;
    if (i < size) hash = (hash ^ bytes[i]) * 0x100000001b3;
  }
  return hash;
}

[[noreturn]] void refuse(const std::string& why) { throw InvalidArgument("saved joint counts: " + why); }

}  // namespace

std::size_t JointCountState::saved_bytes() const noexcept { return kHeader + counts_.size() * kWord + invalid_.size(); }

void JointCountState::save(void* bytes, std::size_t size) const {
  if (bytes == nullptr || size != saved_bytes()) {
    throw InvalidArgument("bytes: " + std::to_string(bytes == nullptr ? 0 : size) + " are given, expected " +
                          std::to_string(saved_bytes()));
  }
  auto* at = static_cast<unsigned char*>(bytes);
  std::memcpy(at, kMagic, kWord);
  const std::int64_t fields[kFields - 1] = {static_cast<std::int64_t>(shape_.form),
                                            shape_.tables,
                                            shape_.classes_x,
                                            shape_.classes_y,
                                            shape_.missing.has_value(),
                                            shape_.missing.value_or(0),
                                            samples_};
  put(at + kWord, kVersion);
  for (std::size_t f = 0; f < kFields - 1; ++f) put(at + (2 + f) * kWord, static_cast<std::uint64_t>(fields[f]));
  unsigned char* to = at + kHeader;
  for (std::int64_t count : counts_) {
    put(to, static_cast<std::uint64_t>(count));
    to += kWord;
  }
  std::copy(invalid_.begin(), invalid_.end(), to);
  put(at + kChecksumAt, checksum_of(at, size));
}

JointCountState JointCountState::load(const void* bytes, std::size_t size) {
  const auto* at = static_cast<const unsigned char*>(bytes);
  if (bytes == nullptr || size < kHeader) {
    refuse(std::to_string(bytes == nullptr ? 0 : size) + " bytes are fewer than the " + std::to_string(kHeader) +
           " of the header");
  }
  if (std::memcmp(at, kMagic, kWord) != 0) refuse("they do not begin with \"kb-joint\"");
  if (get(at + kWord) != kVersion) {
    refuse("version " + std::to_string(get(at + kWord)) + " is not known, expected " + std::to_string(kVersion));
  }
  const auto field = [&](std::size_t f) { return get_signed(at + (2 + f) * kWord); };
  if (field(0) < 0 || field(0) > 1) refuse("form " + std::to_string(field(0)) + " is not known");
  if (field(4) < 0 || field(4) > 1) refuse("the header is damaged");
  JointCountsShape shape = {static_cast<JointCountsShape::Form>(field(0)), field(1), field(2), field(3), std::nullopt};
  if (field(4) == 1) shape.missing = field(5);
  std::int64_t cells;
  try {
    cells = checked_cells(shape);
  } catch (const InvalidArgument& error) {
    refuse(error.what());
  }
  const std::size_t expected =
      kHeader + static_cast<std::size_t>(cells) * kWord + static_cast<std::size_t>(shape.tables);
  if (size != expected) {
    refuse("there are " + std::to_string(size) + " bytes, expected " + std::to_string(expected) + " for " +
           std::to_string(shape.tables) + " tables of " + std::to_string(shape.classes_x) + " x " +
           std::to_string(shape.classes_y));
  }
  if (get(at + kChecksumAt) != checksum_of(at, size)) refuse("the checksum does not match, bytes were damaged");

  JointCountState state(shape);
  state.samples_ = field(6);
  const unsigned char* from = at + kHeader;
  for (std::int64_t& count : state.counts_) {
    count = get_signed(from);
    from += kWord;
  }
  std::copy(from, from + shape.tables, state.invalid_.begin());
  // A checksum that fits proves nothing about who wrote the rest.
  const auto table_cells = static_cast<std::size_t>(shape.classes_x * shape.classes_y);
  for (std::size_t t = 0; t < state.invalid_.size(); ++t) {
    std::int64_t left = state.invalid_[t] ? 0 : state.samples_;
    bool sound = left >= 0 && state.invalid_[t] <= 1;
    for (std::size_t c = t * table_cells; sound && c < (t + 1) * table_cells; ++c) {
      sound = state.counts_[c] >= 0 && state.counts_[c] <= left;
      left -= state.counts_[c];
    }
    if (!sound)
      refuse("table " + std::to_string(t) + " counts what " + std::to_string(state.samples_) + " samples cannot");
  }
  if (state.samples_ < 0) refuse("a negative number of samples");
  return state;
}

}  // namespace kullback
