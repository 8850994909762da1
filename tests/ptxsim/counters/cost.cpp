#include "counters/cost.hpp"

#include <iterator>

namespace ptxsim {
namespace {

constexpr const char* kNames[] = {
    "fp32",      "fp16x2",        "fp64",       "int",        "mufu",         "cvt",
    "setp_sel",  "mov",           "branch",     "shfl",       "vote",         "redux",
    "match",     "barrier",       "ld_global",  "st_global",  "atom_global",  "ld_shared",
    "st_shared", "atom_shared",   "ld_generic", "st_generic", "atom_generic", "ld_param_const",
    "local",     "cp_async_bulk", "mbarrier",   "fence",      "other"};
static_assert(std::size(kNames) == static_cast<unsigned>(Kind::count));

}  // namespace

const char* name_of(Kind kind) { return kNames[static_cast<unsigned>(kind)]; }

}  // namespace ptxsim
