#pragma once

#include "kernels/measures/js.hpp"

namespace kullback {

/// Root of the Jensen-Shannon divergence, at beta = 1/2 a metric (Endres & Schindelin 2003).
struct JsDistance {
  static constexpr Measure kId = Measure::js_distance;
  static constexpr MeasureInfo kInfo = {"js_distance", true, true, false, true};
  static constexpr MeasureKind kKind = MeasureKind::function;
  static constexpr unsigned kFields = 0;
  using Terms = MeasureList<Js>;

  template <class Sum> static KULLBACK_HD double value(const Sum& sum, const RowFacts&) { return sqrt(sum(Js{})); }

  using SlopeOf = Js;
  static KULLBACK_HD double chain(double value, const RowFacts&) { return value > 0 ? 0.5 / value : 0; }
};

}  // namespace kullback
