#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/accuracy/inputs.hpp"
#include "bench/accuracy/judge.hpp"
#include "bench/accuracy/library.hpp"

/// Rows against their exact values, and what is remembered of them.
namespace kullback::accuracy {

/// What has a line in the table: the measures, those of labels with smoothing (a bound of their own), the loss with and
/// without, the gradient.
const std::vector<std::string>& all_kinds();

/// Where to find a value again.
struct Place {
  BatchName batch;
  std::int64_t row = -1, entry = -1, cols = 0;
};

struct Cell {
  std::int64_t rows = 0, outside = 0;
  double worst = 0, bound = 0;
  double got = 0, exact = 0;  ///< of the worst
  bool in_mpfr = false;       ///< the worst is against MPFR
  Place place;
};

struct Outside {
  int kind = 0;
  Verdict verdict;
  Place place;
};

struct Table {
  Table();
  Cell& at(Family family, int form, int kind);
  const Cell& at(Family family, int form, int kind) const;
  void merge(const Table& other);

  std::vector<Cell> cells;
  std::vector<Outside> outside;  ///< the first of every cell
  std::int64_t rows = 0, elements = 0;
  std::int64_t in_mpfr = 0;        ///< rows evaluated in MPFR too,
  std::int64_t sampled = 0;        ///< of these those of the random sample
  std::int64_t disagreements = 0;  ///< values where binary128 was off by more than its own bound
};

/// A value of a row with its verdict.
struct Finding {
  int kind = 0;
  std::int64_t entry = -1;
  Verdict verdict;
};

/// One row's values; the gradient's worst entry stands for it.
std::vector<Finding> judge_row(const Batch& batch, const Results& results, std::int64_t row,
                               const std::vector<Exact>& exact);

/// Values, loss and gradient of a row, in that order.
template <class Real> std::vector<Exact> exact_row(const Batch& batch, std::int64_t row);

/// In binary128; in MPFR as well the rows with a doubtful value and one in kSampledOneIn.
inline constexpr int kSampledOneIn = 256;
void check_batch(const Batch& batch, const Results& results, Table& table);

/// Puts the worst values of every form and kind to MPFR again, from rows made anew.
void confirm_worst(const Plan& plan, Backend backend, Requests requests, Table& table);

}  // namespace kullback::accuracy
