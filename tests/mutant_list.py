"""The errors that the suite must notice: each replaces one snippet, which occurs once in its file."""
import collections

# Translation units that see a mutated file, the tests asked about it, the quick ones first, and the backend they run.
Suite = collections.namedtuple("Suite", "units tests backend", defaults=["cpu"])
Mutant = collections.namedtuple("Mutant", "suite file name original replacement leads")

ENGINES = ("kernels/cpu/row_engines.cpp",)
# Vocabularies are left out: shorter rows meet the same code.
CONFORMANCE = ("conformance_test", "--gtest_filter=-*AVocabulary*:*CrossEntropyLoss*")
OPTIONS = ("conformance_test", "--gtest_filter=*EveryOption/0")
GRADIENTS = ("conformance_test", "--gtest_filter=*CrossEntropyLoss*-*LongRows")
LONG_GRADIENTS = ("conformance_test", "--gtest_filter=*CrossEntropyLoss*")
INFORMATION = ("mutual_information_test", "--gtest_filter=-*CountsPass32Bits:*APairIsTheSameInEveryCall:*ManyShapes")
SHAPES = ("mutual_information_test", "--gtest_filter=*APairIsTheSameInEveryCall:*ManyShapes")

MATH = Suite(("tests/math_test.cpp",), (("math_test",),))  # the functions are compiled into their test
ROWS = Suite(ENGINES, (("properties_test",), ("edges_test",), ("batch_invariance_test",), CONFORMANCE))
ROWS_OPTIONS = Suite(ENGINES, (OPTIONS,))
ROWS_DRIVER = Suite(("kernels/cpu/rowwise.cpp",), ROWS.tests)
ROWS_PLAN = Suite(("kernels/row_plan.cpp",), ROWS.tests)
LOSS = Suite(ENGINES, (("properties_test",), ("edges_test",), GRADIENTS))
LOSS_DRIVER = Suite(("kernels/cpu/cross_entropy.cpp",), LOSS.tests)
DRIVERS = Suite(ROWS_DRIVER.units + LOSS_DRIVER.units, ROWS.tests)
HISTOGRAM = Suite(("kernels/cpu/joint_histogram.cpp",), (INFORMATION, SHAPES))
COUNTING = Suite(("kernels/cpu/code_tile.cpp",), HISTOGRAM.tests)
TABLE = Suite(("kernels/cpu/joint_table.cpp",), (INFORMATION,))
MEASURES = Suite(("kernels/cpu/information.cpp", "kernels/cpu/information_table.cpp"),
                 (("information_test", "--gtest_filter=-*ManyS*"), ("information_test", "--gtest_filter=*ManyS*")))
PLANES = Suite(("kernels/cpu/plane_pairs.cpp", "kernels/cpu/joint_histogram.cpp", "kernels/cpu/information.cpp"),
               (("plane_pairs_test",),))
STATES = Suite(("host/joint_counts.cpp", "kernels/cpu/information.cpp"), (("information_test", "--gtest_filter=JointCount*"),))
STATES_BYTES = Suite(("host/joint_counts_bytes.cpp",), STATES.tests)
PERMUTATION = Suite(("kernels/cpu/permutation_test.cpp",), (("information_test", "--gtest_filter=Permutation.*"),))
MEASURES_COUNTING = Suite(COUNTING.units, MEASURES.tests)

# Kernels of one element type stand for all: their sources are the same. A kernel takes ten seconds and more to compile.
LOSS_CUDA = Suite(("kernels/cuda/cross_entropy_f32.cu",),
                  (("cuda_test", "--gtest_filter=-CudaTheEnd*"), ("batch_invariance_test", "--gtest_filter=*CrossEntropy*"),
                   ("properties_test",), ("edges_test",), LONG_GRADIENTS), "cuda")
# In double: blocks that do several rows.
LOSS_WIDE_CUDA = Suite(("kernels/cuda/cross_entropy_wide.cu",), (("edges_test", "--gtest_filter=*ManyRows*"),), "cuda")
ROWS_WIDE_CUDA = Suite(("kernels/cuda/rowwise_wide.cu",), LOSS_WIDE_CUDA.tests, "cuda")
ROWS_CUDA = Suite(("kernels/cuda/rowwise_f32.cu",), (("edges_test",), ("batch_invariance_test",), CONFORMANCE), "cuda")
LOSS_SUMS_CUDA = Suite(("kernels/cuda/loss_reduction.cu",), (("edges_test", "--gtest_filter=*Reduced*"), LONG_GRADIENTS), "cuda")
LAUNCHES_CUDA = Suite(("kernels/cuda/rowwise.cpp", "kernels/cuda/cross_entropy.cpp", "kernels/cuda/row_launch.cpp"),
                      (("edges_test",), ("batch_invariance_test",), CONFORMANCE, LONG_GRADIENTS), "cuda")
COUNTS_CUDA = Suite(("kernels/cuda/joint_histogram_u8.cu", "kernels/cuda/joint_histogram_any.cu"),
                    (("mutual_information_test", INFORMATION[1] + ":*BadArguments*"), SHAPES), "cuda")
COUNTS_PLAN_CUDA = Suite(("kernels/cuda/histogram_plan.cpp",), COUNTS_CUDA.tests, "cuda")
COUNTS_MEMORY_CUDA = Suite(("kernels/cuda/joint_histogram_memory.cu",), COUNTS_CUDA.tests, "cuda")
TABLE_CUDA = Suite(("kernels/cuda/joint_table.cu",), COUNTS_CUDA.tests, "cuda")

SLOPES = Suite(ENGINES, (("divergence_loss_test", "--gtest_filter=-*LongRows"), ("divergence_loss_test", "--gtest_filter=*LongRows")))
SLOPES_DRIVER = Suite(("kernels/cpu/divergence_loss.cpp",), SLOPES.tests)

MUTANTS = []


def mutants(suite, file, *changes, leads=True):
    """A group. Its first mutant leads: the test suite tries it alone, as all together take an hour, and compiles it
    together with the others that lead; the slow ones of groups that resemble another are left to the whole run."""
    MUTANTS.extend(Mutant(suite, file, *change, leads=leads and change is changes[0]) for change in changes)


mutants(
    ROWS, "kernels/measures/kl.hpp",
    ("sign of s in the series", "(1 + x.s) * x.s", "(1 - x.s) * x.s"),
    ("sign of p - q beyond the series", "T(0)) - x.diff", "T(0)) + x.diff"),
    ("guard of p = 0 dropped", "x.p > 0 || product == kInf<T> ? product : T(0)", "product"),
    ("switch ignores the sign of s", "abs(x.s) <= T(0.5)", "x.s <= T(0.5)"),
    ("series used too far", "abs(x.s) <= T(0.5)", "abs(x.s) <= T(0.6)"),
    ("series never used", "abs(x.s) <= T(0.5)", "abs(x.s) <= T(0)"),
    ("leading term of the series", "artanh_tail(x.s * x.s), T(1))", "artanh_tail(x.s * x.s), T(2))"))
mutants(
    ROWS, "kernels/measures/reverse_kl.hpp",
    ("not reversed", "Kl::term(x.swapped(), parameters)", "Kl::term(x, parameters)"))
mutants(
    ROWS, "kernels/measures/pair.hpp",
    ("swapped keeps the sign of s", "-diff, -s,", "-diff, s,"),
    ("swapped keeps the sign of p - q", "-diff, -s,", "diff, -s,"),
    ("swapped keeps the logarithms", "log_q, log_p, -log_ratio}", "log_p, log_q, -log_ratio}"),
    ("swapped keeps the log ratio", "log_q, log_p, -log_ratio}", "log_q, log_p, log_ratio}"))
mutants(
    ROWS, "kernels/measures/js.hpp",
    ("factor of the near branch", "T(0.25) *", "T(0.26) *"),
    ("near branch too far", "abs(x.s) <= T(0.5) ? near(x)", "abs(x.s) <= T(0.9) ? near(x)"),
    ("ln 2 off", "0.69314718055994530942", "0.69314718055990"),
    ("sign of the cross term", "- cross)", "+ cross)"),
    ("guard of disjoint columns dropped", "smaller > 0 ? smaller * abs(x.log_ratio) : T(0)", "smaller * abs(x.log_ratio)"),
    ("smaller for larger", "larger = x.p > x.q ? x.p : x.q", "larger = x.p > x.q ? x.q : x.p"))
