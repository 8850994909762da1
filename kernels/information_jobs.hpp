#pragma once

#include "kernels/engines.hpp"
#include "kullback/information.hpp"

/// What the host hands to the engine of kullback/information.hpp: the jobs of mutual information with what is asked of
/// each table. Their own out and unit_scale are not used.
namespace kullback {

struct Permutations {
  std::int64_t count;
  std::uint64_t seed;
  int threads;
};

struct SampleWeights {
  const std::int64_t* data = nullptr;  ///< null: 1 each
  std::int64_t total = 0;
};

struct InformationRequest {
  InformationSet measures;
  Normalizer normalizer;
  std::optional<std::int64_t> missing;
  double unit_scale;        ///< nats -> asked unit
  MutableMatrixView out;    ///< f64 [results, measures]
  CodeVector given;         ///< data null: none
  std::int64_t given_step;  ///< pairs: from one row's given codes to the next's
  Permutations permutations;
  SampleWeights weights = {};
};

struct InformationPairsJob {
  PairsJob counted;
  InformationRequest request;
};
struct InformationLabelJob {
  LabelJob counted;
  InformationRequest request;
};
struct InformationAllPairsJob {
  AllPairsJob counted;
  InformationRequest request;
};
struct InformationJointJob {
  JointJob counted;
  InformationRequest request;
};

namespace cpu {
std::size_t information_bytes(const InformationPairsJob& job);
void information(const InformationPairsJob& job);
std::size_t information_bytes(const InformationLabelJob& job);
void information(const InformationLabelJob& job);
std::size_t information_bytes(const InformationAllPairsJob& job);
void information(const InformationAllPairsJob& job);
/// Adds to int64 tables [results, x's classes, y's classes]; invalid[r] is set where a code is out of range, and
/// such a table is 0: how much of it was counted would depend on how the samples came. The measures play no part;
/// without a given variable.
struct CountedTables {
  std::int64_t* counts;
  std::uint8_t* invalid;
};
void count(const InformationPairsJob& job, const CountedTables& tables);
void count(const InformationLabelJob& job, const CountedTables& tables);
CountingPlan counting_plan(const InformationPairsJob& job);
CountingPlan counting_plan(const InformationLabelJob& job);
CountingPlan counting_plan(const InformationAllPairsJob& job);
std::size_t information_bytes(const InformationJointJob& job);
void information(const InformationJointJob& job);
}  // namespace cpu

}  // namespace kullback
