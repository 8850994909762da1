#pragma once

#include <algorithm>

#include "host/contract.hpp"
#include "mutual_information_calls.hpp"

/// The calls of kullback/information.hpp with their workspace, and what a row of results is held against.
/// (mutual_information_calls.hpp has a CodeVector of its own, which owns its codes.)
namespace kullback::test {

using Row = std::vector<double>;
using Given = kullback::CodeVector;

/// out, full of garbage, as one vector.
struct Results {
  Results(std::int64_t rows, const InformationSet& measures)
      : values(static_cast<std::size_t>(rows * measures.size()), -7),
        view(mutable_view(values.data(), rows, measures.size())) {}
  Row values;
  MutableMatrixView view;
};

inline CodeMatrix row_of(const CodeVector& codes, std::int64_t classes) {
  return {view(codes.data(), 1, static_cast<std::int64_t>(codes.size())), classes};
}
inline Given vector_of(const CodeVector& codes, std::int64_t classes) {
  return {vector_view(codes.data(), static_cast<std::int64_t>(codes.size())), classes};
}

inline Row measure_pairs(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given = {},
                         const InformationOptions& options = {}) {
  Results out(x.view.rows, measures);
  Scratch scratch(information_pairs_workspace(measures, x, y, given, options));
  information_pairs(measures, x, y, given, out.view, options, scratch, host_stream);
  return out.values;
}

inline Row measure_label(const InformationSet& measures, CodeMatrix table, Given label, Given given = {},
                         const InformationOptions& options = {}) {
  Results out(table.view.cols, measures);
  Scratch scratch(information_label_workspace(measures, table, label, given, options));
  information_label(measures, table, label, given, out.view, options, scratch, host_stream);
  return out.values;
}

inline Row measure_all_pairs(const InformationSet& measures, CodeMatrix table, Given given = {},
                             const InformationOptions& options = {}) {
  Results out(table.view.cols * table.view.cols, measures);
  Scratch scratch(information_all_pairs_workspace(measures, table, given, options));
  information_all_pairs(measures, table, given, out.view, options, scratch, host_stream);
  return out.values;
}

inline Row measure_joint(const InformationSet& measures, MatrixView joint, const InformationOptions& options = {}) {
  Results out(1, measures);
  Scratch scratch(information_joint_workspace(measures, joint, options));
  information_joint(measures, joint, out.view, options, scratch, host_stream);
  return out.values;
}

/// All but what takes random draws.
inline InformationSet exact_information() {
  InformationSet set;
  for (Information m : all_information()) {
    if (m != Information::permutation_pvalue) set.push_back(m);
  }
  return set;
}
/// Those that have a meaning given a third variable.
inline InformationSet conditional_information() {
  InformationSet set;
  for (Information m : exact_information()) {
    if (information_info(m).conditional) set.push_back(m);
  }
  return set;
}
inline InformationSet information_of_probabilities() {
  InformationSet set;
  for (Information m : exact_information()) {
    if (!information_info(m).needs_counts) set.push_back(m);
  }
  return set;
}

/// The contract of every measure. `allowance`: of error, in units of the bound; NaN only where NaN is expected.
inline void expect_contract(const InformationSet& measures, const double* values,
                            const std::vector<reference::Estimate<reference::Binary128>>& exact) {
  for (int k = 0; k < measures.size(); ++k) {
    const auto& estimate = exact[static_cast<std::size_t>(k)];
    const char* name = information_info(measures[k]).name;
    const double expected = static_cast<double>(estimate.value);
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(values[k])) << name << " is " << values[k];
      continue;
    }
    const double unit = 0x1p-53 * static_cast<double>(estimate.magnitude);
    const double error = std::abs(static_cast<double>(values[k] - estimate.value));
    const double allowed =
        information_units(measures[k]) * unit + static_cast<double>(estimate.error) + smallest_normal(DType::f64);
    EXPECT_LE(error, allowed) << name << " is " << values[k] << " instead of " << expected << ", " << error / unit
                              << " u";
  }
}

inline void expect_contract(const InformationSet& measures, const Row& values, const CodeVector& x, const CodeVector& y,
                            const CodeVector& given, const InformationOptions& options) {
  expect_contract(measures, values.data(),
                  reference::information<reference::Binary128>(measures, x, y, given, options));
}

}  // namespace kullback::test
