#include "kullback/feature_selection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "host/code_arguments.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

const InformationSet kInformation = {Information::mi};

constexpr std::size_t align_64(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Bytes of the workspace's parts. The feature that was taken last is copied: a vector's codes are adjacent.
struct Layout {
  std::size_t numbers, flags, column, call;

  Layout(Selection selection, const CodeMatrix& table, const CodeVector& label, std::int64_t top,
         const InformationOptions& options) {
    // Its codes are not there yet: any that are readable stand for them.
    const CodeVector taken = {{table.view.data, table.view.dtype, table.view.rows}, table.classes};
    const auto features = static_cast<std::size_t>(table.view.cols);
    numbers = align_64(features * sizeof(double));
    flags = align_64(features);
    column = align_64(static_cast<std::size_t>(table.view.rows) * size_of(table.view.dtype));
    call = information_label_workspace(kInformation, table, label, {}, options);
    if (top > 1) {
      const bool given = selection == Selection::jmi;
      call = std::max(call, given ? information_label_workspace(kInformation, table, label, taken, options)
                                  : information_label_workspace(kInformation, table, taken, {}, options));
    }
  }
  std::size_t bytes() const { return 3 * numbers + flags + column + call; }
};

void require_output(const MutableVectorView& view, DType dtype, std::int64_t top, const char* name) {
  require_vector({view.data, view.dtype, view.size}, top, name);
  if (view.dtype != dtype) {
    throw InvalidArgument(std::string(name) + ": is " + describe({nullptr, view.dtype, 1, view.size, view.size}) +
                          ", expected " + describe({nullptr, dtype, 1, top, top}));
  }
}

void require_top(Selection selection, const CodeMatrix& table, std::int64_t top) {
  require_enumerator(selection, Selection::jmi, "selection", "Selection");
  if (top < 0 || top > table.view.cols) {
    throw InvalidArgument("top: is " + std::to_string(top) + ", expected 0 to " + std::to_string(table.view.cols) +
                          ", the number of features");
  }
}

template <class T> void copy_column(const MatrixView& table, std::int64_t column, void* to) {
  const T* from = static_cast<const T*>(table.data) + column;
  for (std::int64_t row = 0; row < table.rows; ++row) static_cast<T*>(to)[row] = from[row * table.row_stride];
}

void copy_column(const MatrixView& table, std::int64_t column, void* to) {
  switch (table.dtype) {
    case DType::u8: return copy_column<std::uint8_t>(table, column, to);
    case DType::u16: return copy_column<std::uint16_t>(table, column, to);
    case DType::i32: return copy_column<std::int32_t>(table, column, to);
    default: return copy_column<std::int64_t>(table, column, to);
  }
}

/// The running sums over the features taken so far.
struct Scores {
  Selection selection;
  const double *relevance, *sum;
  std::int64_t taken;

  double operator()(std::int64_t feature) const {
    if (taken == 0) return relevance[feature];
    if (selection == Selection::jmi) return sum[feature];
    return relevance[feature] - sum[feature] / static_cast<double>(taken);
  }
};

std::int64_t best_of(const Scores& scores, const std::uint8_t* is_taken, std::int64_t features) {
  std::int64_t best = -1;
  for (std::int64_t f = 0; f < features; ++f) {
    if (is_taken[f]) continue;
    if (best < 0 || scores(f) > scores(best) || (std::isnan(scores(best)) && !std::isnan(scores(f)))) best = f;
  }
  return best;
}

}  // namespace

std::size_t select_features_workspace(Selection selection, CodeMatrix table, CodeVector label, std::int64_t top,
                                      const InformationOptions& options) {
  require_top(selection, table, top);
  const Layout layout(selection, table, label, top, options);
  return top == 0 ? 0 : layout.bytes() + kWorkspaceSlack;
}

void select_features(Selection selection, CodeMatrix table, CodeVector label, const SelectionOutput& output,
                     const InformationOptions& options, Workspace workspace, Stream stream) {
  const std::int64_t top = output.features.size, features = table.view.cols;
  require_top(selection, table, top);
  const Layout layout(selection, table, label, top, options);
  require_output(output.features, DType::i64, top, "output.features");
  require_output(output.scores, DType::f64, top, "output.scores");
  const Operands operands = {operand(output.features, "output.features"), operand(output.scores, "output.scores"),
                             operand(table.view, "table"), operand(label.view, "label"),
                             operand(options.weights, "weights")};
  const Backend backend = resolve_backend(options.execution, operands);
  require_disjoint(operands);
  if (top == 0) return;
  auto* at = static_cast<char*>(lend(workspace, layout.bytes(), backend, operands));
  const auto take = [&](std::size_t bytes) {
    char* const begin = at;
    at += bytes;
    return begin;
  };
  auto* const relevance = reinterpret_cast<double*>(take(layout.numbers));
  auto* const sum = reinterpret_cast<double*>(take(layout.numbers));
  auto* const step = reinterpret_cast<double*>(take(layout.numbers));
  auto* const is_taken = reinterpret_cast<std::uint8_t*>(take(layout.flags));
  void* const column = take(layout.column);
  const Workspace rest = {at, layout.call};
  std::fill_n(sum, features, 0.0);
  std::fill_n(is_taken, features, std::uint8_t{0});

  information_label(kInformation, table, label, {}, mutable_view(relevance, features, 1), options, rest, stream);
  for (std::int64_t k = 0;; ++k) {
    const Scores scores = {selection, relevance, sum, k};
    const std::int64_t best = best_of(scores, is_taken, features);
    static_cast<std::int64_t*>(output.features.data)[k] = best;
    static_cast<double*>(output.scores.data)[k] = scores(best);
    if (k + 1 == top) return;
    is_taken[best] = 1;
    copy_column(table.view, best, column);
    const CodeVector taken = {{column, table.view.dtype, table.view.rows}, table.classes};
    const MutableMatrixView out = mutable_view(step, features, 1);
    if (selection == Selection::jmi) {
      information_label(kInformation, table, label, taken, out, options, rest, stream);
    } else {
      information_label(kInformation, table, taken, {}, out, options, rest, stream);
    }
    const double joint = selection == Selection::jmi ? relevance[best] : 0;
    for (std::int64_t f = 0; f < features; ++f) sum[f] += joint + step[f];
  }
}

}  // namespace kullback
