#pragma once

#include <string>
#include <vector>

#include "bench/machine.hpp"
#include "bench/measurement.hpp"

namespace kullback::bench {

/// Everything that was measured, with the raw repetitions.
std::string json_text(const Machine& machine, const std::string& command, const std::vector<Laboratory>& labs);

}  // namespace kullback::bench
