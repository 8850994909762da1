#include "bench/catalogue.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "bench/synthetic.hpp"

namespace kullback::bench {
namespace {

// What a language-model evaluation asks of two models' logits.
constexpr MeasureSet kSetOfSix{Measure::entropy, Measure::cross_entropy, Measure::kl, Measure::reverse_kl, Measure::js,
                               Measure::tv};
constexpr MeasureSet kUsual{Measure::nll, Measure::kl, Measure::js};

/// Rows of a batch, by effort.
struct Rows {
  std::int64_t full, quick, smoke;
  std::int64_t of(Effort effort) const {
    return effort == Effort::full ? full : effort == Effort::quick ? quick : smoke;
  }
};

struct RowsSpec {
  Rows rows;
  std::int64_t cols;
  DType dtype;
  Input form;
  MeasureSet singles;       // each by itself
  bool set, cross_entropy;  // also the set of six; also hard-label cross-entropy
};

// `row_bytes` of P and Q. On the CPU: doubled until the input is four times the caches. Everywhere: with a gradient as
// large it stays within half of the memory.
std::int64_t fitting(std::int64_t rows, std::size_t row_bytes, const Platform& platform, Effort effort) {
  const auto bytes = [&](std::int64_t n) { return static_cast<std::size_t>(n) * row_bytes; };
  const bool grows = platform.backend == Backend::cpu && effort == Effort::full;
  while (grows && bytes(rows) < 4 * platform.cache_bytes) rows *= 2;
  while (rows > 1 && 2 * bytes(rows) > platform.memory_bytes / 2) rows /= 2;
  return rows;
}

Batch rows_batch(const RowsSpec& spec, const Platform& platform, Effort effort) {
  const std::size_t side_row_bytes = static_cast<std::size_t>(spec.cols) * size_of(spec.dtype);
  const std::int64_t rows = fitting(spec.rows.of(effort), 2 * side_row_bytes, platform, effort);
  const auto data = std::make_shared<SyntheticRows>(spec.dtype, spec.form, rows, spec.cols);
  // Some cases read one side only.
  const RowsOperands input(data->input(), placement(platform, static_cast<std::size_t>(rows) * side_row_bytes));
  RowsOptions options;
  options.input_p = options.input_q = spec.form;

  Batch batch;
  batch.prepare = [=] {
    data->fill();
    input.upload();
  };
  for (Measure m : spec.singles) batch.cases.push_back(rows_case(m, input, options));
  if (spec.set) {
    const std::string label = fmt::format("set of {} from one read", kSetOfSix.size());
    batch.cases.push_back(rows_case(label, kSetOfSix, input, options));
  }
  if (spec.cross_entropy) {
    for (Gradient g : {Gradient::no, Gradient::yes}) batch.cases.push_back(cross_entropy_case(input, g));
  }
  if (spec.cross_entropy && platform.backend == Backend::cpu) {
    for (Measure m : {Measure::kl, Measure::js}) batch.cases.push_back(divergence_loss_case(m, input));
  }
  return batch;
}

constexpr std::int64_t kClasses = 16;

Batch pairs_batch(std::int64_t pairs, const Rows& samples, const Platform& platform, Effort effort) {
  const std::int64_t n = fitting(samples.of(effort), static_cast<std::size_t>(2 * pairs), platform, effort);
  const auto data = std::make_shared<SyntheticCodes>(pairs, n, kClasses);
  const Placement where = placement(platform, static_cast<std::size_t>(2 * pairs * n));
  const InputView<MatrixView> x(data->x(), where), y(data->y(), where);
  Batch batch;
  batch.prepare = [=] {
    data->fill();
    x.upload();
    y.upload();
  };
  batch.cases = {mi_pairs_case(x, y, kClasses, where)};
  return batch;
}

// A table's label is its first column disturbed. All pairs cost features/2 times as much per sample, and their time is
// counting, not reading: they are of the first samples. The joint table stands for one that was counted elsewhere.
Batch table_batch(std::int64_t features, const Rows& samples, const Rows& of_all_pairs, const Platform& platform,
                  Effort effort) {
  struct Data {
    SyntheticCodes table, label;
    SyntheticRows joint;
  };
  const std::int64_t n = fitting(samples.of(effort), static_cast<std::size_t>(features), platform, effort);
  const std::int64_t side = effort == Effort::smoke ? 16 : 256;
  const auto data =
      std::make_shared<Data>(Data{{n, features, kClasses}, {n, 1, kClasses}, {DType::i32, Input::counts, side, side}});
  const MatrixView part_view = view(data->table.first.data(), std::min(n, of_all_pairs.of(effort)), features);
  const MatrixView joint_view = data->joint.input().p;
  const Placement of_table = placement(platform, bytes_of(data->table.x())),
                  of_part = placement(platform, bytes_of(part_view)),
                  of_joint = placement(platform, bytes_of(joint_view));
  const InputView<MatrixView> table(data->table.x(), of_table), part(part_view, of_part), joint(joint_view, of_joint);
  const InputView<VectorView> label(vector_view(data->label.second.data(), n), of_table);
  Batch batch;
  batch.prepare = [=] {
    data->table.fill();
    data->label.fill();
    data->joint.fill();
    table.upload();
    label.upload();
    part.upload();
    joint.upload();
  };
  batch.cases = {mi_label_case(table, kClasses, label, kClasses, of_table), mi_all_pairs_case(part, kClasses, of_part),
                 mi_joint_case(joint, of_joint)};
  return batch;
}

// Many features of few samples, as genotypes are.
Batch few_classes_batch(std::int64_t classes, const Platform& platform, Effort effort) {
  const std::int64_t samples = effort == Effort::smoke ? 100 : 1000;
  const std::int64_t features = effort == Effort::smoke ? 10 : effort == Effort::quick ? 256 : 2048;
  const auto data = std::make_shared<SyntheticCodes>(samples, features, classes);
  const Placement where = placement(platform, bytes_of(data->x()));
  const InputView<MatrixView> table(data->x(), where);
  Batch batch;
  batch.prepare = [=] {
    data->fill();
    table.upload();
  };
  batch.cases = {mi_all_pairs_case(table, classes, where)};
  return batch;
}

std::vector<RowsSpec> rows_on_cpu() {
  const Rows wide{2048, 256, 1}, middle{8192, 1024, 4}, narrow{1000000, 100000, 1000};
  return {
      // a language model's vocabulary
      {wide, 32000, DType::f32, Input::logits, kUsual, true, true},
      // every measure
      {middle, 4096, DType::f32, Input::logits, all_measures(), true, true},
      // every dtype
      {middle, 4096, DType::bf16, Input::logits, kUsual, false, true},
      {middle, 4096, DType::f16, Input::logits, {Measure::nll, Measure::kl}, false, false},
      {middle, 4096, DType::f64, Input::logits, {Measure::nll, Measure::kl}, false, false},
      // every form
      {middle, 4096, DType::f32, Input::probs, {Measure::kl, Measure::js}, true, false},
      {middle, 4096, DType::f32, Input::log_probs, {Measure::kl, Measure::js}, false, false},
      {middle, 4096, DType::i32, Input::counts, {Measure::kl, Measure::js}, false, false},
      // many short rows
      {narrow, 10, DType::f32, Input::logits, {Measure::nll, Measure::kl}, true, true},
      {narrow, 10, DType::f32, Input::probs, {Measure::nll, Measure::kl}, true, false},
      {narrow, 10, DType::i32, Input::counts, {Measure::kl}, false, false},
  };
}

// Rows of so many columns that a side has 2^28 (quick: 2^23) elements, half a gigabyte of bfloat16.
Rows filling(std::int64_t cols) {
  const auto of = [&](std::int64_t elements) { return std::max<std::int64_t>(elements / cols, 1); };
  return {of(std::int64_t{1} << 28), of(1 << 23), of(1 << 11)};
}

std::vector<RowsSpec> rows_on_cuda() {
  std::vector<RowsSpec> specs;
  const auto add = [&](DType dtype, Input form, std::int64_t cols, const MeasureSet& singles, bool rest) {
    specs.push_back({filling(cols), cols, dtype, form, singles, rest, rest && form == Input::logits});
  };
  // from short rows to the vocabularies of language models and beyond; of 50257 every other row is misaligned
  for (DType dtype : {DType::bf16, DType::f32}) {
    for (std::int64_t cols : {64, 256, 1024, 4096, 16384, 32000, 50257, 128256, 151936, 262144}) {
      add(dtype, Input::logits, cols, kUsual, true);
    }
  }
  for (std::int64_t cols : {256, 4096, 32000, 128256}) add(DType::f16, Input::logits, cols, kUsual, true);
  // a few tokens of a decoder: fewer rows than multiprocessors
  for (std::int64_t rows : {1, 8, 64}) {
    specs.push_back({{rows, rows, 1}, 128256, DType::bf16, Input::logits, kUsual, false, true});
  }
  // every measure, every form, double precision, a handful of classes
  add(DType::f32, Input::logits, 8192, all_measures(), false);
  add(DType::f32, Input::probs, 4096, {Measure::kl, Measure::js}, true);
  add(DType::f32, Input::log_probs, 4096, {Measure::kl, Measure::js}, false);
  add(DType::i32, Input::counts, 4096, {Measure::kl, Measure::js}, false);
  add(DType::f64, Input::logits, 4096, {Measure::nll, Measure::kl}, false);
  add(DType::f32, Input::logits, 10, kUsual, true);
  return specs;
}

}  // namespace

std::vector<std::function<Batch()>> synthetic_batches(const Platform& platform, Effort effort) {
  const bool on_cpu = platform.backend == Backend::cpu;
  std::vector<std::function<Batch()>> batches;
  for (const RowsSpec& spec : on_cpu ? rows_on_cpu() : rows_on_cuda()) {
    batches.push_back([=, &platform] { return rows_batch(spec, platform, effort); });
  }
  const std::int64_t pairs = effort == Effort::smoke ? 4 : on_cpu ? 64 : 256;
  const std::int64_t features = effort == Effort::smoke ? 4 : 64;
  const Rows samples = on_cpu ? Rows{1000000, 100000, 500} : Rows{4000000, 100000, 500};
  const Rows of_all_pairs = on_cpu ? Rows{100000, 10000, 500} : Rows{1000000, 10000, 500};
  batches.push_back([=, &platform] { return pairs_batch(pairs, samples, platform, effort); });
  batches.push_back([=, &platform] { return table_batch(features, samples, of_all_pairs, platform, effort); });
  if (on_cpu) {  // by bit planes, and where these end
    for (std::int64_t classes : {2, 3, 4, 8, 16, 17}) {
      batches.push_back([=, &platform] { return few_classes_batch(classes, platform, effort); });
    }
  }
  if (!on_cpu) {  // enough pairs to fill a device with few samples
    const Rows few{100000, 10000, 100};
    batches.push_back([=, &platform] { return table_batch(16 * features, few, few, platform, effort); });
  }
  return batches;
}

}  // namespace kullback::bench
