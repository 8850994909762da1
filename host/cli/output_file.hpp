#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace kullback::cli {

/// A file that is asked for, as by --out. It is written beside its final name and renamed at the end, so that no
/// failure, and no signal that can be caught, leaves half of it behind. An empty path makes it do nothing.
class OutputFile {
 public:
  /// Throws InvalidArgument now, before anything is computed, if the file could not be written.
  explicit OutputFile(const std::string& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  /// -1: not wanted, or finished.
  int fd() const { return fd_; }
  bool wanted() const { return !path_.empty(); }
  void write_header(const std::vector<std::int64_t>& shape);
  void write(const double* values, std::size_t count);
  /// Gives the file its name.
  void finish();

 private:
  [[noreturn]] void fail() const;
  void write_bytes(const void* bytes, std::size_t count);

  std::string path_, target_;   ///< target_: what path_ is, or links to
  char* unfinished_ = nullptr;  ///< its name until then, where the signals' handler finds it
  int fd_ = -1;
};

/// Throws InvalidArgument if the file that is to be written, if any, is one of those that are read: paths, FILE:TENSOR,
/// or names that are no files.
void require_no_input(const std::string& output, const std::vector<std::string>& inputs);

/// On the signals that end a program and can be caught the unfinished output is removed. SIGBUS is how a mapped input
/// file that shrank or cannot be read any more shows: it becomes a sentence and exit code 2.
void remove_unfinished_output_on_signals();

}  // namespace kullback::cli
