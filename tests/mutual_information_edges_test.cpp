#include <sys/mman.h>

#include <algorithm>
#include <limits>
#include <numeric>

#include "mutual_information_calls.hpp"

/// Layouts, invariance, bad codes, empty shapes and bad arguments.
namespace kullback::test {
namespace {

template <class X, class Y> void expect_same_for_types(const CodeVector& x, const CodeVector& y, double expected) {
  EXPECT_EQ(pair(as<X>(x), 7, as<Y>(y), 4), expected) << name_of(dtype_of<X>) << " " << name_of(dtype_of<Y>);
  const auto n = static_cast<std::int64_t>(x.size());
  const auto table = as<X>(x);
  const auto label = as<Y>(y);
  EXPECT_EQ(with_label(view(table.data(), n, 1), 7, vector_view(label.data(), n), 4)[0], expected);
}

template <class X> void expect_same_for_types(const CodeVector& x, const CodeVector& y, double expected) {
  expect_same_for_types<X, std::uint8_t>(x, y, expected);
  expect_same_for_types<X, std::uint16_t>(x, y, expected);
  expect_same_for_types<X, std::int32_t>(x, y, expected);
  expect_same_for_types<X, std::int64_t>(x, y, expected);
}

TEST(MutualInformationEdges, EveryMixOfCodeTypesGivesTheSameBits) {
  auto random = seeded(30);
  const CodeVector x = random_codes(random, 3001, 7), y = related_codes(random, x, 4);
  const double expected = pair(x, 7, y, 4);
  expect_contract(expected, x, y);
  expect_same_for_types<std::uint8_t>(x, y, expected);
  expect_same_for_types<std::uint16_t>(x, y, expected);
  expect_same_for_types<std::int32_t>(x, y, expected);
  expect_same_for_types<std::int64_t>(x, y, expected);
}

TEST(MutualInformationEdges, OrderOfSamplesThreadsAndSpareClassesDoNotShow) {
  auto random = seeded(31);
  for (std::int64_t classes : {2, 16, 70}) {
    const std::int64_t n =
        unless_cuda(200'003, 20'003);  // enough for three threads, or many blocks, to share the samples
    const CodeVector x = random_codes(random, n, classes, 0.5), y = related_codes(random, x, classes);
    const double expected = pair(x, classes, y, classes, with_threads(1));
    expect_contract(expected, x, y);
    for (int threads : {2, 3, 8}) EXPECT_EQ(pair(x, classes, y, classes, with_threads(threads)), expected);
    EXPECT_EQ(pair(x, classes + 1, y, classes + 30), expected);  // another table, other copies, the same counts

    std::vector<std::size_t> order(x.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    CodeVector shuffled_x, shuffled_y;
    for (std::size_t i : order) shuffled_x.push_back(x[i]), shuffled_y.push_back(y[i]);
    EXPECT_EQ(pair(shuffled_x, classes, shuffled_y, classes), expected);
  }
}

TEST(MutualInformationEdges, APairIsTheSameInEveryCall) {
  auto random = seeded(32);
  for (std::int64_t classes : {2, 5, 16, 90, 300}) {
    for (std::int64_t features : {1, 2, 3, 5, 30, 131}) {
      if (classes * features > 2700) continue;
      for (std::int64_t n : {1, 300, unless_cuda(70'001, 5'001)}) {
        if (n * features > unless_cuda(400'000, 20'000)) continue;
        SCOPED_TRACE(std::to_string(n) + " x " + std::to_string(features) + " of " + std::to_string(classes));
        const CodeVector table = random_codes(random, n * features, classes, 0.2);
        const CodeVector label = related_codes(random, column(table, features, features / 2), 6);
        const MatrixView codes = view(table.data(), n, features);
        const auto labelled = with_label(codes, classes, vector_view(label.data(), n), 6, with_threads(1));
        const auto matrix = all_pairs(codes, classes, with_threads(1));
        for (int threads : unless_cuda(std::vector<int>{2, 3}, {})) {
          EXPECT_EQ(with_label(codes, classes, vector_view(label.data(), n), 6, with_threads(threads)), labelled);
          EXPECT_EQ(all_pairs(codes, classes, with_threads(threads)), matrix);
        }
        for (std::int64_t i = 0; i < features; i += 1 + features / 7) {
          const CodeVector x = column(table, features, i);
          EXPECT_EQ(labelled[static_cast<std::size_t>(i)], pair(x, classes, label, 6));
          for (std::int64_t j = i; j < features; j += 1 + features / 5) {
            const double expected = pair(x, classes, column(table, features, j), classes);
            EXPECT_EQ(matrix[static_cast<std::size_t>(i * features + j)], expected);
            EXPECT_EQ(matrix[static_cast<std::size_t>(j * features + i)], expected);
          }
        }
      }
    }
  }
}

TEST(MutualInformationEdges, ABatchIsItsRows) {
  auto random = seeded(33);
  for (std::int64_t n : {0, 1, 5, 2049, unless_cuda(90'000, 9'000)}) {
    const std::int64_t batch = 7;
    const auto x = as<std::uint8_t>(random_codes(random, batch * n, 5, 0.5));
    const auto y = as<std::int32_t>(random_codes(random, batch * n, 9));
    for (int threads : {1, 2, 3}) {
      const auto values = pairs(view(x.data(), batch, n), 5, view(y.data(), batch, n), 9, with_threads(threads));
      for (std::int64_t b = 0; b < batch; ++b) {
        const CodeVector xb(x.begin() + b * n, x.begin() + (b + 1) * n), yb(y.begin() + b * n, y.begin() + (b + 1) * n);
        EXPECT_EQ(values[static_cast<std::size_t>(b)], pair(xb, 5, yb, 9));
        expect_contract(values[static_cast<std::size_t>(b)], xb, yb);
      }
    }
  }
}

TEST(MutualInformationEdges, PaddingIsNeverRead) {
  auto random = seeded(34);
  const std::int64_t n = 500, features = 6, stride = 11, classes = 4;
  const CodeVector table = random_codes(random, n * features, classes), label = random_codes(random, n, 3);
  // The padding holds codes out of range; the buffer ends with the last row's last code, and starts off alignment.
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(1 + (n - 1) * stride + features), 200);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = 0; c < features; ++c) {
      bytes[static_cast<std::size_t>(1 + r * stride + c)] =
          static_cast<std::uint8_t>(table[static_cast<std::size_t>(r * features + c)]);
    }
  }
  const MatrixView padded = view(bytes.data() + 1, n, features, stride), packed = view(table.data(), n, features);
  const VectorView labels = vector_view(label.data(), n);
  EXPECT_EQ(with_label(padded, classes, labels, 3), with_label(packed, classes, labels, 3));
  EXPECT_EQ(all_pairs(padded, classes), all_pairs(packed, classes));
  EXPECT_EQ(pairs(padded, classes, padded, classes), pairs(packed, classes, packed, classes));
  EXPECT_EQ(joint(padded), joint(packed));

