#pragma once

#include <utility>

#include "kernels/measures/all.hpp"

namespace kullback {

template <class M, class = void> struct SlopeOfMeasure { using type = M; };
template <class M> struct SlopeOfMeasure<M, std::void_t<typename M::SlopeOf>> { using type = typename M::SlopeOf; };
/// The measure whose slope M's is a multiple of.
template <class M> using SlopeOf = typename SlopeOfMeasure<M>::type;

template <class M, class = void> inline constexpr bool kHasSlope = false;
template <class M> inline constexpr bool kHasSlope<M, std::void_t<decltype(SlopeOf<M>::kSlopeFields)>> = true;

/// A multiple of the negative log-likelihood of the label on one side.
template <class M> inline constexpr bool kIsOfLabel = std::is_same_v<SlopeOf<M>, Nll> || std::is_same_v<M, NllP>;

template <class M> inline constexpr bool kHasGradient = kHasSlope<M> || kIsOfLabel<M>;

/// Measures with slopes of their own where a sum is far from 1.
template <class M, class = void> inline constexpr bool kIsLogOfSum = false;
template <class M>
inline constexpr bool kIsLogOfSum<M, std::void_t<decltype(M::log_sum(0.0, std::declval<RowFacts>()))>> = true;

/// What M's slope is times that of SlopeOf<M>, at a row where M has this value: NaN where it is infinite.
template <class M> KULLBACK_HD double chain_of(double value, const RowFacts& facts) {
  if constexpr (std::is_same_v<SlopeOf<M>, M>) {
    return 1;
  } else {
    return abs(value) < kInf<double> ? M::chain(value, facts) : kNaN<double>;
  }
}

}  // namespace kullback
