#include "machine/options.hpp"

#include <unistd.h>

#include <cstdlib>
#include <set>

#include "machine/report.hpp"

namespace ptxsim {
namespace {

constexpr std::string_view kPrefix = "PTXSIM_";

class Environment {
 public:
  void read(const char* name, std::string& value) {
    known_.insert(name);
    if (const char* text = std::getenv(name)) value = text;
  }
  template <class T> void read(const char* name, T& value) {
    std::string text;
    read(name, text);
    if (text.empty()) return;
    char* end = nullptr;
    const std::uint64_t number = std::strtoull(text.c_str(), &end, 0);
    if (*end != '\0') stop(std::string(name) + " is not a number: " + text);
    value = static_cast<T>(number);
  }
  /// Who misspells a variable believes that something was checked which was not.
  void refuse_others() const {
    for (char** each = environ; *each != nullptr; ++each) {
      const std::string_view entry(*each);
      const std::string name(entry.substr(0, entry.find('=')));
      if (entry.substr(0, kPrefix.size()) == kPrefix && known_.count(name) == 0) {
        stop("there is no variable " + name + "; README.md lists them");
      }
    }
  }

 private:
  std::set<std::string> known_;
};

Options from_environment() {
  Options result;
  Environment environment;
  const auto read = [&](const char* name, auto& value) { environment.read(name, value); };
  std::uint64_t order = 0;
  read("PTXSIM_CHECK", result.check);
  read("PTXSIM_POISON", result.poison);
  read("PTXSIM_EXITOK", result.exit_before_barrier_is_fine);
  read("PTXSIM_ORDER", order);
  read("PTXSIM_SEED", result.seed);
  read("PTXSIM_SLICE", result.slice);
  read("PTXSIM_LOCKSTEP", result.lockstep);
  read("PTXSIM_THREADS", result.threads);
  read("PTXSIM_MAXINSTR", result.max_instructions);
  read("PTXSIM_LINES", result.count_lines);
  read("PTXSIM_FAILEXIT", result.fail_exit);
  read("PTXSIM_ARCH", result.architecture);
  read("PTXSIM_COUNTERS", result.counters);
  read("PTXSIM_DUMP", result.dump);
  environment.refuse_others();
  result.order = order_numbered(order);
  return result;
}

}  // namespace

Order order_numbered(std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(Order::random)) stop("there is no order " + std::to_string(number));
  return static_cast<Order>(number);
}

Options& options() {
  static Options instance = from_environment();
  return instance;
}

}  // namespace ptxsim
