#include "bench/accuracy/golden.hpp"

#include <fmt/core.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

#include "bench/accuracy/exact.hpp"
#include "bench/accuracy/number_format.hpp"
#include "kullback/kullback.hpp"

namespace kullback::accuracy {
namespace {

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts;
  std::stringstream stream(text);
  for (std::string part; std::getline(stream, part, at);) parts.push_back(part);
  return parts;
}

std::vector<double> numbers(const std::string& text, const std::string& dtype) {
  std::vector<double> values;
  for (const std::string& part : split(text, ' ')) {
    const auto bits = static_cast<std::uint16_t>(std::strtoul(part.c_str(), nullptr, 0));
    values.push_back(dtype == "f16"    ? from_half_bits(bits)
                     : dtype == "bf16" ? from_bfloat16_bits(bits)
                                       : std::strtod(part.c_str(), nullptr));
  }
  return values;
}

Input input_of(const std::string& name) {
  return name == "logits"      ? Input::logits
         : name == "log_probs" ? Input::log_probs
         : name == "probs"     ? Input::probs
                               : Input::counts;
}

/// False for an option that the accuracy program does not use.
bool set_option(const std::string& name, const std::string& value, RowsOptions& options, CrossEntropyOptions& of_loss,
                bool& nats) {
  const double x = std::strtod(value.c_str(), nullptr);
  if (name == "temperature") return options.temperature = of_loss.temperature = x, true;
  if (name == "label_smoothing") return options.label_smoothing = of_loss.label_smoothing = x, true;
  if (name == "gradient_scale") return of_loss.gradient_scale = x, true;
  if (name == "beta") return options.beta = x, true;
  if (name == "alpha") return options.alpha = x, true;
  if (name == "normalize") return options.normalize = value == "always" ? Normalize::always : Normalize::never, true;
  if (name == "unit") return nats = value == "nats", true;
  return false;
}

/// Entry 0 of `expected` and `got`, or all of a gradient.
bool meets(const std::vector<std::string>& expected, const std::vector<Exact>& got) {
  bool good = expected.size() <= got.size();
  for (std::size_t j = 0; good && j < expected.size(); ++j) {
    mpfr_t x;
    mpfr_init2(x, Mpfr::kBits);
    mpfr_set_str(x, expected[j].c_str(), 10, MPFR_RNDN);
    const double size = mpfr_get_d(x, MPFR_RNDN);
    if (std::isfinite(size)) {
      mpfr_sub_d(x, x, got[j].high, MPFR_RNDN);
      mpfr_sub_d(x, x, got[j].low, MPFR_RNDN);
      good = std::fabs(mpfr_get_d(x, MPFR_RNDN)) <= std::fabs(size) * 0x1p-90 + got[j].error + 0x1p-1074;
    } else {
      good = got[j].high == size;
    }
    mpfr_clear(x);
  }
  return good;
}

}  // namespace

int check_golden(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw InvalidArgument(path + ": cannot be read");
  int met = 0, wrong = 0, left_out = 0;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    // name;function;dtype;input_p;input_q;options;label;p;q;expected;textbook
    const std::vector<std::string> f = split(line, ';');
    RowsOptions options;
    options.alpha = 0.7;
    CrossEntropyOptions of_loss;
    bool nats = true, known = f.size() >= 10 && !f[8].empty();
    for (const std::string& option : known ? split(f[5], ' ') : std::vector<std::string>()) {
      const auto at = option.find('=');
      known = known && set_option(option.substr(0, at), option.substr(at + 1), options, of_loss, nats);
    }
    const bool of_cross_entropy = known && (f[1] == "loss" || f[1] == "gradient");
    const auto measure = known ? parse_measure(f[1]) : std::nullopt;
    if (!known || !(of_cross_entropy || measure) || !nats) {
      ++left_out;
      continue;
    }
    options.input_p = input_of(f[3]), options.input_q = input_of(f[4]);
    const std::vector<double> q = numbers(f[8], f[2]), p = f[7].empty() ? q : numbers(f[7], f[2]);
    const RowPair row{p.data(), q.data(), static_cast<std::int64_t>(q.size()), std::atoll(f[6].c_str())};
    std::vector<Exact> got;
    if (of_cross_entropy) {
      got = exact_cross_entropy<Mpfr>(row, of_loss);
      if (f[1] == "gradient") got.erase(got.begin());
    } else {
      int k = 0;
      while (all_measures()[k] != *measure) ++k;
      got = {exact_measures<Mpfr>(row, options)[static_cast<std::size_t>(k)]};
    }
    if (meets(split(f[9], ' '), got)) {
      ++met;
    } else {
      ++wrong;
      fmt::print("golden value missed: {} {} {}: expected {}, got {:.17g}\n", f[0], f[1], f[2], f[9].substr(0, 60),
                 got[0].high);
    }
  }
  fmt::print("golden values: {} met to 2^-90, {} not, {} left out (other functions, units and options)\n", met, wrong,
             left_out);
  return wrong;
}

}  // namespace kullback::accuracy
