#pragma once

#include <cstddef>
#include <cstdint>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Mutual information I(X;Y) = sum p(x,y) log(p(x,y) / (p(x) p(y))) from joint histograms of integer codes.
/// Plug-in (maximum likelihood) estimate; float64 results whatever the code type.
///
/// Counts are integers and the terms are summed over the cells in a fixed order, so a result is the same bit for bit
/// whatever the order of the samples, the threads or the backend. It is never negative, and exactly 0 for a table that
/// is exactly independent.
///
/// Codes are u8, u16, i32 or i64 in [0, classes). A code out of range is never used as an index: the result that needs
/// it is NaN. No samples: 0. Nothing is allocated; the tables live in the workspace.
/// CPU: returns when done. CUDA: asynchronous on `stream`.
/// Throws InvalidArgument or BackendUnavailable before anything is written.
namespace kullback {

struct MutualInformationOptions {
  Unit unit = Unit::nats;
  Execution execution;
};

/// Independent pairs: row b of x [batch, samples] with row b of y [batch, samples]; out [batch] float64.
/// The dtypes of x and y may differ. Classes of x and of y in classes_x, classes_y (>= 1).
KULLBACK_EXPORT std::size_t mutual_information_pairs_workspace(MatrixView x, std::int64_t classes_x, MatrixView y,
                                                               std::int64_t classes_y,
                                                               const MutualInformationOptions& options);
KULLBACK_EXPORT void mutual_information_pairs(MatrixView x, std::int64_t classes_x, MatrixView y,
                                              std::int64_t classes_y, double* out,
                                              const MutualInformationOptions& options, Workspace workspace,
                                              Stream stream);

/// Every feature (column) of table [samples, features] with one label [samples]; out [features] float64.
KULLBACK_EXPORT std::size_t mutual_information_label_workspace(MatrixView table, std::int64_t classes, VectorView label,
                                                               std::int64_t label_classes,
                                                               const MutualInformationOptions& options);
KULLBACK_EXPORT void mutual_information_label(MatrixView table, std::int64_t classes, VectorView label,
                                              std::int64_t label_classes, double* out,
                                              const MutualInformationOptions& options, Workspace workspace,
                                              Stream stream);

/// All pairs of features of table [samples, features]; out [features, features] float64, symmetric, with the
/// features' entropies on the diagonal. On the CPU the workspace holds the table's bit planes, about classes / 8 bytes
/// a code, where few classes make them the faster way.
KULLBACK_EXPORT std::size_t mutual_information_all_pairs_workspace(MatrixView table, std::int64_t classes,
                                                                   const MutualInformationOptions& options);
KULLBACK_EXPORT void mutual_information_all_pairs(MatrixView table, std::int64_t classes, MutableMatrixView out,
                                                  const MutualInformationOptions& options, Workspace workspace,
                                                  Stream stream);

/// A joint table [classes_x, classes_y] of counts (integers) or probabilities (floats; divided by their sum); out [1].
/// A negative, NaN or infinite entry, or a table of zeros, gives NaN; a table without cells gives 0.
KULLBACK_EXPORT std::size_t mutual_information_joint_workspace(MatrixView joint,
                                                               const MutualInformationOptions& options);
KULLBACK_EXPORT void mutual_information_joint(MatrixView joint, double* out, const MutualInformationOptions& options,
                                              Workspace workspace, Stream stream);

}  // namespace kullback
