#pragma once

#include "kernels/math/chi_square.hpp"
#include "kernels/math/expected_information.hpp"
#include "kullback/information.hpp"

/// What every measure of a joint table is made of, and the measures. All parts are sums of terms >= 0 in the fixed
/// order of mutual_information.hpp, and quotients are formed from I, H(X|Y) and H(Y|X), of which H(X) = I + H(X|Y):
/// they stay in [0, 1] and are exactly 1 or 0 where they should be.
namespace kullback {

enum InformationPart : unsigned {
  kPartInformation = 1,
  kPartMargins = 2,      ///< H(X), H(Y)
  kPartJoint = 4,        ///< H(X,Y)
  kPartConditional = 8,  ///< H(X|Y), H(Y|X)
  kPartExpected = 16,
  kPartPermutation = 32,  ///< the engine's, which has the tables of all strata
};

KULLBACK_HD unsigned parts_of(Information measure) {
  switch (measure) {
    case Information::entropy_x:
    case Information::entropy_y: return kPartMargins;
    case Information::joint_entropy: return kPartJoint;
    case Information::conditional_entropy_x:
    case Information::conditional_entropy_y: return kPartConditional;
    case Information::nmi:
    case Information::homogeneity:
    case Information::completeness:
    case Information::v_measure: return kPartInformation | kPartConditional;
    case Information::ami: return kPartInformation | kPartConditional | kPartExpected;
    case Information::permutation_pvalue: return kPartPermutation;
    case Information::samples: return 0;
    default: return kPartInformation;
  }
}

/// In nats.
struct JointSummary {
  double samples = 0;  ///< N
  double information = 0, entropy_x = 0, entropy_y = 0, joint_entropy = 0, x_given_y = 0, y_given_x = 0, expected = 0;
  double rows = 0, cols = 0, cells = 0;  ///< that hold samples
  double degrees = 0;                    ///< of freedom: (rows - 1)(cols - 1)
  double permutation_p = 1;              ///< of the permutation test
  bool all_alone = false;                ///< one of the variables has a class for each sample

  KULLBACK_HD static JointSummary invalid() {
    const double nan = kNaN<double>;
    return {nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan, false};
  }
  /// X and Y exchanged.
  KULLBACK_HD JointSummary swapped() const {
    return {samples,  information, entropy_y, entropy_x, joint_entropy, y_given_x,     x_given_y,
            expected, cols,        rows,      cells,     degrees,       permutation_p, all_alone};
  }
};

/// p log(q / p) for 0 <= p <= q, without cancellation where they are close; diff = q - p exactly.
KULLBACK_HD double entropy_term(double p, double q, double diff) {
  if (!(p > 0)) return 0;
  const double s = diff / (p + q);
  const double z = s * s;
  if (s > 0.5) return p * log_ratio(q, p);
  return p * (2 * s) * fma(z, artanh_tail(z), 1.0);
}

KULLBACK_HD double entropy_term(std::uint64_t n, std::uint64_t whole) {
  return entropy_term(static_cast<double>(n), static_cast<double>(whole), static_cast<double>(whole - n));
}

/// term(i, j) summed in the fixed order.
template <class Term> struct PlainTerms {
  const Term& term;
  KULLBACK_HD bool skips(std::int64_t) const { return false; }
  KULLBACK_HD double operator()(std::int64_t i, std::int64_t j) const { return term(i, j); }
};
template <class Term> KULLBACK_HD double sum_terms(std::int64_t rows, std::int64_t cols, const Term& term) {
  PlainTerms<Term> terms{term};
  return sum_cells(rows, cols, terms);
}

KULLBACK_HD double occupied(const std::uint64_t* sums, std::int64_t size) {
  std::int64_t count = 0;
  for (std::int64_t k = 0; k < size; ++k) count += sums[k] > 0;
  return static_cast<double>(count);
}

/// Of counts whose margins are known. `parts`: InformationPart bits.
template <class Table>
KULLBACK_HD JointSummary summarise(const Table& table, const std::uint64_t* row_sums, const std::uint64_t* col_sums,
                                   std::uint64_t total, unsigned parts) {
  JointSummary s;
  if (total == 0) return s;
  const std::int64_t rows = table.rows, cols = table.cols;
  const double n = static_cast<double>(total);
  s.samples = n;
  s.rows = occupied(row_sums, rows);
  s.cols = occupied(col_sums, cols);
  s.degrees = (s.rows - 1) * (s.cols - 1);
  s.all_alone = s.rows == n || s.cols == n;
  s.cells = sum_terms(rows, cols, [&](std::int64_t i, std::int64_t j) { return table.at(i, j) > 0 ? 1.0 : 0.0; });
  if (parts & kPartInformation) s.information = mutual_information(table, row_sums, col_sums, total);
  if (parts & kPartMargins) {
    s.entropy_x =
        sum_terms(rows, 1, [&](std::int64_t i, std::int64_t) { return entropy_term(row_sums[i], total); }) / n;
    s.entropy_y =
        sum_terms(cols, 1, [&](std::int64_t j, std::int64_t) { return entropy_term(col_sums[j], total); }) / n;
  }
  if (parts & kPartJoint) {
    const auto term = [&](std::int64_t i, std::int64_t j) { return entropy_term(table.at(i, j), total); };
    s.joint_entropy = sum_terms(rows, cols, term) / n;
  }
  if (parts & kPartConditional) {
    const auto in_column = [&](std::int64_t i, std::int64_t j) { return entropy_term(table.at(i, j), col_sums[j]); };
    const auto in_row = [&](std::int64_t i, std::int64_t j) { return entropy_term(table.at(i, j), row_sums[i]); };
    s.x_given_y = sum_terms(rows, cols, in_column) / n;
    s.y_given_x = sum_terms(rows, cols, in_row) / n;
  }
  // Where each sample has a class of its own in one variable, all tables with these margins have the same I.
  const bool fixed = s.all_alone || s.rows == 1 || s.cols == 1;
  if (parts & kPartExpected) {
    s.expected = fixed ? s.information : expected_information(row_sums, rows, col_sums, cols, total);
  }
  return s;
}

/// Averages of the tables of a third variable's classes, weighted by their samples.
struct StrataSum {
  CompensatedSum<double> information, entropy_x, entropy_y, joint_entropy, x_given_y, y_given_x;
  double samples = 0, degrees = 0;

