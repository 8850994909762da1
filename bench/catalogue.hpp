#pragma once

#include <functional>
#include <vector>

#include "bench/platform.hpp"
#include "bench/workloads.hpp"

namespace kullback::bench {

/// The synthetic batches. Each is laid out when it is called and lives until it has been timed, so that one at a time
/// needs memory. On the CPU, with full effort, rows are doubled until the input is four times the last-level caches.
std::vector<std::function<Batch()>> synthetic_batches(const Platform& platform, Effort effort);

}  // namespace kullback::bench
