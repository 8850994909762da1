#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bench/platform.hpp"
#include "bench/workloads.hpp"

namespace kullback::bench {

/// What is known about a case when its input is gone.
struct Result {
  std::string table;
  int batch = 0;  ///< cases with the same number shared their input and were timed in turns
  std::string measure, shape, dtype;
  std::size_t bytes = 0;
  std::int64_t copies = 1;           ///< of input and output, which calls went round
  bool in_cache = false;             ///< the data of all copies may be served by the caches
  bool writes_as_much = false;       ///< as it reads: held against the plain copy, not the plain read
  bool graph = false;                ///< the calls were replayed from a CUDA graph
  std::vector<double> seconds;       ///< one call, one value per repetition
  std::int64_t calls = 0;            ///< per repetition, of which `seconds` is the mean
  double enqueue_seconds = 0;        ///< of the host, for one call
  std::vector<VerifiedValue> worst;  ///< per measure, the value closest to (or farthest beyond) its bound
  std::int64_t rows_checked = 0, rows_wrong = 0;
  std::vector<VerifiedValue> wrong;
};

struct Quartiles {
  double q1 = 0, median = 0, q3 = 0;
  double iqr() const { return q3 - q1; }
};
Quartiles quartiles(std::vector<double> values);

/// Runs batches on one platform and keeps the results. Within a batch the repetitions of all cases and of the
/// yardsticks are taken in random order, so that a slow minute of the machine falls on all of them.
class Laboratory {
 public:
  Laboratory(Platform platform, Effort effort);

  /// Every case is run once and verified before it is timed. What the backend cannot do is noted.
  void measure(const std::string& table, const Batch& batch);

  const Platform& platform() const { return platform_; }
  const std::vector<Result>& results() const { return results_; }
  /// One line per case or graph that could not be measured, with the reason.
  const std::vector<std::string>& unavailable() const { return unavailable_; }
  /// Batches that ended with an error of the device.
  const std::vector<std::string>& failures() const { return failures_; }
  void fail(std::string line) { failures_.push_back(std::move(line)); }
  /// Bytes per second of the plain read and of the plain copy, one value per repetition.
  const std::vector<double>& read_samples() const { return read_samples_; }
  const std::vector<double>& copy_samples() const { return copy_samples_; }
  /// Seconds from one launch of an empty kernel to the next.
  const std::vector<double>& launch_samples() const { return launch_samples_; }
  /// Hz, right after each batch.
  const std::vector<double>& clock_samples() const { return clock_samples_; }
  /// Bytes per second that this result is held against.
  double peak_of(const Result& result) const {
    return quartiles(result.writes_as_much ? copy_samples_ : read_samples_).median;
  }

 private:
  struct Work {
    std::function<void()> call;
    bool graph = false;
    std::int64_t calls = 1;  // of the case, in one `call`
    std::int64_t times = 1;  // that `call` is done between a pair of time stamps
    int repetitions = 1;
    std::vector<double> seconds;  // of one call of the case, per repetition
    std::int64_t calls_per_repetition = 0;
    double enqueue_seconds = 0;  // of one call of the case
  };
  void time_in_turns(std::vector<Work>& works) const;
  Work work_of(const std::function<void()>& call) const;
  bool waits_for_host(const Work& work) const;
  std::vector<Work> works_of(const Case& c);
  void note(const Case& c, const char* what, const std::string& why);

  Platform platform_;
  Effort effort_;
  std::vector<Result> results_;
  std::vector<std::string> unavailable_, failures_;
  std::vector<double> read_samples_, copy_samples_, launch_samples_, clock_samples_;
  int batches_ = 0;
};

}  // namespace kullback::bench