mutants(
    ROWS_OPTIONS, "kernels/measures/js.hpp",
    ("weight ignored", "parameters.beta == T(0.5) ?", "true ?"),
    ("mixture's weights swapped", "fma(w.beta, x.p, w.beta_q * x.q)", "fma(w.beta_q, x.p, w.beta * x.q)"),
    ("sign of q - m", "-w.beta * x.diff", "w.beta * x.diff"))
mutants(
    ROWS, "kernels/measures/tv.hpp",
    ("factor", "T(0.5) *", "T(0.51) *"),
    ("no absolute value", "abs(x.diff)", "x.diff"))
mutants(
    ROWS, "kernels/measures/entropy.hpp",
    ("sign", "-x.p * x.log_p", "x.p * x.log_p"),
    ("guard of p = 0 dropped", "x.p > 0 ? -x.p * x.log_p : T(0)", "-x.p * x.log_p"))
mutants(
    ROWS, "kernels/measures/entropy_q.hpp",
    ("of the other side", "x.swapped()", "x"))
mutants(
    ROWS, "kernels/measures/cross_entropy.hpp",
    ("sides swapped", "-x.p * x.log_q", "-x.q * x.log_q"),
    ("guard of p = 0 dropped", "x.p > 0 ? -x.p * x.log_q : T(0)", "-x.p * x.log_q"),
    leads=False)
mutants(
    ROWS, "kernels/measures/nll.hpp",
    ("of the other side", "row.log_q_label;", "row.log_p_label;"),
    ("minus zero", "0.0 - row.log_q_label", "-row.log_q_label"),
    ("sign", "0.0 - row.log_p_label", "0.0 + row.log_p_label"))
mutants(
    ROWS, "kernels/measures/top1_agree.hpp",
    ("negated", "==", "!="))
mutants(
    ROWS, "kernels/measures/pair.hpp",
    ("log ratio: factor of the series", "2 * x.s * fma", "2.01f * x.s * fma"),
    ("log ratio: series used too far", "abs(s) <= T(0.5) &&", "abs(s) <= T(0.8) &&"),
    ("log ratio: series never used", "abs(s) <= T(0.5) &&", "abs(s) <= T(0) &&"),
    ("precise log of the wrong number", "w.smallest > 0 ? static_cast<double>(log_x)", "w.smallest > 0 ? log(static_cast<double>(x))"))
mutants(
    ROWS, "kernels/measures/pair.hpp",
    ("p log(p/q): sides swapped", "x.p * accurate", "x.q * accurate"),
    ("p log(p/q): infinite terms dropped", "return x.log_ratio < kInf<T> ? product : x.log_ratio;", "return product;"),
    ("p log(p/q): plain log ratio", "x.p * accurate_log_ratio(x)", "x.p * x.log_ratio"))
mutants(
    SLOPES, "kernels/measures/kl.hpp",
    ("slope's sign", "return -x.diff; }", "return x.diff; }"),
    ("slope of P", "return p_log_ratio(x); }", "return x.diff; }"))
mutants(
    SLOPES, "kernels/measures/reverse_kl.hpp",
    ("slope of the other side", "return p_log_ratio(x.swapped());", "return p_log_ratio(x);"))
mutants(
    SLOPES, "kernels/measures/cross_entropy.hpp",
    ("slope of P", "return term(x, w); }", "return x.diff; }"))
mutants(
    SLOPES, "kernels/measures/entropy_q.hpp",
    ("slope of the other side", "const TermParameters<T>& w) { return term(x, w); }", "const TermParameters<T>& w) { return Entropy::term(x, w); }"))
mutants(
    SLOPES, "kernels/measures/jeffreys.hpp",
    ("slope's second part", "p_log_ratio(x.swapped()) - x.diff", "p_log_ratio(x.swapped())"),
    ("slope's sign", "p_log_ratio(x) + x.diff", "p_log_ratio(x) - x.diff"))
mutants(
    SLOPES, "kernels/measures/tv.hpp",
    ("slope of equal entries", "x.diff == 0 ? T(0) : ", ""),
    ("slope's sign", "x.diff > 0 ? -0.5 : 0.5", "x.diff > 0 ? 0.5 : -0.5"))
mutants(
    SLOPES, "kernels/measures/triangular.hpp",
    ("slope's factor", "(2 + x.s)", "(2 - x.s)"))
mutants(
    SLOPES, "kernels/measures/js.hpp",
    ("slope's weights swapped", "return slope(x, w.beta, w.beta_q);", "return slope(x, w.beta_q, w.beta);"),
    ("slope near always", "own * x.q * (apart > T(-0.5) ? near : far)", "own * x.q * near"),
    ("slope near never", "own * x.q * (apart > T(-0.5) ? near : far)", "own * x.q * far"))
mutants(
    SLOPES, "kernels/measures/js_distance.hpp",
    ("slope of the root", "0.5 / value", "1 / value"),
    ("slope at 0", "value > 0 ? 0.5 / value : 0", "0.5 / value"))
mutants(
    SLOPES, "kernels/measures/hellinger.hpp",
    ("slope's factor", "T(-0.5) * sqrt(x.q)", "T(-1) * sqrt(x.q)"),
    ("slope of what underflows", "if (is_lost(x.p, w) || is_lost(x.q, w)) return", "if (false) return"),
    ("slope of equal rows that underflow", "if (x.log_ratio == 0 && x.diff == 0) return 0;", ""),
    ("far slope's factor", "return -0.5 * exp(0.5", "return -exp(0.5"))
mutants(
    SLOPES, "kernels/measures/bhattacharyya.hpp",
    ("slope's factor", "return exp(value); }", "return 1; }"))
mutants(
    SLOPES, "kernels/measures/chi2.hpp",
    ("slope's sign", ": -x.diff * ((x.p + x.q) / x.q)", ": x.diff * ((x.p + x.q) / x.q)"),
    ("slope of P: factor", "2 * x.diff * (x.p / x.q)", "x.diff * (x.p / x.q)"),
    ("slope of what underflows", "return x.q - square_over_q(x);", "return x.q;"))
mutants(
    SLOPES, "kernels/measures/order.hpp",
    ("slope's order", "OrderTerm::exponent(x, d, w.alpha);", "OrderTerm::exponent(x, d, w.beyond);"),
    ("slope of P near", "return w.alpha.hi * x.p * series;", "return x.p * series;"),
    ("slope of P beyond", "w.alpha.hi * (change / w.beyond.hi)", "change / w.beyond.hi"),
    ("far slope", "return -share(x, w, log_sum);", "return share(x, w, log_sum);"),
    ("far slope of P", "w.alpha.hi * (share(x, w, log_sum) / w.beyond.hi)", "share(x, w, log_sum) / w.beyond.hi"),
    ("renyi: slope over its sum", "return exp(-log_sum(value, row));", "return 1;"))
mutants(
    SLOPES, "kernels/measures/of_q.hpp",
    ("perplexity: slope's factor", "chain(double value, const RowFacts&) { return value; }", "chain(double, const RowFacts&) { return 1; }"),
    leads=False)
mutants(
    SLOPES, "kernels/cpu/divergence_loss_rows.hpp",
    ("slopes of the whole row forgotten", "side.total.add(static_cast<double>(block_sum(h, n)));", ""),
    ("label's weight on the wrong side", "(M::kInfo.needs_q ? q : p).label_weight", "(M::kInfo.needs_q ? p : q).label_weight"),
    ("weight forgotten", "measure[k].of = job.weights[k] * chain;", "measure[k].of = chain;"),
    ("loss unweighted", "loss += job.weights[k] * values[k]", "loss += values[k]"),
    ("label's entry cancels", "own = label_gradient(side, b.x_q[i], q, RowLoss(0, cols))", "own = q - 1"),
    ("masked columns get a gradient", "b.x_q[i] > -kInf<T> ? b.term[i] : T(0)", "b.term[i]"),
    ("temperature forgotten", "weights.largest / rows.options.temperature;", "weights.largest;"),
    ("the largest weight forgotten", "plan.gradient_factor * weights.largest", "plan.gradient_factor"),
    ("a small sum's root from float", "(kIsRoot<M> && values[k] < 0x1p-20)", "false"),
    ("large sums in float", "!(abs(total.value()) <= 0x1p20)", "false"),
    ("one row's sides in one place", "slopes + room", "slopes"),
    ("logarithms of small sums cancel", "abs(measure[k].log_sum) > 0.7 &&", "false &&"),
    ("labels that nobody reads", "&& !labels_matter) label.status", "&& false) label.status"))
