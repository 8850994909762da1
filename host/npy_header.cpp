#include "host/npy_header.hpp"

#include <algorithm>

#include "kullback/error.hpp"

namespace kullback {
namespace {

constexpr std::string_view kMagic{"\x93NUMPY", 6};
constexpr std::size_t kMaxDimensions = 64;  // NumPy's own limit

struct TypeCode {
  std::string_view code;  // the dtype string without its byte order
  ElementType type;
};
constexpr TypeCode kTypes[] = {
    {"b1", ElementType::boolean}, {"i1", ElementType::i8},  {"u1", ElementType::u8},   {"i2", ElementType::i16},
    {"u2", ElementType::u16},     {"i4", ElementType::i32}, {"u4", ElementType::u32},  {"i8", ElementType::i64},
    {"u8", ElementType::u64},     {"f2", ElementType::f16}, {"V2", ElementType::bf16}, {"f4", ElementType::f32},
    {"f8", ElementType::f64},
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Recursive descent over the one Python literal a header may hold:
/// {'descr': string, 'fortran_order': True|False, 'shape': (int, ...)} with the keys in any order.
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  void parse() {
    for (char c : text_)
      if (!is_space(c) && (c < 0x20 || c > 0x7e)) fail("its header holds bytes that are not plain text");
    expect('{');
    while (!accept('}')) {
      entry();
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_space();
    if (at_ != text_.size()) fail("its header goes on after the closing brace");
    if (!has_descr_) fail("its header lacks 'descr'");
    if (!has_order_) fail("its header lacks 'fortran_order'");
    if (!has_shape_) fail("its header lacks 'shape'");
  }

  [[noreturn]] void fail(const std::string& what) const { throw InvalidArgument(name_ + ": " + what); }

  std::string_view descr;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;

 private:
  void entry() {
    const std::string_view key = string_literal("a quoted key");
    expect(':');
    if (key == "descr") {
      once(has_descr_, key);
      skip_space();
      if (peek() == '[' || peek() == '(') fail("structured dtypes are not supported, plain numbers are expected");
      descr = string_literal("a quoted dtype");
    } else if (key == "fortran_order") {
      once(has_order_, key);
      fortran_order = boolean_literal();
    } else if (key == "shape") {
      once(has_shape_, key);
      shape_tuple();
    } else {
      fail("its header has the unknown key '" + std::string(key.substr(0, 32)) + "'");
    }
  }

  void once(bool& seen, std::string_view key) {
    if (seen) fail("its header has '" + std::string(key) + "' twice");
    seen = true;
  }

  std::string_view string_literal(const char* expected) {
    skip_space();
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail_here(expected);
    const std::size_t begin = ++at_;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' || is_space(text_[at_])) fail_here("plain characters up to the closing quote");
      ++at_;
    }
    if (at_ == text_.size()) fail_here("a closing quote");
    return text_.substr(begin, at_++ - begin);
  }

  bool boolean_literal() {
    skip_space();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail_here("True or False");
  }

  void shape_tuple() {
    expect('(');
    while (!accept(')')) {
      if (shape.size() == kMaxDimensions) fail("its shape has more than 64 dimensions");
      shape.push_back(dimension());
      if (accept(',')) continue;
      if (shape.size() == 1) fail_here("',' (the shape must be a tuple)");
      expect(')');
      break;
    }
  }

  std::int64_t dimension() {
    skip_space();
    if (peek() == '-') fail("its shape has a negative dimension");
    if (!is_digit(peek())) fail_here("a dimension");
    std::int64_t value = 0;
    for (; is_digit(peek()); ++at_) {
      if (__builtin_mul_overflow(value, std::int64_t{10}, &value) ||
          __builtin_add_overflow(value, std::int64_t{peek() - '0'}, &value))
        fail("its shape has a dimension that does not fit 64 bits");
    }
    if (peek() == 'L') ++at_;  // Python 2's long integers
    return value;
  }

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail_here(std::string("'") + c + "'");
  }
  [[noreturn]] void fail_here(const std::string& expected) const {
    fail("its header is malformed at character " + std::to_string(at_) + ": expected " + expected);
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
  bool has_descr_ = false, has_order_ = false, has_shape_ = false;
};

ElementType type_of(std::string_view descr, const HeaderParser& parser) {
  const std::string quoted = "dtype '" + std::string(descr.substr(0, 32)) + "'";
  const char order = descr.empty() ? '\0' : descr[0];
  const std::string_view code = descr.substr(std::min<std::size_t>(1, descr.size()));
  for (const TypeCode& t : kTypes) {
    if (code != t.code) continue;
    const bool is_byte = element_size_of(t.type) == 1;
    if (order == '<' || order == '=' || (order == '|' && (is_byte || t.type == ElementType::bf16))) return t.type;
    if (order == '>') {
      if (is_byte) return t.type;
      parser.fail(quoted + " is big endian, little endian is expected");
    }
  }
  if (!code.empty() && code[0] == 'O') parser.fail(quoted + " holds Python objects, plain numbers are expected");
  parser.fail(quoted +
              " is not supported; expected float16, float32, float64, bfloat16 ('<V2'), bool or an integer type");
}

/// The text between the preamble and the data; sets `data_offset`.
std::string_view header_text(std::string_view file, const HeaderParser& errors, std::size_t& data_offset) {
  if (file.empty()) errors.fail("the file is empty");
  if (file.substr(0, kMagic.size()) != kMagic) errors.fail("not a .npy file (it does not start with \\x93NUMPY)");
  if (file.size() < 10) errors.fail("truncated in the .npy preamble");
  const int version = static_cast<unsigned char>(file[6]);
  if (version < 1 || version > 3)
    errors.fail("unknown .npy version " + std::to_string(version) + ", expected 1, 2 or 3");
  const std::size_t length_bytes = version == 1 ? 2 : 4, begin = 8 + length_bytes;
  if (file.size() < begin) errors.fail("truncated in the .npy preamble");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i)
    length |= static_cast<std::size_t>(static_cast<unsigned char>(file[8 + i])) << (8 * i);
  if (length > file.size() - begin)
    errors.fail("its header should be " + std::to_string(length) + " bytes long, but only " +
                std::to_string(file.size() - begin) + " bytes follow");
  data_offset = begin + length;
  return file.substr(begin, length);
}

}  // namespace

