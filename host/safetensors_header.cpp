#include "host/safetensors_header.hpp"

#include <cstring>
#include <nlohmann/json.hpp>

#include "kullback/error.hpp"

namespace kullback {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxDimensions = 64, kMaxNamesTold = 8;
constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit

struct TypeCode {
  const char* code;
  ElementType type;
};
constexpr TypeCode kTypes[] = {
    {"BOOL", ElementType::boolean}, {"I8", ElementType::i8},   {"U8", ElementType::u8},     {"I16", ElementType::i16},
    {"U16", ElementType::u16},      {"I32", ElementType::i32}, {"U32", ElementType::u32},   {"I64", ElementType::i64},
    {"U64", ElementType::u64},      {"F16", ElementType::f16}, {"BF16", ElementType::bf16}, {"F32", ElementType::f32},
    {"F64", ElementType::f64},
};

class Reader {
 public:
  Reader(std::string_view file, const std::string& name) : file_(file), name_(name) {}

  ArrayHeader read(const std::string& tensor) {
    const json header = parse();
    const std::string chosen = tensor.empty() ? only_tensor(header) : tensor;
    const auto found = header.find(chosen);
    if (chosen == "__metadata__" || found == header.end()) {
      fail("holds no tensor '" + shortened(chosen) + "'; it holds " + names_of(header));
    }
    return array_of(*found, "tensor '" + shortened(chosen) + "'");
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InvalidArgument(name_ + ": " + what); }

  static std::string shortened(const std::string& text) {
    std::string plain;
    for (char c : text.substr(0, 64)) plain += c < ' ' || c > '~' ? '?' : c;
    return text.size() > 64 ? plain + "..." : plain;
  }

  json parse() {
    if (file_.size() < 8) fail("not a .safetensors file: it is shorter than the length of a header");
    std::uint64_t length;
    std::memcpy(&length, file_.data(), sizeof length);
    if (length > kMaxHeaderBytes || length > file_.size() - 8) {
      fail("not a .safetensors file: its header should be " + std::to_string(length) + " bytes long, and " +
           std::to_string(file_.size() - 8) + " bytes follow");
    }
    data_ = 8 + static_cast<std::size_t>(length);
    const std::string_view text = file_.substr(8, static_cast<std::size_t>(length));
    if (nested_too_deep(text)) fail("its header is nested deeper than that of a .safetensors file");
    json header = json::parse(text, nullptr, false);
    if (header.is_discarded()) fail("its header is not valid JSON");
    if (!header.is_object()) fail("its header is not a JSON object of tensors");
    return header;
  }

  /// A header is an object of objects of arrays.
  static bool nested_too_deep(std::string_view text) {
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (quoted) {
        if (c == '\\') ++i;
        quoted = c != '"';
      } else {
        quoted = c == '"';
        depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        if (depth > 3) return true;
      }
    }
    return false;
  }

  static std::string names_of(const json& header) {
    std::string names;
    std::size_t count = 0;
    for (const auto& item : header.items()) {
      if (item.key() == "__metadata__" || ++count > kMaxNamesTold) continue;
      names += (names.empty() ? "" : ", ") + shortened(item.key());
    }
    if (count > kMaxNamesTold) names += " and " + std::to_string(count - kMaxNamesTold) + " more";
    return names.empty() ? "none" : names;
  }

  std::string only_tensor(const json& header) {
    const std::size_t tensors = header.size() - header.count("__metadata__");
    if (tensors != 1) {
      fail("holds " + std::to_string(tensors) + " tensors, name one: FILE:TENSOR; it holds " + names_of(header));
    }
    for (const auto& item : header.items()) {
      if (item.key() != "__metadata__") return item.key();
    }
    return "";
  }

  std::uint64_t number(const json& value, const std::string& what) {
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > INT64_MAX) {
      fail(what + " is not a number from 0 to 2^63 - 1");
    }
    return value.get<std::uint64_t>();
  }

  const json& field(const json& entry, const char* key, const std::string& who) {
    const auto found = entry.find(key);
    if (found == entry.end()) fail(who + " has no '" + key + "' in the header");
    return *found;
  }

  ArrayHeader array_of(const json& entry, const std::string& who) {
    if (!entry.is_object()) fail(who + " is not an object in the header");
    ArrayHeader header;
    const json& code = field(entry, "dtype", who);
    bool known = false;
    for (const TypeCode& t : kTypes) {
      if (code == t.code) header.type = t.type, known = true;
    }
    if (!known) {
      fail(who + " has the dtype " + shortened(code.dump(-1, ' ', true, json::error_handler_t::replace)) +
           "; expected F16, BF16, F32, F64, BOOL or an integer type");
    }
    const json& shape = field(entry, "shape", who);
    if (!shape.is_array() || shape.size() > kMaxDimensions) fail(who + " has a shape that is no list of sizes");
    for (const json& n : shape) {
      header.shape.push_back(static_cast<std::int64_t>(number(n, who + ": a size in its shape")));
    }
    const json& offsets = field(entry, "data_offsets", who);
    if (!offsets.is_array() || offsets.size() != 2) fail(who + " has data_offsets that are not a pair");
    const std::uint64_t begin = number(offsets[0], who + ": the begin of its data");
    const std::uint64_t end = number(offsets[1], who + ": the end of its data");
    const std::uint64_t expected = count_elements(header, name_);
    const std::string array = shape_text(header.shape) + " " + element_name_of(header.type);
    if (end < begin || end - begin != expected) {
      fail(who + ": " + array + " takes " + std::to_string(expected) + " bytes, its data_offsets are " +
           std::to_string(begin) + " and " + std::to_string(end));
    }
    if (end > file_.size() - data_) {
      fail("truncated: " + who + " ends at byte " + std::to_string(end) + " of the data, the file holds " +
           std::to_string(file_.size() - data_));
    }
    header.data_offset = data_ + static_cast<std::size_t>(begin);
    return header;
  }

  std::string_view file_;
  const std::string& name_;
  std::size_t data_ = 0;  // where the data begin
};

}  // namespace

TensorPath tensor_path(const std::string& path) {
  constexpr std::string_view kEnding = ".safetensors";
  const std::size_t colon = path.find(std::string(kEnding) + ":");
  const std::size_t end = colon != std::string::npos ? colon + kEnding.size() : path.size();
  const bool named = end >= kEnding.size() && path.compare(end - kEnding.size(), kEnding.size(), kEnding) == 0;
  if (!named) return {false, path, ""};
  return {true, path.substr(0, end), colon != std::string::npos ? path.substr(end + 1) : ""};
}

ArrayHeader parse_safetensors_header(std::string_view file, const std::string& name, const std::string& tensor) {
  return Reader(file, name).read(tensor);
}

}  // namespace kullback
