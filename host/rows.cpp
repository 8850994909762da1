#include "kullback/rows.hpp"

#include "host/arguments.hpp"
#include "host/check_rows.hpp"
#include "kernels/engines.hpp"
#include "kernels/measures/all.hpp"
#include "kullback/error.hpp"

namespace kullback {

MeasureInfo measure_info(Measure measure) noexcept {
  MeasureInfo info = {"?", false, false, false, false};
  with_measure(AllMeasures{}, measure, [&](auto m) { info = decltype(m)::kInfo; });
  return info;
}

std::optional<Measure> parse_measure(std::string_view name) noexcept {
  std::optional<Measure> found;
  if (name == "surprisal") return Measure::nll;
  for_each_measure(AllMeasures{}, [&](auto m) {
    if (name == decltype(m)::kInfo.name) found = decltype(m)::kId;
  });
  return found;
}

MeasureSet all_measures() noexcept {
  MeasureSet all;
  for_each_measure(AllMeasures{}, [&](auto m) { all.push_back(decltype(m)::kId); });
  return all;
}

DType rows_result_dtype(const RowsInput& input, const RowsOptions& options) noexcept {
  // An empty side has the default dtype, float32, whatever its form.
  const auto wide = [](const MatrixView& v, Input form) {
    return v.dtype == DType::f64 || (form == Input::counts && !is_floating(v.dtype));
  };
  return wide(input.p, options.input_p) || wide(input.q, options.input_q) ? DType::f64 : DType::f32;
}

namespace {

void check_side(const MatrixView& view, Input form, const char* name) {
  require_view(view, name);
  if (form == Input::counts) {
    require_integer(view.dtype, name);
  } else {
    require_floating(view.dtype, name);
  }
}

void check_options(const RowsOptions& o) {
  require_in(o.temperature, kMinTemperature, kMaxTemperature, "temperature", kTemperatureRange);
  require_in(o.beta, 0x1p-60, 1 - 0x1p-53, "beta", "a weight between 0 and 1, both excluded");
  if (o.alpha) require_in(*o.alpha, 0x1p-1022, 0x1.fffffffffffffp1023, "alpha", "a finite order above 0");
  require_in(o.label_smoothing, 0, 1, "label_smoothing", "a number from 0 to 1");
  require_in(o.smooth, 0, 0x1.fffffffffffffp1023, "smooth", "a finite number from 0 on");
}

bool is_linear(Input form) { return form == Input::probs || form == Input::counts; }

}  // namespace

RowsJob check_rows(const MeasureSet& measures, const RowsInput& input, const RowsOptions& options) {
  if (measures.size() < 1 || measures.size() > MeasureSet::kMaxSize) {
    throw InvalidArgument("measures: " + std::to_string(measures.size()) + " asked, expected 1 to " +
                          std::to_string(MeasureSet::kMaxSize));
  }
  bool needs_p = false, needs_q = false, needs_labels = false;
  for (Measure m : measures) {
    const MeasureInfo info = measure_info(m);
    if (!info.needs_p && !info.needs_q) {
      throw InvalidArgument("measures: " + std::to_string(static_cast<int>(m)) + " is not an enumerator of Measure");
    }
    if ((m == Measure::renyi || m == Measure::tsallis) && !options.alpha) {
      throw InvalidArgument("alpha: is not set, and " + std::string(info.name) + " has no default order");
    }
    needs_p |= info.needs_p, needs_q |= info.needs_q, needs_labels |= info.needs_labels;
  }
  check_options(options);
  if (needs_p) require_enumerator(options.input_p, Input::counts, "input_p", "Input");
  if (needs_q) require_enumerator(options.input_q, Input::counts, "input_q", "Input");
  require_enumerator(options.normalize, Normalize::check, "normalize", "Normalize");
  if (options.smooth > 0 && !(needs_p && is_linear(options.input_p)) && !(needs_q && is_linear(options.input_q))) {
    throw InvalidArgument("smooth: is set, and no side that is read holds probabilities or counts");
  }
  if (needs_p) check_side(input.p, options.input_p, "P");
  if (needs_q) check_side(input.q, options.input_q, "Q");
  RowsJob job{};
  job.measures = measures;
  job.options = options;
  job.unit_scale = unit_factor(options.unit);
  job.threads = resolve_threads(options.execution);
  job.values.dtype = rows_result_dtype(input, options);  // the plan depends on it
  if (needs_p) job.p = input.p;
  if (needs_q) job.q = input.q;
  if (needs_p && needs_q) {
    const bool rows_match = job.p.rows == job.q.rows || job.p.rows == 1 || job.q.rows == 1;
    if (job.p.cols != job.q.cols || !rows_match) {
      throw InvalidArgument("P is " + describe(job.p) + " and Q is " + describe(job.q) +
                            ", expected equal columns, and equal rows or one row on a side");
    }
    job.rows = job.p.rows == 1 ? job.q.rows : job.p.rows;
  } else {
    job.rows = needs_p ? job.p.rows : job.q.rows;
  }
  job.cols = needs_p ? job.p.cols : job.q.cols;
  if (needs_labels) {
    require_integer(input.labels.dtype, "labels");
    require_vector(input.labels, job.rows, "labels");
    job.labels = input.labels;
  }
  return job;
}

namespace {

/// With the room to align it.
std::size_t workspace_bytes(const RowsJob& job, Backend backend) {
  if (backend == Backend::cuda && job.options.smooth > 0) {
    throw BackendUnavailable("CUDA backend: it has no additive smoothing, expected host memory and the CPU backend");
  }
  if (job.rows == 0) return 0;
  const std::size_t bytes = backend == Backend::cuda ? cuda::rows_workspace_bytes(job) : cpu::rows_workspace_bytes(job);
  return bytes == 0 ? 0 : bytes + kWorkspaceSlack;
}

}  // namespace

std::size_t rows_workspace(const MeasureSet& measures, const RowsInput& input, const RowsOptions& options) {
  const RowsJob job = check_rows(measures, input, options);
  return workspace_bytes(job, resolve_backend(options.execution, {operand(job.p, "P"), operand(job.q, "Q")}));
}

void rows(const MeasureSet& measures, const RowsInput& input, const RowsOutput& output, const RowsOptions& options,
          Workspace workspace, Stream stream) {
  RowsJob job = check_rows(measures, input, options);
  require_view(output.values, "values");
  if (output.values.rows != job.rows || output.values.cols != measures.size() ||
      output.values.dtype != rows_result_dtype(input, options)) {
    const MatrixView expected = {nullptr, rows_result_dtype(input, options), job.rows, measures.size(), 0};
    throw InvalidArgument("values: is " + describe(output.values) + ", expected " + describe(expected));
  }
  job.values = output.values;
  job.status = output.status;
  const Operands operands = {operand(job.p, "P"), operand(job.q, "Q"), operand(job.labels, "labels"),
                             operand(job.values, "values"),
                             operand(MutableVectorView{job.status, DType::u8, job.rows}, "status")};
  const Backend backend = resolve_backend(options.execution, operands);
  require_disjoint(operands);
  job.workspace = lend(workspace, workspace_bytes(job, backend), backend, operands);
  if (job.rows == 0) return;
  if (backend == Backend::cuda) {
    cuda::rows(job, stream);
  } else {
    cpu::rows(job);
  }
}

}  // namespace kullback
