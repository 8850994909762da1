#pragma once

#include <cstdint>

#include "kernels/cpu/isa.hpp"
#include "kernels/engines.hpp"
#include "kernels/math/double_double.hpp"
#include "kernels/row_plan.hpp"

/// The row engines compiled for each instruction set, which the drivers (rowwise.cpp, cross_entropy.cpp) hand groups of
/// rows to.
namespace kullback::cpu {

struct CrossEntropyPlan {
  double gradient_factor;      ///< gradient_scale / temperature / (what the mean is divided by)
  double* row_loss;            ///< [rows] in the workspace, or null
  DoubleDouble class_weights;  ///< their sum
};

struct DivergenceLossPlan {
  RowsPlan rows;
  double gradient_factor;  ///< gradient_scale / (valid rows, for the mean)
  double* row_loss;        ///< [rows] in the workspace, or null
};

/// The engines: each does rows [first, last) of a job. row_engines.cpp is compiled once per instruction set and defines
/// one of these.
struct RowEngines {
  void (*rows)(const RowsJob& job, const RowsPlan& plan, std::int64_t first, std::int64_t last);
  /// `capped`: the thread's, room for a row of doubles where there is a softcap.
  void (*cross_entropy)(const CrossEntropyJob& job, const CrossEntropyPlan& plan, std::int64_t first, std::int64_t last,
                        double* capped);
  /// `slopes`: the thread's, room for two rows of doubles.
  void (*divergence_loss)(const DivergenceLossJob& job, const DivergenceLossPlan& plan, std::int64_t first,
                          std::int64_t last, void* slopes);
};
extern const RowEngines kBaselineEngines, kAvx2Engines, kAvx512Engines;

inline const RowEngines& row_engines() {
#if defined(KULLBACK_DISPATCH)
  if (detect_isa() == Isa::avx512) return kAvx512Engines;
  if (detect_isa() == Isa::avx2) return kAvx2Engines;
#endif
  return kBaselineEngines;
}

}  // namespace kullback::cpu
