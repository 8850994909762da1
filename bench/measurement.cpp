#include "bench/measurement.hpp"

#include <benchmark/benchmark.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace kullback::bench {
namespace {

// Collects the raw repetitions; the table is printed when all batches are done.
class Collector : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Iteration) on_run(std::stoul(run.run_name.function_name), run);
    }
  }
  std::function<void(std::size_t, const Run&)> on_run;
};

struct Repetitions {
  int least, most, of_yardstick;
  double budget_seconds;  // of a case
  double least_seconds;   // of a repetition
};
// Slow cases get fewer repetitions; three is the least that has a median and shows a spread.
Repetitions repetitions(Effort effort) {
  switch (effort) {
    case Effort::full: return {3, 15, 9, 1.0, 0.01};
    case Effort::quick: return {3, 7, 9, 0.1, 0.002};
    case Effort::smoke: return {2, 2, 2, 0.0, 1e-9};
  }
  return {};
}

Result result_of(const Case& c, const VerifyReport& report, const Platform& platform) {
  Result r;
  r.measure = c.measure;
  r.shape = c.shape;
  r.dtype = c.dtype;
  r.bytes = c.bytes();
  r.copies = c.copies;
  r.in_cache = static_cast<std::size_t>(c.copies) * c.bytes() < 4 * platform.cache_bytes;
  r.writes_as_much = 4 * c.output_bytes >= 3 * c.input_bytes;  // a gradient; the labels have none
  r.worst = report.worst;
  r.rows_checked = report.rows_checked;
  r.rows_wrong = report.rows_wrong;
  r.wrong = report.wrong;
  return r;
}

}  // namespace

Quartiles quartiles(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    const double position = share * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return {at(0.25), at(0.5), at(0.75)};
}

Laboratory::Laboratory(Platform platform, Effort effort) : platform_(std::move(platform)), effort_(effort) {
  char name[] = "kullback_bench", random_order[] = "--benchmark_enable_random_interleaving=true";
  char* arguments[] = {name, random_order, nullptr};
  int count = 2;
  benchmark::Initialize(&count, arguments);
}

Laboratory::Work Laboratory::work_of(const std::function<void()>& call) const {
  const double seconds = std::max(platform_.time(call, 1).seconds, 1e-9);  // about
  const Repetitions r = repetitions(effort_);
  constexpr double kMostTimes = 256;  // the device's queue of launches is not endless
  Work work;
  work.call = call;
  work.times =
      static_cast<std::int64_t>(std::clamp(std::ceil(platform_.least_span_seconds / seconds), 1.0, kMostTimes));
  work.repetitions = std::clamp(static_cast<int>(std::min(r.budget_seconds / seconds, 1e3)), r.least, r.most);
  return work;
}

// Whether the time of these calls is that of the host's part in them: it is seen again, alone, in `enqueue_seconds`.
bool Laboratory::waits_for_host(const Work& work) const {
  const Span span = platform_.time(work.call, work.times);
  return span.enqueue_seconds > 0.8 * span.seconds;
}

void Laboratory::time_in_turns(std::vector<Work>& works) const {
  for (std::size_t i = 0; i < works.size(); ++i) {
    Work& work = works[i];
    benchmark::RegisterBenchmark(std::to_string(i).c_str(),
                                 [this, &work](benchmark::State& state) {
                                   double enqueued = 0;
                                   for (auto _ : state) {
                                     const Span span = platform_.time(work.call, work.times);
                                     state.SetIterationTime(span.seconds);
                                     enqueued += span.enqueue_seconds;
                                   }
                                   work.enqueue_seconds =
                                       enqueued / static_cast<double>(state.iterations() * work.times * work.calls);
                                 })
        ->UseManualTime()
        ->Repetitions(work.repetitions)
        ->MinTime(repetitions(effort_).least_seconds);
  }
  Collector collector;
  collector.on_run = [&](std::size_t i, const benchmark::BenchmarkReporter::Run& run) {
    works[i].calls_per_repetition = run.iterations * works[i].times * works[i].calls;
    works[i].seconds.push_back(run.real_accumulated_time / static_cast<double>(works[i].calls_per_repetition));
  };
  benchmark::RunSpecifiedBenchmarks(&collector);
  benchmark::ClearRegisteredBenchmarks();
}

void Laboratory::note(const Case& c, const char* what, const std::string& why) {
  unavailable_.push_back(fmt::format("not available: {}{}, {}, {}: {}", c.measure, what, c.shape, c.dtype, why));
}

// One case, and, where the host holds it up, what the device does when the host is out of its way.
std::vector<Laboratory::Work> Laboratory::works_of(const Case& c) {
  // Counts on from call to call, so that a copy's turn comes when all others have had theirs.
  const auto call = [&c, next = std::int64_t{0}]() mutable { c.run(next++); };
  std::vector<Work> works{work_of(call)};
  if (!platform_.record || !waits_for_host(works[0])) return works;
  const std::int64_t rounds = (works[0].times + c.copies - 1) / c.copies;
  try {
    Work graph = work_of(platform_.record(call, rounds * c.copies));
    graph.graph = true;
    graph.calls = rounds * c.copies;
    works.push_back(std::move(graph));
  } catch (const Error& why) {
    note(c, " (graph)", why.what());
  }
  return works;
}

void Laboratory::measure(const std::string& table, const Batch& batch) {
  std::vector<Result> results;
  std::vector<Work> works;
  for (const Case& c : batch.cases) {
    if (!c.unavailable.empty()) {
      note(c, "", c.unavailable);
      continue;
    }
    if (results.empty()) batch.prepare();
    platform_.time([&] { c.run(0); }, 1);  // touches every page of the output, loads the kernels
    Result result = result_of(c, c.verify(), platform_);
    result.table = table;
    result.batch = batches_;
    for (Work& work : works_of(c)) {
      result.graph = work.graph;
      results.push_back(result);
      works.push_back(std::move(work));
    }
  }
  if (results.empty()) return;
  for (const Yardstick* y : {&platform_.read, &platform_.copy, &platform_.launch}) {
    if (!y->run) continue;
    works.push_back(work_of(y->run));
    works.back().repetitions = repetitions(effort_).of_yardstick;
  }

  time_in_turns(works);
  if (platform_.clock) clock_samples_.push_back(platform_.clock());
  for (std::size_t i = 0; i < results.size(); ++i) {
    results[i].seconds = works[i].seconds;
    results[i].calls = works[i].calls_per_repetition;
    results[i].enqueue_seconds = works[i].enqueue_seconds;
    results_.push_back(std::move(results[i]));
  }
  ++batches_;
  const auto read = works.begin() + static_cast<std::ptrdiff_t>(results.size()), copy = read + 1, launch = copy + 1;
  for (double s : read->seconds) read_samples_.push_back(static_cast<double>(platform_.read.bytes) / s);
  for (double s : copy->seconds) copy_samples_.push_back(static_cast<double>(platform_.copy.bytes) / s);
  if (launch == works.end()) return;
  launch_samples_.insert(launch_samples_.end(), launch->seconds.begin(), launch->seconds.end());
}

}  // namespace kullback::bench
