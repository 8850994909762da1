#include "ptx/declaration.hpp"

#include <algorithm>

namespace ptxsim {

Declaration parse_declaration(Cursor& cursor) {
  Declaration result;
  while (cursor.peek() == '.') {
    const std::string_view word = cursor.word().substr(1);
    if (word == "align") {
      result.alignment = cursor.integer();
    } else if (word == "v2" || word == "v4") {
      result.elements *= word == "v2" ? 2 : 4;
    } else if (word == "attribute") {  // .managed
      cursor.expect('(');
      cursor.until(")");
      cursor.expect(')');
    } else if (word != "ptr" && word != "global" && word != "shared" && word != "const" && word != "local") {
      result.type = type_named(word);
      if (result.type == Type::none) cursor.fail("type ." + std::string(word));
    }
  }
  result.name = cursor.word();
  while (cursor.accept('[')) {
    result.elements = cursor.peek() == ']' ? 0 : result.elements * cursor.integer();
    cursor.expect(']');
  }
  result.alignment = std::max<std::uint64_t>(result.alignment, size_of(result.type));
  return result;
}

}  // namespace ptxsim
