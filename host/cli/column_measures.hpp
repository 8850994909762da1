#pragma once

#include <string>

#include "host/cli/options.hpp"

/// `rows` of the measures that have calls of their own: gaussian_kl and bce.
namespace kullback::cli {

struct ColumnRequest {
  std::string measure, p, q;
  Input input_q;
  double temperature;
  CommonOptions common;
};

bool is_column_measure(const std::string& name);
int run_column_measure(const ColumnRequest& request);

}  // namespace kullback::cli
