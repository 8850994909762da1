/// The CPU: wall time, and all threads reading or copying a buffer far larger than the caches.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>

#include "bench/buffer.hpp"
#include "bench/platform.hpp"

namespace kullback::bench {
namespace {

// The widest loads the CPU has: with narrower ones one core may not reach the memory's limit.
#if defined(__x86_64__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
std::uint64_t
sum(const std::uint64_t* words, std::int64_t n) {
  std::uint64_t total = 0;
  for (std::int64_t i = 0; i < n; ++i) total += words[i];
  return total;
}

// Words that a thread reads in one go: 256 KiB.
constexpr std::int64_t kBlock = 1 << 15;

void read(const Buffer<std::uint64_t>& words) {
  const std::int64_t n = words.size();
  const std::int64_t blocks = (n + kBlock - 1) / kBlock;
  std::uint64_t total = 0;
#pragma omp parallel for schedule(static) reduction(+ : total)
  for (std::int64_t b = 0; b < blocks; ++b) {
    total += sum(words.data() + b * kBlock, std::min(kBlock, n - b * kBlock));
  }
  benchmark::DoNotOptimize(total);
}

// The first half to the second. One long memcpy per thread, because only long ones bypass the caches.
void copy(const Buffer<std::uint64_t>& words) {
  constexpr std::int64_t kPieces = 64;
  const std::int64_t half = words.size() / 2;
#pragma omp parallel for schedule(static)
  for (std::int64_t k = 0; k < kPieces; ++k) {
    const std::int64_t begin = half * k / kPieces, end = half * (k + 1) / kPieces;
    std::memcpy(words.data() + half + begin, words.data() + begin,
                static_cast<std::size_t>(end - begin) * sizeof(std::uint64_t));
  }
  benchmark::ClobberMemory();
}

// The calls have finished when they return.
Span wall_time(const std::function<void()>& call, std::int64_t calls) {
  const auto start = std::chrono::steady_clock::now();
  for (std::int64_t i = 0; i < calls; ++i) call();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), 0};
}

}  // namespace

Platform cpu_platform(std::size_t cache_bytes, std::size_t memory_bytes, Effort effort) {
  const std::size_t least = std::size_t{256} << 20;
  const std::size_t bytes = effort == Effort::smoke ? std::size_t{1} << 20 : std::max(least, 4 * cache_bytes);
  const auto words = std::make_shared<Buffer<std::uint64_t>>(bytes / sizeof(std::uint64_t));
#pragma omp parallel for schedule(static)
  for (std::int64_t i = 0; i < words->size(); ++i) (*words)[i] = static_cast<std::uint64_t>(i);

  Platform p;
  p.backend = Backend::cpu;
  p.cache_bytes = cache_bytes;
  p.memory_bytes = memory_bytes;
  p.time = wall_time;
  p.read = {static_cast<std::int64_t>(bytes), [words] { read(*words); }};
  p.copy = {static_cast<std::int64_t>(bytes), [words] { copy(*words); }};
  return p;
}

}  // namespace kullback::bench
