#include "host/joint_counts.hpp"

#include <omp.h>

#include <algorithm>
#include <limits>
#include <memory>

#include "host/sample_weights.hpp"
#include "kernels/information_jobs.hpp"

namespace kullback {
namespace {

using Form = JointCountsShape::Form;

const InformationSet kCountsAlone = {Information::mi};

void require_form(const JointCountsShape& shape, Form form, const char* call) {
  if (shape.form != form) {
    throw InvalidArgument("state: counts " + std::string(form == Form::pairs ? "features with a label" : "pairs") +
                          ", " + call + " is of the other form");
  }
}

std::int64_t added(std::int64_t samples, std::int64_t more) {
  if (__builtin_add_overflow(samples, more, &samples)) {
    throw InvalidArgument("state: its number of samples passes 2^63 - 1");
  }
  return samples;
}

void require_host(const Execution& execution, const Operands& operands) {
  if (resolve_backend(execution, operands) == Backend::cuda) {
    throw BackendUnavailable("CUDA backend: joint tables are accumulated on the CPU only");
  }
}

InformationRequest request_of(const JointCountsShape& shape, const SampleWeights& weights, int threads) {
  return {kCountsAlone, Normalizer::arithmetic, shape.missing, 1, {}, {}, 0, {0, 0, threads}, weights};
}

/// Counts with memory of its own.
template <class Job> void count(Job& job, const cpu::CountedTables& tables) {
  const std::size_t bytes = cpu::information_bytes(job);
  const std::unique_ptr<unsigned char[]> memory(new unsigned char[bytes + kWorkspaceSlack]);
  job.counted.workspace = lend({memory.get(), bytes + kWorkspaceSlack}, bytes, Backend::cpu, {});
  cpu::count(job, tables);
}

}  // namespace

JointCountState::JointCountState(const JointCountsShape& shape)
    : shape_(shape),
      counts_(static_cast<std::size_t>(checked_cells(shape))),
      invalid_(static_cast<std::size_t>(shape.tables)) {}

MatrixView JointCountState::table(std::int64_t t) const noexcept {
  return view(counts_.data() + t * shape_.classes_x * shape_.classes_y, shape_.classes_x, shape_.classes_y);
}

void JointCountState::add_pairs(MatrixView x, MatrixView y, VectorView weights, const Execution& execution) {
  require_form(shape_, Form::pairs, "add_pairs");
  require_codes(x, "x");
  require_codes(y, "y");
  if (x.rows != shape_.tables || y.rows != shape_.tables || x.cols != y.cols) {
    throw InvalidArgument("x is " + describe(x) + " and y is " + describe(y) + ", expected " +
                          std::to_string(shape_.tables) + " rows, the state's pairs, and equal columns");
  }
  const int threads = resolve_threads(execution);
  require_host(execution, {operand(x, "x"), operand(y, "y"), operand(weights, "weights")});
  const SampleWeights w = checked_weights(weights, x.cols);
  const std::int64_t samples = added(samples_, w.data == nullptr ? x.cols : w.total);
  InformationPairsJob job = {{x, y, shape_.classes_x, shape_.classes_y, nullptr, 1, nullptr, threads},
                             request_of(shape_, w, threads)};
  if (shape_.tables > 0) count(job, {counts_.data(), invalid_.data()});
  samples_ = samples;
}

void JointCountState::add_label(MatrixView table, VectorView label, VectorView weights, const Execution& execution) {
  require_form(shape_, Form::label, "add_label");
  require_codes(table, "table");
  require_integer(label.dtype, "label");
  require_vector(label, table.rows, "label");
  if (table.cols != shape_.tables) {
    throw InvalidArgument("table is " + describe(table) + ", expected " + std::to_string(shape_.tables) +
                          " columns, the state's features");
  }
  const int threads = resolve_threads(execution);
  require_host(execution, {operand(table, "table"), operand(label, "label"), operand(weights, "weights")});
  const SampleWeights w = checked_weights(weights, table.rows);
  const std::int64_t samples = added(samples_, w.data == nullptr ? table.rows : w.total);
  InformationLabelJob job = {{table, label, shape_.classes_x, shape_.classes_y, nullptr, 1, nullptr, threads},
                             request_of(shape_, w, threads)};
  if (shape_.tables > 0) count(job, {counts_.data(), invalid_.data()});
  samples_ = samples;
}

void JointCountState::merge(const JointCountState& other) {
  const JointCountsShape &a = shape_, &b = other.shape_;
  const auto text = [](const JointCountsShape& s) {
    return std::to_string(s.tables) + (s.form == Form::pairs ? " pairs of " : " features with a label, ") +
           std::to_string(s.classes_x) + " x " + std::to_string(s.classes_y) + " classes, " +
           (s.missing ? "missing code " + std::to_string(*s.missing) : "no missing code");
  };
  if (a.form != b.form || a.tables != b.tables || a.classes_x != b.classes_x || a.classes_y != b.classes_y ||
      a.missing != b.missing) {
    throw InvalidArgument("state: counts " + text(a) + "; the other one " + text(b) + ", they do not merge");
  }
  samples_ = added(samples_, other.samples_);
  for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  const std::int64_t cells = shape_.classes_x * shape_.classes_y;
  for (std::size_t t = 0; t < invalid_.size(); ++t) {
    invalid_[t] |= other.invalid_[t];
    if (invalid_[t]) std::fill_n(counts_.begin() + static_cast<std::int64_t>(t) * cells, cells, std::int64_t{0});
  }
}

void JointCountState::finish(const InformationSet& measures, MutableMatrixView out,
                             const InformationOptions& options) const {
  require_view(out, "out");
  const MatrixView expected = {nullptr, DType::f64, shape_.tables, measures.size(), measures.size()};
  if (out.rows != expected.rows || out.cols != expected.cols || out.dtype != expected.dtype) {
    throw InvalidArgument("out: is " + describe(out) + ", expected " + describe(expected));
  }
  require_host(options.execution, {operand(out, "out")});
  InformationOptions of_table = options;
  of_table.missing.reset();
  of_table.weights = {};
  of_table.execution.backend = Backend::cpu;
  // A permutation test shares its tables among the threads, all else the threads share the tables.
  const bool permutes = measures.contains(Information::permutation_pvalue);
  const int threads = permutes ? 1 : resolve_threads(options.execution);
  if (!permutes) of_table.execution.threads = 1;
  // Without tables there is no need for what one of them would take.
  const MatrixView any = shape_.tables == 0
                             ? MatrixView{nullptr, DType::i64, 0, 0, 0}
                             : MatrixView{&samples_, DType::i64, shape_.classes_x, shape_.classes_y, shape_.classes_y};
  const std::size_t bytes = information_joint_workspace(measures, any, of_table);  // checks the measures, reads nothing
  const std::unique_ptr<unsigned char[]> memory(new unsigned char[bytes * static_cast<std::size_t>(threads)]);
#pragma omp parallel for num_threads(threads) schedule(dynamic, 16) if (threads > 1)
  for (std::int64_t t = 0; t < shape_.tables; ++t) {
    double* const row = static_cast<double*>(out.data) + t * out.row_stride;
    if (is_invalid(t)) {
      std::fill_n(row, measures.size(), std::numeric_limits<double>::quiet_NaN());
      continue;
    }
    MatrixView joint = table(t);
    const std::int64_t* cells = static_cast<const std::int64_t*>(joint.data);
    const bool empty = std::all_of(cells, cells + joint.rows * joint.cols, [](std::int64_t n) { return n == 0; });
    if (empty) joint = {nullptr, DType::i64, 0, 0, 0};  // no samples: a table of zeros would be NaN
    const int thread = threads > 1 ? omp_get_thread_num() : 0;
    information_joint(measures, joint, mutable_view(row, 1, measures.size()), of_table,
                      {memory.get() + static_cast<std::size_t>(thread) * bytes, bytes}, host_stream);
  }
}

}  // namespace kullback