ArrayHeader parse_npy_header(std::string_view file, const std::string& name) {
  ArrayHeader header;
  HeaderParser parser(header_text(file, HeaderParser({}, name), header.data_offset), name);
  parser.parse();
  header.type = type_of(parser.descr, parser);
  header.shape = std::move(parser.shape);

  const std::uint64_t expected = count_elements(header, name), held = file.size() - header.data_offset;
  const auto wide = std::count_if(header.shape.begin(), header.shape.end(), [](std::int64_t n) { return n > 1; });
  if (parser.fortran_order && wide > 1 && expected > 0)
    parser.fail("the array is in Fortran order, C order is expected");

  const std::string array = shape_text(header.shape) + " " + element_name_of(header.type);
  if (held < expected)
    parser.fail("truncated: " + array + " takes " + std::to_string(expected) + " bytes, the file holds " +
                std::to_string(held));
  if (held > expected)
    parser.fail(std::to_string(held - expected) + " extra bytes after the data of its " + array + " array");
  return header;
}

std::string npy_header_f64(const std::vector<std::int64_t>& shape) {
  std::string tuple;
  for (const std::int64_t n : shape) tuple += std::to_string(n) + (shape.size() == 1 ? "," : ", ");
  if (shape.size() > 1) tuple.resize(tuple.size() - 2);
  std::string text = "{'descr': '<f8', 'fortran_order': False, 'shape': (" + tuple + "), }";
  // The data start at a multiple of 64.
  constexpr std::size_t kPreamble = 10, kAlignment = 64;
  text.resize((kPreamble + text.size() + 1 + kAlignment - 1) / kAlignment * kAlignment - kPreamble - 1, ' ');
  text += '\n';
  std::string header(kMagic);
  header += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return header + text;
}

}  // namespace kullback
