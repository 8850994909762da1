#include "host/cli/options.hpp"

namespace kullback::cli {

void require_backend(const Execution& execution) {
  if (execution.backend == Backend::automatic) return;
  const BackendStatus status = backend_status(execution.backend);
  if (!status.available)
    throw BackendUnavailable("the backend " + std::string(name_of(execution.backend)) +
                             " is not available: " + status.description);
}

const char* name_of(Unit unit) { return unit == Unit::nats ? "nats" : unit == Unit::bits ? "bits" : "bans"; }

void require(bool ok, const std::string& what) {
  if (!ok) throw InvalidArgument(what);
}

}  // namespace kullback::cli