mutants(
    SLOPES_DRIVER, "kernels/cpu/divergence_loss.cpp",
    ("mean over all rows", "job.gradient_scale / divisor", "job.gradient_scale"),
    ("threads share their slopes", "static_cast<std::size_t>(omp_get_thread_num())", "0"))
mutants(
    ROWS, "kernels/measures/jeffreys.hpp",
    ("half", "x.diff * accurate", "T(0.5) * x.diff * accurate"),
    ("infinite terms dropped", ": kInf<T>", ": T(0)"))
mutants(
    ROWS, "kernels/measures/hellinger.hpp",
    ("factor", "T(0.5) * apart", "T(0.51) * apart"),
    ("roots' difference for their sum", "sqrt(x.p) + sqrt(x.q);\n    const T apart", "sqrt(x.p) - sqrt(x.q);\n    const T apart"),
    ("guard of p = q = 0 dropped", "roots > 0 ? x.diff / roots : T(0)", "x.diff / roots"),
    ("no root", "return sqrt(sum(HellingerSq{}));", "return sum(HellingerSq{});"))
mutants(
    ROWS, "kernels/measures/js_distance.hpp",
    ("no root", "return sqrt(sum(Js{}));", "return sum(Js{});"))
mutants(
    ROWS, "kernels/measures/bhattacharyya.hpp",
    ("one side alone", "precise_log(x.q, x.log_q, w)", "precise_log(x.p, x.log_p, w)"),
    ("masses left out", "0.5 * (over_p + over_q) - apart", "-apart"),
    ("near form never used", "const bool near = ", "const bool near = false && "),
    ("near form used too far", "abs(log_affinity) < 0.7", "abs(log_affinity) < 70"),
    ("sign", "0.0 - (near", "0.0 + (near"))
mutants(
    ROWS, "kernels/measures/chi2.hpp",
    ("divided by the other side", "by_quotient(x.diff, x.q)", "by_quotient(x.diff, x.p)"),
    ("guard of p = q = 0 dropped", "diff != 0 ? product : T(0)", "product"),
    ("overflow of the quotient", "abs(ratio) < kInf<T> ?", "true ?"),
    ("underflow ignored", "x.q < w.smallest ?", "false ?"),
    ("underflow of both ignored", "x.p < w.smallest ?", "false ?"),
    ("not reversed", "Chi2::term(x.swapped(), w)", "Chi2::term(x, w)"))
mutants(
    ROWS, "kernels/measures/triangular.hpp",
    ("square missing", "x.diff * x.s", "abs(x.diff)"))
mutants(
    ROWS_OPTIONS, "kernels/measures/order.hpp",
    ("roles not swapped", "w.swapped ? pair.swapped() : pair;\n    const T d", "pair;\n    const T d"),
    ("near form without the order", "fma(c, psi, psi_of_d)", "psi_of_d"),
    ("what is lost above", "fma(y.p, lost, (grown", "fma(y.p, -lost, (grown"),
    ("kl's part below", "y.q * (of_kl + rest)", "y.q * rest"),
    ("limit where q is 0", "-y.p * (1 + w.excess.hi) * w.inverse_excess", "y.p"),
    ("factor of swapped roles", "sum(OrderTerm{}) * row.order.factor", "sum(OrderTerm{})"))
mutants(
    ROWS, "kernels/measures/order.hpp",
    ("renyi: near form used too far", "x > -0.5 && x < 1", "x > -2"),
    ("renyi: mass left out", "/ mass, x = c * tsallis", ", x = c * tsallis"),
    ("renyi: logarithm of the mass", "(sum(OrderSum{}) - log(mass)) / c", "sum(OrderSum{}) / c"))
mutants(
    ROWS, "kernels/measures/of_q.hpp",
    ("lse negated", "return row.lse_q;", "return -row.lse_q;"),
    ("another probability", "return row.max_q;", "return 1 - row.max_q;"),
    ("index off by one", "static_cast<double>(row.top1_q)", "static_cast<double>(row.top1_q + 1)"),
    ("of P", "row.top1_q)", "row.top1_p)"),
    ("no exponential", "exp(Nll::value(row))", "Nll::value(row)"))
mutants(
    ROWS, "kernels/math/online_softmax.hpp",
    ("log sum: other's weight", "fma(other.sum, factor, sum)", "fma(sum, factor, other.sum)"),
    ("log sum: without the largest", "max + log(sum)", "log(sum)"))
mutants(
    ROWS, "kernels/math/row_side.hpp",
    ("mass of log-probabilities", "exp(static_cast<double>(side.max)) * (1 + rest), 0}", "exp(static_cast<double>(side.max)) * rest, 0}"),
    ("mass of probabilities", "side.mass = total;", "side.mass = {1, 0};"),
    ("lse of a share", "log_of_total(side.total, side.share_exponent).hi; break", "0; break"),
    leads=False)
mutants(
    MATH, "kernels/math/exp_log.hpp",
    ("exp: low part of ln 2 dropped", "fma(-k, R::kLn2Lo, fma(-k, R::kLn2Hi, x))", "fma(-k, R::kLn2Hi, x)"),
    ("exp: power of two in one step", "power_of_two<T>(half) * power_of_two<T>(e.k - half)", "power_of_two<T>(e.k)"),
    ("expm1: cut too early", "kMinusOneBelow = -40;", "kMinusOneBelow = -20;"),
    ("expm1: scale - 1 rounded first", "fma(scale, e.tail, scale - 1)", "scale * (1 + e.tail) - 1"),
    ("decompose: subnormals not scaled back", "(subnormal ? R::kSubnormalShift : 0)", "0"),
    ("log: sign of the tail", "(half_f2 + tail)", "(half_f2 - tail)"),
    ("log: low part of ln 2 dropped", "fma(kt, R::kLn2Lo, s * (half_f2 + tail))", "s * (half_f2 + tail)"),
    ("log of 0", "x == 0 ? -kInf<T>", "x == 0 ? T(0)"),
    ("log1p: lost part dropped", "log(u) + lost / u", "log(u)"),
    ("log_ratio: exponents swapped", "r.k + (a.k - b.k)", "r.k + (b.k - a.k)"),
    ("log_ratio of floats: exponents swapped", "static_cast<float>(a.k - b.k)", "static_cast<float>(b.k - a.k)"))
mutants(
    MATH, "kernels/math/real.hpp",
    ("float exp: two terms fewer", "kExpTerms = 7;", "kExpTerms = 5;"),
    ("float log: two terms fewer", "kLogTerms = 5;", "kLogTerms = 3;"),
    ("double exp: two terms fewer", "kExpTerms = 13;", "kExpTerms = 11;"),
    ("double log: three terms fewer", "kLogTerms = 11;", "kLogTerms = 8;"))
mutants(
    ROWS, "kernels/math/real.hpp",
    ("float artanh: fewer terms", "kArtanhTerms = 6;", "kArtanhTerms = 4;"),
    ("float js: fewer terms", "kJsTerms = 6;", "kJsTerms = 4;"),
    ("double artanh: half of the terms", "kArtanhTerms = 14;", "kArtanhTerms = 7;"),
    ("double js: half of the terms", "kJsTerms = 26;", "kJsTerms = 13;"),
    leads=False)
mutants(
    ROWS, "kernels/math/series.hpp",
    ("artanh coefficients", "1.0 / (2 * k + 3)", "1.0 / (2 * k + 4)"),
    ("exp coefficients", "i <= k + 2", "i <= k + 1"),
    ("Jensen-Shannon coefficients", "(k + 1.0) * (2 * k + 1)", "(k + 1.0) * (2 * k + 2)"),
    leads=False)
mutants(
    MATH, "kernels/math/sum.hpp",
    ("two_sum: residual dropped", "abs(sum.hi) < kInf<T> ? sum.lo : T(0)", "T(0)"),
    ("two_sum: residual of an infinite sum", "abs(sum.hi) < kInf<T> ? sum.lo : T(0)", "sum.lo"),
    ("two_product: residual dropped", "fma(a, b, -p)", "T(0)"),
    ("compensated sum: what is lost", "lost += s.lo;", ""))
