#include "bench/workloads.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace kullback::bench {
namespace {

// binary128 takes about a microsecond per logarithm, so big inputs are checked on an evenly spaced sample of rows.
VerifyOptions rows_within(std::int64_t cells, std::int64_t cells_per_row) {
  VerifyOptions options;
  options.max_rows = std::clamp<std::int64_t>(cells / std::max<std::int64_t>(cells_per_row, 1), 2, options.max_rows);
  return options;
}
constexpr std::int64_t kReferenceCells = 1 << 17;    // of a row-wise measure
constexpr std::int64_t kReferenceSamples = 1 << 24;  // of a joint histogram

const char* name_of(Input form) {
  switch (form) {
    case Input::logits: return "logits";
    case Input::log_probs: return "log-probs";
    case Input::probs: return "probs";
    case Input::counts: return "counts";
  }
  return "?";
}

// Only what the set reads, so that nothing else is counted or touched.
RowsOperands needed_sides(const MeasureSet& measures, const RowsOperands& all) {
  RowsOperands needed({}, all.where);
  for (Measure m : measures) {
    const MeasureInfo info = measure_info(m);
    if (info.needs_p) needed.p = all.p;
    if (info.needs_q) needed.q = all.q;
    if (info.needs_labels) needed.labels = all.labels;
  }
  return needed;
}

// Lent to one call at a time, so one will do for all copies.
struct Scratch {
  Scratch(std::size_t bytes, const Placement& where) : memory(bytes, {where.backend, where.stream, 1}) {}
  Workspace workspace() const { return {memory.data(), memory.bytes()}; }
  Operand memory;
};

// `complete` gives the case what to run, or the reason why the backend cannot.
template <class Complete> Case completed(Case c, const Placement& where, Complete&& complete) {
  c.copies = where.copies;
  try {
    complete(c);
  } catch (const BackendUnavailable& why) {
    c.unavailable = why.what();
  }
  return c;
}

MutualInformationOptions mi_options(const Placement& where) {
  MutualInformationOptions options;
  options.execution.backend = where.backend;
  return options;
}

Case mi_case(std::string measure, std::string shape, DType dtype, std::size_t input_bytes, std::int64_t results) {
  Case c;
  c.measure = std::move(measure);
  c.shape = std::move(shape);
  c.dtype = name_of(dtype);
  c.input_bytes = input_bytes;
  c.output_bytes = static_cast<std::size_t>(results) * sizeof(double);
  return c;
}

double* doubles(const Operand& out, std::int64_t call) { return static_cast<double*>(out.data(call)); }

}  // namespace

Case rows_case(std::string label, const MeasureSet& measures, const RowsOperands& all, const RowsOptions& given) {
  const RowsOperands input = needed_sides(measures, all);
  const RowsInput host = input.host();
  const MatrixView& side = host.q.data != nullptr ? host.q : host.p;
  const std::int64_t rows = std::max(host.p.rows, host.q.rows);
  RowsOptions options = given;
  if (!options.alpha) options.alpha = 2;  // orders have no default
  options.execution.backend = all.where.backend;
  const DType result = rows_result_dtype(host, options);

  Case c;
  c.measure = std::move(label);
  c.shape = fmt::format("{} x {} {}", rows, side.cols, name_of(options.input_q));
  c.dtype = kullback::name_of(side.dtype);
  c.input_bytes = bytes_of(host.p) + bytes_of(host.q) + bytes_of(host.labels);
  c.output_bytes = static_cast<std::size_t>(rows * measures.size()) * size_of(result);
  return completed(std::move(c), all.where, [&](Case& c) {
    const auto values = [=](void* data) {
      return MutableMatrixView{data, result, rows, measures.size(), measures.size()};
    };
    const Operand out(c.output_bytes, all.where);
    const Scratch scratch(rows_workspace(measures, input.at(0), options), all.where);
    const Stream stream = all.where.stream;
    c.run = [=](std::int64_t call) {
      kullback::rows(measures, input.at(call), {values(out.data(call)), nullptr}, options, scratch.workspace(), stream);
    };
    c.verify = [=] {
      return verify_rows(measures, input.host(), values(out.on_host()), options,
                         rows_within(kReferenceCells, side.cols));
    };
  });
}

Case rows_case(Measure measure, const RowsOperands& input, const RowsOptions& options) {
  return rows_case(measure_info(measure).name, MeasureSet{measure}, input, options);
}

