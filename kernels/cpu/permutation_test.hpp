#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "kernels/cpu/isa.hpp"
#include "kernels/information_jobs.hpp"
#include "kernels/math/random_table.hpp"

/// The permutation test of independence: how many random tables with the same margins, drawn class by class of a given
/// variable, have at least the observed information.
namespace kullback::cpu {

/// Memory of a test, in 64-bit words: what is kept of each stratum, then a scratch for each thread.
struct PermutationRoom {
  std::int64_t strata = 0, lines = 0, longest = 0;  ///< lines: of both variables; longest: of one of them

  std::int64_t stratum_words() const { return lines + kHeader; }
  std::int64_t kept_words() const { return strata * stratum_words(); }
  std::int64_t words() const { return kept_words() + longest; }
  static constexpr std::int64_t kHeader = 4;
};

inline PermutationRoom permutation_room(std::int64_t strata, std::int64_t classes_x, std::int64_t classes_y) {
  return {strata, classes_x + classes_y, std::max(classes_x, classes_y)};
}

/// One test, of tables that are added stratum by stratum.
class PermutationTest {
 public:
  PermutationTest(const PermutationRoom& room, std::uint64_t* kept) : room_(room), kept_(kept) {}

  /// The table of class z of the given variable, whose margins are known.
  template <class Table>
  void add(std::int64_t z, const Table& table, const std::uint64_t* row_sums, const std::uint64_t* col_sums) {
    if (!keep(z, row_sums, table.rows, col_sums, table.cols)) return;
    const std::uint64_t total = std::accumulate(row_sums, row_sums + table.rows, std::uint64_t{0});
    for (std::int64_t i = 0; i < table.rows; ++i) {
      for (std::int64_t j = 0; j < table.cols; ++j) {
        observed_.add(cell_information(table.at(i, j), row_sums[i], col_sums[j], total));
      }
    }
  }

  /// scratch(thread): room for `longest` words. Threads of the enclosing parallel region that wait help.
  template <class Scratch> double pvalue(Isa isa, const Permutations& asked, const Scratch& scratch) const {
    if (draws_ == 0) return 1;
    const std::int64_t grain = grain_of(draws_);
    std::int64_t at_least = 0;
#pragma omp taskloop grainsize(grain) reduction(+ : at_least)
    for (std::int64_t k = 0; k < asked.count; ++k) at_least += is_at_least(isa, k, asked.seed, scratch());
    return static_cast<double>(1 + at_least) / static_cast<double>(1 + asked.count);
  }

 private:
  /// False where there is only one table with these margins, whose terms both sides would have.
  bool keep(std::int64_t z, const std::uint64_t* row_sums, std::int64_t rows, const std::uint64_t* col_sums,
            std::int64_t cols);
  bool is_at_least(Isa isa, std::int64_t permutation, std::uint64_t seed, std::uint64_t* left) const;
  /// About 50 microseconds of work to a task.
  static std::int64_t grain_of(std::int64_t draws) { return draws < 512 ? 512 / draws : 1; }

  PermutationRoom room_;
  std::uint64_t* kept_;
  WholeSum observed_;
  std::int64_t draws_ = 0, cells_ = 0, added_ = 0;
};

}  // namespace kullback::cpu
