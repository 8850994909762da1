#include <algorithm>
#include <cmath>
#include <cstddef>

#include "bench/accuracy/exact.hpp"
#include "bench/accuracy/side.hpp"
#include "bench/accuracy/total.hpp"

namespace kullback::accuracy {

template <class Real> std::vector<Exact> exact_cross_entropy(const RowPair& row, const CrossEntropyOptions& options) {
  RowsOptions as_rows;
  as_rows.temperature = options.temperature;
  const Side<Real> side = side_of<Real>(row.q, row.cols, Input::logits, as_rows);
  const double growth = kRoundings + 4 * side.largest_log;
  const double smoothing = options.label_smoothing;
  std::vector<Exact> values = {nll_of(side, row.label, smoothing).exact(growth)};

  const auto n = side.p.size();
  const auto label = static_cast<std::size_t>(row.label);
  const Real each = Real(smoothing) / Real(static_cast<double>(n));
  const Real scale = Real(options.gradient_scale) / Real(options.temperature);
  const double factor = std::fabs(static_cast<double>(scale));
  Sum<Real> other_q;
  for (std::size_t j = 0; j < n; ++j) {
    if (j != label) other_q.add(side.p[j]);
  }
  const Real other_targets = each * Real(static_cast<double>(n - 1));
  const double by_others = static_cast<double>(other_q.value() + other_targets);
  for (std::size_t j = 0; j < n; ++j) {
    if (row.q[j] == -kInfinity) {
      values.push_back({});
    } else if (j == label) {  // q - t = the others' t - q, without cancellation; the bound is that of the smaller terms
      const double as_given = static_cast<double>(side.p[j] + each) + 1 - smoothing;
      values.push_back(finish((other_targets - other_q.value()) * scale, factor * std::min(by_others, as_given),
                              factor * by_others, growth));
    } else {
      const double terms = factor * static_cast<double>(side.p[j] + each);
      values.push_back(finish((side.p[j] - each) * scale, terms, terms, growth));
    }
  }
  return values;
}

template std::vector<Exact> exact_cross_entropy<Binary128>(const RowPair&, const CrossEntropyOptions&);
template std::vector<Exact> exact_cross_entropy<Mpfr>(const RowPair&, const CrossEntropyOptions&);

}  // namespace kullback::accuracy
