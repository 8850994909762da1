#include <quadmath.h>

#include <fstream>
#include <sstream>
#include <string>

#include "information_calls.hpp"

/// Both the backend and the reference against golden/information.csv: exact values to 50 digits from another
/// arithmetic, and what scikit-learn and SciPy return.
namespace kullback::test {
namespace {

struct Case {
  std::string name;
  std::vector<std::int64_t> cells;
  std::int64_t rows = 0;
  Information measure;
  InformationOptions options;
  reference::Binary128 expected;
  std::string peer, difference;

  MatrixView table() const { return view(cells.data(), rows, static_cast<std::int64_t>(cells.size()) / rows); }
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (std::istringstream in(text); std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

Normalizer normalizer_of(const std::string& name) {
  return name == "geometric" ? Normalizer::geometric
         : name == "min"     ? Normalizer::min
         : name == "max"     ? Normalizer::max
                             : Normalizer::arithmetic;
}

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(KULLBACK_GOLDEN_INFORMATION);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> f = split(line, ';');
    f.resize(7);
    Case c;
    c.name = f[0];
    for (const std::string& row : split(f[1], '/')) {
      for (const std::string& cell : split(row, ' ')) c.cells.push_back(std::stoll(cell));
      ++c.rows;
    }
    c.measure = parse_information(f[2]).value();
    c.options.normalizer = normalizer_of(f[3]);
    c.expected = strtoflt128(f[4].c_str(), nullptr);
    c.peer = f[5], c.difference = f[6];
    cases.push_back(std::move(c));
  }
  return cases;
}

TEST(InformationGolden, TheReferenceIsExact) {
  const std::vector<Case> cases = read_cases();
  ASSERT_GT(cases.size(), 500u);
  for (const Case& c : cases) {
    const auto estimate = reference::information_joint<reference::Binary128>({c.measure}, c.table(), c.options)[0];
    const auto error = static_cast<double>(fabsq(estimate.value - c.expected));
    EXPECT_LE(error, static_cast<double>(estimate.error + 0x1p-112 * fabsq(c.expected)))
        << c.name << ": " << information_info(c.measure).name;
    EXPECT_LE(static_cast<double>(estimate.error), 1e-25) << c.name << ": " << information_info(c.measure).name;
    const auto in_double = reference::information_joint<double>({c.measure}, c.table(), c.options)[0];
    EXPECT_LE(std::abs(static_cast<double>(in_double.value - c.expected)),
              in_double.error + 0x1p-53 * std::abs(static_cast<double>(c.expected)))
        << c.name << ": " << information_info(c.measure).name;
  }
}

TEST(InformationGolden, TheBackendMeetsTheContract) {
  for (const Case& c : read_cases()) {
    SCOPED_TRACE(c.name);
    auto estimate = reference::information_joint<reference::Binary128>({c.measure}, c.table(), c.options)[0];
    estimate.value = c.expected;
    estimate.error = 0;
    expect_contract({c.measure}, measure_joint({c.measure}, c.table(), c.options).data(), {estimate});
  }
}

TEST(InformationGolden, ScikitLearnAndSciPyAgree) {
  int compared = 0, different = 0;
  for (const Case& c : read_cases()) {
    if (c.peer.empty()) continue;
    const double value = measure_joint({c.measure}, c.table(), c.options)[0], peer = std::stod(c.peer);
    const bool close = std::abs(value - peer) <= 1e-9 * std::abs(value) + 1e-14;
    EXPECT_EQ(close, c.difference.empty())
        << c.name << ": " << information_info(c.measure).name << " is " << value << ", the peer says " << peer;
    ++compared;
    different += !close;
  }
  EXPECT_GT(compared, 350);
  EXPECT_LE(different, 1);
}

}  // namespace
}  // namespace kullback::test
