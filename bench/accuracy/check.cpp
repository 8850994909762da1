#include "bench/accuracy/check.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace kullback::accuracy {
namespace {

int kind_of(const std::string& name) {
  const auto& kinds = all_kinds();
  return static_cast<int>(std::find(kinds.begin(), kinds.end(), name) - kinds.begin());
}

int kind_of(int measure, bool smoothed) {
  const MeasureInfo info = measure_info(all_measures()[measure]);
  return smoothed && info.needs_labels ? kind_of(std::string(info.name) + ", smoothed") : measure;
}

Place place_of(const Batch& batch, std::int64_t row, std::int64_t entry) {
  return {batch.name, row, entry, batch.shape.cols};
}

bool before(const Place& a, const Place& b) { return std::tie(a.batch.index, a.row) < std::tie(b.batch.index, b.row); }

/// Of equals the first, whatever the threads.
bool is_worse(double units, const Place& place, const Cell& cell) {
  return cell.place.row < 0 || units > cell.worst || (units == cell.worst && before(place, cell.place));
}

void keep(const Batch& batch, std::int64_t row, const Finding& f, bool in_mpfr, Table& table) {
  Cell& cell = table.at(batch.name.family, batch.name.form, f.kind);
  const Place place = place_of(batch, row, f.entry);
  ++cell.rows;
  if (f.verdict.outside && cell.outside++ == 0) table.outside.push_back({f.kind, f.verdict, place});
  if (!is_worse(f.verdict.units, place, cell)) return;
  cell.worst = f.verdict.units, cell.bound = f.verdict.bound;
  cell.got = f.verdict.got, cell.exact = f.verdict.exact;
  cell.in_mpfr = in_mpfr, cell.place = place;
}

/// Whether binary128 kept its own bound. Both are known to 2^-106 of their size.
bool agree(const Exact& fast, const Exact& sure) {
  if (std::isnan(fast.high) || std::isinf(fast.high)) {
    return std::isnan(fast.high) ? std::isnan(sure.high) : fast.high == sure.high;
  }
  const double distance = std::fabs((fast.high - sure.high) + (fast.low - sure.low));
  return distance <= fast.error + sure.error + std::fabs(sure.high) * 0x1p-104 + 0x1p-1070;
}

bool is_doubtful(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.verdict.doubtful; });
}

bool is_sampled(const Batch& batch, std::int64_t row) {
  return (batch.name.index * kBatchRows + row) % kSampledOneIn ==
         (batch.name.form * 37 + batch.name.index) % kSampledOneIn;
}

}  // namespace

const std::vector<std::string>& all_kinds() {
  static const std::vector<std::string> kinds = [] {
    std::vector<std::string> list, smoothed;
    for (Measure m : all_measures()) {
      list.emplace_back(measure_info(m).name);
      if (measure_info(m).needs_labels) smoothed.push_back(list.back() + ", smoothed");
    }
    list.insert(list.end(), smoothed.begin(), smoothed.end());
    for (const char* name : {"loss", "loss, smoothed", "gradient"}) list.emplace_back(name);
    return list;
  }();
  return kinds;
}

Table::Table() : cells(kFamilies * all_forms().size() * all_kinds().size()) {}

const Cell& Table::at(Family family, int form, int kind) const {
  const auto index =
      (static_cast<std::size_t>(family) * all_forms().size() + static_cast<std::size_t>(form)) * all_kinds().size() +
      static_cast<std::size_t>(kind);
  return cells[index];
}
Cell& Table::at(Family family, int form, int kind) {
  return const_cast<Cell&>(std::as_const(*this).at(family, form, kind));
}

void Table::merge(const Table& other) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& from = other.cells[i];
    if (from.place.row < 0) continue;
    const std::int64_t rows_before = cells[i].rows, outside_before = cells[i].outside;
    if (is_worse(from.worst, from.place, cells[i])) cells[i] = from;
    cells[i].rows = rows_before + from.rows, cells[i].outside = outside_before + from.outside;
  }
  for (const Outside& o : other.outside) {
    const auto same = std::find_if(outside.begin(), outside.end(), [&](const Outside& mine) {
      return std::tie(mine.kind, mine.place.batch.family, mine.place.batch.form) ==
             std::tie(o.kind, o.place.batch.family, o.place.batch.form);
    });
    if (same == outside.end()) {
      outside.push_back(o);
    } else if (before(o.place, same->place)) {
      *same = o;
    }
  }
  rows += other.rows, elements += other.elements, in_mpfr += other.in_mpfr, sampled += other.sampled;
  disagreements += other.disagreements;
}

template <class Real> std::vector<Exact> exact_row(const Batch& batch, std::int64_t row) {
  std::vector<Exact> exact = exact_measures<Real>(batch.row(row), batch.options);
  if (batch.input() == Input::logits) {
    const std::vector<Exact> loss = exact_cross_entropy<Real>(batch.row(row), loss_options(batch));
    exact.insert(exact.end(), loss.begin(), loss.end());
  }
  return exact;
}
template std::vector<Exact> exact_row<Binary128>(const Batch&, std::int64_t);
template std::vector<Exact> exact_row<Mpfr>(const Batch&, std::int64_t);