Case cross_entropy_case(const RowsOperands& input, Gradient with) {
  const Placement where = input.where;
  CrossEntropyOptions options;
  options.execution.backend = where.backend;
  const MatrixView host = input.q.host();
  const DType loss_dtype = host.dtype == DType::f64 ? DType::f64 : DType::f32;
  const std::size_t gradient_bytes = with == Gradient::yes ? bytes_of(host) : 0;

  Case c;
  c.measure = with == Gradient::yes ? "cross-entropy loss + gradient" : "cross-entropy loss";
  c.shape = fmt::format("{} x {} logits", host.rows, host.cols);
  c.dtype = kullback::name_of(host.dtype);
  c.input_bytes = bytes_of(host) + bytes_of(input.labels.host());
  c.output_bytes = gradient_bytes + size_of(loss_dtype);
  return completed(std::move(c), where, [&](Case& c) {
    const Operand loss(size_of(loss_dtype), where), gradient(gradient_bytes, where);
    const auto output = [=](void* loss_data, void* gradient_data) {
      CrossEntropyOutput output;
      output.loss = {loss_data, loss_dtype, 1};
      if (with == Gradient::yes) output.gradient = {gradient_data, host.dtype, host.rows, host.cols, host.cols};
      return output;
    };
    const auto output_of = [=](std::int64_t call) { return output(loss.data(call), gradient.data(call)); };
    const InputView<MatrixView> logits = input.q;
    const InputView<VectorView> labels = input.labels;
    const Scratch scratch(cross_entropy_workspace(logits.at(0), labels.at(0), output_of(0), options), where);
    c.run = [=](std::int64_t call) {
      cross_entropy(logits.at(call), labels.at(call), output_of(call), options, scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const CrossEntropyOutput written = output(loss.on_host(), gradient.on_host());
      return verify_cross_entropy(host, labels.host(), written, options, rows_within(kReferenceCells, host.cols));
    };
  });
}

Case divergence_loss_case(Measure measure, const RowsOperands& input) {
  const Placement where = input.where;
  const LossTerms terms = {{measure, 1.0}};
  DivergenceLossOptions options;
  options.execution.backend = where.backend;
  const MatrixView host = input.q.host();
  const DType loss_dtype = host.dtype == DType::f64 ? DType::f64 : DType::f32;

  Case c;
  c.measure = fmt::format("{} loss + gradient", measure_info(measure).name);
  c.shape = fmt::format("{} x {} logits", host.rows, host.cols);
  c.dtype = kullback::name_of(host.dtype);
  c.input_bytes = bytes_of(input.p.host()) + bytes_of(host);
  c.output_bytes = bytes_of(host) + size_of(loss_dtype);
  return completed(std::move(c), where, [&](Case& c) {
    const Operand loss(size_of(loss_dtype), where), gradient(bytes_of(host), where);
    const auto output = [=](void* loss_data, void* gradient_data) {
      DivergenceLossOutput output;
      output.loss = {loss_data, loss_dtype, 1};
      output.gradient_q = {gradient_data, host.dtype, host.rows, host.cols, host.cols};
      return output;
    };
    const auto output_of = [=](std::int64_t call) { return output(loss.data(call), gradient.data(call)); };
    const Scratch scratch(divergence_loss_workspace(terms, input.at(0), output_of(0), options), where);
    c.run = [=](std::int64_t call) {
      divergence_loss(terms, input.at(call), output_of(call), options, scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const DivergenceLossOutput written = output(loss.on_host(), gradient.on_host());
      return verify_divergence_loss(terms, input.host(), written, options, rows_within(kReferenceCells, host.cols));
    };
  });
}

Case mi_pairs_case(const InputView<MatrixView>& x, const InputView<MatrixView>& y, std::int64_t classes,
                   const Placement& where) {
  const MatrixView host = x.host();
  const std::string shape = fmt::format("{} pairs x {}, {} x {} codes", host.rows, host.cols, classes, classes);
  Case c = mi_case("mi of pairs", shape, host.dtype, bytes_of(host) + bytes_of(y.host()), host.rows);
  return completed(std::move(c), where, [&](Case& c) {
    const auto options = mi_options(where);
    const Operand out(c.output_bytes, where);
    const Scratch scratch(mutual_information_pairs_workspace(x.at(0), classes, y.at(0), classes, options), where);
    c.run = [=](std::int64_t call) {
      mutual_information_pairs(x.at(call), classes, y.at(call), classes, doubles(out, call), options,
                               scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const auto* written = static_cast<const double*>(out.on_host());
      return verify_mutual_information_pairs(host, classes, y.host(), classes, written, options,
                                             rows_within(kReferenceSamples, host.cols));
    };
  });
}

Case mi_label_case(const InputView<MatrixView>& table, std::int64_t classes, const InputView<VectorView>& label,
                   std::int64_t label_classes, const Placement& where) {
  const MatrixView host = table.host();
  const std::string shape = fmt::format("{} x {}, {} x {} codes", host.rows, host.cols, classes, label_classes);
  Case c = mi_case("mi with the label", shape, host.dtype, bytes_of(host) + bytes_of(label.host()), host.cols);
  return completed(std::move(c), where, [&](Case& c) {
    const auto options = mi_options(where);
    const Operand out(c.output_bytes, where);
    const Scratch scratch(mutual_information_label_workspace(table.at(0), classes, label.at(0), label_classes, options),
                          where);
    c.run = [=](std::int64_t call) {
      mutual_information_label(table.at(call), classes, label.at(call), label_classes, doubles(out, call), options,
                               scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const auto* written = static_cast<const double*>(out.on_host());
      return verify_mutual_information_label(host, classes, label.host(), label_classes, written, options,
                                             rows_within(kReferenceSamples, host.rows));
    };
  });
}

Case mi_all_pairs_case(const InputView<MatrixView>& table, std::int64_t classes, const Placement& where) {
  const MatrixView host = table.host();
  const std::string shape = fmt::format("{} x {}, {} x {} codes", host.rows, host.cols, classes, classes);
  Case c = mi_case("mi of all pairs", shape, host.dtype, bytes_of(host), host.cols * host.cols);
  return completed(std::move(c), where, [&](Case& c) {
    const auto options = mi_options(where);
    const Operand out(c.output_bytes, where);
    const Scratch scratch(mutual_information_all_pairs_workspace(table.at(0), classes, options), where);
    c.run = [=](std::int64_t call) {
      mutual_information_all_pairs(table.at(call), classes, mutable_view(doubles(out, call), host.cols, host.cols),
                                   options, scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const auto* written = static_cast<const double*>(out.on_host());
      return verify_mutual_information_all_pairs(host, classes, view(written, host.cols, host.cols), options,
                                                 rows_within(kReferenceSamples, host.rows));
    };
  });
}

Case mi_all_pairs_case(const InputView<MatrixView>& table, std::int64_t classes, std::int64_t missing,
                       const Placement& where) {
  const MatrixView host = table.host();
  const std::string shape = fmt::format("{} x {}, {} x {} codes, some missing", host.rows, host.cols, classes, classes);
  Case c = mi_case("mi of all pairs", shape, host.dtype, bytes_of(host), host.cols * host.cols);
  return completed(std::move(c), where, [&](Case& c) {
    const InformationSet mi = {Information::mi};
    InformationOptions options;
    options.missing = missing;
    options.execution.backend = where.backend;
    const std::int64_t pairs = host.cols * host.cols;
    const Operand out(c.output_bytes, where);
    const Scratch scratch(information_all_pairs_workspace(mi, {table.at(0), classes}, {}, options), where);
    c.run = [=](std::int64_t call) {
      information_all_pairs(mi, {table.at(call), classes}, {}, mutable_view(doubles(out, call), pairs, 1), options,
                            scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      const auto* written = static_cast<const double*>(out.on_host());
      return verify_information_all_pairs(mi, {host, classes}, {}, view(written, pairs, 1), options,
                                          rows_within(kReferenceSamples, host.rows));
    };
  });
}

Case mi_joint_case(const InputView<MatrixView>& joint, const Placement& where) {
  const MatrixView host = joint.host();
  const std::string shape = fmt::format("{} x {} counts", host.rows, host.cols);
  Case c = mi_case("mi of a joint table", shape, host.dtype, bytes_of(host), 1);
  return completed(std::move(c), where, [&](Case& c) {
    const auto options = mi_options(where);
    const Operand out(c.output_bytes, where);
    const Scratch scratch(mutual_information_joint_workspace(joint.at(0), options), where);
    c.run = [=](std::int64_t call) {
      mutual_information_joint(joint.at(call), doubles(out, call), options, scratch.workspace(), where.stream);
    };
    c.verify = [=] {
      return verify_mutual_information_joint(host, *static_cast<const double*>(out.on_host()), options);
    };
  });
}

}  // namespace kullback::bench
