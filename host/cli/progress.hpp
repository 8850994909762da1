#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>

namespace kullback::cli {

/// A bar on stderr, if stderr is a terminal, for work that takes longer than half a second.
class Progress {
 public:
  Progress(std::int64_t total, bool quiet) : total_(total), shown_(!quiet && isatty(STDERR_FILENO)) {}
  ~Progress() {
    if (drawn_) fmt::print(stderr, "\r\x1b[K");
  }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void at(std::int64_t done) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || now < next_) return;
    next_ = now + std::chrono::milliseconds(100);
    drawn_ = true;
    constexpr int kWidth = 40;
    const int filled = static_cast<int>(kWidth * static_cast<double>(done) / static_cast<double>(total_));
    fmt::print(stderr, "\r[{:=<{}}{:{}}] {} of {} rows", "", filled, "", kWidth - filled, done, total_);
    std::fflush(stderr);
  }

 private:
  std::int64_t total_;
  bool shown_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
};

}  // namespace kullback::cli
