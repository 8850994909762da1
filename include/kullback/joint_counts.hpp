#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/information.hpp"
#include "kullback/matrix_view.hpp"

/// Joint tables that are counted piece by piece: of data that are larger than memory, that lie on several machines, or
/// that keep coming. Counts are integers, so chunks may come in any order and states be merged in any order.
namespace kullback {

struct JointCountsShape {
  enum class Form : std::uint8_t {
    pairs,  ///< row b of x with row b of y, as in information_pairs
    label,  ///< every feature of a table (X) with a label (Y), as in information_label
  };
  Form form = Form::pairs;
  std::int64_t tables = 0;  ///< pairs of the batch, or features
  std::int64_t classes_x = 1, classes_y = 1;
  std::optional<std::int64_t> missing;  ///< InformationOptions::missing
};

/// The joint tables of a fixed piece of work, [tables, classes_x, classes_y] int64, and which of them met a code out of
/// range. Counts on the CPU, host memory only, synchronous. Not for use by two threads at once. Whatever throws
/// InvalidArgument leaves the state as it was.
class KULLBACK_EXPORT JointCountState {
 public:
  /// No samples yet. Allocates 8 bytes for each cell of each table.
  explicit JointCountState(const JointCountsShape& shape);

  const JointCountsShape& shape() const noexcept { return shape_; }
  /// Samples that were added, or the sum of their weights; whether a table has fewer says Information::samples.
  std::int64_t samples() const noexcept { return samples_; }
  /// Of table t, [classes_x, classes_y] int64; valid as long as the state.
  MatrixView table(std::int64_t t) const noexcept;
  /// A code out of range was added to table t: it is 0 from then on, and its results are NaN.
  bool is_invalid(std::int64_t t) const noexcept { return invalid_[static_cast<std::size_t>(t)] != 0; }

  /// Form::pairs: x and y [tables, samples of this chunk], u8, u16, i32 or i64. `weights`: of these samples, as
  /// InformationOptions::weights. Allocates the counters of a thread for the duration of the call.
  void add_pairs(MatrixView x, MatrixView y, VectorView weights = {}, const Execution& execution = {});
  /// Form::label: table [samples of this chunk, tables], label [samples of this chunk].
  void add_label(MatrixView table, VectorView label, VectorView weights = {}, const Execution& execution = {});
  /// Adds what another state of the same shape has counted.
  void merge(const JointCountState& other);

  /// out: float64 [tables, measures]. The values are == those of information_pairs or information_label, and for mi of
  /// mutual_information_*, for all samples at once. options.missing and options.weights play no part. Allocates.
  void finish(const InformationSet& measures, MutableMatrixView out, const InformationOptions& options = {}) const;

  /// The state as bytes, the same on every machine: a header with a version and a checksum, counts, flags.
  std::size_t saved_bytes() const noexcept;
  /// `bytes` is saved_bytes() long.
  void save(void* bytes, std::size_t size) const;
  /// Throws InvalidArgument, one sentence, for bytes that are not such a state, are cut short or damaged; sizes are
  /// held against `size` before anything is allocated.
  static JointCountState load(const void* bytes, std::size_t size);

 private:
  JointCountsShape shape_;
  std::int64_t samples_ = 0;
  std::vector<std::int64_t> counts_;
  std::vector<std::uint8_t> invalid_;
};

}  // namespace kullback
