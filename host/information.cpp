#include "kullback/information.hpp"

#include <algorithm>

#include "host/code_arguments.hpp"
#include "host/sample_weights.hpp"
#include "kernels/information_jobs.hpp"
#include "kullback/counting_plan.hpp"

namespace kullback {
namespace {

void require_measures(const InformationSet& measures, bool given, bool probabilities) {
  if (measures.size() < 1 || measures.size() > InformationSet::kMaxSize) {
    throw InvalidArgument("measures: " + std::to_string(measures.size()) + " are asked for, expected 1 to " +
                          std::to_string(InformationSet::kMaxSize));
  }
  for (Information m : measures) {
    const InformationInfo info = information_info(m);
    if (given && !info.conditional) {
      throw InvalidArgument("measures: " + std::string(info.name) + " is not defined given a third variable");
    }
    if (probabilities && info.needs_counts) {
      throw InvalidArgument("measures: " + std::string(info.name) +
                            " needs a joint table of counts (integers), and this one holds probabilities");
    }
  }
}

void require_permutations(const InformationSet& measures, const InformationOptions& options) {
  const std::int64_t least = measures.contains(Information::permutation_pvalue) ? 1 : 0;
  constexpr std::int64_t kMost = 0x7fffffff;
  if (options.permutations < least || options.permutations > kMost) {
    throw InvalidArgument("options.permutations: is " + std::to_string(options.permutations) + ", expected " +
                          std::to_string(least) + " to " + std::to_string(kMost) +
                          (least == 1 ? " for permutation_pvalue" : ""));
  }
}

bool is_given(const CodeVector& given) { return given.classes != 0 || given.view.data != nullptr; }

InformationRequest request_of(const InformationSet& measures, const CodeVector& given, std::int64_t given_step,
                              const InformationOptions& options, bool probabilities = false) {
  require_measures(measures, is_given(given), probabilities);
  require_permutations(measures, options);
  return {measures,
          options.normalizer,
          options.missing,
          unit_factor(options.unit),
          {},
          given,
          given_step,
          {options.permutations, options.seed, resolve_threads(options.execution)}};
}

/// The table has a line more for missing codes, and one table for each class of the given variable.
void require_table(const InformationRequest& request, std::int64_t classes_x, std::int64_t classes_y) {
  const auto lines = [&](std::int64_t classes) {
    return std::min(classes, kMaxCells + 1) + request.missing.has_value();  // more than that is refused as well
  };
  require_cells(lines(classes_x), lines(classes_y));
  if (!is_given(request.given)) return;
  require_classes(request.given.classes, "given.classes");
  require_cells(lines(classes_x) * lines(classes_y), lines(request.given.classes));
}

void require_given(const CodeVector& given, std::int64_t samples) {
  if (!is_given(given)) return;
  require_integer(given.view.dtype, "given");
  require_vector(given.view, samples, "given");
}

InformationPairsJob check(const InformationSet& measures, const CodeMatrix& x, const CodeMatrix& y,
                          const CodeMatrix& given, const InformationOptions& options) {
  require_codes(x.view, "x");
  require_codes(y.view, "y");
  if (x.view.rows != y.view.rows || x.view.cols != y.view.cols) {
    throw InvalidArgument("x is " + describe(x.view) + " and y is " + describe(y.view) +
                          ", expected equal rows and columns");
  }
  require_classes(x.classes, "x.classes");
  require_classes(y.classes, "y.classes");
  const CodeVector row = {{given.view.data, given.view.dtype, given.view.cols}, given.classes};
  if (is_given(row)) {
    require_codes(given.view, "given");
    if (given.view.cols != x.view.cols || (given.view.rows != 1 && given.view.rows != x.view.rows)) {
      throw InvalidArgument("given is " + describe(given.view) + " and x is " + describe(x.view) +
                            ", expected equal columns and one row or equal rows");
    }
  }
  const std::int64_t step = given.view.rows == 1 ? 0 : given.view.row_stride;
  const InformationRequest request = request_of(measures, row, step, options);
  require_table(request, x.classes, y.classes);
  return {{x.view, y.view, x.classes, y.classes, nullptr, 1, nullptr, resolve_threads(options.execution)}, request};
}

InformationLabelJob check(const InformationSet& measures, const CodeMatrix& table, const CodeVector& label,
                          const CodeVector& given, const InformationOptions& options) {
  require_codes(table.view, "table");
  require_integer(label.view.dtype, "label");
  require_vector(label.view, table.view.rows, "label");
  require_classes(table.classes, "table.classes");
  require_classes(label.classes, "label.classes");
  require_given(given, table.view.rows);
  const InformationRequest request = request_of(measures, given, 0, options);
  require_table(request, label.classes, table.classes);
  const int threads = resolve_threads(options.execution);
  return {{table.view, label.view, table.classes, label.classes, nullptr, 1, nullptr, threads}, request};
}

InformationAllPairsJob check(const InformationSet& measures, const CodeMatrix& table, const CodeVector& given,
                             const InformationOptions& options) {
  require_codes(table.view, "table");
  require_classes(table.classes, "table.classes");
  require_given(given, table.view.rows);
  checked_product(table.view.cols, table.view.cols, "out");
  const InformationRequest request = request_of(measures, given, 0, options);
  require_table(request, table.classes, table.classes);
  return {{table.view, table.classes, {}, 1, nullptr, resolve_threads(options.execution)}, request};
}

InformationJointJob check(const InformationSet& measures, const MatrixView& joint, const InformationOptions& options) {
  require_view(joint, "joint");
  // Twice what a margin takes, so that both margins together fit; and a scratch for each thread.
  const std::int64_t margin_bytes = 64 + 8 * resolve_threads(options.execution);
  checked_product(joint.rows, margin_bytes, "joint workspace");
  checked_product(joint.cols, margin_bytes, "joint workspace");
  return {{joint, nullptr, 1, nullptr}, request_of(measures, {}, 0, options, is_floating(joint.dtype))};
}

std::int64_t results_of(const InformationPairsJob& job) { return job.counted.x.rows; }
std::int64_t results_of(const InformationLabelJob& job) { return job.counted.table.cols; }
std::int64_t results_of(const InformationAllPairsJob& job) { return job.counted.table.cols * job.counted.table.cols; }
std::int64_t results_of(const InformationJointJob&) { return 1; }

void require_cpu(Backend backend) {
  if (backend == Backend::cuda) {
    throw BackendUnavailable(
        "CUDA backend: it computes mutual information alone (mutual_information_*), the other measures of joint tables "
        "are on the CPU only");
  }
}

void add_weights(InformationPairsJob& job, const InformationOptions& options) {
  job.request.weights = checked_weights(options.weights, job.counted.x.cols);
}
void add_weights(InformationLabelJob& job, const InformationOptions& options) {
  job.request.weights = checked_weights(options.weights, job.counted.table.rows);
}
void add_weights(InformationAllPairsJob& job, const InformationOptions& options) {
  job.request.weights = checked_weights(options.weights, job.counted.table.rows);
}
void add_weights(InformationJointJob&, const InformationOptions&) {}

template <class Job> std::size_t bytes_of(const Job& job) {
  if (results_of(job) == 0) return 0;
  const std::size_t needed = cpu::information_bytes(job);
  return needed == 0 ? 0 : needed + kWorkspaceSlack;
}

template <class Job>
void run(Job& job, const MutableMatrixView& out, const Operands& operands, const InformationOptions& options,
         const Workspace& workspace) {
  const MatrixView expected = {nullptr, DType::f64, results_of(job), job.request.measures.size(),
                               job.request.measures.size()};
  require_view(out, "out");
  if (out.rows != expected.rows || out.cols != expected.cols || out.dtype != expected.dtype) {
    throw InvalidArgument("out: is " + describe(out) + ", expected " + describe(expected));
  }
  const Backend backend = resolve_backend(options.execution, operands);
  require_cpu(backend);
  add_weights(job, options);
  require_disjoint(operands);
  job.counted.workspace = lend(workspace, bytes_of(job), backend, operands);
  if (results_of(job) == 0) return;
  job.request.out = out;
  cpu::information(job);
}

template <class Job> std::size_t query(Job job, const Operands& inputs, const InformationOptions& options) {
  require_cpu(resolve_backend(options.execution, inputs));
  add_weights(job, options);
  return bytes_of(job);
}

template <class Job> CountingPlan query_plan(Job job, const Operands& inputs, const InformationOptions& options) {
  const std::size_t bytes = query(job, inputs, options);
  if (results_of(job) == 0) return {};
  add_weights(job, options);
  CountingPlan plan = cpu::counting_plan(job);
  plan.workspace_bytes = bytes;
  return plan;
}

}  // namespace

std::size_t information_pairs_workspace(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given,
                                        const InformationOptions& options) {
  return query(
      check(measures, x, y, given, options),
      {operand(x.view, "x"), operand(y.view, "y"), operand(given.view, "given"), operand(options.weights, "weights")},
      options);
}

CountingPlan information_pairs_plan(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given,
                                    const InformationOptions& options) {
  return query_plan(
      check(measures, x, y, given, options),
      {operand(x.view, "x"), operand(y.view, "y"), operand(given.view, "given"), operand(options.weights, "weights")},
      options);
}

void information_pairs(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given,
                       MutableMatrixView out, const InformationOptions& options, Workspace workspace, Stream) {
  InformationPairsJob job = check(measures, x, y, given, options);
  run(job, out,
      {operand(out, "out"), operand(x.view, "x"), operand(y.view, "y"), operand(given.view, "given"),
       operand(options.weights, "weights")},
      options, workspace);
}

std::size_t information_label_workspace(const InformationSet& measures, CodeMatrix table, CodeVector label,
                                        CodeVector given, const InformationOptions& options) {
  return query(check(measures, table, label, given, options),
               {operand(table.view, "table"), operand(label.view, "label"), operand(given.view, "given"),
                operand(options.weights, "weights")},
               options);
}

CountingPlan information_label_plan(const InformationSet& measures, CodeMatrix table, CodeVector label,
                                    CodeVector given, const InformationOptions& options) {
  return query_plan(check(measures, table, label, given, options),
                    {operand(table.view, "table"), operand(label.view, "label"), operand(given.view, "given"),
                     operand(options.weights, "weights")},
                    options);
}

void information_label(const InformationSet& measures, CodeMatrix table, CodeVector label, CodeVector given,
                       MutableMatrixView out, const InformationOptions& options, Workspace workspace, Stream) {
  InformationLabelJob job = check(measures, table, label, given, options);
  run(job, out,
      {operand(out, "out"), operand(table.view, "table"), operand(label.view, "label"), operand(given.view, "given"),
       operand(options.weights, "weights")},
      options, workspace);
}

std::size_t information_all_pairs_workspace(const InformationSet& measures, CodeMatrix table, CodeVector given,
                                            const InformationOptions& options) {
  return query(check(measures, table, given, options),
               {operand(table.view, "table"), operand(given.view, "given"), operand(options.weights, "weights")},
               options);
}

CountingPlan information_all_pairs_plan(const InformationSet& measures, CodeMatrix table, CodeVector given,
                                        const InformationOptions& options) {
  return query_plan(check(measures, table, given, options),
                    {operand(table.view, "table"), operand(given.view, "given"), operand(options.weights, "weights")},
                    options);
}

void information_all_pairs(const InformationSet& measures, CodeMatrix table, CodeVector given, MutableMatrixView out,
                           const InformationOptions& options, Workspace workspace, Stream) {
  InformationAllPairsJob job = check(measures, table, given, options);
  run(job, out,
      {operand(out, "out"), operand(table.view, "table"), operand(given.view, "given"),
       operand(options.weights, "weights")},
      options, workspace);
}

std::size_t information_joint_workspace(const InformationSet& measures, MatrixView joint,
                                        const InformationOptions& options) {
  return query(check(measures, joint, options), {operand(joint, "joint")}, options);
}

void information_joint(const InformationSet& measures, MatrixView joint, MutableMatrixView out,
                       const InformationOptions& options, Workspace workspace, Stream) {
  InformationJointJob job = check(measures, joint, options);
  run(job, out, {operand(out, "out"), operand(joint, "joint")}, options, workspace);
}

}  // namespace kullback
