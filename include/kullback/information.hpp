#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "kullback/backend.hpp"
#include "kullback/export.hpp"
#include "kullback/matrix_view.hpp"
#include "kullback/rows.hpp"

/// Measures of two discrete variables, any set of them from one count of their joint table; with missing values and
/// given a third variable. `mutual_information_*` is the shorter call for mutual information alone.
namespace kullback {

/// X is the first variable (a feature), Y the second (its label). With n_ij of N samples in class i of X and j of Y,
/// and n_i, n_j their sums; H and I are of the plug-in distribution n_ij / N. None is clamped.
enum class Information : std::uint8_t {
  mi,             ///< I(X;Y), which is also the information gain H(Y) - H(Y|X)
  nmi,            ///< I / mean(H(X), H(Y)), in [0, 1]; the mean is options.normalizer
  ami,            ///< (I - E) / (mean(H(X), H(Y)) - E), E the exact mean of I over all tables with these margins
  entropy_x,      ///< H(X)
  entropy_y,      ///< H(Y)
  joint_entropy,  ///< H(X,Y)
  conditional_entropy_x,  ///< H(X|Y)
  conditional_entropy_y,  ///< H(Y|X)
  homogeneity,            ///< I / H(X): X the true classes, Y the clusters
  completeness,           ///< I / H(Y)
  v_measure,              ///< 2 I / (H(X) + H(Y)), the harmonic mean of these two
  g,                      ///< G = 2 N I in nats, the likelihood-ratio statistic of independence
  g_pvalue,               ///< chance that chi-square with (rows - 1)(columns - 1) degrees of freedom exceeds G
  permutation_pvalue,     ///< (1 + b) / (1 + n): b of n = options.permutations random tables have at least this I
  miller_madow,           ///< I - (cells - rows - columns + 1) / (2 N): corrected for its bias; may be negative
  samples,                ///< N: samples without a missing value
};

/// Who divides I in nmi and ami.
enum class Normalizer : std::uint8_t { arithmetic, geometric, min, max };

/// An ordered set of measures; output column k holds the k-th.
class InformationSet {
 public:
  static constexpr int kMaxSize = 32;

  constexpr InformationSet() = default;
  constexpr InformationSet(std::initializer_list<Information> list) {
    for (Information m : list) push_back(m);
  }
  /// Measures beyond kMaxSize make the set invalid, which the call reports.
  constexpr void push_back(Information m) {
    if (size_ < kMaxSize) items_[size_] = m;
    ++size_;
  }
  constexpr int size() const { return size_; }
  constexpr const Information* begin() const { return items_; }
  constexpr const Information* end() const { return items_ + (size_ < kMaxSize ? size_ : kMaxSize); }
  constexpr Information operator[](int i) const { return items_[i]; }
  constexpr bool contains(Information m) const {
    for (Information item : *this)
      if (item == m) return true;
    return false;
  }