mutants(
    ROWS, "kernels/cpu/row_side.hpp",
    ("temperature ignored", "Scale<T>::reciprocal(temperature)", "Scale<T>::reciprocal(1)"),
    ("wrong maximum", "x[i + l] > high[l] ? x[i + l]", "x[i + l] < high[l] ? x[i + l]"),
    ("last of equal maxima across blocks", "if (block_max > max)", "if (block_max >= max)"),
    ("residuals of the total dropped", "lost[l] += t.lo + remainder[i + l]", "lost[l] += remainder[i + l]"),
    ("maximum not left out of the sum", "term[side.argmax - c] = 0;", ";"),
    ("later blocks not loaded",
     "if (cols > kBlock) load_block(side.view, side.row, c, n, side.pad(), x);\n#pragma omp simd", ""),
    ("a single row not shared", "view.rows == 1 ? 0 : of_batch", "of_batch"),
    ("check tolerance too large", "<= check_tolerance(side.view.dtype)", "<= 100 * check_tolerance(side.view.dtype)"),
    ("check tolerance too small", "<= check_tolerance(side.view.dtype)", "<= 1e-4 * check_tolerance(side.view.dtype)"))
mutants(
    ROWS, "kernels/math/row_side.hpp",
    ("padding of logits has mass", "return is_log() ? -kInf<T> : T(0)", "return T(0)"),
    ("padding of probabilities is -inf", "return is_log() ? -kInf<T> : T(0)", "return -kInf<T>"),
    ("low part of the exponent dropped", "return fma(e, x.lo, e)", "return e"),
    ("share near 1 by plain log", "p > 0.5 ? log1p(-others) : apart", "apart"),
    ("share that underflows", "x > 0 ? log_ratio(x, total.hi, side.share_exponent) : -kInf<double>", "log(p)"),
    ("remainder of a large count dropped", "(total.lo - remainder)", "total.lo"),
    ("NaN not noticed", "(nan ? status_nan : 0)", "0"),
    ("inf not noticed", "(max == kInf<T> ? status_infinite : 0)", "0"),
    ("negative entries not noticed", "if (min < 0) bits", "if (min < -1e30) bits"),
    ("no logit, not noticed", "if (!nan && max == -kInf<T>)", "if (!nan && max > kInf<T>)"),
    ("no mass, not noticed", "max <= 0 && !(min < 0)", "max < 0 && !(min < 0)"),
    ("log of the sum without log1p", "log_sum = log1p(rest)", "log_sum = log(rest + 1)"),
    ("normaliser dropped", "inverse_sum = static_cast<T>(1 / (1 + rest));", ""),
    ("log p without its normaliser", "Shift<T>(side)(x).hi - static_cast<T>(side.log_sum)", "Shift<T>(side)(x).hi"))
mutants(
    ROWS, "kernels/math/row_pair.hpp",
    ("offset: second part dropped", "+ d.lo) - second) - third", "+ d.lo) - third)"),
    ("offset: residual of the difference dropped", "(((d.hi - first) + d.lo) -", "(((d.hi - first)) -"),
    ("offset: sign of the maxima", "two_sum(static_cast<double>(p.max), -", "two_sum(static_cast<double>(p.max), "),
    ("offset: normalisers dropped", "offset.add(p.log_sum - q.log_sum);", ""),
    ("sign of the difference", "d >= 0 ? p : -q", "d >= 0 ? p : q"),
    ("difference of the wrong side", "d >= 0 ? p : -q", "d >= 0 ? q : -p"),
    ("columns without mass", "nothing ? T(0) : signed_larger * e", "signed_larger * e"),
    ("shares: residuals of the products dropped", "((u.lo - v.lo) + (low_u - low_v))", "(low_u - low_v)"),
    ("shares: low parts of the totals dropped", "((u.lo - v.lo) + (low_u - low_v))", "(u.lo - v.lo)"),
    ("s of empty columns", "w > 0 ? diff / w : T(0)", "diff / w"),
    ("log ratio at q = 0", "q > 0 ? both : kInf<T>", "q > 0 ? both : T(0)"),
    ("mixed: low parts dropped", "d.hi + (d.lo + (a.lo - b.lo))", "d.hi"),
    ("refinement dropped", "offset.add(error);", ""),
    ("refinement's sign", "offset.add(error);", "offset.add(-error);"),
    ("refinement never tried", "kMaxRefinements = 4", "kMaxRefinements = 0"))
mutants(
    ROWS, "kernels/cpu/pair_block.hpp",
    ("mixed: largest entry counted twice", "if (c + i != side.argmax)", "if (true)"),
    ("probabilities added", "b.p[i] - b.q[i]", "b.p[i] + b.q[i]"))
mutants(
    ROWS, "kernels/cpu/given_rows.hpp",
    ("far columns taken for near", "far |= !is_near(s[l], 0.0f);", ";"),
    ("probabilities added", "diff[l] = p[l] - q[l];", "diff[l] = p[l] + q[l];"),
    ("entries of Q not checked", "q.set_range(top_q.max())", "q.set_range(1)"))
mutants(
    ROWS, "kernels/cpu/softmax_pairs.hpp",
    ("far columns taken for near", "far |= !(abs(d) <= kNearLogRatio && b.p[l] > 0);", ";"),
    ("series used too far", "kNearLogRatio = 1.09375f", "kNearLogRatio = 4.0f"),
    ("half of the series", "horner<LossMinimax, 9>(d)", "horner<LossMinimax, 6>(d)"))
mutants(
    ROWS, "kernels/cpu/rowwise_rows.hpp",
    ("rows beyond float32 not widened", "if (!one_row(job, plan, p, q, row, block, sums))",
     "if (!one_row(job, plan, p, q, row, block, sums) && false)"),
    ("last block dropped", "c < job.cols; c += kBlock", "c + 1 < job.cols; c += kBlock"))
mutants(
    ROWS_OPTIONS, "kernels/cpu/rowwise_rows.hpp",
    ("padding in the sums of logarithms", "i < n ? x[i] : T(0)", "i <= n ? x[i] : T(0)"),
    ("the weight is even", "even = parameters.beta == T(0.5)", "even = true"))
mutants(
    ROWS_OPTIONS, "kernels/row_plan.hpp",
    ("weight of Q", "static_cast<T>(1 - options.beta)", "static_cast<T>(options.beta)"))
mutants(
    ROWS, "kernels/cpu/rowwise_rows.hpp",
    ("label's status dropped", "job.status[row] = status | label.status", "job.status[row] = status"),
    ("label off by one", "log_probability_at(side, label.index)", "log_probability_at(side, label.index > 0 ? 0 : job.cols - 1)"))
mutants(
    ROWS, "kernels/row_results.hpp",
    ("a small entropy stays in float", "constexpr double kSmall = 0x1p-80;", "constexpr double kSmall = 0;"),
    ("log-probabilities are never lost", "return -side.min > T(86);", "return false;"),
    ("far logits stay in float", "plan.pairing == Pairing::logs && (plan.fields", "plan.pairing == Pairing::mixed && (plan.fields"),
    ("labels out of range not NaN", "label.status == status_label_range)) value", "false)) value"),
    ("ignored rows not 0", "value = M::kId == Measure::perplexity ? 1 : 0;", "value += 1;"),
    ("bad rows not NaN", "if (sides != status_ok || (M::kInfo", "if ((M::kInfo"))
mutants(
    ROWS_OPTIONS, "kernels/row_results.hpp",
    ("smoothing's mean by the wrong count", "static_cast<double>(job.cols)) : own", "256.0) : own"),
    ("smoothing leaves the label's weight", "(1 - e) * log_q_label", "log_q_label"),
    ("unit ignored", "sqrt(job.unit_scale) : job.unit_scale;", "sqrt(job.unit_scale) : 1.0;"),
    ("a root's unit", "sqrt(job.unit_scale) : job.unit_scale;", "job.unit_scale : job.unit_scale;"),
    ("unit of what has none", "if (!M::kInfo.scaled) return 1;", ""))
mutants(
    ROWS, "kernels/math/convert.hpp",
    ("bfloat16 read as float16's neighbour", "std::uint32_t{x.bits} << 16", "std::uint32_t{x.bits} << 15"),
    ("float16 rebias", "* 0x1p112f", "* 0x1p111f"),
    ("float16 sign lost", "std::uint32_t(x.bits & 0x8000) << 16", "0u"),
    ("float16 infinity lost", "magnitude >= 0x0f800000u ? magnitude | 0x7f800000u : finite", "finite"))
mutants(
    ROWS, "kernels/cpu/block.hpp",
    ("tail of a block dropped", "cols - c < kBlock ? cols - c : kBlock", "cols - c < kBlock ? cols - c - 1 : kBlock"),
    ("padding not written", "for (std::int64_t i = n; i < padded(n); ++i) to[i] = pad;", ""),
    ("a lane lost", "if constexpr (kWidth > 1)", "if constexpr (kWidth > 2)"),
    ("remainders dropped", "if (v.dtype != DType::i64) return;", "return;"))
