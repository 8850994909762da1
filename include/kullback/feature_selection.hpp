#pragma once

#include <cstddef>
#include <cstdint>

#include "kullback/export.hpp"
#include "kullback/information.hpp"

/// Greedy selection of the features that together tell about a label.
namespace kullback {

/// The score of a feature X, with Y the label and S the features taken so far. The first feature is the one with the
/// largest I(X;Y), which is its score.
enum class Selection : std::uint8_t {
  /// I(X;Y) - (1/|S|) sum over Z in S of I(X;Z): most relevant, least redundant, in the difference form, MID
  /// (Peng, Long & Ding 2005; Ding & Peng 2005).
  mrmr,
  /// Sum over Z in S of I(X,Z;Y), formed as I(Z;Y) + I(X;Y|Z): joint mutual information
  /// (Yang & Moody 1999; Brown, Pocock, Zhao & Lujan 2012, J_jmi).
  jmi,
};

struct SelectionOutput {
  MutableVectorView features;  ///< int64 [top]: columns of the table in the order in which they were taken
  MutableVectorView scores;    ///< float64 [top], in options.unit
};

/// Takes `top` of the features (columns) of table [samples, features], one after the other, each time the one with the
/// largest score, the lowest index among equals; a feature whose score is NaN (as one with a code out of range) comes
/// after all others. 0 <= top <= features.
///
/// Of the options, unit, missing, weights and execution play a part. With missing codes each I is of the samples that
/// all its variables have. Scores are exact to a few ulp of their terms, the same bit for bit whatever the order of the
/// samples or the threads. A step costs one pass over the table. Nothing is allocated. Outputs must not overlap inputs.
/// Only on the CPU yet. Throws InvalidArgument or BackendUnavailable before anything is written.
KULLBACK_EXPORT std::size_t select_features_workspace(Selection selection, CodeMatrix table, CodeVector label,
                                                      std::int64_t top, const InformationOptions& options);
KULLBACK_EXPORT void select_features(Selection selection, CodeMatrix table, CodeVector label,
                                     const SelectionOutput& output, const InformationOptions& options,
                                     Workspace workspace, Stream stream);

}  // namespace kullback
