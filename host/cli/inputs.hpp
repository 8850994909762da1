#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "host/array_file.hpp"
#include "host/mirror.hpp"
#include "kullback/kullback.hpp"

/// Checks of what the files hold. Each throws InvalidArgument: one sentence that names the file or files.
namespace kullback::cli {

void check_input_dtype(const ArrayFile& array, Input input);

/// Cuts both to the shorter width: vocabularies of models are padded to different sizes.
void keep_common_columns(ArrayFile& p, ArrayFile& q);

/// Rows after broadcasting one row against many.
std::int64_t matched_rows(const ArrayFile& p, const ArrayFile& q);

/// Rows of the result: of both sides, or of the one that the measures read.
std::int64_t result_rows(const MeasureSet& measures, const ArrayFile& p, const ArrayFile& q);

/// One label per row of `rows_of`, each in [0, cols) or equal to ignore_index.
void check_labels(const ArrayFile& labels, const ArrayFile& rows_of, std::int64_t rows, std::int64_t cols,
                  std::optional<std::int64_t> ignore_index);

/// For each label: is it ignore_index? Empty if there is no ignore_index.
std::vector<bool> ignored_rows(VectorView labels, std::optional<std::int64_t> ignore_index);

void check_integers(const ArrayFile& array, const char* what);
std::int64_t integer_at(VectorView view, std::int64_t i);

/// Throws if `bytes` is more than half of this machine's memory; `what` takes them.
void check_memory(double bytes, const std::string& what);

/// The workspace that `query` asks for. What the library refuses becomes a sentence about the files, named by `what`.
template <class Query> Workspace workspace_for(const std::string& what, Mirror& mirror, Query query) {
  std::size_t bytes = 0;
  try {
    bytes = query();
  } catch (const InvalidArgument& error) {
    throw InvalidArgument(what + ": " + error.what());
  }
  check_memory(static_cast<double>(bytes), what + ": the workspace");
  return mirror.workspace(bytes);
}

}  // namespace kullback::cli