mutants(
    LOSS, "kernels/math/convert.hpp",
    ("bfloat16 gradient truncated", "(bits + 0x7fff + ((bits >> 16) & 1)) >> 16", "bits >> 16"),
    ("float16 gradient truncated", "(magnitude + 0xfff + ((magnitude >> 13) & 1) - (112u << 23)) >> 13",
     "(magnitude - (112u << 23)) >> 13"),
    ("float16 subnormal gradient lost", "absolute < 0x1p-14f ? subnormal : normal",
     "absolute < 0x1p-14f ? 0 : normal"),
    ("float16 NaN gradient lost", "x == x ? half : 0x7e00u", "half"))
mutants(
    LOSS, "kernels/cpu/cross_entropy_rows.hpp",
    ("gradient's label dropped", "side, row, label.index, parts, b);", "side, row, -1, parts, b);"),
    ("rows beyond float32 not widened", "if (leaves_float(side)) return false;", ""),
    ("gradient elsewhere unsmoothed", "factor * b.gradient[i] - uniform;", "factor * b.gradient[i];"),
    ("masked columns get a gradient", "b.x[i] > -kInf<T> ? b.gradient[i] : T(0)", "b.gradient[i]"),
    ("gradient of bad rows", "fill_row(job.output.gradient, row, kNaN<T>);", "fill_row(job.output.gradient, row, T(0));"),
    ("gradient of ignored rows", "fill_row(job.output.gradient, row, T(0));", ""),
    ("loss of bad rows", "loss = kNaN<double>;", "loss = 0;"),
    ("label off by one", "log_probability_at(side, label.index)",
     "log_probability_at(side, label.index ? label.index - 1 : 0)"),
    ("smoothed loss without its normaliser", " * side.log_sum;", " * 0;"),
    ("smoothing's weight", "loss += parts.at_label * (0.0 -", "loss += (0.0 -"),
    ("temperature ignored", "side_of<T>(job.logits, Form::softmax, job.options.temperature,", "side_of<T>(job.logits, Form::softmax, 1.0,"),
    ("weights of a smoothed gradient", "uniform * b.term[i]", "uniform"),
    ("gradient not through the softcap", "b.gradient[i] *= softcap.slope(b.term[i])", "b.gradient[i] *= 1"),
    ("infinite where a weight is 0", "b.gradient[i] == 0 ? T(0) :", ""),
    ("rows beyond float32 by their weight", "gradient_leaves_float(factor)) return false;", "factor != factor) return false;"),
    ("status not written", "job.output.status[row] = status;", ";"))
mutants(
    LOSS_DRIVER, "kernels/cpu/cross_entropy.cpp",
    ("gradient not divided", "/ job.options.temperature / divisor", "/ job.options.temperature"),
    ("mean over the rows, not their weights", "weighted ? sum_of_row_weights(job)", "weighted && false ? sum_of_row_weights(job)"),
    ("gradient's scale ignored", "job.options.gradient_scale /", "1.0 /"),
    ("gradient's temperature ignored", "/ job.options.temperature /", "/"),
    ("valid rows not told", "*job.output.valid_rows = valid", "*job.output.valid_rows = 0"))
mutants(
    LOSS_DRIVER, "kernels/cpu/loss_reduction.hpp",
    ("mean over all rows", "total.value() / divisor", "total.value() / static_cast<double>(rows)"),
    ("sum divided", "reduction == Reduction::mean && valid > 0 ?", "valid > 0 ?"),
    ("ignored rows counted", "!= *ignore_index", "!= *ignore_index + 1"),
    ("first loss left out", "row = 0; row < rows; ++row) total", "row = 1; row < rows; ++row) total"))
mutants(
    ROWS, "kernels/math/label.hpp",
    ("ignore_index inverted", "label.index == *ignore_index", "label.index != *ignore_index"),
    ("negative labels used", "label.index < 0 ||", ""),
    ("label = cols used", "label.index >= cols", "label.index > cols"),
    ("16-bit labels read as signed", "case DType::u16: return static_cast<const std::uint16_t*>",
     "case DType::u16: return static_cast<const std::int16_t*>"),
    leads=False)
mutants(
    ROWS_PLAN, "kernels/row_plan.cpp",
    ("logits as log-probabilities", "case Input::logits: return Form::softmax",
     "case Input::logits: return Form::log_prob"),
    ("normalisation of probabilities skipped", "? Form::share : Form::prob", "? Form::prob : Form::prob"),
    ("temperature of what has none", "input == Input::logits ? options.temperature : 1.0", "options.temperature"),
    ("temperatures confused", "plan.temperature_p == plan.temperature_q ?", "true ?"),
    ("double computed in float", "job.values.dtype == DType::f64 ||", ""),
    ("smoothing not summed", "plan.terms = true;", ""))
mutants(
    DRIVERS, "kernels/policy.hpp",
    ("last rows dropped", "(rows % step != 0)", "0"),
    ("last task too long", "rows - first(task) < step ? rows :", "false ? rows :"))
mutants(
    HISTOGRAM, "kernels/math/mutual_information.hpp",
    ("numerator", "static_cast<Unsigned>(n) * total", "static_cast<Unsigned>(n) * (total - 1)"),
    ("margins mixed up", "row_sums[i], col_sums[j], total)", "row_sums[i], col_sums[0], total)"),
    ("row of a square dropped", "top < kSquare ? rows : top + kSquare", "top < kSquare ? rows : top + kSquare - 1"),
    ("columns of a square not merged", "column[j].merge(column[j + distance])", ""),
    ("squares of a strip not merged", "strip.merge(column[0])", "strip = column[0]"),
    ("strips not merged", "sum.merge(strip)", "sum = strip"),
    ("divided once", "*this) / n / n;", "*this) / n;"),
    ("column margin overwritten", "col_sums[j] += n", "col_sums[j] = n"),
    ("empty cells forgotten", "n == 0 ? static_cast<double>(q)", "n == 0 ? 0.0"),
    ("no samples", "if (total == 0) return 0;", ""))
mutants(
    TABLE, "kernels/math/mutual_information.hpp",
    ("overflow of a margin not noticed", "fits = fits && *total >= row", ""),
    ("difference rounded", "static_cast<double>(static_cast<Signed>(p - q))",
     "static_cast<double>(p) - static_cast<double>(q)"),
    ("sum never wide", "if (total >> 32 == 0) return", "return"),
    ("resolution too coarse", "kResolution = 0x1p-98", "kResolution = 0x1p-40"),
    ("resolution too fine", "abs(diff) <= kResolution * (p.hi + q.hi)", "abs(diff) <= 0"),
    ("underflow of the margins' product", "q.hi >= kNearUnderflow ||", "q.hi >= 0 ||"))
mutants(
    TABLE, "kernels/math/double_double.hpp",
    ("product's low part dropped", "z.lo + fma(x.hi, y.lo, x.lo * y.hi)", "z.lo"))
mutants(
    MATH, "kernels/math/double_double.hpp",
    ("sum's low parts dropped", "s.lo + (x.lo + y.lo)", "s.lo"),
    ("third part of ln 2 dropped", "fma(k, kThird, second.lo)", "second.lo"),
    ("one squaring less", "i < kHalvings; ++i", "i + 1 < kHalvings; ++i"),
    ("low part of 1/n dropped", "fma(-(1.0 / n), n, 1.0) / n", "0"),
    ("log: Newton's step dropped", "add({y, 0}, e)", "DoubleDouble{y, 0}"),
    ("log: low part dropped", "{d.m, x.lo * first * second}", "{d.m, 0}"))
mutants(
    TABLE, "kernels/math/sum.hpp",
    ("compensated sum: what the other lost", "lost += other.lost;", ""))
mutants(
    TABLE, "kernels/cpu/joint_entries.hpp",
    ("negative counts taken", "if (at(i, j) >> 63 != 0) return", "if (false) return"),
    ("negative probabilities taken", "valid && x.hi >= 0 &&", "valid &&"),
    ("not scaled", "PowerOfTwoScale::to_about_one(largest)", "PowerOfTwoScale{1, 1}"),
    ("low parts of the columns' sums dropped", "table.col_sums[j].two_terms()", "{table.col_sums[j].value(), 0}"))
mutants(
    TABLE, "kernels/cpu/joint_table.cpp",
    ("unit ignored", " * job.unit_scale", ""),
    ("empty table", "total == 0 ? kNaN<double> :", "false ? kNaN<double> :"))
