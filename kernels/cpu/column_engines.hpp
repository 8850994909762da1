#pragma once

#include <cstdint>

#include "kernels/column_jobs.hpp"
#include "kernels/cpu/isa.hpp"

/// The engines of measures whose columns are distributions of their own, compiled for each instruction set like the row
/// engines: each does rows [first, last) of a job.
namespace kullback::cpu {

struct ColumnEngines {
  void (*gaussian_kl)(const GaussianKlJob& job, std::int64_t first, std::int64_t last);
  void (*binary_cross_entropy)(const BinaryCrossEntropyJob& job, std::int64_t first, std::int64_t last);
};
extern const ColumnEngines kBaselineColumnEngines, kAvx2ColumnEngines, kAvx512ColumnEngines;

}  // namespace kullback::cpu
