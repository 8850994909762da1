#include "bench/accuracy/inputs.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include "bench/accuracy/number_format.hpp"

namespace kullback::accuracy {
namespace {

constexpr double kOctaves = 17;  // log2(kLongest)
constexpr double kTwoPi = 6.283185307179586;

/// Distributions written out, because the standard library's differ between implementations.
class Random {
 public:
  explicit Random(std::uint64_t seed) : bits_(seed) {}
  double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  double log_uniform(double low, double high) { return std::exp(uniform(std::log(low), std::log(high))); }
  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(bits_() % static_cast<std::uint64_t>(n)); }
  bool one_in(int n) { return below(n) == 0; }
  double normal() {  // Box & Muller 1958
    if (has_spare_) return has_spare_ = false, spare_;
    const double radius = std::sqrt(-2 * std::log(1 - uniform())), angle = kTwoPi * uniform();
    has_spare_ = true, spare_ = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

 private:
  std::mt19937_64 bits_;
  bool has_spare_ = false;
  double spare_ = 0;
};

/// `stream` 0 draws the shape, 1 all else.
Random random_of(const Plan& plan, const BatchName& name, std::uint64_t stream) {
  std::uint64_t z = plan.seed;
  for (std::uint64_t part : {static_cast<std::uint64_t>(name.family), static_cast<std::uint64_t>(name.form),
                             static_cast<std::uint64_t>(name.index), stream}) {
    z = (z ^ part) * 0x9e3779b97f4a7c15u;  // SplitMix64's steps (Steele, Lea & Flood 2014)
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z ^= z >> 27;
  }
  return Random(z);
}

struct Logits {
  std::vector<double> p, q;
};

void mask(Logits& row, Random& random) {
  const double share = random.uniform(0.05, 0.95);
  const std::int64_t kind = random.below(4);  // 0, 1: Q lacks less than P; 2: the same columns; 3: each its own
  const auto n = static_cast<std::int64_t>(row.p.size());
  const std::int64_t kept = random.below(n);
  for (std::int64_t j = 0; j < n; ++j) {
    const auto i = static_cast<std::size_t>(j);
    const bool p = random.uniform() < share, q = kind == 2   ? p
                                                 : kind == 3 ? random.uniform() < share
                                                             : p && random.one_in(2);
    if (j == kept) continue;
    if (p) row.p[i] = -kInfinity;
    if (q) row.q[i] = -kInfinity;
  }
}

Logits logits_of(Family family, std::int64_t cols, Random& random) {
  double spread_p = random.uniform(0.5, 6), spread_q = spread_p, distance = -1;
  if (family == Family::near_uniform)
    spread_p = random.log_uniform(1e-6, 0.1), spread_q = random.log_uniform(1e-6, 0.1);
  if (family == Family::near_equal) spread_p = random.uniform(0, 4), distance = 1.42 * random.log_uniform(1e-6, 1);
  Logits row;
  for (std::int64_t j = 0; j < cols; ++j) {
    row.p.push_back(spread_p * random.normal());
    // A distance d between logits is a KL of about d^2 / 2.
    row.q.push_back(distance >= 0 ? row.p.back() + distance * random.normal() : spread_q * random.normal());
  }
  if (family == Family::peaked) {
    const auto at = static_cast<std::size_t>(random.below(cols));
    row.p[at] += random.uniform(5, 100);
    row.q[random.one_in(2) ? at : static_cast<std::size_t>(random.below(cols))] += random.uniform(5, 100);
  }
  if (family == Family::masked) mask(row, random);
  return row;
}

/// As logits are that come out of a log_softmax.
void shift_top_to_0(std::vector<double>& x) {
  const double top = *std::max_element(x.begin(), x.end());
  for (double& v : x) v -= top;
}

double most_counts(DType dtype) {
  switch (dtype) {
    case DType::u8: return 255;
    case DType::u16: return 65535;
    case DType::i32: return 1e9;
    default: return 1e15;
  }
}

/// Logits as they come, or in double what they stand for in another form.
void take_form(std::vector<double>& x, const Form& form, double counts) {
  if (form.input == Input::logits) return;
  const double top = *std::max_element(x.begin(), x.end());
  double sum = 0;
  for (double v : x) sum += std::exp(v - top);
  for (double& v : x) {
    const double probability = std::exp(v - top) / sum;
    if (form.input == Input::log_probs) v = v - top - std::log(sum);
    if (form.input == Input::probs) v = probability;
    if (form.input == Input::counts) v = std::nearbyint(std::min(counts * probability, most_counts(form.dtype)));
  }
  if (form.input == Input::counts && *std::max_element(x.begin(), x.end()) == 0) x[0] = 1;
}

void draw_options(Batch& batch, Random& random) {
  RowsOptions& o = batch.options;
  o.input_p = o.input_q = batch.input();
  o.alpha = 0.7;
  batch.plain = random.one_in(2);
  if (batch.plain) return;
  constexpr double kAlphas[] = {0.3, 0.5, 1, 1.5, 2}, kTemperatures[] = {1, 0.7, 2.5};
  o.alpha = kAlphas[random.below(5)];
  o.temperature = kTemperatures[random.below(3)];
  if (random.one_in(2)) o.beta = 0.3;
  if (random.one_in(2)) o.label_smoothing = 0.1;
  if (random.one_in(2)) o.normalize = Normalize::always;
}

}  // namespace

const char* name_of(Family family) {
  constexpr const char* kNames[kFamilies] = {"gaussian", "peaked", "near-uniform", "near-equal", "masked"};
  return kNames[static_cast<int>(family)];
}

const std::vector<Form>& all_forms() {
  static const std::vector<Form> forms = [] {
    std::vector<Form> list;
    for (Input input : {Input::logits, Input::log_probs, Input::probs}) {
      for (DType dtype : {DType::f32, DType::f16, DType::bf16, DType::f64}) list.push_back({input, dtype});
    }
    for (DType dtype : {DType::u8, DType::u16, DType::i32, DType::i64}) list.push_back({Input::counts, dtype});
    return list;
  }();
  return forms;
}

std::string name_of(const Form& form) {
  constexpr const char* kNames[] = {"logits", "log-probs", "probs", "counts"};
  return std::string(kNames[static_cast<int>(form.input)]) + " " + kullback::name_of(form.dtype);
}

std::string name_of(const BatchName& name) {
  return std::string(name_of(name.family)) + " " + name_of(all_forms()[static_cast<std::size_t>(name.form)]) + " " +
         std::to_string(name.index);
}

double even_length_for(double elements_per_row) {
  // Rows per octave are 1 up to 2^a and fall like 1 / length beyond.
  const auto mean = [](double a) {
    const double ln2 = std::log(2.0), beyond = kOctaves - a;
    const double rows = a + (1 - std::exp2(-beyond)) / ln2;
    return ((std::exp2(a) - 1) / ln2 + std::exp2(a) * beyond) / rows;
  };
  if (!(elements_per_row >= mean(0) && elements_per_row <= mean(kOctaves))) {
    throw InvalidArgument("elements: " + std::to_string(elements_per_row) + " for each row, expected between " +
                          std::to_string(mean(0)) + " and " + std::to_string(mean(kOctaves)));
  }
  double low = 0, high = kOctaves;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (mean(middle) < elements_per_row ? low : high) = middle;
  }
  return std::exp2(low);
}

