#include "host/cli/verification.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace kullback::cli {

VerifyOptions verify_sample(std::int64_t cols) {
  constexpr std::int64_t kElements = 4 << 20, kMostRows = 4096, kFewestRows = 16;
  VerifyOptions options;
  options.max_rows = std::clamp(kElements / std::max<std::int64_t>(cols, 1), kFewestRows, kMostRows);
  return options;
}

int report_verification(const VerifyReport& report, std::int64_t total, const char* things, bool quiet) {
  const std::string checked = report.rows_checked == total
                                  ? fmt::format("{} {}", total, things)
                                  : fmt::format("{} of {} {}", report.rows_checked, total, things);
  if (report.ok()) {
    if (!quiet) fmt::print(stderr, "verified {} against the reference: all within the contract\n", checked);
    return kExitDone;
  }
  fmt::print(stderr, "kullback: --verify checked {} against the reference: {} outside the contract\n", checked,
             report.rows_wrong);
  for (const VerifiedValue& v : report.wrong)
    fmt::print(stderr, "  {} of row {}: got {}, expected {} (error {:.4g} u, allowed {:.4g} u)\n", v.what, v.row, v.got,
               v.expected, v.error_u, v.bound_u);
  return kExitWrongRows;
}

}  // namespace kullback::cli
