#include "host/cli/options.hpp"

#include <cmath>

namespace kullback::cli {

void require_backend(const Execution& execution) {
  if (execution.backend == Backend::automatic) return;
  const BackendStatus status = backend_status(execution.backend);
  if (!status.available)
    throw BackendUnavailable("the backend " + std::string(name_of(execution.backend)) +
                             " is not available: " + status.description);
}

const char* name_of(Unit unit) { return unit == Unit::nats ? "nats" : unit == Unit::bits ? "bits" : "bans"; }

double nats_per(Unit unit) { return unit == Unit::nats ? 1 : unit == Unit::bits ? std::log(2.0) : std::log(10.0); }

void require(bool ok, const std::string& what) {
  if (!ok) throw InvalidArgument(what);
}

}  // namespace kullback::cli
