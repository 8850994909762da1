/// The bit-plane engine's leaves for one instruction set. The build compiles this file once for each, with
/// KULLBACK_PLANE_ENGINES naming the table it defines. Everything else has internal linkage or is always inlined, so
/// that the linker never picks a wider copy for a narrower machine.
#include "kernels/cpu/plane_engines.hpp"

#include <cstring>
#include <type_traits>

#include "kernels/cpu/plane_finish.hpp"

namespace kullback::cpu {
namespace {

constexpr std::uint8_t kNoClass = 0xff;

/// Codes as bytes, a feature's samples being neighbours; kNoClass where there is no bit to set.
struct CodeBytes {
  alignas(64) std::uint8_t of[kGroup][kWordSamples];

  template <class T>
  HWY_INLINE void load(const CodeColumns& columns, std::int64_t first, std::int64_t rows, std::uint8_t* bad) {
    using Unsigned = std::make_unsigned_t<T>;
    const auto classes = static_cast<std::uint64_t>(columns.classes);
    const T missing = static_cast<T>(columns.missing.value);
    // A code that its type cannot hold does not occur.
    const bool has_missing = columns.missing.exists && static_cast<std::int64_t>(missing) == columns.missing.value;
    const T* codes = static_cast<const T*>(columns.data) + first * columns.row_stride;
    std::memset(of, kNoClass, sizeof(of));
    for (std::int64_t r = 0; r < rows; ++r, codes += columns.row_stride) {
      for (std::int64_t c = 0; c < columns.cols; ++c) {
        const auto u = static_cast<std::uint64_t>(static_cast<Unsigned>(codes[c]));  // a negative code becomes large
        const bool known = !(has_missing && codes[c] == missing);
        if (known && u >= classes) bad[c] = 1;
        of[c][r] = known && u < classes ? static_cast<std::uint8_t>(u) : kNoClass;
      }
    }
  }
};

static void pack(const CodeColumns& columns, const PlaneShape& shape, std::int64_t first, std::int64_t last,
                 std::uint64_t* group, std::uint8_t* bad) {
  CodeBytes bytes;
  for (std::int64_t w = first; w < last; ++w) {
    const std::int64_t r = w * kWordSamples, rows = std::min(kWordSamples, shape.samples - r);
    switch (columns.dtype) {
      case DType::u8: bytes.load<std::uint8_t>(columns, r, rows, bad); break;
      case DType::u16: bytes.load<std::uint16_t>(columns, r, rows, bad); break;
      case DType::i32: bytes.load<std::int32_t>(columns, r, rows, bad); break;
      default: bytes.load<std::int64_t>(columns, r, rows, bad);
    }
    std::uint64_t* line = group + w * shape.line();
    for (std::int64_t plane = 0; plane < shape.planes; ++plane) {
      for (std::int64_t c = 0; c < kGroup; ++c)
        line[plane * kGroup + c] = equal_bits(bytes.of[c], static_cast<std::uint8_t>(plane));
    }
  }
}

static void tally(const PlaneShape& shape, const std::uint64_t* group, std::uint64_t* counts) {
  const std::int64_t line = shape.line(), words = shape.words();
  for (std::int64_t lane = 0; lane < line; lane += kWordLanes) {
    WordVec total = hn::Zero(Words());
    for (std::int64_t w = 0; w < words; w += kWordsAtATime) {
      WordVec part = hn::Zero(Words());
      for (std::int64_t k = w; k < std::min(words, w + kWordsAtATime); ++k)
        part = hn::Add(part, bit_counts(hn::Load(Words(), group + k * line + lane)));
      total = hn::Add(total, word_counts(part));
    }
    hn::Store(total, Words(), counts + lane);
  }
}

/// Rows [row, row + kX) of x's words, each a plane of one feature, with kY vectors of y's.
template <int kX, int kY>
static HWY_INLINE void count_register_tile(const std::uint64_t* x, const std::uint64_t* y, std::int64_t line,
                                           std::int64_t words, bool start, std::uint64_t* counts,
                                           std::int64_t counts_stride) {
  WordVec sums[kX][kY];
  for (int a = 0; a < kX; ++a) {
    for (int b = 0; b < kY; ++b) sums[a][b] = hn::Zero(Words());
  }
  for (std::int64_t w = 0; w < words; ++w, x += line, y += line) {
    WordVec of_y[kY];
    for (int b = 0; b < kY; ++b) of_y[b] = hn::Load(Words(), y + b * kWordLanes);
    for (int a = 0; a < kX; ++a) {
      const WordVec of_x = hn::Set(Words(), x[a]);
      for (int b = 0; b < kY; ++b) sums[a][b] = hn::Add(sums[a][b], bit_counts(hn::And(of_x, of_y[b])));
    }
  }
  for (int a = 0; a < kX; ++a) {
    for (int b = 0; b < kY; ++b) {
      std::uint64_t* to = counts + a * counts_stride + b * kWordLanes;
      const WordVec counted = word_counts(sums[a][b]);
      hn::Store(start ? counted : hn::Add(counted, hn::Load(Words(), to)), Words(), to);
    }
  }
}

static void count(const PlaneShape& shape, const std::uint64_t* x, const std::uint64_t* y, std::int64_t first,
                  std::int64_t last, bool start, const GroupPair& pair) {
  constexpr int kX = 4;  // with kY: as many sums as AVX2's registers hold; AVX-512's latency needs no more
  constexpr int kY = 2;
  const std::int64_t line = shape.line(), stride = pair.planes_y * kGroup;
  const std::int64_t rows = pair.planes_x * kGroup, vectors = pair.planes_y * kGroup / kWordLanes;
  x += first * line;
  y += first * line;
  for (std::int64_t row = 0; row < rows; row += kX) {
    std::uint64_t* to = pair.counts + row * stride;
    std::int64_t v = 0;
    for (; v + kY <= vectors; v += kY)
      count_register_tile<kX, kY>(x + row, y + v * kWordLanes, line, last - first, start, to + v * kWordLanes, stride);
    if (v < vectors)
      count_register_tile<kX, 1>(x + row, y + v * kWordLanes, line, last - first, start, to + v * kWordLanes, stride);
  }
}

/// Counts of feature x of one group and of the next with all features of the other.
static HWY_INLINE PairNumbers load_pairs(const std::uint64_t* counts, std::int64_t second) {
  PairNumbers r;
  constexpr std::int64_t kVectors = kGroup / kWordLanes;
  for (std::int64_t k = 0; k < kVectors; ++k) {
    r.v[k] = to_double(hn::Load(Words(), counts + k * kWordLanes));
    r.v[kVectors + k] = to_double(hn::Load(Words(), counts + second + k * kWordLanes));
  }
  return r;
}

static HWY_INLINE PairNumbers two_splats(const std::uint64_t* counts) {
  PairNumbers r;
  for (std::int64_t k = 0; k < kPairVectors; ++k) r.v[k] = splat(static_cast<double>(counts[2 * k / kPairVectors]));
  return r;
}

static void mutual_information(const GroupPair& pair, double scale, double* out, std::int64_t stride) {
  PairNumbers cells[kMostPlaneClasses * kMostPlaneClasses], margins[2 * kMostPlaneClasses];
  alignas(64) double nats[kPairs];
  const std::int64_t classes = pair.classes, last = classes - 1;
  for (std::int64_t x = 0; x < kGroup; x += 2) {
    for (std::int64_t a = 0; a < pair.planes_x; ++a) {
      for (std::int64_t b = 0; b < pair.planes_y; ++b)
        cells[a * classes + b] = load_pairs(pair.counts + pair.at(a, x, b), pair.planes_y * kGroup);
      if (pair.planes_y == classes) continue;
      PairNumbers rest = two_splats(pair.counts_x + a * kGroup + x);
      for (std::int64_t b = 0; b < last; ++b) rest = rest - cells[a * classes + b];
      cells[a * classes + last] = rest;
    }
    if (pair.planes_x < classes) {
      for (std::int64_t b = 0; b < classes; ++b) {
        PairNumbers rest = load_pairs(pair.counts_y + b * kGroup, 0);
        for (std::int64_t a = 0; a < last; ++a) rest = rest - cells[a * classes + b];
        cells[last * classes + b] = rest;
      }
    }
    finish_pairs(cells, classes, scale, margins, nats);
    std::memcpy(out + x * stride, nats, kGroup * sizeof(double));
    std::memcpy(out + (x + 1) * stride, nats + kGroup, kGroup * sizeof(double));
  }
}

}  // namespace

extern const PlaneEngines KULLBACK_PLANE_ENGINES = {pack, tally, count, mutual_information};

}  // namespace kullback::cpu
