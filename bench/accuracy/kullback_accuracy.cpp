/// The worst error of every measure, in units of u, on random rows against exact values in MPFR.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <exception>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bench/accuracy/golden.hpp"
#include "bench/accuracy/report.hpp"
#include "bench/accuracy/sample_file.hpp"
#include "bench/machine.hpp"

namespace kullback::accuracy {
namespace {

struct Settings {
  std::int64_t rows = 1000000;
  double elements = 27;
  std::string only, backend = "cpu", json, samples, golden, show;
  std::uint64_t seed = 20240607;
  int threads = 1;
  std::int64_t sample_batches = 16, row = 0;
  double plant = 0;
  bool alone = false;
};

Requests requests_of(const Settings& settings) { return settings.alone ? Requests::alone : Requests::together; }

bool is_asked(const Settings& settings, Family family, int form) {
  return name_of({family, form, 0}).find(settings.only) != std::string::npos;
}

/// Batches until every family has its rows, spread evenly over the forms.
std::vector<BatchName> batches_of(const Settings& settings, const Plan& plan) {
  const auto forms = static_cast<std::int64_t>(all_forms().size());
  std::vector<BatchName> names;
  for (int form = 0; form < forms; ++form) {
    for (int f = 0; f < kFamilies; ++f) {
      const auto family = static_cast<Family>(f);
      if (!is_asked(settings, family, form)) continue;
      const std::int64_t quota = (settings.rows + forms - 1) / forms;
      if (quota > 256) names.push_back({family, form, kLongestBatch});
      for (std::int64_t index = 0, rows = 0; rows < quota; ++index) {
        names.push_back({family, form, index});
        rows += shape_of(plan, names.back()).rows;
      }
    }
  }
  return names;
}

/// To see that it is noticed: nll and, from probabilities, kl of a batch's first row, by so many u.
int plant(double units, const Batch& batch, Results& results) {
  int planted = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(all_measures().size()); ++k) {
    const Measure m = all_measures()[static_cast<int>(k)];
    const bool linear = batch.input() == Input::probs || batch.input() == Input::counts;
    if (!(m == Measure::nll && !(batch.options.label_smoothing > 0)) && !(m == Measure::kl && linear)) continue;
    double& value = results.values[k];
    if (!std::isfinite(value) || value == 0) continue;
    value += value * units * unit_roundoff(results.dtype);
    ++planted;
  }
  return planted;
}

class Run {
 public:
  Run(const Settings& settings, const Plan& plan)
      : settings_(settings),
        plan_(plan),
        backend_(settings.backend == "cuda" ? Backend::cuda : Backend::cpu),
        requests_(requests_of(settings)),
        names_(batches_of(settings, plan)),
        samples_(settings.samples, settings.sample_batches) {}

  Table all() {
    const int count = settings_.backend == "cuda" ? 1 : std::max(1, settings_.threads);
    std::vector<std::thread> threads;
    for (int t = 1; t < count; ++t) threads.emplace_back([this] { work(); });
    work();
    for (std::thread& t : threads) t.join();
    if (error_) std::rethrow_exception(error_);
    confirm_worst(plan_, backend_, requests_, table_);
    return table_;
  }
  int planted() const { return planted_; }

