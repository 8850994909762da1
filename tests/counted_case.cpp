/// One call of the library on made-up data, for those who count what its kernels do (counters_test.py).
/// Usage: counted_case CALL DTYPE ROWS COLS        rows of logits
///        counted_case CALL DTYPE ROWS COLS HOT    codes of 16 classes, a share HOT of which are 0
#include <cmath>
#include <cstdio>
#include <random>

#include "tests/mutual_information_calls.hpp"
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

DType dtype_named(const std::string& name) {
  for (DType t : {DType::f32, DType::f16, DType::bf16, DType::f64}) {
    if (name == name_of(t)) return t;
  }
  throw InvalidArgument(name + ": is no floating dtype");
}

/// Ordinary logits, as a language model's.
std::vector<std::vector<double>> logits(std::int64_t rows, std::int64_t cols, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 3);
  std::vector<std::vector<double>> values(static_cast<std::size_t>(rows));
  for (auto& row : values) {
    for (std::int64_t c = 0; c < cols; ++c) row.push_back(normal(random));
  }
  return values;
}

void call(const std::string& what, DType dtype, std::int64_t rows, std::int64_t cols) {
  const Batch p(dtype, logits(rows, cols, kSeed)), q(dtype, logits(rows, cols, kSeed + 1));
  const std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), static_cast<std::int32_t>(cols / 2));
  const VectorView label_view = vector_view(labels.data(), rows);
  if (what == "loss" || what == "loss+gradient") {
    std::vector<float> narrow(static_cast<std::size_t>(rows));
    std::vector<double> wide(static_cast<std::size_t>(rows));
    Batch gradient(dtype, std::vector<std::vector<double>>(static_cast<std::size_t>(rows),
                                                           std::vector<double>(static_cast<std::size_t>(cols))));
    CrossEntropyOptions options;
    options.reduction = Reduction::none;
    CrossEntropyOutput output;
    output.loss =
        dtype == DType::f64 ? mutable_vector_view(wide.data(), rows) : mutable_vector_view(narrow.data(), rows);
    if (what == "loss+gradient") output.gradient = gradient.mutable_view();
    return run(p.view(), label_view, output, options);
  }
  MeasureSet measures;
  if (what == "all") {
    measures = all_measures();
  } else {
    const auto measure = parse_measure(what);
    if (!measure) throw InvalidArgument(what + ": is no call");
    measures.push_back(*measure);
  }
  run_rows(measures, {p.view(), q.view(), label_view});
}

/// Pairs: ROWS pairs of COLS samples; else a table of ROWS samples and COLS features.
void call_mutual_information(const std::string& what, std::int64_t rows, std::int64_t cols, double hot) {
  constexpr std::int64_t kClasses = 16;
  std::mt19937_64 random(kSeed);
  const auto codes = [&](std::int64_t n) { return as<std::uint8_t>(random_codes(random, n, kClasses, hot)); };
  const std::vector<std::uint8_t> table = codes(rows * cols);
  const MatrixView x = view(table.data(), rows, cols);
  if (what == "mi pairs") {
    const std::vector<std::uint8_t> other = codes(rows * cols);
    pairs(x, kClasses, view(other.data(), rows, cols), kClasses);
  } else if (what == "mi label") {
    const std::vector<std::uint8_t> label = codes(rows);
    with_label(x, kClasses, vector_view(label.data(), rows), kClasses);
  } else if (what == "mi all pairs") {
    all_pairs(x, kClasses);
  } else {
    throw InvalidArgument(what + ": is no call");
  }
}

}  // namespace
}  // namespace kullback::test

int main(int argc, char** argv) {
  using namespace kullback::test;
  if (argc != 5 && argc != 6) return 2;
  try {
    const std::int64_t rows = std::atoll(argv[3]), cols = std::atoll(argv[4]);
    if (argc == 5) {
      call(argv[1], dtype_named(argv[2]), rows, cols);
    } else {
      call_mutual_information(argv[1], rows, cols, std::atof(argv[5]));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "counted_case: %s\n", error.what());
    return 2;
  }
  return 0;
}