  std::vector<double> out(static_cast<std::size_t>((features - 1) * stride + features), -7);
  all_pairs(packed, classes, mutable_view(out.data(), features, features, stride));
  const auto expected = all_pairs(packed, classes);
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto row = static_cast<std::int64_t>(i) / stride, col = static_cast<std::int64_t>(i) % stride;
    EXPECT_EQ(out[i], col < features ? expected[static_cast<std::size_t>(row * features + col)] : -7);
  }
}

TEST(MutualInformationEdges, ABadCodeSpoilsItsOwnResultsOnly) {
  const std::int64_t n = 100, features = 9;
  auto random = seeded(35);
  const CodeVector clean = random_codes(random, n * features, 3), label = random_codes(random, n, 2);
  const auto matrix = all_pairs(view(clean.data(), n, features), 3);
  const auto labelled = with_label(view(clean.data(), n, features), 3, vector_view(label.data(), n), 2);
  for (std::int64_t bad : {std::int64_t{-1}, std::int64_t{3}, std::int64_t{1} << 32, (std::int64_t{1} << 32) + 1,
                           std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
    for (std::int64_t f : {0, 4, 8}) {
      SCOPED_TRACE(std::to_string(bad) + " in feature " + std::to_string(f));
      CodeVector table = clean;
      table[static_cast<std::size_t>((n - 1) * features + f)] = bad;
      const auto spoiled = all_pairs(view(table.data(), n, features), 3);
      const auto spoiled_label = with_label(view(table.data(), n, features), 3, vector_view(label.data(), n), 2);
      for (std::int64_t i = 0; i < features; ++i) {
        const auto at = static_cast<std::size_t>(i);
        if (i == f) {
          EXPECT_TRUE(std::isnan(spoiled_label[at]));
        } else {
          EXPECT_EQ(spoiled_label[at], labelled[at]);
        }
        for (std::int64_t j = 0; j < features; ++j) {
          const auto cell = static_cast<std::size_t>(i * features + j);
          if (i == f || j == f) {
            EXPECT_TRUE(std::isnan(spoiled[cell]));
          } else {
            EXPECT_EQ(spoiled[cell], matrix[cell]);
          }
        }
      }
    }
    CodeVector bad_label = label;
    bad_label[50] = bad;
    for (double v : with_label(view(clean.data(), n, features), 3, vector_view(bad_label.data(), n), 2)) {
      EXPECT_TRUE(std::isnan(v));
    }
    EXPECT_TRUE(std::isnan(pair(bad_label, 2, label, 2)));
    EXPECT_TRUE(std::isnan(pair(label, 2, bad_label, 2)));
    const auto batch = pairs(view(bad_label.data(), 2, n / 2), 2, view(label.data(), 2, n / 2), 2);
    EXPECT_FALSE(std::isnan(batch[0]));
    EXPECT_TRUE(std::isnan(batch[1]));
  }
  const std::vector<std::int32_t> negative(300'000, -5);  // one code per thread's part
  EXPECT_TRUE(std::isnan(pair(negative, 2, negative, 2, with_threads(3))));
  std::vector<std::uint8_t> late(300'000, 0);
  late.back() = 255;
  EXPECT_TRUE(std::isnan(pair(late, 255, late, 255, with_threads(3))));
  EXPECT_FALSE(std::isnan(pair(late, 256, late, 256, with_threads(3))));
  std::swap(late.front(), late.back());  // many good blocks after the bad one
  EXPECT_TRUE(std::isnan(pair(late, 255, late, 255, with_threads(1))));
}

TEST(MutualInformationEdges, AConstantTellsNothing) {
  auto random = seeded(36);
  const CodeVector x = random_codes(random, 999, 5), constant(999, 3), zeros(999, 0);
  EXPECT_EQ(pair(x, 5, constant, 5), 0.0);
  EXPECT_EQ(pair(constant, 5, x, 5), 0.0);
  EXPECT_EQ(pair(constant, 5, constant, 5), 0.0);
  EXPECT_EQ(pair(zeros, 1, zeros, 1), 0.0);
  EXPECT_EQ(pair(zeros, 1, x, 5), 0.0);
}

TEST(MutualInformationEdges, EmptyShapesAreLegal) {
  const MatrixView none = {nullptr, DType::u8, 0, 0, 0};
  EXPECT_TRUE(pairs({nullptr, DType::u8, 0, 10, 10}, 2, {nullptr, DType::i32, 0, 10, 10}, 2).empty());
  EXPECT_EQ(pairs({nullptr, DType::u8, 2, 0, 0}, 2, {nullptr, DType::i64, 2, 0, 0}, 2), std::vector<double>(2, 0.0));
  EXPECT_TRUE(with_label({nullptr, DType::u8, 3, 0, 0}, 2, {"abc", DType::u8, 3}, 128).empty());
  EXPECT_EQ(with_label({nullptr, DType::u8, 0, 3, 3}, 2, {nullptr, DType::u8, 0}, 2), std::vector<double>(3, 0.0));
  EXPECT_TRUE(all_pairs(none, 2).empty());
  EXPECT_EQ(all_pairs({nullptr, DType::u8, 0, 2, 2}, 2), std::vector<double>(4, 0.0));
  EXPECT_EQ(joint(none), 0.0);
  EXPECT_EQ(joint({nullptr, DType::f64, 5, 0, 0}), 0.0);
  EXPECT_EQ(joint({nullptr, DType::f32, 0, 5, 5}), 0.0);
}

TEST(MutualInformationEdges, ATableThatIsNoDistributionGivesNan) {
  const double inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  for (double bad : {-1.0, -1e-300, inf, -inf, nan}) {
    for (std::size_t at = 0; at < 4; ++at) {
      std::vector<double> cells = {1, 2, 3, 4};
      cells[at] = bad;
      EXPECT_TRUE(std::isnan(joint(cells, 2, 2))) << bad << " at " << at;
    }
  }
  EXPECT_TRUE(std::isnan(joint(std::vector<double>(6, 0.0), 2, 3)));
  EXPECT_TRUE(std::isnan(joint(std::vector<std::uint8_t>(6, 0), 2, 3)));
  EXPECT_TRUE(std::isnan(joint(std::vector<std::int64_t>{1, 2, -1, 4}, 2, 2)));
  EXPECT_TRUE(std::isnan(joint(std::vector<std::int32_t>{1, 2, 3, std::numeric_limits<std::int32_t>::min()}, 2, 2)));
  EXPECT_EQ(joint(std::vector<double>{0.5, -0.0, -0.0, 0.5}, 2, 2), joint(std::vector<double>{1, 0, 0, 1}, 2, 2));
}

TEST(MutualInformationEdges, CountsPass32Bits) {
  // 2^32 + 5 codes of which two are 1; untouched pages are all the same page of zeros.
  const std::int64_t n = (std::int64_t{1} << 32) + 5;
  void* memory = mmap(nullptr, static_cast<std::size_t>(n), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* codes = static_cast<std::uint8_t*>(memory);
  codes[7] = codes[n - 1] = 1;
  const std::vector<std::int64_t> same = {n - 2, 0, 0, 2};
  const MatrixView x = view(codes, 1, n);
  expect_contract(pairs(x, 2, x, 2)[0],
                  reference::mutual_information_joint<reference::Binary128>(view(same.data(), 2, 2), Unit::nats));
  munmap(memory, static_cast<std::size_t>(n));
}

template <class Call> void expect_refused(const char* word, const Call& call) {
  try {
    call();
    FAIL() << "accepted, expected a sentence with '" << word << "'";
  } catch (const InvalidArgument& e) {
    EXPECT_NE(std::string(e.what()).find(word), std::string::npos) << e.what();
  }
}

TEST(MutualInformationEdges, BadArgumentsAreRefusedBeforeAnythingIsWritten) {
  const std::vector<std::uint8_t> codes(24, 0);
  const std::vector<float> floats(24, 0);
  const MatrixView good = view(codes.data(), 4, 6);
  const VectorView label = vector_view(codes.data(), 4);
  const std::int64_t huge = std::int64_t{1} << 40;
  expect_refused("null", [&] { pairs({nullptr, DType::u8, 4, 6, 6}, 2, good, 2); });
  expect_refused("float32", [&] { pairs(good, 2, view(floats.data(), 4, 6), 2); });
  expect_refused("float32", [&] { with_label(view(floats.data(), 4, 6), 2, label, 2); });
  expect_refused("float32", [&] { with_label(good, 2, vector_view(floats.data(), 4), 2); });
  expect_refused("float32", [&] { all_pairs(view(floats.data(), 4, 6), 2); });
  expect_refused("equal", [&] { pairs(good, 2, view(codes.data(), 4, 5), 2); });
  expect_refused("equal", [&] { pairs(good, 2, view(codes.data(), 3, 6), 2); });
  expect_refused("label", [&] { with_label(good, 2, vector_view(codes.data(), 5), 2); });
  expect_refused("classes_x", [&] { pairs(good, 0, good, 2); });
  expect_refused("classes_y", [&] { pairs(good, 2, good, -1); });
  expect_refused("label_classes", [&] { with_label(good, 2, label, 0); });
  expect_refused("classes", [&] { all_pairs(good, 0); });
  expect_refused("cells", [&] { pairs(good, huge, good, huge); });
  expect_refused("cells", [&] { pairs(good, 1 << 16, good, (1 << 15) + 1); });
  expect_refused("cells", [&] { all_pairs(good, 1 << 20); });
  expect_refused("row_stride", [&] { all_pairs(view(codes.data(), 4, 6, 5), 2); });
  expect_refused("negative", [&] { joint(view(codes.data(), -1, 6)); });
  expect_refused("64-bit", [&] { mutual_information_all_pairs_workspace({nullptr, DType::u8, 0, huge, huge}, 2, {}); });
  expect_refused("threads", [&] { all_pairs(good, 2, with_threads(-1)); });

  std::vector<double> out(36, -1);
  Scratch scratch(mutual_information_all_pairs_workspace(good, 2, {}));
  const auto square = [&](const MutableMatrixView& to, const Workspace& workspace) {
    mutual_information_all_pairs(good, 2, to, {}, workspace, host_stream);
  };
  expect_refused("workspace", [&] { square(mutable_view(out.data(), 6, 6), {}); });
  expect_refused("workspace", [&] { square(mutable_view(out.data(), 6, 6), {scratch.memory.data(), 1}); });
  expect_refused("out", [&] { square(mutable_view(out.data(), 6, 5), scratch); });
  expect_refused("out", [&] { square({nullptr, DType::f64, 6, 6, 6}, scratch); });
  expect_refused("out", [&] { square({out.data(), DType::f32, 6, 6, 6}, scratch); });
  expect_refused("out", [&] { mutual_information_joint(good, nullptr, {}, scratch, host_stream); });
  expect_refused("overlap",
                 [&] { mutual_information_joint(view(out.data(), 6, 6), out.data() + 3, {}, scratch, host_stream); });
  EXPECT_EQ(out, std::vector<double>(36, -1));

  MutualInformationOptions cuda;
  cuda.execution.backend = Backend::cuda;
  if (!backend_status(Backend::cuda).available) {
    EXPECT_THROW(pairs(good, 2, good, 2, cuda), BackendUnavailable);
  }
}

}  // namespace
}  // namespace kullback::test
