#include "kernels/cpu/permutation_test.hpp"

#include <algorithm>
#include <functional>

#include "kernels/cpu/targets.hpp"

namespace kullback::cpu {
namespace {

struct AddRandomTable {
  static KULLBACK_HD void run(const TableMargins& margins, const PhiloxWords& counter, std::uint64_t seed,
                              std::uint64_t* left, WholeSum* sum) {
    add_random_table(margins, counter, seed, left, *sum);
  }
};

/// Copies what is not empty, the largest first.
std::int64_t copy_sorted(const std::uint64_t* sums, std::int64_t size, std::uint64_t* to) {
  std::uint64_t* const end = std::copy_if(sums, sums + size, to, [](std::uint64_t n) { return n > 0; });
  std::sort(to, end, std::greater<>());
  return end - to;
}

}  // namespace

/// Neither the names of the classes nor which variable is which are left, so they cannot show in a result.
bool PermutationTest::keep(std::int64_t z, const std::uint64_t* row_sums, std::int64_t rows,
                           const std::uint64_t* col_sums, std::int64_t cols) {
  std::uint64_t* const header = kept_ + added_ * room_.stratum_words();
  std::uint64_t* const sums = header + PermutationRoom::kHeader;
  const std::int64_t first = copy_sorted(row_sums, rows, sums);
  const std::int64_t second = copy_sorted(col_sums, cols, sums + first);
  if (first <= 1 || second <= 1) return false;
  const bool swaps =
      first > second ||
      (first == second && std::lexicographical_compare(sums, sums + first, sums + first, sums + first + second));
  if (swaps) std::rotate(sums, sums + first, sums + first + second);
  header[0] = static_cast<std::uint64_t>(std::min(first, second));
  header[1] = static_cast<std::uint64_t>(std::max(first, second));
  header[2] = 0;
  for (std::uint64_t k = 0; k < header[0]; ++k) header[2] += sums[k];
  header[3] = static_cast<std::uint64_t>(z);
  draws_ += (first - 1) * (second - 1);
  cells_ += first * second;
  ++added_;
  return true;
}

bool PermutationTest::is_at_least(Isa isa, std::int64_t permutation, std::uint64_t seed, std::uint64_t* left) const {
  WholeSum sum;
  for (std::int64_t s = 0; s < added_; ++s) {
    const std::uint64_t* const header = kept_ + s * room_.stratum_words();
    const auto rows = static_cast<std::int64_t>(header[0]), cols = static_cast<std::int64_t>(header[1]);
    const TableMargins margins = {header + PermutationRoom::kHeader, header + PermutationRoom::kHeader + rows, rows,
                                  cols, header[2]};
    const PhiloxWords counter = {
        {0, 0, static_cast<std::uint32_t>(permutation), static_cast<std::uint32_t>(header[3])}};
    run_on<AddRandomTable>(isa, margins, counter, seed, left, &sum);
  }
  // Rounding to whole units and to doubles does not tell equals apart.
  const std::uint64_t slack = 2 * static_cast<std::uint64_t>(cells_) + (observed_.units() >> 45);
  return sum.units() + slack >= observed_.units();
}

}  // namespace kullback::cpu
