#pragma once

#include <string>
#include <vector>

#include "bench/machine.hpp"
#include "bench/measurement.hpp"

namespace kullback::bench {

/// A few lines that say where the numbers come from.
std::string machine_text(const Machine& machine);
/// The same of a CUDA device.
std::string device_text(const Platform& platform);

/// One line per result of that table, aligned. A simulated device has no rates.
std::string table_text(const Laboratory& lab, const std::string& table);

/// A backend's yardsticks and their spread, and how its times were taken.
std::string notes_text(const Laboratory& lab);
/// What the columns mean.
std::string columns_text();

}  // namespace kullback::bench
