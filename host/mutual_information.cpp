#include "kullback/mutual_information.hpp"

#include "host/code_arguments.hpp"
#include "kernels/engines.hpp"
#include "kullback/error.hpp"

namespace kullback {
namespace {

/// Room for `size` results.
Operand results(double* out, std::int64_t size) {
  require_vector({out, DType::f64, size}, size, "out");
  return operand(MutableVectorView{out, DType::f64, size}, "out");
}

PairsJob check(const MatrixView& x, std::int64_t classes_x, const MatrixView& y, std::int64_t classes_y,
               const MutualInformationOptions& options) {
  require_codes(x, "x");
  require_codes(y, "y");
  if (x.rows != y.rows || x.cols != y.cols) {
    throw InvalidArgument("x is " + describe(x) + " and y is " + describe(y) + ", expected equal rows and columns");
  }
  require_classes(classes_x, "classes_x");
  require_classes(classes_y, "classes_y");
  require_cells(classes_x, classes_y);
  checked_product(x.rows, sizeof(double), "out");
  return {x, y, classes_x, classes_y, nullptr, unit_factor(options.unit), nullptr, resolve_threads(options.execution)};
}

LabelJob check(const MatrixView& table, std::int64_t classes, const VectorView& label, std::int64_t label_classes,
               const MutualInformationOptions& options) {
  require_codes(table, "table");
  require_integer(label.dtype, "label");
  require_vector(label, table.rows, "label");
  require_classes(classes, "classes");
  require_classes(label_classes, "label_classes");
  require_cells(classes, label_classes);
  checked_product(table.cols, sizeof(double), "out");
  return {table,   label,
          classes, label_classes,
          nullptr, unit_factor(options.unit),
          nullptr, resolve_threads(options.execution)};
}

AllPairsJob check(const MatrixView& table, std::int64_t classes, const MutualInformationOptions& options) {
  require_codes(table, "table");
  require_classes(classes, "classes");
  require_cells(classes, classes);
  checked_product(checked_product(table.cols, table.cols, "out"), sizeof(double), "out");
  return {table, classes, {}, unit_factor(options.unit), nullptr, resolve_threads(options.execution)};
}

JointJob check(const MatrixView& joint, const MutualInformationOptions& options) {
  require_view(joint, "joint");
  constexpr std::int64_t kMarginBytes = 32;  // twice what a margin takes, so that both margins together fit
  checked_product(joint.rows, kMarginBytes, "joint workspace");
  checked_product(joint.cols, kMarginBytes, "joint workspace");
  return {joint, nullptr, unit_factor(options.unit), nullptr};
}

bool is_empty(const PairsJob& job) { return job.x.rows == 0; }
bool is_empty(const LabelJob& job) { return job.table.cols == 0; }
bool is_empty(const AllPairsJob& job) { return job.table.cols == 0; }
bool is_empty(const JointJob&) { return false; }  // a table without cells still has a result

/// An engine's two functions on each backend.
template <class Job> struct Engine {
  std::size_t (*cpu_bytes)(const Job&);
  void (*cpu_run)(const Job&);
  std::size_t (*cuda_bytes)(const Job&);
  void (*cuda_run)(const Job&, Stream);
  CountingPlan (*cpu_plan)(const Job&) = nullptr;  // of those that count
  CountingPlan (*cuda_plan)(const Job&) = nullptr;

  std::size_t bytes(const Job& job, Backend backend) const {
    if (is_empty(job)) return 0;
    const std::size_t needed = backend == Backend::cuda ? cuda_bytes(job) : cpu_bytes(job);
    return needed == 0 ? 0 : needed + kWorkspaceSlack;
  }
  CountingPlan plan(const Job& job, Backend backend) const {
    if (is_empty(job)) return {};
    CountingPlan plan = backend == Backend::cuda ? cuda_plan(job) : cpu_plan(job);
    plan.workspace_bytes = bytes(job, backend);
    return plan;
  }
  void run(Job& job, const Execution& execution, const Operands& operands, const Workspace& workspace,
           Stream stream) const {
    const Backend backend = resolve_backend(execution, operands);
    require_disjoint(operands);
    job.workspace = lend(workspace, bytes(job, backend), backend, operands);
    if (is_empty(job)) return;
    backend == Backend::cuda ? cuda_run(job, stream) : cpu_run(job);
  }
};

constexpr Engine<PairsJob> kPairs = {cpu::pairs_workspace_bytes,  cpu::mutual_information_pairs,
                                     cuda::pairs_workspace_bytes, cuda::mutual_information_pairs,
                                     cpu::counting_plan,          cuda::counting_plan};
constexpr Engine<LabelJob> kLabel = {cpu::label_workspace_bytes,  cpu::mutual_information_label,
                                     cuda::label_workspace_bytes, cuda::mutual_information_label,
                                     cpu::counting_plan,          cuda::counting_plan};
constexpr Engine<AllPairsJob> kAllPairs = {cpu::all_pairs_workspace_bytes,
                                           cpu::mutual_information_all_pairs,
                                           cuda::all_pairs_workspace_bytes,
                                           cuda::mutual_information_all_pairs,
                                           cpu::counting_plan,
                                           cuda::counting_plan};
constexpr Engine<JointJob> kJoint = {cpu::joint_workspace_bytes, cpu::mutual_information_joint,
                                     cuda::joint_workspace_bytes, cuda::mutual_information_joint};

}  // namespace

std::size_t mutual_information_pairs_workspace(MatrixView x, std::int64_t classes_x, MatrixView y,
                                               std::int64_t classes_y, const MutualInformationOptions& options) {
  const PairsJob job = check(x, classes_x, y, classes_y, options);
  return kPairs.bytes(job, resolve_backend(options.execution, {operand(x, "x"), operand(y, "y")}));
}

CountingPlan mutual_information_pairs_plan(MatrixView x, std::int64_t classes_x, MatrixView y, std::int64_t classes_y,
                                           const MutualInformationOptions& options) {
  const PairsJob job = check(x, classes_x, y, classes_y, options);
  return kPairs.plan(job, resolve_backend(options.execution, {operand(x, "x"), operand(y, "y")}));
}

void mutual_information_pairs(MatrixView x, std::int64_t classes_x, MatrixView y, std::int64_t classes_y, double* out,
                              const MutualInformationOptions& options, Workspace workspace, Stream stream) {
  PairsJob job = check(x, classes_x, y, classes_y, options);
  job.out = out;
  kPairs.run(job, options.execution, {operand(x, "x"), operand(y, "y"), results(out, x.rows)}, workspace, stream);
}

std::size_t mutual_information_label_workspace(MatrixView table, std::int64_t classes, VectorView label,
                                               std::int64_t label_classes, const MutualInformationOptions& options) {
  const LabelJob job = check(table, classes, label, label_classes, options);
  return kLabel.bytes(job, resolve_backend(options.execution, {operand(table, "table"), operand(label, "label")}));
}

CountingPlan mutual_information_label_plan(MatrixView table, std::int64_t classes, VectorView label,
                                           std::int64_t label_classes, const MutualInformationOptions& options) {
  const LabelJob job = check(table, classes, label, label_classes, options);
  return kLabel.plan(job, resolve_backend(options.execution, {operand(table, "table"), operand(label, "label")}));
}

void mutual_information_label(MatrixView table, std::int64_t classes, VectorView label, std::int64_t label_classes,
                              double* out, const MutualInformationOptions& options, Workspace workspace,
                              Stream stream) {
  LabelJob job = check(table, classes, label, label_classes, options);
  job.out = out;
  kLabel.run(job, options.execution, {operand(table, "table"), operand(label, "label"), results(out, table.cols)},
             workspace, stream);
}

std::size_t mutual_information_all_pairs_workspace(MatrixView table, std::int64_t classes,
                                                   const MutualInformationOptions& options) {
  const AllPairsJob job = check(table, classes, options);
  return kAllPairs.bytes(job, resolve_backend(options.execution, {operand(table, "table")}));
}

CountingPlan mutual_information_all_pairs_plan(MatrixView table, std::int64_t classes,
                                               const MutualInformationOptions& options) {
  const AllPairsJob job = check(table, classes, options);
  return kAllPairs.plan(job, resolve_backend(options.execution, {operand(table, "table")}));
}

void mutual_information_all_pairs(MatrixView table, std::int64_t classes, MutableMatrixView out,
                                  const MutualInformationOptions& options, Workspace workspace, Stream stream) {
  AllPairsJob job = check(table, classes, options);
  require_view(out, "out");
  if (out.rows != table.cols || out.cols != table.cols || out.dtype != DType::f64) {
    throw InvalidArgument("out: is " + describe(out) + ", expected " +
                          describe({nullptr, DType::f64, table.cols, table.cols, table.cols}));
  }
  job.out = out;
  kAllPairs.run(job, options.execution, {operand(table, "table"), operand(out, "out")}, workspace, stream);
}

std::size_t mutual_information_joint_workspace(MatrixView joint, const MutualInformationOptions& options) {
  const JointJob job = check(joint, options);
  return kJoint.bytes(job, resolve_backend(options.execution, {operand(joint, "joint")}));
}

void mutual_information_joint(MatrixView joint, double* out, const MutualInformationOptions& options,
                              Workspace workspace, Stream stream) {
  JointJob job = check(joint, options);
  job.out = out;
  kJoint.run(job, options.execution, {operand(joint, "joint"), results(out, 1)}, workspace, stream);
}

}  // namespace kullback
