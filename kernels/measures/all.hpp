#pragma once

#include <type_traits>
#include <utility>

#include "kernels/measures/bhattacharyya.hpp"
#include "kernels/measures/chi2.hpp"
#include "kernels/measures/cross_entropy.hpp"
#include "kernels/measures/entropy.hpp"
#include "kernels/measures/entropy_q.hpp"
#include "kernels/measures/hellinger.hpp"
#include "kernels/measures/jeffreys.hpp"
#include "kernels/measures/js.hpp"
#include "kernels/measures/js_distance.hpp"
#include "kernels/measures/kl.hpp"
#include "kernels/measures/nll.hpp"
#include "kernels/measures/of_q.hpp"
#include "kernels/measures/order.hpp"
#include "kernels/measures/rel_entr.hpp"
#include "kernels/measures/reverse_kl.hpp"
#include "kernels/measures/top1_agree.hpp"
#include "kernels/measures/triangular.hpp"
#include "kernels/measures/tv.hpp"

namespace kullback {

/// The only list of the row-wise measures. A new one is a struct beside these, a line here (if it is a sum over the
/// columns also in a list of terms), an enumerator in kullback/rows.hpp, and, by a second pen, a function in
/// host/reference/.
using AllMeasures = MeasureList<Entropy, EntropyQ, CrossEntropy, Nll, NllP, Kl, ReverseKl, Js, Tv, Top1Agree, RelEntr,
                                Jeffreys, JsDistance, HellingerSq, Hellinger, Bhattacharyya, Chi2, Chi2Reverse,
                                Triangular, Renyi, Tsallis, Lse, MaxProb, Top1, Perplexity>;

/// The sums over the columns, in groups: a GPU's registers hold one group's at a time. All sums of a measure are in one
/// group.
using UsualTerms = MeasureList<Entropy, EntropyQ, CrossEntropy, Kl, ReverseKl, Js, Tv>;
using DivergenceTerms = MeasureList<RelEntr, Jeffreys, HellingerSq, Chi2, Chi2Reverse, Triangular>;
using OrderTerms = MeasureList<AffinityGap, Affinity, OrderTerm, OrderSum>;

template <class... As, class... Bs> constexpr MeasureList<As..., Bs...> joined(MeasureList<As...>, MeasureList<Bs...>) {
  return {};
}
using AllTerms = decltype(joined(joined(UsualTerms{}, DivergenceTerms{}), OrderTerms{}));

/// Calls f(M{}) for every measure M.
template <class F, class... Ms> KULLBACK_HD void for_each_measure(MeasureList<Ms...>, F&& f) { (f(Ms{}), ...); }

/// Calls f(M{}) for the measure whose kId is m.
template <class F, class... Ms> KULLBACK_HD void with_measure(MeasureList<Ms...>, Measure m, F&& f) {
  (void)((m == Ms::kId ? (f(Ms{}), true) : false) || ...);
}

template <class... Ms> constexpr int count_of(MeasureList<Ms...>) { return static_cast<int>(sizeof...(Ms)); }
inline constexpr int kTermCount = count_of(AllTerms{});

/// The number of a term in a list; the list's size if it is not there.
template <class Term, class... Ms> constexpr int index_in(MeasureList<Ms...>) {
  int index = 0;
  bool found = false;
  ((found = found || std::is_same_v<Term, Ms>, index += !found), ...);
  return index;
}
template <class Term> inline constexpr int kTermIndex = index_in<Term>(AllTerms{});
template <class Term> inline constexpr unsigned kTermBit = 1u << kTermIndex<Term>;
template <class... Ms> constexpr unsigned bits_of_terms(MeasureList<Ms...>) { return (0u | ... | kTermBit<Ms>); }

/// The sums that a measure is a function of.
template <class M> constexpr auto terms_of() {
  if constexpr (M::kKind == MeasureKind::term) {
    return MeasureList<M>{};
  } else if constexpr (M::kKind == MeasureKind::function) {
    return typename M::Terms{};
  } else {
    return MeasureList<>{};
  }
}
template <class M> inline constexpr unsigned kTermsOf = bits_of_terms(terms_of<M>());
template <class Group, class M>
inline constexpr bool kIsOfGroup = (kTermsOf<M> & bits_of_terms(Group{})) == kTermsOf<M>&& kTermsOf<M> != 0;

template <class... Ms> constexpr bool each_of_one_group(MeasureList<Ms...>) {
  return ((kTermsOf<Ms> == 0 || kIsOfGroup<UsualTerms, Ms> || kIsOfGroup<DivergenceTerms, Ms> ||
           kIsOfGroup<OrderTerms, Ms>)&&...);
}
static_assert(each_of_one_group(AllMeasures{}));

/// What a term reads.
template <class... Ms> constexpr unsigned fields_of(MeasureList<Ms...>) { return (0u | ... | Ms::kFields); }

/// Terms that are logarithms, in double, of what is summed; the sum is one, too.
template <class Term, class = void> inline constexpr bool kIsLogarithmic = false;
template <class Term> inline constexpr bool kIsLogarithmic<Term, std::enable_if_t<Term::kLogarithmic>> = true;

/// Terms with a form for near columns, see is_near.
template <class Term, class = void> inline constexpr bool kHasNear = false;
template <class Term>
inline constexpr bool kHasNear<Term, std::void_t<decltype(Term::near(std::declval<Pair<float>>()))>> = true;

/// Terms that read Pair::q itself where columns are near, which softmax pairs then have to compute. (A term's other
/// form may, its near one does not.)
template <class Term, class = void> inline constexpr bool kReadsQ = !kHasNear<Term>;
template <class Term> inline constexpr bool kReadsQ<Term, std::enable_if_t<!Term::kReadsQ>> = false;

/// `sum(Term{})`: a term's sum over the columns.
template <class M, class Sum> KULLBACK_HD double value_of(const Sum& sum, const RowFacts& facts) {
  if constexpr (M::kKind == MeasureKind::term) {
    return sum(M{});
  } else if constexpr (M::kKind == MeasureKind::function) {
    return M::value(sum, facts);
  } else {
    return M::value(facts);
  }
}

}  // namespace kullback