 private:
  Information items_[kMaxSize] = {};
  int size_ = 0;
};

/// Static facts about a measure.
struct InformationInfo {
  const char* name;   ///< the name used by the command line and in tables
  bool scaled;        ///< multiplied by the unit (nats, bits, bans)
  bool needs_counts;  ///< has no meaning for a table of probabilities
  bool conditional;   ///< has a meaning given a third variable
};

KULLBACK_EXPORT InformationInfo information_info(Information measure) noexcept;
/// Also the second names information_gain and cmi (of mi) and conditional_entropy (of conditional_entropy_y).
KULLBACK_EXPORT std::optional<Information> parse_information(std::string_view name) noexcept;
/// Every measure that there is, in one fixed order.
KULLBACK_EXPORT InformationSet all_information() noexcept;

struct InformationOptions {
  Unit unit = Unit::nats;
  Normalizer normalizer = Normalizer::arithmetic;
  /// This code means "not known", in every variable. Each pair of variables uses the samples that both have (and whose
  /// given variable is known): its N, margins and classes are those of these samples.
  std::optional<std::int64_t> missing;
  /// int64 [samples], >= 0 with a sum below 2^63: every result is that of a table in which sample i occurs weights[i]
  /// times (0: it is absent, whatever its codes). Left empty: once. Of a batch of pairs the same for all of them. The
  /// workspace queries read them too.
  VectorView weights;
  /// Of permutation_pvalue, which needs at least one; at most 2^31 - 1.
  std::int64_t permutations = 0;
  std::uint64_t seed = 0;
  Execution execution;
};

/// Codes u8, u16, i32 or i64 in [0, classes), classes >= 1, or options.missing.
struct CodeMatrix {
  MatrixView view;
  std::int64_t classes = 0;
};
/// The same of one variable.
struct CodeVector {
  VectorView view;
  std::int64_t classes = 0;
};

/// The four shapes of mutual_information.hpp; out is float64 with a row for each result and a column for each measure.
///
/// `given` (may be left empty: {}) is a third variable Z: the results are averages over its classes z, weighted by the
/// samples n_z / N: mi is I(X;Y|Z), entropy_x is H(X|Z), and so on; g and its degrees of freedom are sums over the
/// classes. Measures without such a meaning (InformationInfo::conditional) are refused.
///
/// Edges, which are scikit-learn's: without samples, or with one class in both variables, nmi, ami, homogeneity,
/// completeness and v_measure are 1; with one class in one of them nmi, ami and v_measure are 0, and homogeneity is 1
/// where that one is X. No samples, otherwise: 0, and a p-value of 1. No degrees of freedom: a p-value of 1. Where the
/// mean of ami is its maximum, as with all samples different in both variables, ami is 1.
/// A code that is out of range, and not missing, makes the results that need it NaN and is never an index.
///
/// permutation_pvalue is the p-value of independence from tables that are drawn with the margins of the observed one,
/// as permuting the samples of one variable would draw them (given Z, within each of its classes), at a cost per table
/// of its cells whatever the number of samples. A table counts where N I, in nats, is at least the observed one or less
/// by no more than 2^-39 (cells) + 2^-45 N I: rounding does not tell tables of equal I apart. Cell c (row by row;
/// classes of a variable by falling size, the variable of fewer classes as rows) of table k of class z of Z takes its
/// random bits from Philox4x32-10 with the key `seed` and the counters (0, c, k, z), (1, c, k, z), ... and is
/// hypergeometric by ratio of uniforms (Stadlober 1990): the same for all results of a call, in every order and on
/// every machine, and for (Y, X) as for (X, Y).
///
/// Results are the same bit for bit whatever the order of the samples or the threads; mi's are those of
/// mutual_information_*. Accuracy: see the README. Nothing is allocated; the tables live in the workspace. Outputs must
/// not overlap inputs. ami adds about 20 sqrt(n_i n_j / N) terms for each pair of classes, all others one. Only on the
/// CPU yet. Throws InvalidArgument or BackendUnavailable before anything is written.

/// Row b of x with row b of y, both [batch, samples]; given is [batch, samples] or [1, samples]; out [batch, measures].
KULLBACK_EXPORT std::size_t information_pairs_workspace(const InformationSet& measures, CodeMatrix x, CodeMatrix y,
                                                        CodeMatrix given, const InformationOptions& options);
KULLBACK_EXPORT void information_pairs(const InformationSet& measures, CodeMatrix x, CodeMatrix y, CodeMatrix given,
                                       MutableMatrixView out, const InformationOptions& options, Workspace workspace,
                                       Stream stream);

/// Every feature (column, X) of table [samples, features] with one label (Y) [samples]; out [features, measures].
KULLBACK_EXPORT std::size_t information_label_workspace(const InformationSet& measures, CodeMatrix table,
                                                        CodeVector label, CodeVector given,
                                                        const InformationOptions& options);
KULLBACK_EXPORT void information_label(const InformationSet& measures, CodeMatrix table, CodeVector label,
                                       CodeVector given, MutableMatrixView out, const InformationOptions& options,
                                       Workspace workspace, Stream stream);

/// All pairs of features of table [samples, features]; out [features * features, measures]: row i * features + j has
/// feature i as X and j as Y. Each pair is finished once, as i <= j; the measures of (j, i) are those of (i, j) with X
/// and Y exchanged.
KULLBACK_EXPORT std::size_t information_all_pairs_workspace(const InformationSet& measures, CodeMatrix table,
                                                            CodeVector given, const InformationOptions& options);
KULLBACK_EXPORT void information_all_pairs(const InformationSet& measures, CodeMatrix table, CodeVector given,
                                           MutableMatrixView out, const InformationOptions& options,
                                           Workspace workspace, Stream stream);

/// A joint table [classes_x, classes_y] of counts (integers) or probabilities (floats; divided by their sum); out
/// [1, measures]. A negative, NaN or infinite entry, or a table of zeros, gives NaN; a table without cells counts as no
/// samples. Measures that need counts are refused for probabilities, and NaN where the total is beyond 64 bits.
/// options.missing and options.weights play no part.
KULLBACK_EXPORT std::size_t information_joint_workspace(const InformationSet& measures, MatrixView joint,
                                                        const InformationOptions& options);
KULLBACK_EXPORT void information_joint(const InformationSet& measures, MatrixView joint, MutableMatrixView out,
                                       const InformationOptions& options, Workspace workspace, Stream stream);

}  // namespace kullback
