#pragma once

#include <cstddef>
#include <cstdint>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/information.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/mutual_information.hpp"

/// How a call would count its joint tables, and what decides that. The engines run by the same plans.
namespace kullback {

enum class Counting : std::uint8_t {
  none,           ///< there is nothing to count
  bit_planes,     ///< CPU: a bit for each sample, feature and class; a cell is the number of bits two planes share
  histograms,     ///< CPU: counters, as many tables at a time as the cache holds
  shared_memory,  ///< CUDA: whole tables in a block's shared memory
  shared_bands,   ///< CUDA: the same, each block counts some of the first variable's classes
  device_memory,  ///< CUDA: counters in device memory
};

/// What decided: `value` against `limit`.
enum class CountingReason : std::uint8_t {
  none,
  few_classes,    ///< bit planes: `value` classes, at most `limit`, and features enough
  not_all_pairs,  ///< no bit planes: they pay off where each feature meets many
  many_classes,   ///< no bit planes: `value` classes, more than `limit`
  few_features,   ///< no bit planes: `value` features, fewer than `limit`
  many_codes,     ///< no bit planes: a table of more than `limit` codes
  given,          ///< no bit planes: a third variable
  weights,        ///< no bit planes: a sample is more than a bit
  permutations,   ///< no bit planes: random tables are finished one by one
  table_fits,     ///< shared memory: a tile takes `value` of the `limit` bytes that a block can have
  band_fits,      ///< shared bands: `limit` bytes hold none of its tables, but one of `value` bands
  few_samples,    ///< device memory: no table fits, and its `value` cells are more than the `limit` samples
  large_table,    ///< device memory: `limit` bytes hold no band of its `value` cells
};

struct CountingPlan {
  Backend backend = Backend::cpu;
  Counting counting = Counting::none;
  CountingReason reason = CountingReason::none;
  std::int64_t value = 0, limit = 0;
  std::int64_t samples = 0, pairs = 0;
  std::int64_t features = 0;  ///< of the table; pairs: 0
  /// Of a pair's table, with lines for missing codes and for each class of a given variable.
  std::int64_t lines_x = 0, lines_y = 0;
  std::int64_t tile_pairs = 0;         ///< whose tables are counted at a time, by a thread or by a tile's blocks
  std::int64_t copies = 1;             ///< of each counter, so that equal neighbours do not wait for each other
  int counter_bits = 0;                ///< 32 or 64; of bit planes 64
  const char* instructions = "";       ///< of the CPU's counting loops
  int threads = 0;                     ///< CPU: in all. CUDA: of a block
  bool threads_share_samples = false;  ///< else each takes whole tiles
  std::int64_t blocks = 0;             ///< CUDA: that share the samples and the bands of a tile
  std::int64_t bands = 0;              ///< CUDA: of the first variable's classes
  std::size_t shared_bytes = 0;        ///< CUDA: of a block
  std::size_t workspace_bytes = 0;     ///< what the call's *_workspace function asks for

  std::int64_t cells() const { return lines_x * lines_y; }
};

/// Each takes what the call's *_workspace function takes and throws what that throws. Nothing is computed or written;
/// of the data the weights alone are read. A call without results has the plan {}.
KULLBACK_EXPORT CountingPlan mutual_information_pairs_plan(MatrixView x, std::int64_t classes_x, MatrixView y,
                                                           std::int64_t classes_y,
                                                           const MutualInformationOptions& options);
KULLBACK_EXPORT CountingPlan mutual_information_label_plan(MatrixView table, std::int64_t classes, VectorView label,
                                                           std::int64_t label_classes,
                                                           const MutualInformationOptions& options);
KULLBACK_EXPORT CountingPlan mutual_information_all_pairs_plan(MatrixView table, std::int64_t classes,
                                                               const MutualInformationOptions& options);
KULLBACK_EXPORT CountingPlan information_pairs_plan(const InformationSet& measures, CodeMatrix x, CodeMatrix y,
                                                    CodeMatrix given, const InformationOptions& options);
KULLBACK_EXPORT CountingPlan information_label_plan(const InformationSet& measures, CodeMatrix table, CodeVector label,
                                                    CodeVector given, const InformationOptions& options);
KULLBACK_EXPORT CountingPlan information_all_pairs_plan(const InformationSet& measures, CodeMatrix table,
                                                        CodeVector given, const InformationOptions& options);

}  // namespace kullback
