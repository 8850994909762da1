#pragma once

#include "host/cli/mi_report.hpp"
#include "host/cli/plot_program.hpp"

namespace kullback::cli {

/// Features, on a side, that a heat map may have.
constexpr std::int64_t kMostPlotted = 1000;

/// What is drawn of a report's first measure: a matrix, or its first results by rank as bars.
Plot plot_of(const MiReport& report, Unit unit);

}  // namespace kullback::cli
