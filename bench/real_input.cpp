#include "bench/real_input.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <vector>

#include "host/array_file.hpp"

namespace kullback::bench {
namespace {

namespace fs = std::filesystem;

// The one file of the directory whose name ends so.
std::string only_file(const std::string& directory, const std::string& ending) {
  if (!fs::is_directory(directory)) throw InvalidArgument(fmt::format("{}: not a directory", directory));
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(directory)) {
    const std::string name = entry.path().filename().string();
    if (name.size() >= ending.size() && name.compare(name.size() - ending.size(), ending.size(), ending) == 0) {
      found.push_back(entry.path().string());
    }
  }
  if (found.size() != 1) {
    throw InvalidArgument(
        fmt::format("{}: expected one file that ends in {}, found {}", directory, ending, found.size()));
  }
  return found.front();
}

template <class T> std::int64_t largest(const void* data, std::int64_t size) {
  const T* values = static_cast<const T*>(data);
  return size == 0 ? 0 : static_cast<std::int64_t>(*std::max_element(values, values + size));
}

std::int64_t classes_in(const ArrayFile& codes) {
  const VectorView all = codes.vector();
  switch (all.dtype) {
    case DType::u8: return largest<std::uint8_t>(all.data, all.size) + 1;
    case DType::u16: return largest<std::uint16_t>(all.data, all.size) + 1;
    case DType::i32: return largest<std::int32_t>(all.data, all.size) + 1;
    case DType::i64: return largest<std::int64_t>(all.data, all.size) + 1;
    default:
      throw InvalidArgument(fmt::format("{}: expected integer codes, found {}", codes.path(), name_of(all.dtype)));
  }
}

void expect_rows(const ArrayFile& array, std::int64_t got, std::int64_t expected) {
  if (got != expected) {
    throw InvalidArgument(fmt::format("{}: expected {} rows like the strong logits", array.described(), expected));
  }
}

}  // namespace

struct RealInput::Files {
  ArrayFile strong, weak, labels, codes;
  std::int64_t label_classes, code_classes;

  explicit Files(const std::string& directory)
      : strong(only_file(directory, "strong_logits.npy")),
        weak(only_file(directory, "weak_logits.npy")),
        labels(only_file(directory, "labels.npy")),
        codes(only_file(directory, "pixels.npy")),
        label_classes(classes_in(labels)),
        code_classes(classes_in(codes)) {
    expect_rows(weak, weak.matrix().rows, strong.matrix().rows);
    expect_rows(labels, labels.size(), strong.matrix().rows);
    expect_rows(codes, codes.matrix().rows, strong.matrix().rows);
  }
  RowsInput pair() const { return {strong.matrix(), weak.matrix(), labels.vector()}; }
};

RealInput::RealInput(const std::string& directory) : files_(std::make_shared<const Files>(directory)) {}

namespace {

constexpr const char* kGenotypes = "snps.npy";
constexpr std::int64_t kGenotypeClasses = 3, kUnknownGenotype = 255;

Batch genotypes_batch(const std::string& path, const Platform& platform) {
  const auto file = std::make_shared<const ArrayFile>(path);
  const Placement where = placement(platform, bytes_of(file->matrix()));
  const InputView<MatrixView> table(file->matrix(), where);
  Batch batch;
  batch.cases = {mi_all_pairs_case(table, kGenotypeClasses, kUnknownGenotype, where)};
  batch.prepare = [=, file = file] { table.upload(); };  // which the view is of
  return batch;
}

}  // namespace

std::vector<std::function<Batch()>> RealInput::batches(const Platform& platform, Effort effort) const {
  std::vector<std::function<Batch()>> batches = {[=, &platform] { return batch(platform, effort); }};
  const std::string genotypes = (fs::path(files_->codes.path()).parent_path() / kGenotypes).string();
  // Gigabytes of results, on the one backend that takes missing values.
  if (platform.backend == Backend::cpu && effort == Effort::full && fs::exists(genotypes))
    batches.push_back([=, &platform] { return genotypes_batch(genotypes, platform); });
  return batches;
}

