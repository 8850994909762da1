#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "kullback/counting_plan.hpp"

namespace kullback::cli {

/// How the tables are counted and why, in a few sentences for people.
std::string explained(const CountingPlan& plan);
/// The same for programs.
nlohmann::ordered_json json_plan(const CountingPlan& plan);

}  // namespace kullback::cli