Shape shape_of(const Plan& plan, const BatchName& name) {
  if (name.index == kLongestBatch) return {1, kLongest};
  Random random = random_of(plan, name, 0);
  for (;;) {
    const double length = std::exp2(kOctaves * random.uniform());
    const double rows = static_cast<double>(kBatchRows) * std::min(1.0, plan.even_length / length);
    if (rows < 1 && random.uniform() >= rows) continue;
    return {std::max<std::int64_t>(1, std::llround(rows)), std::llround(length)};
  }
}

Batch make_batch(const Plan& plan, const BatchName& name) {
  Batch batch;
  batch.name = name;
  batch.shape = shape_of(plan, name);
  Random random = random_of(plan, name, 1);
  draw_options(batch, random);
  const auto [rows, cols] = batch.shape;
  const DType dtype = batch.dtype();
  const auto elements = static_cast<std::size_t>(rows * cols);
  batch.p.resize(elements * size_of(dtype)), batch.q = batch.p;
  batch.p_values.resize(elements), batch.q_values = batch.p_values;
  for (std::int64_t r = 0; r < rows; ++r) {
    Logits row = logits_of(name.family, cols, random);
    if (batch.input() == Input::logits && random.one_in(4)) shift_top_to_0(row.p), shift_top_to_0(row.q);
    const double counts = std::min(random.log_uniform(10, 1e15), 4 * most_counts(dtype));
    take_form(row.p, {batch.input(), dtype}, counts);
    take_form(row.q, {batch.input(), dtype}, counts);
    for (std::int64_t c = 0; c < cols; ++c) {
      const std::int64_t at = r * cols + c;
      store(dtype, batch.p.data(), at, row.p[static_cast<std::size_t>(c)]);
      store(dtype, batch.q.data(), at, row.q[static_cast<std::size_t>(c)]);
      batch.p_values[static_cast<std::size_t>(at)] = load(dtype, batch.p.data(), at);
      batch.q_values[static_cast<std::size_t>(at)] = load(dtype, batch.q.data(), at);
    }
    const double* q = batch.q_values.data() + r * cols;
    batch.labels.push_back(random.one_in(2) ? std::max_element(q, q + cols) - q : random.below(cols));
  }
  return batch;
}

}  // namespace kullback::accuracy