Batch RealInput::batch(const Platform& platform, Effort effort) const {
  const Files& f = *files_;
  MatrixView paired = f.codes.matrix();
  if (effort == Effort::smoke) paired.rows = std::min<std::int64_t>(paired.rows, 100);
  const RowsInput pair = f.pair();
  const Placement of_rows = placement(platform, std::min(bytes_of(pair.p), bytes_of(pair.q)));
  const Placement of_codes = placement(platform, bytes_of(f.codes.matrix()));
  const RowsOperands input(pair, of_rows);
  const InputView<MatrixView> codes(f.codes.matrix(), of_codes), of_pairs(paired, of_codes);
  const InputView<VectorView> labels(f.labels.vector(), of_codes);
  const MeasureSet all = all_measures();
  Batch batch;
  batch.prepare = [=, files = files_] {  // which the views are of
    input.upload();
    codes.upload();
    of_pairs.upload();
    labels.upload();
  };
  auto& cases = batch.cases;
  for (Measure m : all) cases.push_back(rows_case(m, input, {}));
  cases.push_back(rows_case(fmt::format("all {} from one read", all.size()), all, input, {}));
  for (Gradient g : {Gradient::no, Gradient::yes}) cases.push_back(cross_entropy_case(input, g));
  cases.push_back(mi_label_case(codes, f.code_classes, labels, f.label_classes, of_codes));
  cases.push_back(mi_all_pairs_case(of_pairs, f.code_classes, of_codes));
  return batch;
}

std::string RealInput::summary() const {
  const Files& f = *files_;
  RowsOptions options;
  options.alpha = 2;
  options.execution.backend = Backend::cpu;
  const MeasureSet all = all_measures();
  const DType result = rows_result_dtype(f.pair(), options);
  const std::int64_t rows = f.strong.matrix().rows;
  const auto cells = static_cast<std::size_t>(rows * all.size());
  std::vector<float> narrow(cells);
  std::vector<double> wide(cells);
  void* out = result == DType::f32 ? static_cast<void*>(narrow.data()) : wide.data();
  std::vector<std::byte> scratch(rows_workspace(all, f.pair(), options));
  kullback::rows(all, f.pair(), {{out, result, rows, all.size(), all.size()}, nullptr}, options,
                 {scratch.data(), scratch.size()}, host_stream);
  if (result == DType::f32) std::copy(narrow.begin(), narrow.end(), wide.begin());

  std::string text =
      fmt::format("P = {}, Q = {}; means over {} rows, in nats:\n ", fs::path(f.strong.path()).stem().string(),
                  fs::path(f.weak.path()).stem().string(), rows);
  for (int k = 0; k < all.size(); ++k) {
    double sum = 0;
    for (std::int64_t r = 0; r < rows; ++r) sum += wide[static_cast<std::size_t>(r * all.size() + k)];
    text += fmt::format(" {} {:.4f}", measure_info(all[k]).name, sum / static_cast<double>(rows));
  }

  MutualInformationOptions mi_options;
  mi_options.execution.backend = Backend::cpu;
  const MatrixView codes = f.codes.matrix();
  std::vector<double> mi(static_cast<std::size_t>(codes.cols));
  scratch.resize(
      mutual_information_label_workspace(codes, f.code_classes, f.labels.vector(), f.label_classes, mi_options));
  mutual_information_label(codes, f.code_classes, f.labels.vector(), f.label_classes, mi.data(), mi_options,
                           {scratch.data(), scratch.size()}, host_stream);
  std::vector<std::size_t> order(mi.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t shown = std::min<std::size_t>(5, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    [&](std::size_t a, std::size_t b) { return mi[a] > mi[b]; });
  text += "\nmost informative columns of " + fs::path(f.codes.path()).stem().string() +
          ", mutual information with the label in nats:\n ";
  for (std::size_t i = 0; i < shown; ++i) text += fmt::format(" {}: {:.4f}", order[i], mi[order[i]]);
  return text + "\n";
}

}  // namespace kullback::bench
