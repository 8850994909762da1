#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/operand.hpp"
#include "bench/platform.hpp"
#include "kullback/kullback.hpp"

namespace kullback::bench {

/// One line of a table: one call of the public API on one input, and the check of what it wrote.
struct Case {
  std::string measure;
  std::string shape;
  std::string dtype;
  std::string unavailable;      ///< why the backend cannot run it; empty where it can
  std::int64_t copies = 1;      ///< of inputs and outputs
  std::size_t input_bytes = 0;  ///< compulsory traffic: each input once, each output once
  std::size_t output_bytes = 0;
  std::function<void(std::int64_t call)> run;  ///< the calls go round the copies
  std::function<VerifyReport()> verify;        ///< checks what call 0 wrote

  std::size_t bytes() const { return input_bytes + output_bytes; }
};

/// Cases that share their input. They are timed in turns, then the input is freed.
struct Batch {
  std::function<void()>
      prepare;  ///< makes the input and brings it to where the backend reads it; until then nothing runs
  std::vector<Case> cases;
};

/// The rows of a batch.
struct RowsOperands {
  RowsOperands(const RowsInput& host, const Placement& where)
      : p(host.p, where), q(host.q, where), labels(host.labels, where), where(where) {}
  RowsInput host() const { return {p.host(), q.host(), labels.host()}; }
  RowsInput at(std::int64_t call) const { return {p.at(call), q.at(call), labels.at(call)}; }
  void upload() const { p.upload(), q.upload(), labels.upload(); }

  InputView<MatrixView> p, q;
  InputView<VectorView> labels;
  Placement where;
};

/// `label` is the line's name; a side or labels that no measure of the set reads are dropped and not counted.
Case rows_case(std::string label, const MeasureSet& measures, const RowsOperands& input, const RowsOptions& options);
Case rows_case(Measure measure, const RowsOperands& input, const RowsOptions& options);

enum class Gradient { no, yes };
/// Of Q.
Case cross_entropy_case(const RowsOperands& input, Gradient gradient);

/// One measure and its gradient with respect to Q's logits.
Case divergence_loss_case(Measure measure, const RowsOperands& input);

Case mi_pairs_case(const InputView<MatrixView>& x, const InputView<MatrixView>& y, std::int64_t classes,
                   const Placement& where);
Case mi_label_case(const InputView<MatrixView>& table, std::int64_t classes, const InputView<VectorView>& label,
                   std::int64_t label_classes, const Placement& where);
Case mi_all_pairs_case(const InputView<MatrixView>& table, std::int64_t classes, const Placement& where);
/// `missing`: the code that stands for "not known".
Case mi_all_pairs_case(const InputView<MatrixView>& table, std::int64_t classes, std::int64_t missing,
                       const Placement& where);
Case mi_joint_case(const InputView<MatrixView>& joint, const Placement& where);

}  // namespace kullback::bench
