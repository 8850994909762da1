#include "ptx/cursor.hpp"

#include <cctype>
#include <cstdlib>

namespace ptxsim {
namespace {

bool is_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$' || c == '%'; }

/// Neither ends a block's text nor begins what may hide its end, a comment or a string.
bool is_ordinary(char c) { return c != '{' && c != '}' && c != '"' && c != '/' && c != '\0'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

void Cursor::advance() {
  if (current() == '\n') ++line_;
  ++position_;
}

char Cursor::peek() {
  for (;;) {
    while (std::isspace(static_cast<unsigned char>(current()))) advance();
    const std::string_view rest = text_.substr(std::min(position_, text_.size()), 2);
    if (rest == "//") {
      while (current() != '\0' && current() != '\n') advance();
    } else if (rest == "/*") {
      while (current() != '\0' && text_.substr(position_, 2) != "*/") advance();
      position_ += 2;
    } else {
      return current();
    }
  }
}

bool Cursor::accept(char c) {
  if (peek() != c || c == '\0') return false;
  advance();
  return true;
}

void Cursor::expect(char c) {
  if (!accept(c)) fail(std::string("expected '") + c + "'");
}

bool Cursor::accept(std::string_view word) {
  peek();
  if (text_.substr(std::min(position_, text_.size()), word.size()) != word) return false;
  position_ += word.size();
  return true;
}

std::string_view Cursor::word() {
  peek();
  const std::size_t begin = position_;
  if (current() == '.') advance();
  while (is_identifier(current())) advance();
  return from(begin);
}

std::string_view Cursor::dotted_word() {
  peek();
  const std::size_t begin = position_;
  while (is_identifier(current()) || current() == '.' || text_.substr(position_, 2) == "::") {
    position_ += current() == ':' ? 2 : 1;
  }
  return from(begin);
}

bool Cursor::at_number() {
  const char c = peek();
  return is_digit(c) || c == '-';
}

Literal Cursor::literal() {
  const bool negative = accept('-');
  peek();
  Literal result;
  const std::size_t begin = position_;
  const auto consume_digits = [&] {
    while (is_identifier(current()) || current() == '.') advance();
  };
  consume_digits();
  std::string text(from(begin));
  if (text.empty() || !is_digit(text[0])) fail("expected a number");
  const char kind = text.size() > 1 && text[0] == '0' ? static_cast<char>(std::tolower(text[1])) : '\0';
  char* end = nullptr;
  if (kind == 'f' || kind == 'd') {  // the bits of an f32 or an f64
    result.bits = std::strtoull(text.c_str() + 2, &end, 16);
    if (negative) result.bits ^= std::uint64_t{1} << (kind == 'f' ? 31 : 63);
  } else if (kind != 'x' && text.find_first_of(".eE") != std::string::npos) {
    if ((text.back() == 'e' || text.back() == 'E') && (current() == '+' || current() == '-')) {
      advance();
      consume_digits();
      text = from(begin);
    }
    result.value = std::strtod(text.c_str(), &end);
    if (negative) result.value = -result.value;
    result.is_decimal_float = true;
  } else {
    if (text.back() == 'U') text.pop_back();
    const int base = kind == 'b' ? 2 : 0;
    const char* digits = text.c_str() + (kind == 'b' ? 2 : 0);
    result.bits = std::strtoull(digits, &end, base);
    if (negative) result.bits = 0 - result.bits;
  }
  if (end == nullptr || *end != '\0') fail("not a number: " + text);
  return result;
}

std::string_view Cursor::until(std::string_view stops) {
  peek();
  const std::size_t begin = position_;
  while (current() != '\0' && stops.find(current()) == std::string_view::npos) advance();
  return from(begin);
}

std::string_view Cursor::braced() {
  const std::size_t begin = position_;
  unsigned depth = 1;
  while (depth > 0) {
    // Megabytes of bodies are skipped in a program's first launch.
    while (is_ordinary(current())) advance();
    const char c = peek();
    if (c == '\0') fail("missing '}'");
    if (c == '"') {  // a string of .pragma or .section may hold braces
      advance();
      while (current() != '\0' && current() != '"') advance();
    }
    depth += c == '{' ? 1 : 0;
    depth -= c == '}' ? 1 : 0;
    advance();
  }
  return text_.substr(begin, position_ - begin - 1);
}

void Cursor::rewind(std::size_t position, unsigned line) {
  position_ = position;
  line_ = line;
}

void Cursor::fail(const std::string& what) {
  const std::size_t begin = std::min(position_, text_.size());
  const std::string_view near = text_.substr(begin, std::min<std::size_t>(text_.find('\n', begin), begin + 60) - begin);
  throw ParseError("PTX line " + std::to_string(line_) + ": " + what + " near '" + std::string(near) + "'");
}

}  // namespace ptxsim
