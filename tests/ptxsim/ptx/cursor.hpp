/// Reading PTX text: white space, words, numbers, and errors that name the line.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace ptxsim {

/// PTX that is not understood. Inside a function body it becomes an instruction that stops the program when executed.
struct ParseError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A literal (PTX ISA 4.5). Integers and the hexadecimal 0f and 0d forms are bits; a decimal float is kept as a value.
struct Literal {
  std::uint64_t bits = 0;
  double value = 0;
  bool is_decimal_float = false;
};

class Cursor {
 public:
  explicit Cursor(std::string_view text, unsigned line = 1) : text_(text), line_(line) {}

  unsigned line() const { return line_; }
  std::size_t position() const { return position_; }
  /// Next character after white space and comments, 0 at the end.
  char peek();
  bool accept(char c);
  void expect(char c);
  bool accept(std::string_view word);
  /// A directive, an identifier or a register, such as `.reg`, `$L__BB0_1` or `%tid`; empty if there is none.
  std::string_view word();
  /// As word(), with dots: an opcode with modifiers or a special register such as `%tid.x`.
  std::string_view dotted_word();
  bool at_number();
  Literal literal();
  std::uint64_t integer() { return literal().bits; }
  /// The text up to one of `stops`, which is not consumed.
  std::string_view until(std::string_view stops);
  /// The text of a block whose opening brace was just consumed; consumes the closing one.
  std::string_view braced();
  std::string_view from(std::size_t begin) const { return text_.substr(begin, position_ - begin); }
  void rewind(std::size_t position, unsigned line);
  [[noreturn]] void fail(const std::string& what);

 private:
  char current() const { return position_ < text_.size() ? text_[position_] : '\0'; }
  void advance();

  std::string_view text_;
  std::size_t position_ = 0;
  unsigned line_;
};

}  // namespace ptxsim