std::vector<Finding> judge_row(const Batch& batch, const Results& results, std::int64_t row,
                               const std::vector<Exact>& exact) {
  const MeasureSet measures = all_measures();
  const auto width = static_cast<std::size_t>(measures.size()), r = static_cast<std::size_t>(row);
  const bool smoothed = batch.options.label_smoothing > 0;
  const std::int64_t cols = batch.shape.cols;
  std::vector<Finding> findings;
  for (std::size_t k = 0; k < width; ++k) {
    const Bound bound = rows_bound(measures[static_cast<int>(k)], batch.options, cols, results.dtype);
    findings.push_back({kind_of(static_cast<int>(k), smoothed), -1,
                        judge(results.values[r * width + k], exact[k], bound, results.dtype, results.dtype)});
  }
  if (results.losses.empty()) return findings;

  const CrossEntropyOptions options = loss_options(batch);
  const double lse = exact[static_cast<std::size_t>(kind_of("lse"))].high;
  findings.push_back(
      {kind_of(smoothed ? "loss, smoothed" : "loss"), -1,
       judge(results.losses[r], exact[width], loss_bound(options, cols, results.dtype), results.dtype, results.dtype)});
  const DType dtype = batch.dtype();
  const Bound bound = loss_gradient_bound(options, 1 / options.temperature, lse, cols, dtype);
  Finding worst{kind_of("gradient"), -1, {}};
  bool doubtful = false;
  for (std::int64_t j = 0; j < cols; ++j) {
    const Verdict v = judge(results.gradient[r * static_cast<std::size_t>(cols) + static_cast<std::size_t>(j)],
                            exact[width + 1 + static_cast<std::size_t>(j)], bound, dtype, dtype);
    doubtful = doubtful || v.doubtful;
    if (worst.entry < 0 || v.units > worst.verdict.units || (v.outside && !worst.verdict.outside)) {
      worst.entry = j, worst.verdict = v;
    }
  }
  worst.verdict.doubtful = doubtful;
  findings.push_back(worst);
  return findings;
}

void check_batch(const Batch& batch, const Results& results, Table& table) {
  for (std::int64_t row = 0; row < batch.shape.rows; ++row) {
    const std::vector<Exact> fast = exact_row<Binary128>(batch, row);
    std::vector<Finding> findings = judge_row(batch, results, row, fast);
    const bool sampled = is_sampled(batch, row), in_mpfr = sampled || is_doubtful(findings);
    if (in_mpfr) {
      const std::vector<Exact> sure = exact_row<Mpfr>(batch, row);
      for (std::size_t k = 0; k < sure.size(); ++k) table.disagreements += agree(fast[k], sure[k]) ? 0 : 1;
      findings = judge_row(batch, results, row, sure);
    }
    for (const Finding& f : findings) keep(batch, row, f, in_mpfr, table);
    ++table.rows, table.elements += batch.shape.cols;
    table.in_mpfr += in_mpfr ? 1 : 0, table.sampled += sampled ? 1 : 0;
  }
}

void confirm_worst(const Plan& plan, Backend backend, Requests requests, Table& table) {
  using Key = std::tuple<int, int, std::int64_t>;
  std::map<Key, std::set<std::int64_t>> rows;
  for (int form = 0; form < static_cast<int>(all_forms().size()); ++form) {
    for (int kind = 0; kind < static_cast<int>(all_kinds().size()); ++kind) {
      const Cell* worst = nullptr;
      for (int f = 0; f < kFamilies; ++f) {
        const Cell& cell = table.at(static_cast<Family>(f), form, kind);
        if (cell.place.row >= 0 && (worst == nullptr || cell.worst > worst->worst)) worst = &cell;
      }
      if (worst == nullptr || worst->in_mpfr) continue;
      const BatchName& name = worst->place.batch;
      rows[{static_cast<int>(name.family), name.form, name.index}].insert(worst->place.row);
    }
  }
  for (const auto& [key, wanted] : rows) {
    const auto [family, form, index] = key;
    const Batch batch = make_batch(plan, {static_cast<Family>(family), form, index});
    const Results results = run_library(batch, backend, requests);
    for (std::int64_t row : wanted) {
      ++table.in_mpfr;
      for (const Finding& f : judge_row(batch, results, row, exact_row<Mpfr>(batch, row))) {
        Cell& cell = table.at(batch.name.family, form, f.kind);
        if (cell.place.batch.index != index || cell.place.row != row) continue;
        cell.worst = f.verdict.units, cell.exact = f.verdict.exact, cell.in_mpfr = true;
      }
    }
  }
}

}  // namespace kullback::accuracy
