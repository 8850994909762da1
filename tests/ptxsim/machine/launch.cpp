#include "machine/launch.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <thread>

#include "machine/cluster.hpp"
#include "machine/options.hpp"
#include "machine/report.hpp"
#include "ptx/declaration.hpp"
#include "ptx/parser.hpp"

namespace ptxsim {
namespace {

constexpr std::uint64_t kCallStack = 65'536;  // bytes of local memory of a thread of a kernel that calls functions
std::uint64_t executed = 0;

Cluster& cluster_of_thread(unsigned k) {
  static auto* clusters = new std::vector<std::unique_ptr<Cluster>>;
  while (clusters->size() <= k) clusters->push_back(std::make_unique<Cluster>());
  return *(*clusters)[k];
}

void collect_shared(const Function& function, std::set<const Function*>& seen, std::vector<Variable>& variables) {
  if (!seen.insert(&function).second) return;
  variables.insert(variables.end(), function.shared.begin(), function.shared.end());
  for (const Call& call : function.calls) {
    if (call.function != nullptr) collect_shared(*call.function, seen, variables);
    if (call.pointer == kAbsent) continue;
    for (const Function* each : function.module->addressed) collect_shared(*each, seen, variables);
  }
}

constexpr std::uint64_t kMaxBlocks = INT32_MAX;  // numbers of blocks have 32 bits, see Cluster::start_launch

/// The order in which the grid's clusters run.
class ClusterOrder {
 public:
  explicit ClusterOrder(std::uint64_t count) : count_(count) {
    if (options().order != Order::random) return;
    shuffled_.resize(count);
    std::iota(shuffled_.begin(), shuffled_.end(), 0);
    std::shuffle(shuffled_.begin(), shuffled_.end(), std::mt19937_64(options().seed));
  }
  std::uint64_t size() const { return count_; }
  std::uint64_t operator[](std::uint64_t k) const {
    if (!shuffled_.empty()) return shuffled_[k];
    return options().order == Order::reverse ? count_ - 1 - k : k;
  }

 private:
  std::uint64_t count_;
  std::vector<std::uint32_t> shuffled_;
};

}  // namespace

Launch::Launch(const LaunchConfig& config)
    : config(config),
      kernel(config.kernel),
      threads(static_cast<unsigned>(config.block.count())),
      cluster_size(static_cast<unsigned>(config.cluster.count())),
      clusters{config.grid.x / config.cluster.x, config.grid.y / config.cluster.y, config.grid.z / config.cluster.z},
      lockstep(options().lockstep_now()),
      counting(!options().counters.empty()),
      checking(options().check),
      local_bytes(config.kernel->calls.empty() ? align_up(config.kernel->local_bytes, 16) : kCallStack) {
  for (unsigned thread = 0; thread < threads; ++thread) {
    thread_index[0][thread] = thread % config.block.x;
    thread_index[1][thread] = thread / config.block.x % config.block.y;
    thread_index[2][thread] = thread / config.block.x / config.block.y;
  }
  std::set<const Function*> seen;
  collect_shared(*kernel, seen, shared);
}

void raise(Launch& launch, Fault fault) {
  launch.fault = fault;
  launch.stopped = true;
  throw KernelFault();
}

std::uint64_t total_thread_instructions() { return executed; }

Fault run(const LaunchConfig& config) {
  parse_body(*config.kernel);
  const auto launch = std::make_unique<Launch>(config);
  if (const std::uint64_t blocks = config.grid.count(); blocks > kMaxBlocks) {
    stop("kernel " + demangle(config.kernel->name) + ": a grid of " + std::to_string(blocks) + " blocks is too large");
  }
  const ClusterOrder order(launch->clusters.count());
  // The race checker keeps one clock.
  const std::uint64_t host_threads =
      launch->checking ? 1 : std::max<std::uint64_t>(1, std::min<std::uint64_t>(options().threads, order.size()));
  launch->parallel = host_threads > 1;
  std::vector<Cluster*> clusters;
  for (unsigned k = 0; k < host_threads; ++k) {
    clusters.push_back(&cluster_of_thread(k));
    clusters[k]->start_launch(*launch, options().seed + k);
  }
  const auto begin = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> next{0};
  const auto work = [&](Cluster* cluster) {
    for (std::uint64_t k = next++; k < order.size() && !launch->stopped; k = next++) cluster->run(order[k]);
  };
  std::vector<std::thread> others;
  for (unsigned k = 1; k < host_threads; ++k) others.emplace_back(work, clusters[k]);
  work(clusters[0]);
  for (std::thread& each : others) each.join();
  for (const Cluster* cluster : clusters) executed += cluster->instructions;
  if (launch->counting) {
    Counters& total = clusters[0]->counters;
    for (unsigned k = 1; k < host_threads; ++k) total.add(clusters[k]->counters);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    write_counters(options().counters, *launch, total, seconds.count(), static_cast<unsigned>(host_threads));
  }
  return launch->fault;
}

}  // namespace ptxsim