  KULLBACK_HD void add(const JointSummary& s) {
    samples += s.samples;
    degrees += s.degrees;
    information.add(s.samples * s.information);
    entropy_x.add(s.samples * s.entropy_x);
    entropy_y.add(s.samples * s.entropy_y);
    joint_entropy.add(s.samples * s.joint_entropy);
    x_given_y.add(s.samples * s.x_given_y);
    y_given_x.add(s.samples * s.y_given_x);
  }
  KULLBACK_HD JointSummary mean() const {
    JointSummary s;
    if (samples == 0) return s;
    s.samples = samples;
    s.degrees = degrees;
    s.information = information.value() / samples;
    s.entropy_x = entropy_x.value() / samples;
    s.entropy_y = entropy_y.value() / samples;
    s.joint_entropy = joint_entropy.value() / samples;
    s.x_given_y = x_given_y.value() / samples;
    s.y_given_x = y_given_x.value() / samples;
    return s;
  }
};

/// information / entropy, where entropy = information + rest; `if_none` where both are 0.
KULLBACK_HD double share(double information, double rest, double if_none) {
  return information + rest == 0 ? if_none : information / (information + rest);
}

/// The mean of H(X) and H(Y) that the normaliser names.
KULLBACK_HD double mean_rest(const JointSummary& s, Normalizer normalizer) {
  const double low = s.x_given_y < s.y_given_x ? s.x_given_y : s.y_given_x;
  const double high = s.x_given_y < s.y_given_x ? s.y_given_x : s.x_given_y;
  switch (normalizer) {
    case Normalizer::min: return low;
    case Normalizer::max: return high;
    default: return 0.5 * low + 0.5 * high;
  }
}

KULLBACK_HD double normalised_information(const JointSummary& s, Normalizer normalizer) {
  if (s.information == 0) return s.x_given_y + s.y_given_x == 0 ? 1 : 0;
  if (normalizer != Normalizer::geometric) return share(s.information, mean_rest(s, normalizer), 1);
  return __builtin_sqrt(share(s.information, s.x_given_y, 1) * share(s.information, s.y_given_x, 1));
}

KULLBACK_HD double adjusted_information(const JointSummary& s, Normalizer normalizer) {
  if (s.x_given_y + s.y_given_x == 0 && (s.information == 0 || s.all_alone)) return 1;  // one class each, or N
  const double above = s.information - s.expected;
  double rest;  // mean of the entropies - information
  if (normalizer == Normalizer::geometric) {
    const double x = s.information + s.x_given_y, y = s.information + s.y_given_x;
    const double root = __builtin_sqrt(x) * __builtin_sqrt(y);
    // sqrt(xy) - I = (xy - I^2) / (sqrt(xy) + I)
    rest = root + s.information == 0
               ? 0
               : (s.information * (s.x_given_y + s.y_given_x) + s.x_given_y * s.y_given_x) / (root + s.information);
  } else {
    rest = mean_rest(s, normalizer);
  }
  const double room = above + rest;
  return room == 0 ? (s.information == 0 ? 0 : 1) : above / room;
}

/// One measure, information in units of `scale` nats^-1.
KULLBACK_HD double measure_of(const JointSummary& s, Information measure, Normalizer normalizer, double scale) {
  switch (measure) {
    case Information::mi: return s.information * scale;
    case Information::nmi: return normalised_information(s, normalizer);
    case Information::ami: return adjusted_information(s, normalizer);
    case Information::entropy_x: return s.entropy_x * scale;
    case Information::entropy_y: return s.entropy_y * scale;
    case Information::joint_entropy: return s.joint_entropy * scale;
    case Information::conditional_entropy_x: return s.x_given_y * scale;
    case Information::conditional_entropy_y: return s.y_given_x * scale;
    case Information::homogeneity: return share(s.information, s.x_given_y, 1);
    case Information::completeness: return share(s.information, s.y_given_x, 1);
    case Information::v_measure: return normalised_information(s, Normalizer::arithmetic);
    case Information::g: return 2 * s.samples * s.information;
    case Information::g_pvalue: return gamma_upper_tail(s.degrees / 2, s.samples * s.information);
    case Information::miller_madow:
      return s.samples == 0 ? 0 : (s.information - (s.cells - s.rows - s.cols + 1) / (2 * s.samples)) * scale;
    case Information::permutation_pvalue: return s.permutation_p;
    case Information::samples: return s.samples;
  }
  return kNaN<double>;
}

}  // namespace kullback
