#include <gtest/gtest.h>
#include <quadmath.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "host/reference/reference.hpp"
#include "kullback/kullback.hpp"

/// The reference against golden/cases.csv: exact values to 50 digits from another arithmetic (golden/make.py), and the
/// rounded numbers that textbooks print.
namespace kullback {
namespace {

using reference::Binary128;
using reference::Estimate;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::string part;
  for (std::istringstream in(text); std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

struct Case {
  std::string name, function, dtype, input_p, input_q, options, label, p, q, expected, textbook;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::ifstream file(KULLBACK_GOLDEN_CASES);
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::vector<std::string> f = split(line, ';');
    f.resize(11);
    cases.push_back({f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8], f[9], f[10]});
  }
  return cases;
}

/// Numbers as they lie in memory. Every one is exact in its dtype; 16-bit floats are given as their bits.
struct Array {
  std::vector<unsigned char> bytes;
  DType dtype = DType::f64;
  std::int64_t rows = 0, cols = 0;

  template <class T> void push(T x) {
    const std::size_t at = bytes.size();
    bytes.resize(at + sizeof x);
    std::memcpy(&bytes[at], &x, sizeof x);
  }
  void push(const std::string& text) {
    switch (dtype) {
      case DType::f32: return push(std::strtof(text.c_str(), nullptr));
      case DType::f64: return push(std::strtod(text.c_str(), nullptr));
      case DType::u8: return push(static_cast<std::uint8_t>(std::stoi(text)));
      case DType::f16:
      case DType::bf16:
      case DType::u16: return push(static_cast<std::uint16_t>(std::stoi(text, nullptr, 0)));
      case DType::i32: return push(static_cast<std::int32_t>(std::stol(text)));
      case DType::i64: return push(static_cast<std::int64_t>(std::stoll(text)));
    }
  }
  MatrixView view() const { return {bytes.empty() ? nullptr : bytes.data(), dtype, rows, cols, cols}; }
};

Array parse_array(const std::string& text, const std::string& dtype) {
  Array array;
  for (DType t : {DType::f32, DType::f16, DType::bf16, DType::f64, DType::u8, DType::u16, DType::i32, DType::i64}) {
    const std::string name = name_of(t);  // float32 -> f32, uint8 -> u8, int64 -> i64, bfloat16 -> bf16
    const std::size_t digits = name.find_first_of("0123456789");
    if (name.substr(0, name[0] == 'b' ? 2 : 1) + name.substr(digits) == dtype) array.dtype = t;
  }
  for (const std::string& row : split(text, '/')) {
    const std::vector<std::string> numbers = split(row, ' ');
    for (const std::string& number : numbers) array.push(number);
    array.cols = static_cast<std::int64_t>(numbers.size());
    ++array.rows;
  }
  return array;
}

std::vector<std::int64_t> parse_codes(const std::string& text) {
  std::vector<std::int64_t> codes;
  for (const std::string& number : split(text, ' ')) codes.push_back(std::stoll(number));
  return codes;
}

std::string option(const Case& c, const std::string& key, const std::string& otherwise) {
  for (const std::string& setting : split(c.options, ' ')) {
    if (setting.rfind(key + "=", 0) == 0) return setting.substr(key.size() + 1);
  }
  return otherwise;
}

Unit unit_of(const Case& c) {
  const std::string unit = option(c, "unit", "nats");
  return unit == "bits" ? Unit::bits : unit == "bans" ? Unit::bans : Unit::nats;
}

Input input_named(const std::string& name) {
  return name == "logits"      ? Input::logits
         : name == "log_probs" ? Input::log_probs
         : name == "counts"    ? Input::counts
                               : Input::probs;
}

Measure measure_named(const std::string& name) {
  const std::optional<Measure> measure = parse_measure(name);
  if (!measure) throw std::runtime_error("unknown function " + name + " in the golden cases");
  return *measure;
}

template <class Real> std::vector<Estimate<Real>> compute(const Case& c) {
  const Array p = parse_array(c.p, c.dtype), q = parse_array(c.q, c.dtype);
  const std::int64_t label = c.label.empty() ? 0 : std::stoll(c.label);
  const double temperature = std::stod(option(c, "temperature", "1"));
  const double smoothing = std::stod(option(c, "label_smoothing", "0"));
  if (c.function == "gaussian_kl") return {reference::gaussian_kl<Real>(p.view(), q.view(), 0)};
  if (c.function == "mi_joint") return {reference::mutual_information_joint<Real>(p.view(), unit_of(c))};
  if (c.function == "mi_codes") {
    return {reference::mutual_information<Real>(parse_codes(c.p), parse_codes(c.q), unit_of(c))};
  }
  if (c.function == "gradient" || c.function == "loss") {
    CrossEntropyOptions options;
    std::vector<double> weights;
    for (const std::string& w : split(option(c, "class_weights", ""), ',')) weights.push_back(std::stod(w));
    if (!weights.empty())
      options.class_weights = vector_view(weights.data(), static_cast<std::int64_t>(weights.size()));
    options.z_loss = std::stod(option(c, "z_loss", "0"));
    options.softcap = std::stod(option(c, "softcap", "0"));
    options.temperature = temperature;
    options.label_smoothing = smoothing;
    options.gradient_scale = std::stod(option(c, "gradient_scale", "1"));
    const auto found = reference::cross_entropy<Real>(q.view(), vector_view(&label, 1), options, 0, 1, true);
    return c.function == "loss" ? std::vector<Estimate<Real>>{found.loss} : found.gradient;
  }
  RowsOptions options;
  options.input_p = input_named(c.input_p);
  options.input_q = input_named(c.input_q);
  options.temperature = temperature;
  options.label_smoothing = smoothing;
  options.beta = std::stod(option(c, "beta", "0.5"));
  options.alpha = std::stod(option(c, "alpha", "1"));
  options.unit = unit_of(c);
  const std::string normalize = option(c, "normalize", "never");
  options.normalize = normalize == "always"  ? Normalize::always
                      : normalize == "check" ? Normalize::check
                                             : Normalize::never;
  return reference::rows<Real>({measure_named(c.function)}, {p.view(), q.view(), vector_view(&label, 1)}, options, 0)
      .values;
}

/// Every value must lie within the bound that the reference itself claims, and that bound must be small.
/// `smallest`: what one underflow may lose.
template <class Real> void check_all(Binary128 allowed_error, Binary128 smallest) {
  int values = 0;
  for (const Case& c : read_cases()) {
    SCOPED_TRACE(c.name + ", " + c.function + ", " + c.options);
    const std::vector<Estimate<Real>> results = compute<Real>(c);
    const std::vector<std::string> expected = split(c.expected, ' ');
    ASSERT_EQ(results.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i, ++values) {
      const Binary128 exact = strtoflt128(expected[i].c_str(), nullptr);
      const Binary128 value = results[i].value, error = results[i].error, magnitude = results[i].magnitude;
      if (isinfq(exact)) {
        EXPECT_TRUE(value == exact) << "got " << double(value);
        continue;
      }
      const Binary128 distance = fabsq(value - exact);
      EXPECT_TRUE(distance <= error + smallest) << "off by " << double(distance) << ", claims " << double(error);
      // A root's error is that of what is under it over twice the root; powers have those of their exponents.
      const bool root = c.function == "hellinger" || c.function == "js_distance",
                 power = !option(c, "alpha", "").empty();
      const Binary128 claimed = root ? error * fmaxq(error, value) / 4 : power ? error / 100 : error;
      EXPECT_TRUE(claimed <= allowed_error * fmaxq(1, magnitude)) << double(error) << " at " << double(value);
      EXPECT_TRUE(magnitude + error >= fabsq(exact) - smallest) << double(magnitude);
    }
  }
  EXPECT_GT(values, 1000);
}

TEST(ReferenceGolden, Binary128) { check_all<Binary128>(Binary128(1e-31), 0); }

TEST(ReferenceGolden, Double) { check_all<double>(Binary128(1e-13), Binary128(1e-305)); }

TEST(ReferenceGolden, Textbooks) {
  int anchors = 0;
  for (const Case& c : read_cases()) {
    if (c.textbook.empty()) continue;
    const auto digits = static_cast<double>(c.textbook.size() - c.textbook.find('.') - 1);
    const double printed = std::stod(c.textbook), half = 0.5000001 * std::pow(10, -digits);
    EXPECT_NEAR(double(compute<Binary128>(c).at(0).value), printed, half) << c.name << ", " << c.function;
    EXPECT_NEAR(compute<double>(c).at(0).value, printed, half) << c.name << ", " << c.function;
    ++anchors;
  }
  EXPECT_GT(anchors, 20);
}

}  // namespace
}  // namespace kullback
