#include <fmt/format.h>

#include <cstdio>
#include <new>

#include "host/cli/command_line.hpp"
#include "host/cli/output_file.hpp"

namespace {

int fail(int code, const std::string& sentence) {
  fmt::print(stderr, "kullback: {}\n", sentence);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace kullback::cli;
  remove_unfinished_output_on_signals();
  try {
    return run_command_line(argc, argv);
  } catch (const kullback::BackendUnavailable& error) {
    return fail(kExitNoBackend, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kExitBadInput, "out of memory");
  } catch (const std::exception& error) {
    return fail(kExitBadInput, error.what());
  }
}
