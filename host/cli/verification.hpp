#pragma once

#include <cstdint>

#include "host/cli/options.hpp"

namespace kullback::cli {

/// How much of a batch is checked: all of a small one, fewer rows the longer they are, so that binary128 arithmetic
/// takes seconds.
VerifyOptions verify_sample(std::int64_t cols);

/// Says on stderr what --verify found; the exit code. `things`: "rows", "features", "pairs".
int report_verification(const VerifyReport& report, std::int64_t total, const char* things, bool quiet);

}  // namespace kullback::cli
