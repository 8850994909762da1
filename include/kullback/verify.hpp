#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kullback/column_measures.hpp"
#include "kullback/cross_entropy.hpp"
#include "kullback/divergence_loss.hpp"
#include "kullback/export.hpp"
#include "kullback/information.hpp"
#include "kullback/mutual_information.hpp"
#include "kullback/rows.hpp"

/// Checks results against the sealed reference: plain loops, generalised terms, no code shared with the kernels;
/// binary128, or double for values of float32 that it shows to be right with an error bound of its own below u / 256. A
/// value is wrong only if it lies outside the numerical contract plus the reference's own error bound, or if one of the
/// two is NaN or infinite and the other is not the same. Host memory only. Allocates; synchronous. Throws
/// InvalidArgument like the call whose results it checks, and for labels and codes out of range, naming the first one.
namespace kullback {

struct VerifyOptions {
  /// Rows (or tables) checked: all of them if there are no more than this, else a fixed, evenly spaced sample that
  /// includes the first and the last.
  std::int64_t max_rows = 4096;
};

/// One value that was checked.
struct VerifiedValue {
  std::string what;          ///< measure, or "loss", "gradient", "mi"
  std::int64_t row = -1;     ///< row, or index of the result
  std::int64_t column = -1;  ///< entry of a gradient row; -1 otherwise
  double got = 0;
  double expected = 0;
  double error_u = 0;  ///< |got - expected| in units of u times the scale of the contract's bound
  double bound_u = 0;  ///< what the contract allows, in the same unit
};

struct VerifyReport {
  std::int64_t rows_checked = 0;
  std::int64_t rows_wrong = 0;
  std::vector<VerifiedValue> worst;  ///< per measure, the value with the largest error_u / bound_u (in order asked)
  std::vector<VerifiedValue> wrong;  ///< the first 16 wrong values
  bool ok() const { return rows_wrong == 0; }
};

/// `values`: what `rows` (or somebody else) computed for these arguments, [rows, measures] float32 or float64.
KULLBACK_EXPORT VerifyReport verify_rows(const MeasureSet& measures, const RowsInput& input, MatrixView values,
                                         const RowsOptions& options, const VerifyOptions& verify);

/// Checks whichever of loss and gradient are given. `logits` must still hold the logits (not an in-place gradient).
KULLBACK_EXPORT VerifyReport verify_cross_entropy(MatrixView logits, VectorView labels,
                                                  const CrossEntropyOutput& output, const CrossEntropyOptions& options,
                                                  const VerifyOptions& verify);

/// The same for divergence_loss; `input` must still hold the logits.
KULLBACK_EXPORT VerifyReport verify_divergence_loss(const LossTerms& terms, const RowsInput& input,
                                                    const DivergenceLossOutput& output,
                                                    const DivergenceLossOptions& options, const VerifyOptions& verify);

/// The same for the values of gaussian_kl and binary_cross_entropy.
KULLBACK_EXPORT VerifyReport verify_gaussian_kl(MatrixView p, MatrixView q, MutableVectorView values,
                                                const GaussianKlOptions& options, const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_binary_cross_entropy(MatrixView targets, MatrixView q, MutableVectorView values,
                                                         const BinaryCrossEntropyOptions& options,
                                                         const VerifyOptions& verify);

KULLBACK_EXPORT VerifyReport verify_mutual_information_pairs(MatrixView x, std::int64_t classes_x, MatrixView y,
                                                             std::int64_t classes_y, const double* values,
                                                             const MutualInformationOptions& options,
                                                             const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_mutual_information_label(MatrixView table, std::int64_t classes, VectorView label,
                                                             std::int64_t label_classes, const double* values,
                                                             const MutualInformationOptions& options,
                                                             const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_mutual_information_all_pairs(MatrixView table, std::int64_t classes,
                                                                 MatrixView values,
                                                                 const MutualInformationOptions& options,
                                                                 const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_mutual_information_joint(MatrixView joint, double value,
                                                             const MutualInformationOptions& options);

/// `values`: what information_* computed, with a row for each result and a column for each measure.
KULLBACK_EXPORT VerifyReport verify_information_pairs(const InformationSet& measures, CodeMatrix x, CodeMatrix y,
                                                      CodeMatrix given, MatrixView values,
                                                      const InformationOptions& options, const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_information_label(const InformationSet& measures, CodeMatrix table,
                                                      CodeVector label, CodeVector given, MatrixView values,
                                                      const InformationOptions& options, const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_information_all_pairs(const InformationSet& measures, CodeMatrix table,
                                                          CodeVector given, MatrixView values,
                                                          const InformationOptions& options,
                                                          const VerifyOptions& verify);
KULLBACK_EXPORT VerifyReport verify_information_joint(const InformationSet& measures, MatrixView joint,
                                                      MatrixView values, const InformationOptions& options);

}  // namespace kullback
