/// What an instruction is booked as, and what it is estimated to cost once ptxas has translated it. The numbers are
/// read from SASS of sm_90 and not calibrated against a GPU; see README.md, "Counters".
#pragma once
#include <cstdint>
#include <string>

namespace ptxsim {

enum class Kind : std::uint8_t {
  fp32,
  fp16,
  fp64,
  integer,
  mufu,
  convert,
  compare_select,
  move,
  branch,
  shuffle,
  vote,
  redux,
  match,
  barrier,
  load_global,
  store_global,
  atomic_global,
  load_shared,
  store_shared,
  atomic_shared,
  load_generic,
  store_generic,
  atomic_generic,
  parameter_constant,
  local,
  async_copy,
  mbarrier,
  fence,
  other,
  count,
};

/// The name in the counters' JSON.
const char* name_of(Kind kind);

struct Cost {
  Kind kind = Kind::other;
  // Per instruction of a warp: issue slots; per lane: operations on each pipe.
  float issue = 1, fp32 = 0, mufu = 0, integer = 0, fp64 = 0, convert = 0;
  std::string mufu_operation;  // "ex2_approx_ftz", empty for others
};

}  // namespace ptxsim
