#include "host/cli/mi_codes.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "host/cli/inputs.hpp"
#include "host/cli/options.hpp"
#include "kernels/math/convert.hpp"

namespace kullback::cli {
namespace {

constexpr std::int64_t kDirect = 256;  // classes up to here are cheap even if most of them are unused

std::int64_t count_direct(VectorView codes) {
  std::int64_t most = 0;
  for (std::int64_t i = 0; i < codes.size; ++i) {
    const std::int64_t code = integer_at(codes, i);
    if (code < 0 || code >= kDirect) return 0;
    most = std::max(most, code);
  }
  return most + 1;
}

double number_at(VectorView view, std::int64_t i) {
  switch (view.dtype) {
    case DType::f16: return to_float(static_cast<const float16*>(view.data)[i]);
    case DType::bf16: return to_float(static_cast<const bfloat16*>(view.data)[i]);
    case DType::f32: return static_cast<const float*>(view.data)[i];
    default: return static_cast<const double*>(view.data)[i];
  }
}

/// A sample of weight 0 is absent: it has no part in the bins either.
Variable weighted(Variable variable, const CodingOptions& options) {
  if (options.weights.empty()) return variable;
  variable.weights = options.weights.data();
  variable.missing.resize(variable.size());
  for (std::size_t s = 0; s < variable.size(); ++s)
    if (options.weights[s] == 0) variable.missing[s] = true;
  return variable;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

MiFile::MiFile(const std::string& path, Along along) : along_(along) {
  if (ends_with(path, ".csv")) {
    csv_ = std::make_shared<CsvTable>(path);
    names_ = csv_->names();
    samples_ = csv_->samples();
    variables_ = static_cast<std::int64_t>(names_.size());
    for (std::int64_t c = 0; c < variables_; ++c) columns_.push_back(c);
    described_ = fmt::format("{} [{}, {}]", path, samples_, variables_);
    one_dimensional_ = variables_ == 1;
    return;
  }
  npy_ = std::make_shared<ArrayFile>(path);
  described_ = npy_->described();
  const std::size_t dimensions = npy_->shape().size();
  one_dimensional_ = dimensions == 1;
  if (along == Along::column) {
    require(dimensions == 2, described_ + ": a 2-D table [samples, features] is expected");
  } else {
    require(dimensions == 1 || dimensions == 2,
            described_ + ": codes of shape [samples] or [batch, samples] are expected");
  }
  const MatrixView view = npy_->matrix();
  samples_ = along == Along::column ? view.rows : view.cols;
  variables_ = along == Along::column ? view.cols : view.rows;
}

MiFile MiFile::labels(const std::string& path, const MiFile& table) {
  table.require_file(path);
  if (ends_with(path, ".csv")) return MiFile(path, Along::row);
  const bool is_table = ArrayFile(path).shape().size() == 2;
  return MiFile(path, is_table ? Along::column : Along::row);
}

bool MiFile::has(const std::string& name) const {
  return is_csv() && std::find(names_.begin(), names_.end(), name) != names_.end();
}

void MiFile::require_file(const std::string& text) const {
  const bool may_be_column = is_csv() && text.find('.') == std::string::npos && text.find(':') == std::string::npos;
  require(!may_be_column || has(text) || access(text.c_str(), F_OK) == 0,
          fmt::format("{}: has no further column '{}', and there is no file of that name", described_, text));
}

MiFile MiFile::only(std::int64_t index) const {
  MiFile file = *this;
  file.columns_ = {is_csv() ? columns_[static_cast<std::size_t>(index)] : index};
  if (is_csv()) file.names_ = {names_[static_cast<std::size_t>(index)]};
  file.variables_ = 1;
  file.one_dimensional_ = true;
  return file;
}

MiFile MiFile::named(const std::string& text, MiFile& table) {
  table.require_file(text);
  if (!table.has(text)) return MiFile(text, Along::row);
  const auto name = std::find(table.names_.begin(), table.names_.end(), text);
  require(std::find(name + 1, table.names_.end(), text) == table.names_.end(),
          fmt::format("{}: more than one column is called '{}'", table.described_, text));
  const auto column = table.columns_.begin() + (name - table.names_.begin());
  MiFile file = table.only(name - table.names_.begin());
  file.described_ = text;
  file.along_ = Along::row;
  table.columns_.erase(column);
  table.names_.erase(name);
  --table.variables_;
  return file;
}

Variable MiFile::variable(std::int64_t index, const CodingOptions& options) const {
  if (csv_) return weighted(csv_->column(columns_[static_cast<std::size_t>(index)], options.missing), options);
  const VectorView values = npy_->vector();
  if (!columns_.empty()) index = columns_[static_cast<std::size_t>(index)];
  const std::int64_t first = along_ == Along::row ? index * samples_ : index;
  const std::int64_t step = along_ == Along::row ? 1 : npy_->matrix().cols;
  Variable variable;
  for (std::int64_t s = 0; s < samples_; ++s) {
    bool missing;
    if (is_floating(values.dtype)) {
      variable.numbers.push_back(number_at(values, first + s * step));
      missing = options.missing && variable.numbers.back() == static_cast<double>(*options.missing);
    } else {
      variable.integers.push_back(integer_at(values, first + s * step));
      missing = options.missing == variable.integers.back();
    }
    if (options.missing) variable.missing.push_back(missing);
  }
  return weighted(std::move(variable), options);
}

Classes classes_of(const MiFile& file, const CodingOptions& options) {
  Classes classes;
  const bool by_row = file.along() == Along::row;
  const std::int64_t rows = by_row ? file.variables() : file.samples(),
                     cols = by_row ? file.samples() : file.variables();
  const bool as_they_are = options.binning == Binning::automatic || options.binning == Binning::codes;
  if (file.is_whole_npy() && !is_floating(file.npy()->dtype()) && as_they_are && !options.missing) {
    classes.view = {file.npy()->vector().data, file.npy()->dtype(), rows, cols, cols};
    classes.count = count_direct(file.npy()->vector());
    classes.file = file.npy();
    if (classes.count > 0) return classes;
  }
  classes.count = 1;
  classes.storage.resize(static_cast<std::size_t>(rows * cols));
  classes.view = view(classes.storage.data(), rows, cols);
  for (std::int64_t v = 0; v < file.variables(); ++v) {
    const CodedVariable coded = code(file.variable(v, options), options.binning, options.bins);
    classes.count = std::max(classes.count, coded.classes);
    for (std::int64_t s = 0; s < file.samples(); ++s) {
      const std::int32_t c = coded.codes[static_cast<std::size_t>(s)];
      classes.has_missing = classes.has_missing || c == kMissingClass;
      classes.storage[static_cast<std::size_t>(by_row ? v * cols + s : s * cols + v)] = c;
    }
  }
  return classes;
}

}  // namespace kullback::cli
