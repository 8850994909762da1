#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/contract.hpp"
#include "host/reference/real.hpp"
#include "host/reference/reference.hpp"
#include "kullback/error.hpp"
#include "kullback/verify.hpp"

/// Judging values against the contract and collecting what was found.
namespace kullback {

/// `value.error_u / value.bound_u` as `badness`, which ranks values; beyond 1 is wrong.
struct Judgement {
  VerifiedValue value;
  double badness = 0;
  bool wrong = false;
};

/// `result`: the type the value is stored in. `computed`: the one that u belongs to.
template <class Real>
Judgement judge(double got, const reference::Estimate<Real>& expected, const Bound& bound, DType computed,
                DType result) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const double exact = static_cast<double>(expected.value);
  Judgement j;
  j.value.got = got;
  j.value.expected = exact;
  const Real unit = Real(unit_roundoff(computed)) * expected.magnitude;
  Real allowed = Real(bound.units) * unit + Real(bound.absolute) + expected.error;
  if (std::isfinite(exact)) allowed += Real(half_ulp_16bit(std::fabs(exact) + static_cast<double>(allowed), result));
  const Real signed_distance = Real(got) - expected.value;
  const Real distance = signed_distance < 0 ? -signed_distance : signed_distance;

  bool agree;
  if (std::isnan(exact) || std::isnan(got)) {
    agree = std::isnan(exact) && std::isnan(got);
  } else if (std::isinf(got) || std::isinf(exact)) {
    // A value that the result type cannot hold is infinite.
    const bool too_large = std::fabs(exact) + static_cast<double>(allowed) >= largest_finite(result);
    agree = std::isinf(got) && std::signbit(got) == std::signbit(exact) && too_large;
  } else {
    j.wrong = !(distance <= allowed);
    j.badness = distance == 0 ? 0 : allowed > 0 ? static_cast<double>(distance / allowed) : kInfinity;
    if (unit > 0) {
      j.value.error_u = static_cast<double>(distance / unit);
      j.value.bound_u = static_cast<double>(allowed / unit);
    } else {
      j.value.error_u = distance == 0 ? 0 : kInfinity;
    }
    return j;
  }
  j.wrong = !agree;
  j.badness = j.value.error_u = agree ? 0 : kInfinity;
  j.value.bound_u = bound.units;
  return j;
}

/// What was found in one row, or in all of them.
class Findings {
 public:
  /// `kinds`: names of what is checked, in the order of the report.
  explicit Findings(std::vector<std::string> kinds) : kinds_(std::move(kinds)), worst_(kinds_.size()) {}

  void add(std::size_t kind, std::int64_t row, std::int64_t column, Judgement j) {
    j.value.what = kinds_[kind];
    j.value.row = row;
    j.value.column = column;
    if (j.wrong && wrong_.size() < kMaxWrong) wrong_.push_back(j.value);
    keep_worst(kind, std::move(j));
  }

  /// Rows must be merged in their order, so that the report does not depend on threads.
  void merge(const Findings& row) {
    ++rows_;
    if (!row.wrong_.empty()) ++rows_wrong_;
    for (const VerifiedValue& v : row.wrong_) {
      if (wrong_.size() < kMaxWrong) wrong_.push_back(v);
    }
    for (std::size_t k = 0; k < row.worst_.size(); ++k) {
      if (row.worst_[k].value.row >= 0) keep_worst(k, row.worst_[k]);
    }
  }

  VerifyReport report() const {
    VerifyReport report{rows_, rows_wrong_, {}, wrong_};
    for (const Judgement& j : worst_) {
      if (j.value.row >= 0) report.worst.push_back(j.value);
    }
    return report;
  }

 private:
  static constexpr std::size_t kMaxWrong = 16;

  void keep_worst(std::size_t kind, Judgement j) {
    if (worst_[kind].value.row < 0 || j.badness > worst_[kind].badness) worst_[kind] = std::move(j);
  }

  std::vector<std::string> kinds_;
  std::vector<Judgement> worst_;
  std::vector<VerifiedValue> wrong_;
  std::int64_t rows_ = 0, rows_wrong_ = 0;
};

/// All of `rows`, or max_rows of them, evenly spaced from the first to the last.
inline std::vector<std::int64_t> sampled_rows(std::int64_t rows, const VerifyOptions& options) {
  if (options.max_rows < 2) {
    throw InvalidArgument("max_rows: is " + std::to_string(options.max_rows) + ", expected 2 or more");
  }
  const std::int64_t count = std::min(rows, options.max_rows);
  std::vector<std::int64_t> sample;
  for (std::int64_t k = 0; k < count; ++k) {
    const std::int64_t gaps = std::max<std::int64_t>(count - 1, 1), step = (rows - 1) / gaps, rest = (rows - 1) % gaps;
    sample.push_back(k * step + k * rest / gaps);
  }
  return sample;
}

/// Runs body(k) for k in [0, count) on all threads and passes on the first exception.
template <class Body> void for_each_parallel(std::size_t count, Body body) {
  std::exception_ptr error;
#pragma omp parallel for schedule(dynamic)
  for (std::size_t k = 0; k < count; ++k) {
    try {
      body(k);
    } catch (...) {
#pragma omp critical(kullback_verify)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Puts the reduced loss of all rows before what was found in the rows.
inline void add_reduced_loss(VerifyReport& report, Judgement reduced) {
  reduced.value.what = "loss";
  reduced.value.row = 0;
  if (reduced.wrong) {
    ++report.rows_wrong;
    report.wrong.insert(report.wrong.begin(), reduced.value);
  }
  report.worst.insert(report.worst.begin(), reduced.value);
}

/// Every label, whatever the sample.
inline void require_labels(const VectorView& labels, std::int64_t cols,
                           const std::optional<std::int64_t>& ignore_index) {
  for (std::int64_t row = 0; row < labels.size; ++row) {
    const std::int64_t label = reference::read_integer(labels.data, labels.dtype, row);
    if ((label >= 0 && label < cols) || label == ignore_index) continue;
    throw InvalidArgument("labels: label " + std::to_string(label) + " of row " + std::to_string(row) +
                          " is outside [0, " + std::to_string(cols) + ")");
  }
}

/// check(row, findings) on the sampled rows.
template <class Check>
VerifyReport verify_sample(std::int64_t rows, const VerifyOptions& options, const std::vector<std::string>& kinds,
                           Check check) {
  const std::vector<std::int64_t> sample = sampled_rows(rows, options);
  std::vector<Findings> found(sample.size(), Findings(kinds));
  for_each_parallel(sample.size(), [&](std::size_t k) { check(sample[k], found[k]); });
  Findings all(kinds);
  for (const Findings& row : found) all.merge(row);
  return all.report();
}

}  // namespace kullback
