/// Kullback's side of the comparison with other libraries: peers.py asks it on stdin, line by line, and takes turns
/// with the others. Answers are one line each; what is wrong ends the program with a sentence on stderr.
///
///   prepare rows MEASURES FORM P Q         -> number of the task; Q, P or labels that are not read are "-"
///   prepare nll LOGITS LABELS
///   prepare cross_entropy LOGITS LABELS    loss and gradient
///   prepare divergence_loss MEASURE P Q    loss and gradient with respect to Q
///   prepare mi_pairs X Y CLASSES
///   prepare mi_label TABLE LABEL CLASSES LABEL_CLASSES
///   prepare mi_all_pairs TABLE CLASSES
///   run TASK                               -> seconds of one call
///   write TASK FILE                        -> "done"; the results as raw numbers
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "host/array_file.hpp"
#include "kullback/kullback.hpp"

namespace {

using namespace kullback;

/// A call that is ready to be made over and over, with all that it reads and writes.
struct Task {
  std::deque<ArrayFile> files;
  std::vector<char> result, gradient, workspace;
  std::function<void()> call;

  MatrixView matrix(const std::string& path) {
    return path == "-" ? MatrixView{} : files.emplace_back(path, true).matrix();
  }
  VectorView vector(const std::string& path) { return files.emplace_back(path).vector(); }
  Workspace scratch(std::size_t bytes) {
    workspace.resize(bytes);
    return {workspace.data(), bytes};
  }
};

MeasureSet measures_of(const std::string& names) {
  MeasureSet set;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const std::optional<Measure> measure = parse_measure(name);
    if (!measure) throw std::runtime_error("measure: " + name);
    set.push_back(*measure);
  }
  return set;
}

Input form_of(const std::string& name) {
  if (name == "logits") return Input::logits;
  if (name == "log-probs") return Input::log_probs;
  if (name == "probs") return Input::probs;
  throw std::runtime_error("form: " + name);
}

void prepare_rows(Task& task, const MeasureSet& measures, Input form, const RowsInput& input) {
  RowsOptions options;
  options.input_p = options.input_q = form;
  const std::int64_t rows = std::max(input.p.rows, input.q.rows), count = measures.size();
  const DType dtype = rows_result_dtype(input, options);
  task.result.resize(static_cast<std::size_t>(rows * count) * size_of(dtype));
  const RowsOutput output = {{task.result.data(), dtype, rows, count, count}, nullptr};
  const Workspace workspace = task.scratch(rows_workspace(measures, input, options));
  task.call = [=] { kullback::rows(measures, input, output, options, workspace, host_stream); };
}

void prepare_cross_entropy(Task& task, MatrixView logits, VectorView labels) {
  task.result.resize(sizeof(float));
  task.gradient.resize(static_cast<std::size_t>(logits.rows * logits.cols) * size_of(logits.dtype));
  CrossEntropyOutput output;
  output.loss = {task.result.data(), DType::f32, 1};
  output.gradient = {task.gradient.data(), logits.dtype, logits.rows, logits.cols, logits.cols};
  const CrossEntropyOptions options;
  const Workspace workspace = task.scratch(cross_entropy_workspace(logits, labels, output, options));
  task.call = [=] { cross_entropy(logits, labels, output, options, workspace, host_stream); };
}

void prepare_divergence_loss(Task& task, const std::string& measure, MatrixView p, MatrixView q) {
  task.result.resize(sizeof(float));
  task.gradient.resize(static_cast<std::size_t>(q.rows * q.cols) * size_of(q.dtype));
  DivergenceLossOutput output;
  output.loss = {task.result.data(), DType::f32, 1};
  output.gradient_q = {task.gradient.data(), q.dtype, q.rows, q.cols, q.cols};
  const LossTerms terms = {{measures_of(measure)[0], 1.0}};
  const DivergenceLossOptions options;
  const RowsInput input = {p, q, {}};
  const Workspace workspace = task.scratch(divergence_loss_workspace(terms, input, output, options));
  task.call = [=] { divergence_loss(terms, input, output, options, workspace, host_stream); };
}