mutants(
    COUNTING, "kernels/cpu/code_tile.cpp",
    ("code = classes taken", "u < classes ?", "u <= classes ?"),
    ("codes out of range not noticed", "out_of_range |= u >= classes;", ""),
    ("code = classes not noticed", "out_of_range |= u >= classes;", "out_of_range |= u > classes;"),
    ("bad flag of another column", "bad[c] |=", "bad[0] |="),
    ("samples dropped at the end of a group of four", "for (; r < rows; ++r) ++t", "for (; r + 1 < rows; ++r) ++t"),
    ("last sample of a block dropped", "std::min(block, last - r)", "std::min(block, last - r - 1)"),
    ("stride of a single column ignored", "codes[r * columns.row_stride]", "codes[r]"),
    ("line of another column of y", "++line[y[r * ny + j]]", "++line[y[r * ny]]"))
mutants(
    HISTOGRAM, "kernels/cpu/joint_histogram.cpp",
    ("unit ignored for pairs", "job.out[b] = nats * job.unit_scale", "job.out[b] = nats"),
    ("unit ignored for a label", "job.out[feature] = nats * job.unit_scale", "job.out[feature] = nats"),
    ("triangle not mirrored", "out[i * job.out.row_stride + j] = out[j * job.out.row_stride + i] =",
     "out[i * job.out.row_stride + j] ="))
mutants(
    HISTOGRAM, "kernels/cpu/joint_engine.hpp",
    ("triangle's second tile", "for (; t >= side - i; ++i) t -= side - i;",
     "for (; t > side - i; ++i) t -= side - i;"),
    ("tables not cleared", "std::memset(own.table, 0,", "if (first > 0) std::memset(own.table, 0,"),
    ("bad flags of y not looked at", "other.bad[tile.x.cols + j] ||", ""),
    ("copies not added", "w == 0 ? 1 : 0; copy < plan.copies", "w == 0 ? 1 : 0; copy < 1"),
    ("samples between threads dropped", "std::min<std::int64_t>(plan.samples % team, k)", "0"),
    ("rows of a batch not told apart", "columns.first = b;", ""))
mutants(
    MEASURES, "kernels/cpu/joint_engine.hpp",
    ("bad flags of the given variable not looked at", "|| other.bad[tile.x.cols + tile.y.cols]", ""),
    ("given rows not stepped", "row(given, given_step)", "given"),
    leads=False)
mutants(
    MEASURES_COUNTING, "kernels/cpu/code_tile.cpp",
    ("missing codes are the first class", "if (kMissing && code == missing) return static_cast<std::uint32_t>(classes);",
     "if (kMissing && code == missing) return std::uint32_t{0};"),
    ("missing code cut to its type", "static_cast<std::int64_t>(static_cast<T>(columns.missing.value)) == columns.missing.value",
     "true"),
    ("one stratum", "x[r * tile.x.cols + i] += strata[r]", ""),
    ("strata of the first column alone", "x[r * tile.x.cols + i] += strata[r]", "if (i == 0) x[r * tile.x.cols + i] += strata[r]"),
    leads=False)
mutants(
    MEASURES, "kernels/cpu/information.cpp",
    ("missing codes are a stratum", "has_given ? tile.given.classes : 1;", "has_given ? tile.given.lines : 1;"),
    ("a stratum forgotten", "std::int64_t z = 0; z < strata", "std::int64_t z = 1; z < strata"),
    ("missing codes are a class of x", "const std::int64_t x = tile.x.classes, y",
     "const std::int64_t x = tile.lines_in_stratum(), y"),
    ("missing codes are a class of y", "y = tile.y.classes;", "y = tile.y.lines;"),
    ("not exchanged below the diagonal",
     "            [&](std::int64_t i, std::int64_t j, const JointSummary& summary) {\n"
     "              store(r, i * features + j, summary);\n"
     "              if (i != j) store(r, j * features + i, summary.swapped());",
     "            [&](std::int64_t i, std::int64_t j, const JointSummary& summary) {\n"
     "              store(r, i * features + j, summary);\n"
     "              if (i != j) store(r, j * features + i, summary);"))
mutants(
    STATES, "kernels/cpu/information.cpp",
    ("a table with codes out of range keeps its counts", "std::fill_n(to, cells.rows * cells.cols, std::int64_t{0});", ""),
    ("a later chunk counts again", "|| tables.invalid[result]) {", ") {"), leads=False)
mutants(
    STATES, "host/joint_counts.cpp",
    ("flags not merged", "invalid_[t] |= other.invalid_[t];", ""),
    ("merged counts kept for an invalid table", "if (invalid_[t]) std::fill_n", "if (false) std::fill_n"),
    ("weights not counted as samples", "w.data == nullptr ? table.rows : w.total", "table.rows"),
    ("missing code not compared", "a.missing != b.missing", "false"),
    ("a table of zeros", "if (empty) joint =", "if (false) joint ="), leads=False)
mutants(
    STATES_BYTES, "host/joint_counts_bytes.cpp",
    ("checksum not looked at", "if (get(at + kChecksumAt) != checksum_of(at, size))", "if (false)"),
    ("negative counts taken", "state.counts_[c] >= 0 &&", ""),
    ("counts not summed", "left -= state.counts_[c];", ""),
    ("flag bytes not saved", "std::copy(invalid_.begin(), invalid_.end(), to);", ""), leads=False)
mutants(
    PLANES, "kernels/cpu/plane_pairs.cpp",
    ("a group with missing codes counts as complete", "complete = complete && (rest == 0", "complete = complete || (rest == 0"),
    ("last class of y not completed", "line[last] -= line[b]", "line[last] -= 0"),
    ("bad features not looked at", "at[x * width + y] = kNaN<double>", "at[x * width + y] += 0"),
    ("unit ignored", "mutual_information(pair, unit_scale, at, width)", "mutual_information(pair, 1, at, width)"),
    ("lower triangle shifted", "out[j * row + i * col] = result(i, j)", "out[j * row + i * col] = result(i, y)"))
mutants(
    PLANES, "kernels/cpu/plane_pairs.hpp",
    ("words after the first block start over", "first, last, first == 0, pair_of", "first, last, true, pair_of"),
    ("last block of words dropped", "while (first < shape.words());", "while (first + kWordsAtATime < shape.words());"))
mutants(
    MEASURES, "kernels/cpu/information_table.cpp",
    ("a table of zeros", "total == 0 ? JointSummary::invalid() :", "false ? JointSummary::invalid() :"),
    ("difference of the low parts dropped", "d.hi + (d.lo + (q.lo - p.lo))", "d.hi"),
    ("conditional entropies mixed up", "return share_term(entry, col); };", "return share_term(entry, total); };"))
mutants(
    MEASURES, "kernels/math/information.hpp",
    ("swapped keeps the entropies", "information, entropy_y, entropy_x, joint_entropy", "information, entropy_x, entropy_y, joint_entropy"),
    ("swapped keeps the conditional entropies", "joint_entropy, y_given_x,     x_given_y,", "joint_entropy, x_given_y, y_given_x,"),
    ("entropy: series too far", "if (s > 0.5)", "if (s > 0.7)"),
    ("entropy: series never", "if (s > 0.5)", "if (s > 0)"),
    ("degrees of freedom", "(s.rows - 1) * (s.cols - 1)", "s.rows * s.cols - 1"),
    ("empty classes counted", "count += sums[k] > 0", "count += 1"),
    ("all different in one side is not noticed", "s.rows == n || s.cols == n", "false"),
    ("all different in Y is not noticed", "s.rows == n || s.cols == n", "s.rows == n"),
    ("strata not weighted", "information.add(s.samples * s.information)", "information.add(s.information)"),
    ("degrees of the strata not added", "degrees += s.degrees", "degrees = s.degrees"),
    ("nothing to know", "information + rest == 0 ? if_none :", "false ? if_none :"),
    ("min is max", "case Normalizer::min: return low;", "case Normalizer::min: return high;"),
    ("max is min", "case Normalizer::max: return high;", "case Normalizer::max: return low;"),
    ("geometric nmi without its root", "return __builtin_sqrt(share(s.information, s.x_given_y, 1) *", "return (share(s.information, s.x_given_y, 1) *"),
    ("nmi of one class each", "s.x_given_y + s.y_given_x == 0 ? 1 : 0;", "0;"),
    ("ami of one class each", "(s.information == 0 || s.all_alone)) return 1;", "s.all_alone) return 1;"),
    ("ami not adjusted", "s.information - s.expected;", "s.information;"),
    ("geometric ami: product of the rests dropped", "+ s.x_given_y * s.y_given_x)", ")"),
    ("homogeneity is completeness", "case Information::homogeneity: return share(s.information, s.x_given_y, 1);",
     "case Information::homogeneity: return share(s.information, s.y_given_x, 1);"),
    ("completeness is homogeneity", "case Information::completeness: return share(s.information, s.y_given_x, 1);",
     "case Information::completeness: return share(s.information, s.x_given_y, 1);"),
    ("g of half", "return 2 * s.samples * s.information;", "return s.samples * s.information;"),
    ("p-value of G", "gamma_upper_tail(s.degrees / 2, s.samples * s.information)",
     "gamma_upper_tail(s.degrees / 2, 2 * s.samples * s.information)"),
    ("Miller-Madow: sign of the rows", "s.cells - s.rows - s.cols + 1", "s.cells + s.rows - s.cols + 1"),
    ("Miller-Madow without its unit", "(2 * s.samples)) * scale;", "(2 * s.samples));"),
    ("Miller-Madow without samples", "s.samples == 0 ? 0 : (s.information", "false ? 0 : (s.information"))
