#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "kullback/cross_entropy.hpp"
#include "kullback/divergence_loss.hpp"
#include "kullback/information.hpp"
#include "kullback/rows.hpp"

/// The numerical contract as data: how far a value may lie from the exact function of the given inputs. A bound is
/// `units` times u times the sum of the absolute values of the terms (the value itself where they have one sign), plus
/// an absolute allowance. u is the unit roundoff of the result type; 16-bit inputs have float32 results.
namespace kullback {

struct Bound {
  double units = 0;
  double absolute = 0;
};

struct ContractLine {
  double units_from_probs;    ///< probabilities, counts
  double units_from_logs;     ///< logits, log-probabilities, and mixtures of these with probabilities
  double absolute_from_logs;  ///< in nats; also where rows are divided by their sum on the way
};

/// A switch, so that a measure without a line does not compile.
constexpr ContractLine contract_of(Measure measure) {
  switch (measure) {
    case Measure::entropy:
    case Measure::entropy_q:
    case Measure::cross_entropy: return {32, 128, 0};
    case Measure::nll:
    case Measure::nll_p: return {32, 32, 0};
    case Measure::kl:
    case Measure::reverse_kl:
    case Measure::js:
    case Measure::jeffreys:
    case Measure::hellinger_sq:
    case Measure::triangular: return {16, 128, 0x1p-80};
    case Measure::chi2:
    case Measure::chi2_reverse: return {16, 256, 0x1p-80};
    case Measure::renyi:
    case Measure::tsallis: return {128, 128, 0x1p-80};
    case Measure::bhattacharyya: return {32, 128, 0x1p-80};
    case Measure::tv:
    case Measure::js_distance:
    case Measure::hellinger: return {16, 128, 0x1p-64};
    case Measure::top1_agree: return {0, 0, 0};
    case Measure::rel_entr: return {32, 128, 0x1p-80};
    case Measure::lse: return {4, 4, 0};
    case Measure::max_prob: return {4, 32, 0};
    case Measure::top1: return {1, 1, 0};  // an index beyond 2^24 is rounded to float32
    case Measure::perplexity: return {32, 32, 0};
  }
  return {};
}

/// Of the gradient of one measure.
constexpr double gradient_units(Measure measure) {
  switch (measure) {
    case Measure::chi2:
    case Measure::chi2_reverse:
    case Measure::bhattacharyya:
    case Measure::renyi: return 256;
    default: return 128;
  }
}

/// nll with label smoothing is a sum over the whole row.
inline constexpr double kSmoothedUnitsFromProbs = 32, kSmoothedUnitsFromLogs = 128;
inline constexpr double kLossUnits = 32, kGradientUnits = 128;
/// Of measures whose columns are distributions of their own.
inline constexpr double kColumnUnits = 32;
/// 2^-46 in units of 2^-53. No absolute allowance: an independent table of counts gives exactly 0.
inline constexpr double kMutualInformationUnits = 128;
/// Chances of counts are built one from the other: 2^-42, which is enough for 10^6 samples.
inline constexpr double kAdjustedInformationUnits = 2048;

/// In units of 2^-53 of the reference's magnitude.
constexpr double information_units(Information measure) {
  switch (measure) {
    case Information::nmi:
    case Information::homogeneity:
    case Information::completeness:
    case Information::v_measure: return 2 * kMutualInformationUnits;
    case Information::ami: return kAdjustedInformationUnits;
    case Information::g_pvalue: return 2 * kMutualInformationUnits;
    case Information::permutation_pvalue:
    case Information::samples: return 1;
    default: return kMutualInformationUnits;
  }
}

constexpr double unit_roundoff(DType result) { return result == DType::f64 ? 0x1p-53 : 0x1p-24; }
constexpr double smallest_normal(DType result) { return result == DType::f64 ? 0x1p-1022 : 0x1p-126; }

constexpr double largest_finite(DType result) {
  switch (result) {
    case DType::f64: return 0x1.fffffffffffffp1023;
    case DType::f16: return 65504;
    case DType::bf16: return 0x1.fep127;
    default: return 0x1.fffffep127;
  }
}

/// Half a unit in the last place of a 16-bit result near `value`; 0 for wider ones, whose bounds include it.
inline double half_ulp_16bit(double value, DType result) {
  if (size_of(result) != 2) return 0;
  const int smallest = result == DType::f16 ? -14 : -126, fraction_bits = result == DType::f16 ? 10 : 7;
  const int exponent = value == 0 ? smallest : std::max(smallest, std::ilogb(value));
  return std::ldexp(0.5, exponent - fraction_bits);
}

/// The bound of one measure of `rows`, for rows of `cols` columns and results that are computed in `result`.
inline Bound rows_bound(Measure measure, const RowsOptions& options, std::int64_t cols, DType result) {
  const MeasureInfo info = measure_info(measure);
  const auto any_side = [&](auto is) {
    return (info.needs_p && is(options.input_p)) || (info.needs_q && is(options.input_q));
  };
  const bool logs = any_side([](Input i) { return i == Input::logits || i == Input::log_probs; });
  const bool divided = any_side([](Input i) { return i == Input::counts; }) || options.smooth > 0 ||
                       options.normalize == Normalize::always;
  const ContractLine line = contract_of(measure);
  Bound bound{logs ? line.units_from_logs : line.units_from_probs, logs || divided ? line.absolute_from_logs : 0};
  if (info.needs_labels && options.label_smoothing > 0) {
    bound.units = logs ? kSmoothedUnitsFromLogs : kSmoothedUnitsFromProbs;
  }
  if (bound.units > 0) {
    const double underflow = static_cast<double>(cols) * smallest_normal(result);
    const bool is_root = measure == Measure::js_distance || measure == Measure::hellinger;
    bound.absolute += is_root ? std::sqrt(underflow) : underflow;
  }
  if (options.unit == Unit::bits && info.scaled) bound.absolute *= 1.4426950408889634;
  return bound;
}

inline double largest_class_weight(const VectorView& weights) {
  double largest = weights.data == nullptr ? 1 : 0;
  for (std::int64_t j = 0; weights.data != nullptr && j < weights.size; ++j) {
    const double w = weights.dtype == DType::f64 ? static_cast<const double*>(weights.data)[j]
                                                 : static_cast<double>(static_cast<const float*>(weights.data)[j]);
    largest = std::max(largest, std::fabs(w));
  }
  return largest;
}

/// Rounding a capped logit moves it by u of the softcap, which float64 results of float64 logits show.
inline double softcap_growth(const CrossEntropyOptions& options, DType result) {
  return result == DType::f64 ? std::max(1.0, options.softcap / options.temperature) : 1.0;
}

/// A z-loss adds the square of what lse may be off where it is 0.
inline Bound loss_bound(const CrossEntropyOptions& options, std::int64_t cols, DType result) {
  const double units = options.label_smoothing > 0 || options.z_loss > 0 ? kSmoothedUnitsFromLogs : kLossUnits;
  const double off = contract_of(Measure::lse).units_from_logs * unit_roundoff(result);
  const double weight = std::max(1.0, largest_class_weight(options.class_weights));
  return {units * softcap_growth(options, result),
          weight * static_cast<double>(cols) * smallest_normal(result) + options.z_loss * off * off};
}

/// A weighted sum, relative to the sum of the absolute values of its parts.
inline Bound divergence_loss_bound(const LossTerms& terms, const DivergenceLossOptions& options, std::int64_t cols,
                                   DType result) {
  RowsOptions of_rows;
  of_rows.input_p = options.input_p;
  Bound bound;
  double weights = 0;
  for (int k = 0; k < terms.measures().size(); ++k) {
    const Bound each = rows_bound(terms.measures()[k], of_rows, cols, result);
    bound.units = std::max(bound.units, each.units);
    weights += std::fabs(terms.weight(k)) * each.absolute;
  }
  const double square = options.temperature_squared ? options.temperature * options.temperature : 1.0;
  return {bound.units, weights * square + smallest_normal(result)};
}

/// `factor` multiplies q - t. Rounding to a 16-bit gradient comes on top: half_ulp_16bit.
inline Bound gradient_bound(double factor, std::int64_t cols, DType result) {
  return {kGradientUnits, static_cast<double>(cols) * smallest_normal(result) * std::max(1.0, std::fabs(factor))};
}

/// Of cross_entropy, in a row of that lse.
inline Bound loss_gradient_bound(const CrossEntropyOptions& options, double factor, double lse, std::int64_t cols,
                                 DType result) {
  const double of_q = largest_class_weight(options.class_weights) + 2 * options.z_loss * std::max(1.0, std::fabs(lse));
  Bound bound = gradient_bound(factor * of_q, cols, result);
  bound.units *= softcap_growth(options, result);
  return bound;
}

}  // namespace kullback
