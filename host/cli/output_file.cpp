#include "host/cli/output_file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "host/array_file.hpp"
#include "host/cli/options.hpp"
#include "host/npy_header.hpp"

namespace kullback::cli {
namespace {

// The names that the signal handler removes; empty when there is nothing to remove.
constexpr int kMostFiles = 2;
char unfinished[kMostFiles][PATH_MAX] = {};

/// For one more file.
char* free_name() {
  for (char(&name)[PATH_MAX] : unfinished)
    if (name[0] == '\0') return name;
  throw InvalidArgument("too many output files at once");
}

void write_error(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) _exit(kExitBadInput);
}

void on_signal(int signal, siginfo_t* info, void*) {
  for (const char* name : unfinished)
    if (name[0] != '\0') unlink(name);
  if (signal == SIGBUS) {
    const char* path = mapped_file_at(info->si_addr);
    write_error("kullback: ");
    write_error(path != nullptr ? path : "an input file");
    write_error(": the file shrank or became unreadable while it was being read\n");
    _exit(kExitBadInput);
  }
  // SA_RESETHAND has restored the default action: end as if there were no handler.
  raise(signal);
}

/// The file that a chain of symbolic links ends at, which need not exist: a link stays what it is.
std::string follow_links(std::filesystem::path path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::error_code error;
  for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(path, error); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, error);
  }
  return path.string();
}

}  // namespace

void remove_unfinished_output_on_signals() {
  struct sigaction action = {};
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_SIGINFO | SA_RESETHAND | SA_NODEFER;
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2, SIGBUS}) {
    sigaction(signal, &action, nullptr);
  }
}

OutputFile::OutputFile(const std::string& path) : path_(path) {
  if (path.empty()) return;
  struct stat info;
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    throw InvalidArgument(path + ": cannot write the output: it exists and is not a regular file");
  target_ = follow_links(path);
  const std::string temporary = target_ + ".tmp." + std::to_string(getpid());
  if (temporary.size() >= sizeof unfinished[0])
    throw InvalidArgument(path + ": cannot write the output: name too long");
  unfinished_ = free_name();
  std::memcpy(unfinished_, temporary.c_str(), temporary.size() + 1);  // before the file: a signal may come in between
  fd_ = open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd_ >= 0) return;
  unfinished_[0] = '\0';
  fail();
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  close(fd_);
  unlink(unfinished_);
  unfinished_[0] = '\0';
}

void OutputFile::write_header(const std::vector<std::int64_t>& shape) {
  const std::string header = npy_header_f64(shape);
  write_bytes(header.data(), header.size());
}

void OutputFile::write(const double* values, std::size_t count) { write_bytes(values, count * sizeof(double)); }

void OutputFile::write_bytes(const void* bytes, std::size_t count) {
  const char* from = static_cast<const char*>(bytes);
  while (fd_ >= 0 && count > 0) {
    const ssize_t written = ::write(fd_, from, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    from += written;
    count -= static_cast<std::size_t>(written);
  }
}

void OutputFile::finish() {
  if (fd_ < 0) return;
  if (rename(unfinished_, target_.c_str()) != 0) fail();
  unfinished_[0] = '\0';
  const int fd = fd_;
  fd_ = -1;
  if (close(fd) != 0) fail();
}

void require_no_input(const std::string& output, const std::vector<std::string>& inputs) {
  const auto is_file = [](const std::string& path, struct stat& info) { return stat(path.c_str(), &info) == 0; };
  struct stat written, read;
  if (output.empty() || !is_file(output, written)) return;
  for (const std::string& input : inputs) {
    if (!is_file(input, read) && !is_file(input.substr(0, input.rfind(':')), read)) continue;
    if (read.st_dev != written.st_dev || read.st_ino != written.st_ino) continue;
    throw InvalidArgument(output + ": cannot write the output: the same file is an input, " + input);
  }
}

void OutputFile::fail() const { throw InvalidArgument(path_ + ": cannot write the output: " + std::strerror(errno)); }

}  // namespace kullback::cli
