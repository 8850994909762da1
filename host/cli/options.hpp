#pragma once

#include <string>

#include "kullback/kullback.hpp"

namespace kullback::cli {

enum class Format { table, json, csv };

/// What every command takes.
struct CommonOptions {
  Unit unit = Unit::nats;
  Execution execution;
  bool verify = false;
  bool bf16 = false;
  bool quiet = false;
  std::string out;
  Format format = Format::table;
};

constexpr int kExitDone = 0, kExitBadInput = 2, kExitWrongRows = 3, kExitNoBackend = 4;

/// Throws BackendUnavailable, saying why, if the backend asked for cannot run here.
void require_backend(const Execution& execution);

/// The backend that `automatic` stands for: files are read into host memory.
constexpr Backend resolved(Backend backend) { return backend == Backend::automatic ? Backend::cpu : backend; }
const char* name_of(Unit unit);
double nats_per(Unit unit);

/// Throws InvalidArgument with the sentence `what` unless `ok`.
void require(bool ok, const std::string& what);

}  // namespace kullback::cli
