#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bench/accuracy/check.hpp"

namespace kullback::accuracy {

/// A block per form, a line per kind over all families; then what lies outside.
void print_table(const Table& table);
/// What `about` says, then a line for every cell that was filled, with its family.
void write_json(const std::string& path, const Table& table, const nlohmann::ordered_json& about);
/// Inputs (of short rows), results and exact values of one row, by the name that the table gives its batch.
void show_row(const Plan& plan, const BatchName& name, std::int64_t row, Backend backend, Requests requests);

std::int64_t values_outside(const Table& table);

}  // namespace kullback::accuracy
