/// A row's bits depend on its values, its length, its dtype and the request alone.
#include "tests/row_batch.hpp"

namespace kullback::test {
namespace {

constexpr DType kFloats[] = {DType::f32, DType::f16, DType::bf16, DType::f64};

struct Rows {
  std::vector<std::vector<double>> p, q;
  std::vector<std::int32_t> labels;
};

Rows make_rows(std::int64_t cols, int count) {
  std::mt19937_64 random(kSeed);
  Rows rows;
  for (int r = 0; r < count; ++r) {
    const LogitPair pair = logit_pair(kPatterns[r % 7], cols, random);
    rows.p.push_back(pair.p), rows.q.push_back(pair.q);
    rows.labels.push_back(static_cast<std::int32_t>(random() % static_cast<std::uint64_t>(cols)));
  }
  return rows;
}

void expect_same(const RowsResult& a, const RowsResult& b, const std::string& what) {
  ASSERT_EQ(a.values.size(), b.values.size());
  for (std::size_t r = 0; r < a.values.size(); ++r) {
    for (std::size_t k = 0; k < a.values[r].size(); ++k) {
      EXPECT_TRUE(same_bits(a.values[r][k], b.values[r][k])) << what << " row " << r << " measure " << k;
    }
  }
}

TEST(BatchInvariance, AlignmentStrideAndPadding) {
  for (DType dtype : kFloats) {
    for (std::int64_t cols : {1, 31, 33, 257}) {
      const Rows rows = make_rows(cols, 7);
      const VectorView labels = vector_view(rows.labels.data(), 7);
      const Batch p(dtype, rows.p), q(dtype, rows.q);
      const RowsResult plain = run_rows(kAllMeasures, {p.view(), q.view(), labels});
      for (std::int64_t offset = 0; offset < 16; ++offset) {
        // The padding between the rows is NaN: reading it would show.
        const Batch p2(dtype, rows.p, cols + offset % 5, offset), q2(dtype, rows.q, cols + 2 * offset, 15 - offset);
        expect_same(
            plain, run_rows(kAllMeasures, {p2.view(), q2.view(), labels}),
            std::string(name_of(dtype)) + " cols " + std::to_string(cols) + " offset " + std::to_string(offset));
      }
    }
  }
}

TEST(BatchInvariance, BatchSizePositionAndThreads) {
  for (DType dtype : kFloats) {
    for (std::int64_t cols : {5, 300, 3000}) {
      const int count = cols == 5 ? 9000 : 40;  // more rows than one thread's share
      const Rows rows = make_rows(cols, count);
      const Batch p(dtype, rows.p), q(dtype, rows.q);
      RowsOptions options;
      options.execution.threads = 1;
      const RowsResult whole =
          run_rows(kAllMeasures, {p.view(), q.view(), vector_view(rows.labels.data(), count)}, options);
      for (int threads : {2, 3, 7}) {
        options.execution.threads = threads;
        expect_same(whole,
                    run_rows(kAllMeasures, {p.view(), q.view(), vector_view(rows.labels.data(), count)}, options),
                    "threads " + std::to_string(threads));
      }
      for (int r : {0, 1, count / 2, count - 1}) {
        const RowsResult alone =
            run_rows(kAllMeasures, {p.row(r), q.row(r), vector_view(&rows.labels[std::size_t(r)], 1)});
        expect_same({{whole.values[std::size_t(r)]}, {}}, {alone.values, {}}, "row alone " + std::to_string(r));
      }
    }
  }
}

TEST(BatchInvariance, AMeasureDoesNotDependOnTheOthersAsked) {
  const Rows rows = make_rows(333, 14);
  const VectorView labels = vector_view(rows.labels.data(), 14);
  for (DType dtype : kFloats) {
    const Batch p(dtype, rows.p), q(dtype, rows.q);
    const RowsResult together = run_rows(kAllMeasures, {p.view(), q.view(), labels});
    for (int k = 0; k < kAllMeasures.size(); ++k) {
      const RowsResult alone = run_rows({kAllMeasures[k]}, {p.view(), q.view(), labels});
      for (std::size_t r = 0; r < 14; ++r) {
        EXPECT_TRUE(same_bits(together.values[r][std::size_t(k)], alone.values[r][0]))
            << name_of(dtype) << " " << measure_info(kAllMeasures[k]).name << " row " << r;
      }
    }
  }
}

TEST(BatchInvariance, CrossEntropyInPlaceThreadsAndPosition) {
  const std::int64_t count = 59;  // a GPU does four of them at a time
  for (const std::int64_t cols : {700, 1100}) {
    const Rows rows = make_rows(cols, count);
    const VectorView labels = vector_view(rows.labels.data(), count);
    for (DType dtype : kFloats) {
      SCOPED_TRACE(std::string(name_of(dtype)) + ", " + std::to_string(cols) + " columns");
      const auto run = [&](Batch& logits, Batch& gradient, int threads) {
        CrossEntropyOptions options;
        options.reduction = Reduction::sum;
        options.execution.threads = threads;
        float narrow = 0;
        double loss = 0;
        CrossEntropyOutput output;
        output.loss = dtype == DType::f64 ? mutable_vector_view(&loss, 1) : mutable_vector_view(&narrow, 1);
        output.gradient = gradient.mutable_view();
        test::run(logits.view(), labels, output, options);
        return dtype == DType::f64 ? loss : narrow;
      };
      // In place, and next to logits of the same and of another alignment.
      Batch logits(dtype, rows.p), gradient(dtype, rows.p), in_place(dtype, rows.p, 0, 3),
          elsewhere(dtype, rows.p, 0, 1);
      const double loss = run(logits, gradient, 1);
      EXPECT_EQ(run(in_place, in_place, 3), loss);
      EXPECT_EQ(run(logits, elsewhere, 2), loss);
      for (std::int64_t r = 0; r < count; ++r) {
        const std::size_t bytes = std::size_t(cols) * size_of(dtype);
        EXPECT_EQ(std::memcmp(gradient.row(r).data, in_place.row(r).data, bytes), 0) << "row " << r;
        EXPECT_EQ(std::memcmp(gradient.row(r).data, elsewhere.row(r).data, bytes), 0) << "row " << r;
      }
    }
  }
}

}  // namespace
}  // namespace kullback::test
