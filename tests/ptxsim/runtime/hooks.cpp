#include "runtime/hooks.hpp"

#include <cstdlib>
#include <string>

#include "machine/launch.hpp"
#include "machine/options.hpp"
#include "runtime/exported.hpp"
#include "runtime/state.hpp"

using namespace ptxsim;

PTXSIM_EXPORT int ptxsim_error_count() { return report_count(); }

PTXSIM_EXPORT const char* ptxsim_error(int k) { return report_text(k); }

PTXSIM_EXPORT void ptxsim_clear() {
  clear_reports();
  state().sticky = state().pending_fault = last_error() = cudaSuccess;
}

PTXSIM_EXPORT void ptxsim_option(const char* option, const char* value) {
  const std::string name = option;
  const auto number = [&] { return std::strtoull(value, nullptr, 0); };
  Options& all = options();
  if (name == "order") {
    all.order = order_numbered(number());
  } else if (name == "seed") {
    all.seed = number();
  } else if (name == "slice") {
    all.slice = static_cast<unsigned>(number());
  } else if (name == "check") {
    all.check = number() != 0;
  } else if (name == "lockstep") {
    all.lockstep = std::atoi(value);
  } else if (name == "threads") {
    all.threads = static_cast<unsigned>(number());
  } else if (name == "counters") {
    all.counters = value != nullptr ? value : "";
  } else if (name == "lines") {
    all.count_lines = number() != 0;
  } else if (name == "failexit") {
    all.fail_exit = std::atoi(value);
  } else if (name == "exitok") {
    all.exit_before_barrier_is_fine = number() != 0;
  } else {
    stop("ptxsim_option: no option " + name);
  }
}

PTXSIM_EXPORT unsigned long long ptxsim_instruction_count() { return total_thread_instructions(); }
