#include "kernels/row_plan.hpp"

#include "kernels/measures/all.hpp"

namespace kullback {
namespace {

Form form_of(Input input, Normalize normalize) {
  switch (input) {
    case Input::logits: return Form::softmax;
    case Input::log_probs: return normalize == Normalize::always ? Form::softmax : Form::log_prob;
    case Input::probs: return normalize == Normalize::always ? Form::share : Form::prob;
    case Input::counts: return Form::share;
  }
  return Form::prob;
}

double temperature_of(Input input, const RowsOptions& options) {
  return input == Input::logits ? options.temperature : 1.0;
}

Pairing pairing_of(const RowsPlan& plan) {
  if ((plan.fields & kNeedsPairing) == 0) return Pairing::single;
  const auto linear = [](Form form) { return form == Form::prob || form == Form::share; };
  if (plan.form_p != plan.form_q) return linear(plan.form_p) && linear(plan.form_q) ? Pairing::shares : Pairing::mixed;
  switch (plan.form_p) {
    case Form::softmax: return plan.temperature_p == plan.temperature_q ? Pairing::logs : Pairing::mixed;
    case Form::log_prob: return Pairing::logs;
    case Form::prob: return Pairing::probs;
    case Form::share: return Pairing::shares;
  }
  return Pairing::mixed;
}

}  // namespace

RowsPlan plan_of(const RowsJob& job, unsigned more) {
  const RowsOptions& options = job.options;
  RowsPlan plan;
  plan.fields = more;
  plan.form_p = form_of(options.input_p, options.normalize);
  plan.form_q = form_of(options.input_q, options.normalize);
  plan.temperature_p = temperature_of(options.input_p, options);
  plan.temperature_q = temperature_of(options.input_q, options);
  for (Measure m : job.measures) {
    with_measure(AllMeasures{}, m, [&](auto measure) {
      using M = decltype(measure);
      plan.p |= M::kInfo.needs_p;
      plan.q |= M::kInfo.needs_q;
      plan.fields |= M::kFields | fields_of(terms_of<M>());
      plan.sums |= kTermsOf<M>;
      plan.top1 |= M::kId == Measure::top1 || M::kId == Measure::top1_agree;
      plan.mass_p |= M::kInfo.needs_p && (M::kFields & kNeedsMass) != 0;
      plan.mass_q |= M::kInfo.needs_q && (M::kFields & kNeedsMass) != 0;
      plan.label_p |= M::kInfo.needs_labels && M::kInfo.needs_p;
      plan.label_q |= M::kInfo.needs_labels && M::kInfo.needs_q;
    });
  }
  plan.terms = plan.sums != 0;
  if (options.alpha) plan.order = order_of(*options.alpha);
  plan.smooth = options.label_smoothing > 0 && (plan.label_p || plan.label_q);
  if (plan.smooth) {
    plan.terms = true;
    plan.fields |= (plan.label_p ? kNeedsLogP : 0u) | (plan.label_q ? kNeedsLogQ : 0u);
  }
  plan.pairing = pairing_of(plan);
  if ((plan.fields & kNeedsLogs) != 0 && (plan.pairing == Pairing::logs || plan.pairing == Pairing::mixed)) {
    plan.fields |= kNeedsLogP | kNeedsLogQ | kNeedsLogRatio;
  }
  // Double for double results (of a side that no measure reads, too), exact normalisation and mixed forms.
  plan.wide = job.values.dtype == DType::f64 || (plan.p && plan.form_p == Form::share) ||
              (plan.q && plan.form_q == Form::share) || plan.pairing == Pairing::mixed;
  return plan;
}

}  // namespace kullback
