#pragma once

#include "kernels/information_jobs.hpp"
#include "kernels/math/information.hpp"

/// How a summary becomes a row of results.
namespace kullback::cpu {

inline unsigned parts_of(const InformationSet& measures) {
  unsigned parts = 0;
  for (Information m : measures) parts |= kullback::parts_of(m);
  return parts;
}

inline void store(const InformationRequest& request, std::int64_t row, const JointSummary& summary) {
  double* out = static_cast<double*>(request.out.data) + row * request.out.row_stride;
  for (Information m : request.measures) *out++ = measure_of(summary, m, request.normalizer, request.unit_scale);
}

}  // namespace kullback::cpu