mutants(
    MEASURES, "kernels/math/expected_information.hpp",
    ("ratio of the chances", "static_cast<double>(m.a - n) * static_cast<double>(m.b - n)",
     "static_cast<double>(m.a - n + 1) * static_cast<double>(m.b - n)"),
    ("mode off", "/ (static_cast<Wide>(m.total) + 2));", "/ (static_cast<Wide>(m.total) + 2)) * 0;"),
    ("most likely count dropped", "terms.add(term(mode));", ""),
    ("stops too early", "kNegligible = 0x1p-120", "kNegligible = 0x1p-30"),
    ("chances not divided by their sum", "terms.value() / weights.value()", "terms.value()"),
    ("counts below the mode dropped", "n > 0; --n", "n > mode; --n"))
mutants(
    PERMUTATION, "kernels/cpu/permutation_test.cpp",
    ("ties do not count", "sum.units() + slack >= observed_.units()", "sum.units() > observed_.units() + slack"),
    ("classes in the order of their names", "  std::sort(to, end, std::greater<>());\n", ""),
    ("strata share their draws", "static_cast<std::uint32_t>(header[3])", "0"),
    leads=False)
mutants(
    PERMUTATION, "kernels/math/random_table.hpp",
    ("columns not used up", "left[j] -= n;", ""),
    ("cells share their draws", "static_cast<std::uint32_t>(i * m.col_count + j)", "0"),
    leads=False)
mutants(
    PERMUTATION, "kernels/math/hypergeometric.hpp",
    ("hat off its centre", "/ n + 0.5;", "/ n;"),
    ("remainders dropped", "return remainders - sum;", "return -sum;"),
    ("deviance without its sign", "fma((1 + s) * s,", "fma((1 - s) * s,"),
    leads=False)
mutants(
    MEASURES_COUNTING, "kernels/cpu/code_tile.cpp",
    ("weights of one", "line[y[r * ny + j]] += weight", "line[y[r * ny + j]] += 1"),
    ("weights from the first sample on", "tile.weights + r, rows", "tile.weights, rows"),
    leads=False)
mutants(
    MEASURES, "kernels/math/chi_square.hpp",
    ("Stirling's correction cut", "int k = 6; k >= 0", "int k = 0; k >= 0"),
    ("Stirling's series too soon", "kAsymptotic = 16", "kAsymptotic = 1"),
    ("no degrees of freedom", "if (a == 0 || x == 0) return 1;", ""),
    ("series for the fraction", "if (x < a + 1) {", "if (x < 8 * a + 60) {"),
    ("series stops too early", "term > kPrecision * sum", "term > 0x1p-30 * sum"),
    ("fraction stops too early", "abs(factor - 1) < kPrecision * 4", "abs(factor - 1) < 0x1p-30"),
    ("fraction does not end", "if (numerator == 0) break;", "if (numerator == 0) return 0;"))
mutants(
    LOSS, "kernels/math/loss.hpp",
    ("gradient at the label cancels", "x == side.max ? side.rest / (1 + side.rest) : 1", "false ? 0 : 1"),
    ("gradient at the label unsmoothed", "loss.others - loss.total * rest", "-loss.total * rest"),
    ("gradient at the label always from 1 - q", "if (loss.total * q + loss.target < loss.total) return", "if (false) return"),
    ("z-loss not squared", "z * lse * lse", "z * lse"),
    ("z-loss not in the gradient", "2 * z * lse", "0"),
    ("softcap beside its cap", "cap_ * (-d / (2 + d))", "-d / (2 + d)"))
mutants(
    LOSS, "kernels/cpu/simd.hpp",
    ("low part of ln 2 dropped", "fused(n, splat(-kLo), fused(n, splat(-kHi), x))", "fused(n, splat(-kHi), x)"),
    ("second term of the series", "splat(0.5f)), r)", "splat(0.4f)), r)"),
    ("half of the table", "hn::GatherIndex(Floats(), kTable, hn::And(j, hn::Set(Ints(), 15)))",
     "hn::GatherIndex(Floats(), kTable, hn::And(j, hn::Set(Ints(), 7)))"),
    ("far below not 0", "hn::IfThenZeroElse(hn::Lt(x, splat(kSmallest)), scaled)", "scaled"))
mutants(
    LOSS, "kernels/cpu/softmax_row.hpp",
    ("sums not brought to a new reference", "sum_[l] * factor", "sum_[l]"),
    ("reference not moved", "!hn::AllFalse(Floats(), hn::Gt(largest, ceiling_))", "false"),
    ("the largest is counted", "max_[winner] = -kInf<float>;", ""),
    ("the lanes' largest are not counted", "sum_[l] += static_cast<double>(part_[l]);\n    fold_lanes(sum_);", "sum_[l] += 0;\n    fold_lanes(sum_);"),
    ("bad entries not noticed", "row.bad = !hn::AllTrue(Floats(), good_);", "row.bad = false;"),
    ("lane of the largest", "while (winner + 1 < kLanes && max_[winner] != row.max) ++winner;", ""))
mutants(
    ROWS, "kernels/math/row_side.hpp",
    ("mixed: total's exponent dropped", "{-scale.hi, -scale.lo}", "{0, 0}"))
mutants(
    ROWS, "kernels/cpu/row_side.hpp",
    ("quick rows at any temperature", "side.scale.hi != 1 || side.scale.lo != 0", "false"),
    ("sum relative to the reference", "side.set_rest(found.sum * scale)", "side.set_rest(found.sum)"),
    ("probabilities relative to the largest", "static_cast<float>(scale / (1 + side.rest))",
     "static_cast<float>(1 / (1 + side.rest))"),
    ("index of the largest within its block", "side.argmax = c + i;", "side.argmax = i;"))
mutants(
    LOSS_WIDE_CUDA, "kernels/cuda/cross_entropy_kernels.cuh",
    ("race: the next row before this one is done", "__syncthreads();\n    if (!tiled", "if (!tiled"),
    ("race: the next tile before this one is out", "tile.store(gradients);\n    __syncthreads();", "tile.store(gradients);"),
    leads=False)
mutants(
    LOSS_CUDA, "kernels/cuda/cross_entropy_kernels.cuh",
    ("barrier missing before the gradient goes out", "__syncthreads();\n    if (!tiled", "if (!tiled"),
    ("copies not waited for", "__pipeline_wait_prior(0);", ""),
    ("the last row of a tile dropped", "own < here ? logits", "own + 1 < here ? logits"),
    ("in place whatever the alignment", "misalignment(gradient) == misalignment(data)", "true"))
mutants(
    LOSS_CUDA, "kernels/cuda/cross_entropy.cuh",
    ("race: the label's logit under the gradient", "if (in_place) feed_.group.sync();", ""),
    ("the last column dropped",
     "for (int c = column(0); c < chunk.count; c += feed_.group.size()) {\n        char*",
     "for (int c = column(0); c < chunk.count - 1; c += feed_.group.size()) {\n        char*"))
mutants(
    LOSS_CUDA, "kernels/cuda/row_stream.cuh",
    ("out of bounds: words that are not whole", "min(last, end / kWordBytes)",
     "min(last, (end + kWordBytes - 1) / kWordBytes)"),
    ("out of bounds: the word before the row", "first == 0 && begin > 0 ? 1 : first; }", "first; }"),
    ("the tail dropped", "if (tail && byte < end) body(byte);", ""),
    ("the head dropped", "if (head && i >= begin && i < end) body(i);", ""),
    leads=False)
