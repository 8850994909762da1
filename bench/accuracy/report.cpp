#include "bench/accuracy/report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <fstream>

namespace kullback::accuracy {
namespace {

std::string place_text(const Place& place) {
  std::string text = fmt::format("{} row {} of {} columns", name_of(place.batch), place.row, place.cols);
  if (place.entry >= 0) text += fmt::format(", entry {}", place.entry);
  return text;
}

nlohmann::ordered_json number(double x) {
  if (std::isfinite(x)) return x;
  return std::isnan(x) ? "nan" : x > 0 ? "inf" : "-inf";
}

/// All families together.
Cell total_of(const Table& table, int form, int kind) {
  Cell total;
  for (int f = 0; f < kFamilies; ++f) {
    const Cell& cell = table.at(static_cast<Family>(f), form, kind);
    if (cell.place.row < 0) continue;
    const std::int64_t rows = total.rows + cell.rows, outside = total.outside + cell.outside;
    if (total.place.row < 0 || cell.worst > total.worst) total = cell;
    total.rows = rows, total.outside = outside;
  }
  return total;
}

}  // namespace

std::int64_t values_outside(const Table& table) {
  std::int64_t outside = 0;
  for (const Cell& cell : table.cells) outside += cell.outside;
  return outside;
}

void print_table(const Table& table) {
  for (int form = 0; form < static_cast<int>(all_forms().size()); ++form) {
    if (total_of(table, form, 0).place.row < 0) continue;
    fmt::print("\n{}\n{:22} {:>9} {:>9} {:>6} {:>8}  worst at\n", name_of(all_forms()[static_cast<std::size_t>(form)]),
               "", "rows", "worst u", "bound", "outside");
    for (int kind = 0; kind < static_cast<int>(all_kinds().size()); ++kind) {
      const Cell c = total_of(table, form, kind);
      if (c.place.row < 0) continue;
      fmt::print("{:22} {:9} {:9.3g} {:6.3g} {:8}  {}{}\n", all_kinds()[static_cast<std::size_t>(kind)], c.rows,
                 c.worst, c.bound, c.outside, c.worst > 0 ? place_text(c.place) : "-", c.in_mpfr ? "" : " (binary128)");
    }
  }
  if (!table.outside.empty()) fmt::print("\nOutside the contract, the first of each family, form and measure:\n");
  for (const Outside& o : table.outside) {
    fmt::print("{}: {}: got {:.17g}, exact {:.17g}, {:.3g} u of {:g}\n", all_kinds()[static_cast<std::size_t>(o.kind)],
               place_text(o.place), o.verdict.got, o.verdict.exact, o.verdict.units, o.verdict.bound);
  }
}

void write_json(const std::string& path, const Table& table, const nlohmann::ordered_json& about) {
  std::string head = about.dump(1);
  std::ofstream file(path);
  file << head.substr(0, head.rfind('\n')) << ",\n \"cells\": [";
  const char* separator = "\n  ";
  for (int form = 0; form < static_cast<int>(all_forms().size()); ++form) {
    for (int kind = 0; kind < static_cast<int>(all_kinds().size()); ++kind) {
      for (int f = 0; f < kFamilies; ++f) {
        const Cell& c = table.at(static_cast<Family>(f), form, kind);
        if (c.place.row < 0) continue;
        const nlohmann::ordered_json cell = {{"form", name_of(all_forms()[static_cast<std::size_t>(form)])},
                                             {"measure", all_kinds()[static_cast<std::size_t>(kind)]},
                                             {"family", name_of(static_cast<Family>(f))},
                                             {"rows", c.rows},
                                             {"worst_u", number(c.worst)},
                                             {"bound_u", number(c.bound)},
                                             {"outside", c.outside},
                                             {"batch", c.place.batch.index},
                                             {"row", c.place.row},
                                             {"columns", c.place.cols},
                                             {"got", number(c.got)},
                                             {"exact", number(c.exact)},
                                             {"against", c.in_mpfr ? "mpfr" : "binary128"}};
        file << separator << cell.dump();
        separator = ",\n  ";
      }
    }
  }
  file << "\n ]\n}\n";
  if (!file.flush()) throw InvalidArgument(path + ": cannot be written");
}

void show_row(const Plan& plan, const BatchName& name, std::int64_t row, Backend backend, Requests requests) {
  const Batch batch = make_batch(plan, name);
  if (row < 0 || row >= batch.shape.rows) {
    throw InvalidArgument("row: is " + std::to_string(row) + ", the batch has " + std::to_string(batch.shape.rows));
  }
  const RowPair given = batch.row(row);
  const RowsOptions& o = batch.options;
  fmt::print("{} row {}: {} columns, label {}, temperature {}, alpha {}, beta {}, label smoothing {}, normalize {}\n",
             name_of(name), row, given.cols, given.label, o.temperature, *o.alpha, o.beta, o.label_smoothing,
             o.normalize == Normalize::always ? "always" : "never");
  for (std::int64_t j = 0; j < std::min<std::int64_t>(given.cols, 32); ++j) {
    fmt::print("{:6} {:a} ({:.9g}) {:a} ({:.9g})\n", j, given.p[j], given.p[j], given.q[j], given.q[j]);
  }
  const Results results = run_library(batch, backend, requests);
  for (const Finding& f : judge_row(batch, results, row, exact_row<Mpfr>(batch, row))) {
    fmt::print("{:22} got {:25.17g} exact {:25.17g} {:9.3g} u of {:g}{}{}\n",
               all_kinds()[static_cast<std::size_t>(f.kind)], f.verdict.got, f.verdict.exact, f.verdict.units,
               f.verdict.bound, f.entry >= 0 ? fmt::format(" at entry {}", f.entry) : "",
               f.verdict.outside ? " OUTSIDE" : "");
  }
}

}  // namespace kullback::accuracy
