#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/array_file.hpp"
#include "host/cli/csv_table.hpp"
#include "host/cli/variable.hpp"
#include "kullback/matrix_view.hpp"

namespace kullback::cli {

/// What one variable lies along: a row of [batch, samples] or a column of a table [samples, features].
enum class Along { row, column };

struct CodingOptions {
  Binning binning = Binning::automatic;
  std::int64_t bins = 16;
  std::optional<std::int64_t> missing;
  std::vector<std::int64_t> weights;  ///< of the samples; empty: 1 each
};

/// The variables of a .npy or .csv file; a column of the latter, by its name, may stand for a file.
class MiFile {
 public:
  MiFile(const std::string& path, Along along);

  /// The file `text` or, if `table` is a .csv file that has a column of this name, that column: it is then no longer
  /// one of the table's variables.
  static MiFile named(const std::string& text, MiFile& table);
  /// A file of labels, [samples] or [samples, labels].
  static MiFile labels(const std::string& path, const MiFile& table);

  /// A .csv file that has a column of this name.
  bool has(const std::string& name) const;
  /// One of the variables, as a file of its own.
  MiFile only(std::int64_t index) const;

  bool is_csv() const { return csv_ != nullptr; }
  const std::shared_ptr<const ArrayFile>& npy() const { return npy_; }
  /// Its codes lie in the file as they are to be counted.
  bool is_whole_npy() const { return npy_ != nullptr && columns_.empty(); }
  std::int64_t samples() const { return samples_; }
  std::int64_t variables() const { return variables_; }
  /// Of the variables, of a .csv file.
  const std::vector<std::string>& names() const { return names_; }
  /// "x.npy [3, 2]", for messages.
  const std::string& described() const { return described_; }
  bool one_dimensional() const { return one_dimensional_; }
  Variable variable(std::int64_t index, const CodingOptions& options) const;
  Along along() const { return along_; }

 private:
  /// Of a .csv file: that the text is one of its columns or a file.
  void require_file(const std::string& text) const;

  std::shared_ptr<const ArrayFile> npy_;
  std::shared_ptr<const CsvTable> csv_;
  std::vector<std::int64_t> columns_;  ///< of the .csv file, or those of the .npy file's variables that are ours
  std::vector<std::string> names_;
  std::string described_;
  std::int64_t samples_ = 0, variables_ = 0;
  bool one_dimensional_ = false;
  Along along_ = Along::row;
};

/// Integer codes as classes 0, 1, ... that the library counts, or kMissingClass, along the same axis as in the file.
struct Classes {
  std::vector<std::int32_t> storage;      ///< empty when the file's codes serve as they are
  std::shared_ptr<const ArrayFile> file;  ///< which is then kept
  MatrixView view;
  std::int64_t count = 1;
  bool has_missing = false;

  VectorView vector() const { return {view.data, view.dtype, view.rows * view.cols}; }
};

/// Mutual information does not care what the codes are, so any integers will do, negative and sparse ones too. Small
/// non-negative codes are classes already.
Classes classes_of(const MiFile& file, const CodingOptions& options);

}  // namespace kullback::cli