mutants(
    LOSS_CUDA, "kernels/cuda/row_feed.cuh",
    ("race: a ring's chunk overwritten", "if (!resident_) group.sync();", ""),
    ("race: a chunk goes out before it is done", "group.sync();\n      p_.store", "p_.store"),
    ("a chunk that is not here yet", "__pipeline_wait_prior(kAhead)", "__pipeline_wait_prior(kAhead + 1)"),
    ("barrier missing after a copy", "__pipeline_wait_prior(kAhead);\n        group.sync();",
     "__pipeline_wait_prior(kAhead);"),
    ("the last chunk dropped", "(cols + chunk_columns() - 1) / chunk_columns()", "cols / chunk_columns()"),
    ("the word that two chunks share", "+ (span_.begin > 0)", ""),
    leads=False)
mutants(
    ROWS_CUDA, "kernels/cuda/group.cuh",
    ("race: a block's result is read before it is there",
     "__syncthreads();  // the next reduction writes there", "// the next reduction writes there"),
    leads=False)
mutants(
    LOSS_CUDA, "kernels/cuda/group.cuh",
    ("barrier missing before the result is read",
     "/ kWarpLanes] = own;\n      __syncthreads();", "/ kWarpLanes] = own;"),
    ("half of the lanes dropped", "distance < count", "2 * distance < count"),
    leads=False)
mutants(
    LOSS_CUDA, "kernels/cuda/device_exp.cuh",
    ("far below not 0", "x = fmaxf(x, kZeroBelow);", ""),
    leads=False)
mutants(
    LOSS_CUDA, "kernels/cuda/row_tile.cuh",
    ("tile stored whatever the stride", "together_ ? apart == 0 : apart % kWordBytes == 0", "true"),
    leads=False)
mutants(
    ROWS_WIDE_CUDA, "kernels/cuda/rowwise_kernels.cuh",
    ("race: the next row before this one is done", "__syncthreads();  // the next rows take the place of these", ""),
    leads=False)
mutants(
    ROWS_CUDA, "kernels/cuda/rowwise_kernels.cuh",
    ("barrier missing after the copies", "__pipeline_wait_prior(0);\n      __syncthreads();", "__pipeline_wait_prior(0);"),
    ("q in p's place", "row_memory + tile_rows * launch.ring_bytes_p;", "row_memory;"),
    leads=False)
mutants(
    ROWS_CUDA, "kernels/cuda/row_normaliser.cuh",
    ("a batch's last columns dropped", "i * size < left ? reader.template read<T>(own + i * size * bytes) : pad",
     "(i + 1) * size < left ? reader.template read<T>(own + i * size * bytes) : pad"),
    ("the reference not moved", "if (!referred.serves(online.reference, online.max))", "if (false)"))
mutants(
    ROWS_CUDA, "kernels/math/online_softmax.hpp",
    ("an empty state's reference", "if (other_sum > 0) {", "if (true) {"),
    leads=False)
mutants(
    Suite(("kernels/cuda/rowwise_f32.cu",), (("properties_test",),), "cuda"), "kernels/cuda/row_normaliser.cuh",
    ("logits checked for their sum", "check && (side.form == Form::prob || side.form == Form::log_prob)", "check"),
    leads=False)
mutants(
    Suite(("kernels/cuda/rowwise_f32.cu",), (("edges_test",),), "cuda"), "kernels/cuda/row_terms.cuh",
    ("difference rounded", "offset_.subtract_from(two_sum(a.x, -b.x))",
     "offset_.subtract_from(TwoTerms<float>{a.x - b.x, 0.0f})"),
    leads=False)
mutants(
    LOSS_SUMS_CUDA, "kernels/cuda/loss_reduction.cu",
    ("valid rows of a second round dropped", "row += std::int64_t{gridDim.x} * kReduceThreads", "row += labels.size"),
    ("the last row dropped", "min(first + kReducedRows, reduction.count())", "min(first + kReducedRows, reduction.count() - 1)"),
    ("what a sum lost dropped", "reduction.partial[2 * blockIdx.x + 1] = sum.lost", "reduction.partial[2 * blockIdx.x + 1] = 0"),
    ("mean of all rows", "sum.value() / divisor", "sum.value() / static_cast<double>(reduction.count())"),
    ("the sum of weights in one double", "reduction.sum[1] = total.lo", "reduction.sum[1] = total.hi"))
mutants(
    LAUNCHES_CUDA, "kernels/cuda/rowwise.cpp",
    ("rows beyond float forgotten", "if (plan.wide) return;", "return;"),
    ("rows put off before their count is cleared",
     "if (!plan.wide) set_zero(selection.beyond_float, sizeof(std::int64_t), stream);", ""))
mutants(
    LAUNCHES_CUDA, "kernels/cuda/cross_entropy.cpp",
    ("rows beyond float forgotten", "  if (narrow) {\n    selection", "  if (false) {\n    selection"),
    ("valid rows counted on what was there", "set_zero(valid, sizeof(std::int64_t), stream);", ""))
mutants(
    LAUNCHES_CUDA, "kernels/cuda/row_launch.cpp",
    ("no room for a misaligned row", "/ kWordBytes * kWordBytes + kWordBytes;", "/ kWordBytes * kWordBytes;"),
    ("no room for the words between a ring's chunks", "* chunk + kWordBytes) * kRowPolicy", "* chunk) * kRowPolicy"))
mutants(
    COUNTS_CUDA, "kernels/cuda/joint_histogram.cuh",
    ("race: counters cleared and counted", "__syncthreads();  // this chunk is here", "// this chunk is here"),
    ("race: counters read and counted", "__syncthreads();\n  table.flush", "table.flush"),
    ("chunk not waited for", "__pipeline_wait_prior(kAhead - 1);", ""),
    ("samples after the last four dropped", "s = whole + rank; s < samples", "s = whole + rank; s < whole"),
    ("the next chunk in this one's place", "kChunks = kAhead + 1", "kChunks = kAhead"))
mutants(
    COUNTS_CUDA, "kernels/cuda/block_table.cuh",
    ("race: counters without atomics", "atomicAdd(counter(row + column[j]), 1u)", "*counter(row + column[j]) += 1u"),
    ("race: blocks add without atomics", "if (sum != 0) atomicAdd(narrow + at, sum);", "if (sum != 0) narrow[at] += sum;"),
    ("copies dropped", "at + tile_slots <= slots_ + slot", "at < tile_slots"),
    ("codes out of range are the last class", "min(y[j], last_y_)", "min(y[j], last_y_ - 1)"),
    ("a counter not cleared", "at < bytes(); at += blockDim.x * kWordBytes", "at + kWordBytes < bytes(); at += blockDim.x * kWordBytes"))
mutants(
    COUNTS_CUDA, "kernels/cuda/code_stage.cuh",
    ("out of bounds: a word beyond the codes", "word >= first && word + kWordBytes <= last", "word >= first"),
    ("out of bounds: a word before the codes", "word >= first && word + kWordBytes <= last", "word + kWordBytes <= last"),
    ("neighbours' codes beyond the table", "dense_ ? table_ : Readable{codes - before_, codes + after_}", "table_"))
mutants(
    COUNTS_CUDA, "kernels/cuda/code_run.cuh",
    ("the second word of four codes dropped", "+ end > 4", "+ end > 7"),
    leads=False)
mutants(
    COUNTS_MEMORY_CUDA, "kernels/cuda/joint_histogram_memory.cu",
    ("lanes of one cell counted once", "const unsigned count = __popc(same);", "const unsigned count = 1;"),
    ("the last samples dropped", "if (sample >= last) continue;", "if (sample >= last - 1) continue;"),
    ("blocks add without atomics", "atomicAdd(static_cast<std::uint32_t*>(launch.counters) + table + cell, count)",
     "static_cast<std::uint32_t*>(launch.counters)[table + cell] += count"),
    leads=False)
mutants(
    TABLE_CUDA, "kernels/cuda/joint_table.cu",
    ("race: strips merged too early", "lost[threadIdx.x] = strip.lost;\n    __syncthreads();",
     "lost[threadIdx.x] = strip.lost;"),
    ("the last row of a square dropped", "i < square.bottom; ++i) {\n      sum.add(term_of_count",
     "i + 1 < square.bottom; ++i) {\n      sum.add(term_of_count"),
    ("margins of other squares overwritten", "if (col != 0) atomicAdd(work.col_sums + j_own, col)",
     "if (col != 0) work.col_sums[j_own] = col"),
    ("missing samples not noticed", "total == static_cast<std::uint64_t>(tables.samples)", "true"))