double* doubles(Task& task, std::int64_t count) {
  task.result.resize(static_cast<std::size_t>(count) * sizeof(double));
  return reinterpret_cast<double*>(task.result.data());
}

void prepare_mutual_information(Task& task, const std::string& shape, std::istream& words) {
  std::string first, second;
  std::int64_t classes = 0, label_classes = 0;
  const MutualInformationOptions options;
  if (shape == "mi_pairs") {
    words >> first >> second >> classes;
    const MatrixView x = task.matrix(first), y = task.matrix(second);
    double* out = doubles(task, x.rows);
    const Workspace workspace = task.scratch(mutual_information_pairs_workspace(x, classes, y, classes, options));
    task.call = [=] { mutual_information_pairs(x, classes, y, classes, out, options, workspace, host_stream); };
  } else if (shape == "mi_label") {
    words >> first >> second >> classes >> label_classes;
    const MatrixView table = task.matrix(first);
    const VectorView label = task.vector(second);
    double* out = doubles(task, table.cols);
    const Workspace workspace =
        task.scratch(mutual_information_label_workspace(table, classes, label, label_classes, options));
    task.call = [=] {
      mutual_information_label(table, classes, label, label_classes, out, options, workspace, host_stream);
    };
  } else {
    words >> first >> classes;
    const MatrixView table = task.matrix(first);
    const MutableMatrixView out = mutable_view(doubles(task, table.cols * table.cols), table.cols, table.cols);
    const Workspace workspace = task.scratch(mutual_information_all_pairs_workspace(table, classes, options));
    task.call = [=] { mutual_information_all_pairs(table, classes, out, options, workspace, host_stream); };
  }
}

void prepare(Task& task, std::istream& words) {
  std::string what, a, b, c, d;
  words >> what;
  if (what == "rows") {
    words >> a >> b >> c >> d;
    const MatrixView p = task.matrix(c), q = task.matrix(d);
    prepare_rows(task, measures_of(a), form_of(b), {p, q, {}});
  } else if (what == "nll") {
    words >> a >> b;
    const MatrixView q = task.matrix(a);
    prepare_rows(task, {Measure::nll}, Input::logits, {{}, q, task.vector(b)});
  } else if (what == "cross_entropy") {
    words >> a >> b;
    const MatrixView logits = task.matrix(a);
    prepare_cross_entropy(task, logits, task.vector(b));
  } else if (what == "divergence_loss") {
    words >> a >> b >> c;
    const MatrixView p = task.matrix(b);
    prepare_divergence_loss(task, a, p, task.matrix(c));
  } else if (what == "mi_pairs" || what == "mi_label" || what == "mi_all_pairs") {
    prepare_mutual_information(task, what, words);
  } else {
    throw std::runtime_error("prepare: " + what);
  }
}

void answer(std::deque<Task>& tasks, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "prepare") {
    prepare(tasks.emplace_back(), words);
    std::cout << tasks.size() - 1 << std::endl;
    return;
  }
  std::size_t number = 0;
  words >> number;
  Task& task = tasks.at(number);
  if (command == "run") {
    const auto start = std::chrono::steady_clock::now();
    task.call();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << seconds.count() << std::endl;
  } else if (command == "write") {
    std::string path;
    words >> path;
    std::ofstream file(path, std::ios::binary);
    const std::vector<char>& bytes = task.gradient.empty() ? task.result : task.gradient;
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.flush()) throw std::runtime_error(path + ": cannot be written");
    std::cout << "done" << std::endl;
  } else {
    throw std::runtime_error("command: " + command);
  }
}

}  // namespace

int main() {
  std::deque<Task> tasks;
  try {
    std::cout.precision(9);
    for (std::string line; std::getline(std::cin, line);) answer(tasks, line);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kullback_peer: %s\n", error.what());
    return 2;
  }
  return 0;
}
