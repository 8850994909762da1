#include "host/cli/csv_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <optional>

#include "host/cli/options.hpp"

namespace kullback::cli {
namespace {

/// Takes the text apart, field by field.
class Reader {
 public:
  Reader(const std::string& path, const std::string& text) : path_(path), text_(text) {
    if (text_.compare(0, 3, "\xEF\xBB\xBF") == 0) at_ = 3;  // a byte order mark
  }

  bool at_end() const { return at_ >= text_.size(); }
  std::int64_t line() const { return line_; }

  /// The fields of the next line.
  std::vector<std::string> record() {
    std::vector<std::string> fields;
    do {
      fields.push_back(field());
    } while (take(','));
    take('\r');
    if (!at_end() && !take('\n')) fail("a quoted field is followed by something else than a comma");
    ++line_;
    return fields;
  }

  [[noreturn]] void fail(const std::string& what) const {
    throw InvalidArgument(fmt::format("{}: line {}: {}", path_, line_, what));
  }

 private:
  bool take(char c) {
    if (at_end() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  std::string field() {
    std::string value;
    if (take('"')) {
      for (;;) {
        if (at_end()) fail("a quoted field does not end");
        const char c = text_[at_++];
        if (c == '"' && !take('"')) return value;
        line_ += c == '\n';
        value += c;
      }
    }
    const std::size_t end = std::min(text_.find_first_of(",\n", at_), text_.size());
    value = text_.substr(at_, end - at_);
    at_ = end;
    const std::size_t first = value.find_first_not_of(" \t\r"), last = value.find_last_not_of(" \t\r");
    return first == std::string::npos ? "" : value.substr(first, last - first + 1);
  }

  const std::string& path_;
  const std::string& text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
};

template <class T> std::optional<T> parse(const std::string& text) {
  T value{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// All fields that are not missing as T, or none.
template <class T>
std::optional<std::vector<T>> parse_all(const std::vector<std::string>& fields, const std::vector<bool>& missing) {
  std::vector<T> values;
  values.reserve(fields.size());
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::optional<T> value = missing[i] ? T{} : parse<T>(fields[i]);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

}  // namespace

CsvTable::CsvTable(const std::string& path) : path_(path) {
  std::ifstream file(path, std::ios::binary);
  require(file.good(), path + ": cannot be read");
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  require(!file.bad() && file.good(), path + ": cannot be read");
  Reader reader(path, text);
  require(!text.empty(), path + ": is empty, expected a line of column names");
  names_ = reader.record();
  fields_.resize(names_.size());
  while (!reader.at_end()) {
    const std::int64_t line = reader.line();
    std::vector<std::string> record = reader.record();
    if (record.size() == 1 && record[0].empty() && reader.at_end()) break;  // a last, empty line
    require(record.size() == names_.size(),
            fmt::format("{}: line {}: has {} fields, expected {}, one for each name in the first line", path, line,
                        record.size(), names_.size()));
    for (std::size_t c = 0; c < record.size(); ++c) fields_[c].push_back(std::move(record[c]));
    ++samples_;
  }
}

Variable CsvTable::column(std::int64_t index, std::optional<std::int64_t> missing) const {
  const std::vector<std::string>& fields = fields_[static_cast<std::size_t>(index)];
  Variable variable;
  const std::string code = missing ? std::to_string(*missing) : "";
  for (const std::string& field : fields) {
    const std::optional<double> number = missing ? parse<double>(field) : std::nullopt;
    variable.missing.push_back(field.empty() || (missing && field == code) ||
                               (number && *number == static_cast<double>(*missing)));
  }
  if (auto integers = parse_all<std::int64_t>(fields, variable.missing)) {
    variable.integers = *std::move(integers);
  } else if (auto numbers = parse_all<double>(fields, variable.missing)) {
    variable.numbers = *std::move(numbers);
  } else {
    std::vector<std::string> texts = fields;
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    for (const std::string& field : fields)
      variable.integers.push_back(std::lower_bound(texts.begin(), texts.end(), field) - texts.begin());
  }
  return variable;
}

}  // namespace kullback::cli