 private:
  void work() {
    Table mine;
    try {
      for (std::size_t i; (i = next_++) < names_.size();) {
        if (i % 1000 == 0) fmt::print(stderr, "{} of {} batches\n", i, names_.size());
        const Batch batch = make_batch(plan_, names_[i]);
        Results results = run_library(batch, backend_, requests_);
        if (settings_.plant != 0) planted_ += plant(settings_.plant, batch, results);
        check_batch(batch, results, mine);
        if (samples_.wants(batch)) samples_.write(batch, results);
      }
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      error_ = std::current_exception();
      next_ = names_.size();
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    table_.merge(mine);
  }

  const Settings& settings_;
  const Plan& plan_;
  Backend backend_;
  Requests requests_;
  std::vector<BatchName> names_;
  SampleWriter samples_;
  std::atomic<std::size_t> next_{0};
  std::atomic<int> planted_{0};
  std::mutex mutex_;
  std::exception_ptr error_;
  Table table_;
};

/// "near-equal probs float32 17"
BatchName parse_name(const std::string& text) {
  const auto last = text.rfind(' ');
  for (int f = 0; f < kFamilies; ++f) {
    for (int form = 0; form < static_cast<int>(all_forms().size()); ++form) {
      BatchName name{static_cast<Family>(f), form, last == std::string::npos ? 0 : std::atoll(text.c_str() + last)};
      if (name_of(name) == text) return name;
    }
  }
  throw InvalidArgument("--show: no batch is called '" + text + "'");
}

int run(const Settings& settings, const std::string& command) {
  const Plan plan{settings.seed, even_length_for(settings.elements)};
  if (!settings.golden.empty()) return check_golden(settings.golden) == 0 ? 0 : 1;
  if (!settings.show.empty()) {
    show_row(plan, parse_name(settings.show), settings.row, settings.backend == "cuda" ? Backend::cuda : Backend::cpu,
             requests_of(settings));
    return 0;
  }
  const bench::Machine machine = bench::this_machine();
  fmt::print("{}; commit {}; backend {}; seed {}\n", machine.cpu, machine.commit, settings.backend, settings.seed);
  fmt::print(
      "lengths 1..{}, log-uniform up to {:.3g} columns, rarer in proportion beyond, one of {} in every family and "
      "form; "
      "{:g} elements a row\n",
      kLongest, plan.even_length, kLongest, settings.elements);
  fmt::print(
      "exact values in binary128 with an error bound; in MPFR of {} bits where that bound is above 1/256 of what is "
      "allowed or the error above 1/4 of it, for one row in {}, and for the worst of every line\n",
      Mpfr::kBits, kSampledOneIn);
  fmt::print(
      "errors in u = 2^-24 (2^-53 for float64 and counts) times the sum of the absolute values of the terms, less the "
      "absolute allowances\n");
  const auto start = std::chrono::steady_clock::now();
  Run work(settings, plan);
  const Table table = work.all();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  print_table(table);
  const std::int64_t outside = values_outside(table);
  fmt::print(
      "\n{} rows, {} columns of pairs; {} rows in MPFR ({} of the sample), where binary128 missed its own bound in {} "
      "values\n",
      table.rows, table.elements, table.in_mpfr, table.sampled, table.disagreements);
  if (settings.plant != 0) fmt::print("{} errors of {:g} u were planted\n", work.planted(), settings.plant);
  fmt::print("{} values outside the contract; {:.0f} s\n", outside, seconds);
  if (!settings.json.empty()) {
    write_json(settings.json, table,
               {{"cpu", machine.cpu},
                {"isa", machine.isa},
                {"compiler", machine.compiler},
                {"commit", machine.commit},
                {"date", machine.date},
                {"command", command},
                {"backend", settings.backend},
                {"seed", settings.seed},
                {"rows", table.rows},
                {"elements", table.elements},
                {"longest", kLongest},
                {"even_length", plan.even_length},
                {"mpfr_bits", Mpfr::kBits},
                {"rows_in_mpfr", table.in_mpfr},
                {"rows_sampled", table.sampled},
                {"binary128_misses", table.disagreements},
                {"seconds", seconds},
                {"outside", outside}});
  }
  return outside > 0 || table.disagreements > 0 ? 1 : 0;
}

}  // namespace
}  // namespace kullback::accuracy

int main(int argc, char** argv) {
  kullback::accuracy::Settings s;
  CLI::App app{"Worst errors on random rows against exact values; exits with 1 when one lies outside the contract"};
  app.add_option("--rows", s.rows, "per family, spread over all forms")->capture_default_str();
  app.add_option("--elements", s.elements, "average per row, of P; 12 to 11000")->capture_default_str();
  app.add_option("--only", s.only, "families and forms whose name ('gaussian logits float32') contains this");
  app.add_option("--seed", s.seed)->capture_default_str();
  app.add_option("--threads", s.threads)->capture_default_str();
  app.add_option("--backend", s.backend)->check(CLI::IsMember({"cpu", "cuda"}))->capture_default_str();
  app.add_flag("--alone", s.alone, "ask for each measure by itself instead of for all in one call");
  app.add_option("--json", s.json, "write everything to this file");
  app.add_option("--samples", s.samples, "write rows for peers.py to this folder");
  app.add_option("--sample-batches", s.sample_batches, "of the first so many batches of each family and form")
      ->capture_default_str();
  app.add_option("--golden", s.golden, "check the MPFR evaluation against the frozen values of this cases.csv instead");
  app.add_option("--show", s.show, "print a row of this batch ('near-equal probs float32 17') instead");
  app.add_option("--row", s.row, "of --show")->capture_default_str();
  app.add_option("--plant", s.plant, "spoil nll (and kl of probabilities) of every batch's first row by so many u");
  CLI11_PARSE(app, argc, argv);
  std::string command = "kullback_accuracy";
  for (int i = 1; i < argc; ++i) command += std::string(" ") + argv[i];
  try {
    return kullback::accuracy::run(s, command);
  } catch (const std::exception& e) {
    fmt::print(stderr, "kullback_accuracy: {}\n", e.what());
    return 2;
  }
}
