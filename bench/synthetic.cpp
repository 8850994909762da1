#include "bench/synthetic.hpp"

#include <cmath>
#include <cstring>
#include <vector>

namespace kullback::bench {
namespace {

// SplitMix64 (Steele, Lea & Flood 2014) of a position: any thread can make any entry.
std::uint64_t bits_at(std::uint64_t position) {
  std::uint64_t z = (position + 1) * 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

// Nearly normal with variance 1: the sum of four uniform 16-bit pieces.
float normal_from(std::uint64_t bits) {
  const auto piece = [&](int i) { return static_cast<float>((bits >> (16 * i)) & 0xffff); };
  constexpr float kRoot3 = 1.7320508f;
  return (piece(0) + piece(1) + piece(2) + piece(3) - 2 * 65535.0f) * (kRoot3 / 65536.0f);
}

std::uint32_t word_of(float x) {
  std::uint32_t w;
  std::memcpy(&w, &x, sizeof w);
  return w;
}

void store(float x, float& to) { to = x; }
void store(float x, double& to) { to = x; }
void store(float x, std::int32_t& to) { to = static_cast<std::int32_t>(x); }
void store(float x, bfloat16& to) {
  const std::uint32_t w = word_of(x);
  to.bits = static_cast<std::uint16_t>((w + 0x7fff + ((w >> 16) & 1)) >> 16);
}
// Values here are far below the largest float16; the subnormal ones become 0.
void store(float x, float16& to) {
  const std::uint32_t w = word_of(x);
  const std::uint32_t sign = (w >> 16) & 0x8000, magnitude = w & 0x7fffffff;
  const std::uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  constexpr std::uint32_t kSmallestNormal = 0x38800000;  // 2^-14
  to.bits = static_cast<std::uint16_t>(magnitude < kSmallestNormal ? sign : sign | ((rounded - 0x38000000) >> 13));
}

// A row's numbers in the asked form, from its logits.
void from_logits(std::vector<float>& row, Input form) {
  if (form == Input::logits) return;
  double sum = 0;
  for (float x : row) sum += std::exp(static_cast<double>(x));
  constexpr double kCountsPerRow = 1e5;
  for (float& x : row) {
    const double probability = std::exp(static_cast<double>(x)) / sum;
    if (form == Input::probs) x = static_cast<float>(probability);
    if (form == Input::log_probs) x = static_cast<float>(std::log(probability));
    if (form == Input::counts) x = static_cast<float>(std::round(kCountsPerRow * probability));
  }
}

template <class T> void fill_rows(const SyntheticRows& s) {
  T* p = reinterpret_cast<T*>(s.p.data());
  T* q = reinterpret_cast<T*>(s.q.data());
  constexpr float kSpread = 3.0f, kDisturbance = 0.3f;
#pragma omp parallel
  {
    std::vector<float> row_p(static_cast<std::size_t>(s.cols)), row_q(row_p);
#pragma omp for schedule(static)
    for (std::int64_t r = 0; r < s.rows; ++r) {
      for (std::int64_t c = 0; c < s.cols; ++c) {
        const auto position = static_cast<std::uint64_t>(r * s.cols + c);
        const auto i = static_cast<std::size_t>(c);
        row_p[i] = kSpread * normal_from(bits_at(2 * position));
        row_q[i] = row_p[i] + kDisturbance * normal_from(bits_at(2 * position + 1));
      }
      from_logits(row_p, s.form);
      from_logits(row_q, s.form);
      for (std::int64_t c = 0; c < s.cols; ++c) {
        store(row_p[static_cast<std::size_t>(c)], p[r * s.cols + c]);
        store(row_q[static_cast<std::size_t>(c)], q[r * s.cols + c]);
      }
      s.labels[r] =
          static_cast<std::int64_t>(bits_at(~static_cast<std::uint64_t>(r)) % static_cast<std::uint64_t>(s.cols));
    }
  }
}

std::size_t bytes_for(DType dtype, std::int64_t rows, std::int64_t cols) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(cols) * size_of(dtype);
}

}  // namespace

SyntheticRows::SyntheticRows(DType dtype, Input form, std::int64_t rows, std::int64_t cols)
    : dtype(dtype),
      form(form),
      rows(rows),
      cols(cols),
      p(bytes_for(dtype, rows, cols)),
      q(bytes_for(dtype, rows, cols)),
      labels(static_cast<std::size_t>(rows)) {}

void SyntheticRows::fill() {
  switch (dtype) {
    case DType::f32: fill_rows<float>(*this); break;
    case DType::f64: fill_rows<double>(*this); break;
    case DType::f16: fill_rows<float16>(*this); break;
    case DType::bf16: fill_rows<bfloat16>(*this); break;
    case DType::i32: fill_rows<std::int32_t>(*this); break;
    default: throw InvalidArgument("no synthetic rows of that type");
  }
}

RowsInput SyntheticRows::input() const {
  return {{p.data(), dtype, rows, cols, cols}, {q.data(), dtype, rows, cols, cols}, vector_view(labels.data(), rows)};
}

SyntheticCodes::SyntheticCodes(std::int64_t rows, std::int64_t cols, std::int64_t classes)
    : rows(rows),
      cols(cols),
      classes(classes),
      first(static_cast<std::size_t>(rows * cols)),
      second(static_cast<std::size_t>(rows * cols)) {}

void SyntheticCodes::fill() {
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    const std::uint64_t bits = bits_at(static_cast<std::uint64_t>(i));
    const auto k = static_cast<std::uint64_t>(classes);
    first[i] = static_cast<std::uint8_t>((bits >> 8) % k);
    second[i] = bits % 2 == 0 ? first[i] : static_cast<std::uint8_t>((bits >> 32) % k);
  }
}

}  // namespace kullback::bench
