#pragma once

#include <string>

namespace kullback::accuracy {

/// Prints how many of the frozen 50-digit values of the measures in a cases.csv the MPFR evaluation meets to 2^-90;
/// returns the number of those that it does not.
int check_golden(const std::string& path);

}  // namespace kullback::accuracy
