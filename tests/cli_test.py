"""The command-line tool's numbers and formats, against closed forms and plain Python. Usage: cli_test.py TOOL"""
import math
import os
import random
import resource
import signal
import struct
import subprocess
import time
from fractions import Fraction

import cli_support
from cli_support import ToolTest, backend, bfloat16, flatten, npy_bytes, safetensors_bytes

LN2 = math.log(2)
STATISTICS = ["count", "mean", "stderr", "min", "p01", "p50", "p90", "p99", "max", "nonfinite"]


def softmax(row, temperature=1.0):
    top = max(row)
    weights = [math.exp((x - top) / temperature) for x in row]
    total = math.fsum(weights)
    return [w / total for w in weights]


def kl(p, q):
    return math.fsum(a * math.log(a / b) for a, b in zip(p, q) if a > 0)


def js(p, q):
    m = [(a + b) / 2 for a, b in zip(p, q)]
    return (kl(p, m) + kl(q, m)) / 2


def quantile(values, q):
    """Linear interpolation of the order statistics, in exact arithmetic. q is a Fraction."""
    ordered = sorted(map(Fraction, values))
    position = q * (len(ordered) - 1)
    low = position.numerator // position.denominator
    high = min(low + 1, len(ordered) - 1)
    return float(ordered[low] + (ordered[high] - ordered[low]) * (position - low))


class Rows(ToolTest):
    def test_textbook_numbers(self):
        coins = self.npy("coins.npy", [[0.5, 0.5], [0.1, 0.9], [1.0, 0.0]])
        values, shape = self.values("rows", "entropy", coins, "--input", "probs", "--unit", "bits")
        self.assertEqual(shape, (3, 1))
        self.assert_all_close(values, [1.0, 0.46899559358928122, 0.0])
        p = self.npy("p.npy", [1.0, 0.0])
        q = self.npy("q.npy", [[0.8, 0.2], [0.2, 0.8]])
        values, shape = self.values("rows", "cross_entropy,kl,js", p, q, "--input", "probs", "--unit", "bits")
        self.assertEqual(shape, (2, 3))
        expected_js = [js([1, 0], row) / LN2 for row in ([0.8, 0.2], [0.2, 0.8])]
        self.assert_all_close(values, [math.log2(1.25), math.log2(1.25), expected_js[0], math.log2(5), math.log2(5),
                                       expected_js[1]])
        self.assertAlmostEqual(expected_js[0], 0.108, 3)
        p, q = self.npy("p.npy", [[1.0, 0.0, 0.0]]), self.npy("q.npy", [[0.7, 0.2, 0.1]])
        self.assert_close(self.values("rows", "kl", p, q, "--input", "probs")[0][0], 0.35667494393873238)

    def test_units(self):
        p = self.npy("p.npy", [[0.25, 0.75]])
        q = self.npy("q.npy", [[0.5, 0.5]])
        nats = kl([0.25, 0.75], [0.5, 0.5])
        for unit, scale in (("nats", 1), ("bits", 1 / LN2), ("bans", 1 / math.log(10))):
            values, _ = self.values("rows", "kl,tv", p, q, "--input", "probs", "--unit", unit)
            self.assert_all_close(values, [nats * scale, 0.25])

    def test_logits_of_every_dtype(self):
        row = [2.0, 1.0, 0.5, 0.125, -0.5]  # exact in bfloat16
        expected = -math.log(softmax(row)[1])
        labels = self.npy("labels.npy", [1], "<i8")
        for descr, tolerance in (("<f8", 1e-14), ("<f4", 1e-6), ("<f2", 1e-6)):
            values, _ = self.values("rows", "nll", self.npy("x.npy", [row], descr), "--labels", labels)
            self.assert_close(values[0], expected, tolerance)
        bits = [bfloat16(x) for x in row]
        for descr, flags in (("<V2", []), ("|V2", []), ("<u2", ["--bf16"])):
            content = npy_bytes(descr, (1, 5), b"".join(b.to_bytes(2, "little") for b in bits))
            values, _ = self.values("rows", "nll", self.raw("x.npy", content), "--labels", labels, *flags)
            self.assert_close(values[0], expected, 1e-6)

    def test_tensors_of_safetensors_files(self):
        p, q = [[0.5, 0.25, 0.25], [0.1, 0.2, 0.7]], [[0.25, 0.25, 0.5], [0.3, 0.3, 0.4]]
        expected = [kl(a, b) for a, b in zip(p, q)]
        bits = b"".join(bfloat16(x).to_bytes(2, "little") for x in flatten(p))
        both = self.raw("x.safetensors", safetensors_bytes(
            {"odd": ("U8", (3,), b"abc"), "model.p": ("F64", (2, 3), struct.pack("<6d", *flatten(p))),
             "model.q": ("F32", (2, 3), struct.pack("<6f", *flatten(q))), "bf": ("BF16", (2, 3), bits)},
            {"format": "pt"}))
        values, _ = self.values("rows", "kl", both + ":model.p", both + ":model.q", "--input", "probs")
        self.assert_all_close(values, expected, 1e-6)  # of float32, at an address that is not a multiple of 4
        values, _ = self.values("rows", "entropy", both + ":bf", "--input", "probs", "--normalize", "always")
        self.assert_close(values[0], 1.5 * LN2, 1e-7)  # a float32
        alone = self.raw("alone.safetensors", safetensors_bytes({"q": ("F64", (2, 3), struct.pack("<6d", *flatten(q)))}))
        values, _ = self.values("rows", "kl", self.npy("p.npy", p), alone, "--input", "probs")
        self.assert_all_close(values, expected)

    def test_common_columns(self):
        p = self.npy("p.npy", [[1.0, 2.0, 0.5, 9.0, 9.0], [0.0, 1.0, 1.5, 9.0, 9.0]], "<f4")
        q = self.npy("q.npy", [[0.0, 1.0, 3.0], [2.0, 0.0, 0.25]], "<f4")
        expected = [kl(softmax([1, 2, 0.5]), softmax([0, 1, 3])), kl(softmax([0, 1, 1.5]), softmax([2, 0, 0.25]))]
        reverse = [kl(softmax([0, 1, 3]), softmax([1, 2, 0.5])), kl(softmax([2, 0, 0.25]), softmax([0, 1, 1.5]))]
        values, _ = self.values("rows", "kl", p, q, "--columns", "common")
        self.assert_all_close(values, expected, 1e-6)
        values, _ = self.values("rows", "kl", q, p, "--columns", "common")
        self.assert_all_close(values, reverse, 1e-6)
        values, _ = self.values("compare", p, q, "--columns", "common")
        self.assert_all_close(values[0::7], expected, 1e-6)
        self.assertEqual(self.run_tool("rows", "kl", p, q).returncode, 2)
        label = self.npy("l.npy", [3, 0], "<i4")
        self.assertEqual(self.run_tool("rows", "kl,nll", p, q, "--columns", "common", "--labels", label).returncode, 2)

    def test_labels_of_every_dtype(self):
        logits = self.npy("x.npy", [[0.0, 1.0, 2.0]])
        for descr in ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"):
            values, _ = self.values("rows", "nll", logits, "--labels", self.npy("l.npy", [1], descr))
            self.assert_close(values[0], -math.log(softmax([0, 1, 2])[1]))

    def test_counts_temperature_smoothing_beta_normalize(self):
        counts = self.npy("c.npy", [[1, 3]], "<i4")
        half = self.npy("h.npy", [[0.5, 0.5]])
        values, _ = self.values("rows", "kl", counts, half, "--input-p", "counts", "--input-q", "probs")
        self.assert_close(values[0], kl([0.25, 0.75], [0.5, 0.5]))
        row = [2.0, 1.0, 0.5, 0.1, -0.5]
        x, label = self.npy("x.npy", [row]), self.npy("l.npy", [0], "|u1")
        for t in (0.5, 10.0):
            values, _ = self.values("rows", "nll", x, "--labels", label, "--temperature", t)
            self.assert_close(values[0], -math.log(softmax(row, t)[0]))
        logs = [math.log(v) for v in softmax(row)]
        values, _ = self.values("rows", "nll", x, "--labels", label, "--label-smoothing", "0.1")
        self.assert_close(values[0], -(0.9 * logs[0] + 0.1 * math.fsum(logs) / 5))
        p, q = [0.5, 0.3, 0.2], [0.2, 0.4, 0.4]
        m = [0.25 * a + 0.75 * b for a, b in zip(p, q)]
        files = self.npy("p.npy", [p]), self.npy("q.npy", [[2 * v for v in q]])
        values, _ = self.values("rows", "js", *files, "--input", "probs", "--normalize", "always", "--beta", "0.25")
        self.assert_close(values[0], 0.25 * kl(p, m) + 0.75 * kl(q, m))

    def test_measures_of_columns(self):
        if backend() == "cuda":
            return  # the CPU's alone
        gaussians = self.npy("g.npy", [[1.0, 0.0, 0.0, math.log(4.0)], [0.0, 0.0, 0.0, 0.0]])
        values, shape = self.values("rows", "gaussian_kl", gaussians, "--verify", "--quiet")
        self.assertEqual(shape, (2, 1))
        self.assert_all_close(values, [0.5 + (4 - 1 - math.log(4)) / 2, 0])
        values, _ = self.values("rows", "gaussian_kl", gaussians, gaussians, "--unit", "bits")
        self.assertEqual(values, [0, 0])
        targets, logits = self.npy("t.npy", [[0.0, 1.0, 0.25]], "<f4"), self.npy("x.npy", [[-3.0, 3.0, 0.5]], "<f4")
        q = [1 / (1 + math.exp(-x / 2)) for x in (-3.0, 3.0, 0.5)]
        expected = -(math.log(1 - q[0]) + math.log(q[1]) + 0.25 * math.log(q[2]) + 0.75 * math.log(1 - q[2])) / 3
        values, _ = self.values("rows", "bce", targets, logits, "--temperature", 2, "--verify", "--quiet")
        self.assert_close(values[0], expected, 1e-6)
        values, _ = self.values("rows", "bce", targets, self.npy("q.npy", [q]), "--input-q", "probs", "--unit", "bits")
        self.assert_close(values[0], expected / LN2)
        self.assertEqual(self.json("rows", "bce", targets, logits)["measures"]["bce"]["count"], 1)

    def test_additive_smoothing(self):
        if backend() == "cuda":
            return  # the CPU's alone
        counts, probs = self.npy("c.npy", [[0, 3, 1], [0, 0, 0]], "<i4"), self.npy("p.npy", [[0.5, 0.5, 0.0]])
        arguments = ["rows", "kl", counts, probs, "--input-p", "counts", "--input-q", "probs", "--smooth", 0.5, "--verify",
                     "--quiet"]
        values, _ = self.values(*arguments)
        q = [1 / 2.5, 1 / 2.5, 0.5 / 2.5]
        self.assert_all_close(values, [kl([0.5 / 5.5, 3.5 / 5.5, 1.5 / 5.5], q), kl([1 / 3] * 3, q)])
        logits = self.npy("x.npy", [[0.0, LN2, 0.0]])
        values, _ = self.values("rows", "kl", counts, logits, "--input-p", "counts", "--smooth", 0.5)
        self.assert_close(values[1], kl([1 / 3] * 3, [0.25, 0.5, 0.25]))

    def test_losses_with_weights_softcap_and_z_loss(self):
        rows, label, weights = [[2.0, 1.0, 0.5], [-1.0, 0.0, 3.0], [0.5, 0.25, -2.0], [1.0, 1.0, 1.0]], [0, 2, 1, 9], [2, 0.5, 3]
        x, labels, w = self.npy("x.npy", rows), self.npy("l.npy", label, "|u1"), self.npy("w.npy", weights, "<f4")
        arguments = ["rows", "nll", x, "--labels", labels, "--ignore-index", 9, "--class-weights", w, "--label-smoothing",
                     "0.1", "--softcap", "2", "--z-loss", "0.25", "--temperature", "0.5", "--verify", "--quiet"]
        losses = []
        for row, y in list(zip(rows, label))[:3]:
            capped = [2 * math.tanh(v / 2) / 0.5 for v in row]
            lse = math.log(math.fsum(math.exp(v) for v in capped))
            targets = [v * (0.1 / 3 + (0.9 if j == y else 0)) for j, v in enumerate(weights)]
            losses.append(math.fsum(t * (lse - v) for t, v in zip(targets, capped)) + 0.25 * lse ** 2)
        values, _ = self.values(*arguments)
        self.assert_all_close(values, losses + [0])
        values, _ = self.values(*arguments, "--unit", "bits")
        self.assert_all_close(values, [v / LN2 for v in losses] + [0])
        found = self.json(*arguments)["measures"]["nll"]
        self.assertEqual(found["count"], 3)
        self.assert_close(found["mean"], math.fsum(losses) / (2 + 3 + 0.5))  # as PyTorch: over the labels' weights
        plain, _ = self.values("rows", "nll", x, "--labels", labels, "--ignore-index", 9, "--softcap", "2")
        self.assert_close(plain[0], -math.log(softmax([2 * math.tanh(v / 2) for v in rows[0]])[0]))

    def test_divergences_and_their_order(self):
        p, q = self.npy("p.npy", [[0.5, 0.5]]), self.npy("q.npy", [[0.25, 0.75]])
        affinity = math.sqrt(0.125) + math.sqrt(0.375)
        values, _ = self.values("rows", "chi2,chi2_reverse,triangular,hellinger_sq,hellinger,bhattacharyya,jeffreys", p, q,
                                "--input", "probs")
        self.assert_all_close(values, [1 / 3, 0.25, 2 / 15, 1 - affinity, math.sqrt(1 - affinity), -math.log(affinity),
                                       kl([0.5, 0.5], [0.25, 0.75]) + kl([0.25, 0.75], [0.5, 0.5])])
        for order, expected in ((2, math.log2(4 / 3)), (0.5, -2 * math.log2(affinity)),
                                (1, kl([0.5, 0.5], [0.25, 0.75]) / LN2)):
            values, _ = self.values("rows", "renyi", p, q, "--input", "probs", "--alpha", order, "--unit", "bits")
            self.assert_close(values[0], expected)
        values, _ = self.values("rows", "js_distance", p, q, "--input", "probs", "--unit", "bits")
        self.assert_close(values[0], math.sqrt(js([0.5, 0.5], [0.25, 0.75]) / LN2))

    def test_perplexity_of_a_batch_is_that_of_the_mean_loss(self):
        x = self.npy("x.npy", [[0.0, 0.0], [5.0, 0.0], [math.log(7), 0.0], [0.0, 0.0]])
        labels = self.npy("l.npy", [1, -100, 1, 0], "<i8")
        options = ["rows", "perplexity,surprisal,lse,max_prob,top1", x, "--labels", labels, "--ignore-index", "-100"]
        values, _ = self.values(*options)
        self.assert_all_close(values[0:5], [2, LN2, LN2, 0.5, 0])
        self.assertEqual(values[5], 1)
        self.assert_all_close(values[10:15], [8, math.log(8), math.log(8), 0.875, 0])
        measures = self.json(*options, "--unit", "bits")["measures"]
        self.assert_close(measures["perplexity"]["mean"], 2 ** (5 / 3))
        self.assert_close(measures["nll"]["mean"], 5 / 3)
        self.assertEqual(measures["perplexity"]["count"], 3)

    def test_one_row_against_many_and_three_axes(self):
        many = [[[0.5, 0.5], [0.25, 0.75]], [[0.125, 0.875], [0.5, 0.5]]]
        flat = [row for batch in many for row in batch]
        q, p = self.npy("q.npy", many), self.npy("p.npy", [0.5, 0.5])
        values, shape = self.values("rows", "kl", p, q, "--input", "probs")
        self.assertEqual(shape, (4, 1))
        self.assert_all_close(values, [kl([0.5, 0.5], row) for row in flat])
        values, _ = self.values("rows", "kl", q, p, "--input", "probs")
        self.assert_all_close(values, [kl(row, [0.5, 0.5]) for row in flat])

    def test_a_measure_of_one_side_has_that_sides_rows(self):
        many, one = self.npy("many.npy", [[0.5, 0.5]] * 3), self.npy("one.npy", [[0.25, 0.75]])
        entropy = -0.25 * math.log(0.25) - 0.75 * math.log(0.75)
        for measure, p, q in (("entropy_q", many, one), ("entropy", one, many)):
            values, shape = self.values("rows", measure, p, q, "--input", "probs")
            self.assertEqual(shape, (1, 1))
            self.assert_all_close(values, [entropy])
        label = self.npy("label.npy", [1], "<i4")
        values, _ = self.values("rows", "nll", many, one, "--input", "probs", "--labels", label)
        self.assert_all_close(values, [-math.log(0.75)])

    def test_statistics(self):
        seed = 7
        rng = random.Random(seed)
        rows = [(x, 1 - x) for x in (rng.random() for _ in range(101))]
        q = self.npy("q.npy", [[0.5, 0.5]])
        p = self.npy("p.npy", rows)
        report = self.json("rows", "tv", p, q, "--input", "probs")
        self.assertEqual(list(report), ["command", "backend", "rows", "unit", "measures"])
        self.assertEqual([report[k] for k in ("command", "backend", "rows", "unit")], ["rows", backend(), 101, "nats"])
        got = report["measures"]["tv"]
        self.assertEqual(list(got), STATISTICS)
        values = [abs(x - 0.5) for x, _ in rows]
        mean = math.fsum(values) / 101
        deviation = math.sqrt(math.fsum((v - mean) ** 2 for v in values) / 100)
        self.assertEqual((got["count"], got["nonfinite"]), (101, 0))
        expected = [mean, deviation / math.sqrt(101), min(values)]
        expected += [quantile(values, Fraction(n, 100)) for n in (1, 50, 90, 99)] + [max(values)]
        self.assert_all_close([got[k] for k in STATISTICS[1:-1]], expected, 1e-12)

    def test_quantiles_interpolate_linearly(self):
        # tv against (0, 1) is the first entry: 0, 1/4, 1/2, 1. numpy.quantile gives these.
        p = self.npy("p.npy", [[x, 1 - x] for x in (1.0, 0.25, 0.0, 0.5)])
        got = self.json("rows", "tv", p, self.npy("q.npy", [0.0, 1.0]), "--input", "probs")["measures"]["tv"]
        self.assert_all_close([got[k] for k in ("p01", "p50", "p90", "p99")], [0.0075, 0.375, 0.85, 0.985])

    def test_values_that_json_cannot_hold(self):
        p = self.npy("p.npy", [[0.5, 0.5], [0.5, 0.5], [math.nan, 0.5], [-0.5, 1.5]])
        q = self.npy("q.npy", [[1.0, 0.0], [0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])
        got = self.json("rows", "kl", p, q, "--input", "probs")["measures"]["kl"]
        self.assertEqual((got["count"], got["nonfinite"], got["mean"], got["stderr"]), (1, 3, 0, "nan"))
        result = self.run_tool("rows", "kl", p, q, "--input", "probs", "--format", "csv")
        self.assertEqual(result.stdout, "row,kl\n0,inf\n1,0\n2,nan\n3,nan\n")
        got = self.json("rows", "kl", p, self.npy("q.npy", [1.0, 0.0]), "--input", "probs")["measures"]["kl"]
        self.assertEqual((got["count"], got["nonfinite"]), (0, 4))
        self.assertEqual({got[k] for k in STATISTICS[1:-1]}, {"nan"})

    def test_ignored_rows_are_zero_and_left_out(self):
        x = self.npy("x.npy", [[0.0, 0.0], [5.0, 0.0], [0.0, 0.0]])
        labels = self.npy("l.npy", [1, -100, 0], "<i8")
        options = ["rows", "nll,entropy", x, "--labels", labels, "--ignore-index", "-100"]
        self.assertEqual(self.values(*options)[0][2], 0)
        measures = self.json(*options)["measures"]
        self.assertEqual((measures["nll"]["count"], measures["nll"]["nonfinite"]), (2, 0))
        self.assert_close(measures["nll"]["mean"], LN2)
        self.assertEqual(measures["entropy"]["count"], 3)

    def test_empty_shapes(self):
        report = self.json("rows", "entropy", self.npy("x.npy", [], shape=(0, 5)))
        self.assertEqual((report["rows"], report["measures"]["entropy"]["count"]), (0, 0))
        self.assertEqual(self.values("rows", "entropy", self.path("x.npy"))[1], (0, 1))
        self.assertEqual(self.values("rows", "entropy", self.npy("x.npy", [], shape=(3, 0)))[0], [0, 0, 0])

    def test_csv_round_trips_and_table_has_a_line_per_measure(self):
        p = self.npy("p.npy", [[0.1, 0.9], [0.3, 0.7]])
        values, _ = self.values("rows", "entropy,entropy_q", p, "--input", "probs")
        lines = self.run_tool("rows", "entropy,entropy_q", p, "--input", "probs", "--format", "csv").stdout.split()
        self.assertEqual(lines[0], "row,entropy,entropy_q")
        self.assertEqual([float(x) for line in lines[1:] for x in line.split(",")[1:]], values)
        table = self.run_tool("rows", "entropy,entropy_q", p, "--input", "probs").stdout
        self.assertIn(f"2 rows   unit: nats   backend: {backend()}", table)
        self.assertEqual([line.split()[0] for line in table.splitlines()[3:]], ["measure", "entropy", "entropy_q"])

    def test_verify(self):
        p, q = self.npy("p.npy", [[0.0, 1.0, 2.0]] * 9, "<f4"), self.npy("q.npy", [[1.0, 0.5, 0.0]] * 9, "<f4")
        result = self.run_tool("rows", "kl,js", p, q, "--verify")
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stderr, "verified 9 rows against the reference: all within the contract\n")
        self.assertEqual(self.run_tool("rows", "kl,js", p, q, "--verify", "--quiet").stderr, "")


class Compare(ToolTest):
    LABELLED = ["nll_base", "nll_other", "perplexity_base", "perplexity_other", "delta_p", "delta_p_rms"]
    ALWAYS = ["kl", "reverse_kl", "js", "tv", "entropy_base", "entropy_other", "top1_agree"]

    def setUp(self):
        super().setUp()
        rng = random.Random(11)  # fixed
        batch, positions, vocabulary = 2, 4, 6
        draw = lambda: [[[rng.gauss(0, 2) for _ in range(vocabulary)] for _ in range(positions)] for _ in range(batch)]
        self.base, self.other = draw(), draw()
        self.labels = [[rng.randrange(vocabulary) for _ in range(positions)] for _ in range(batch)]
        self.files = self.npy("base.npy", self.base), self.npy("other.npy", self.other)
        self.label_file = self.npy("labels.npy", self.labels, "<i4")

    def expected(self, rows):
        """Columns in the order of the table from (base logits, other logits, label or None)."""
        table = []
        for b, o, label in rows:
            p, q = softmax(b), softmax(o)
            line = []
            if label is not None:
                line += [-math.log(p[label]), -math.log(q[label]), 1 / p[label], 1 / q[label], q[label] - p[label],
                         abs(q[label] - p[label])]
            line += [kl(p, q), kl(q, p), js(p, q), sum(abs(x - y) for x, y in zip(p, q)) / 2,
                     -sum(x * math.log(x) for x in p), -sum(x * math.log(x) for x in q),
                     float(p.index(max(p)) == q.index(max(q)))]
            table.append(line)
        return table

    def flat(self):
        return [(b, o, l) for s in range(2) for b, o, l in zip(self.base[s], self.other[s], self.labels[s])]

    def check(self, expected, *options):
        values, shape = self.values("compare", *self.files, *options)
        self.assertEqual(shape, (len(expected), len(expected[0])))
        self.assert_all_close(values, [x for line in expected for x in line], 1e-11)

    def test_without_labels(self):
        self.check(self.expected([(b, o, None) for b, o, _ in self.flat()]))
        report = self.json("compare", *self.files)
        self.assertEqual((report["command"], report["rows"]), ("compare", 8))
        self.assertEqual(list(report["measures"]), self.ALWAYS)

    def test_with_labels(self):
        expected = self.expected(self.flat())
        self.check(expected, "--labels", self.label_file)
        measures = self.json("compare", *self.files, "--labels", self.label_file)["measures"]
        self.assertEqual(list(measures), self.LABELLED + self.ALWAYS)
        self.check_batch_statistics(measures, expected)

    def check_batch_statistics(self, measures, expected):
        n = len(expected)
        for k, name in ((0, "perplexity_base"), (1, "perplexity_other")):
            nll = [line[k] for line in expected]
            mean = math.fsum(nll) / n
            error = math.sqrt(math.fsum((v - mean) ** 2 for v in nll) / (n - 1) / n)
            self.assert_close(measures[name]["mean"], math.exp(mean), 1e-11)
            self.assert_close(measures[name]["stderr"], math.exp(mean) * error, 1e-9)
        squares = [line[4] ** 2 for line in expected]
        rms = math.sqrt(math.fsum(squares) / n)
        deviation = math.sqrt(math.fsum((v - rms * rms) ** 2 for v in squares) / (n - 1))
        self.assert_close(measures["delta_p_rms"]["mean"], rms, 1e-11)
        self.assert_close(measures["delta_p_rms"]["stderr"], deviation / (2 * rms * math.sqrt(n)), 1e-9)

    def test_shift(self):
        rows = [(self.base[s][t], self.other[s][t], self.labels[s][t + 1]) for s in range(2) for t in range(3)]
        self.check(self.expected(rows), "--labels", self.label_file, "--shift")
        self.assertEqual(self.json("compare", *self.files, "--labels", self.label_file, "--shift")["rows"], 6)

    def test_units_scale_nll_but_not_perplexity(self):
        measures = self.json("compare", *self.files, "--labels", self.label_file, "--unit", "bits")["measures"]
        nll = [line[0] for line in self.expected(self.flat())]
        self.assert_close(measures["nll_base"]["mean"], math.fsum(nll) / 8 / LN2, 1e-11)
        self.assert_close(measures["perplexity_base"]["mean"], math.exp(math.fsum(nll) / 8), 1e-11)
        change = [line[4] for line in self.expected(self.flat())]
        self.assert_close(measures["delta_p"]["mean"], math.fsum(change) / 8, 1e-10)

    def test_ignore_index_leaves_out_label_measures_only(self):
        labels = [[-100] + row[1:] for row in self.labels]
        self.npy("labels.npy", labels, "<i4")
        options = ["compare", *self.files, "--labels", self.label_file, "--ignore-index", "-100"]
        measures = self.json(*options)["measures"]
        kept = [line for i, line in enumerate(self.expected(self.flat())) if i % 4 != 0]
        self.check_batch_statistics(measures, kept)
        self.assertEqual({measures[k]["count"] for k in self.LABELLED}, {6})
        self.assertEqual({measures[k]["count"] for k in self.ALWAYS}, {8})
        # Shifted, the first label of a sequence is nobody's target.
        measures = self.json(*options, "--shift")["measures"]
        self.assertEqual({measures[k]["count"] for k in self.LABELLED + self.ALWAYS}, {6})


class LargeFiles(ToolTest):
    """Of what the host does: with the CPU backend alone."""

    def test_memory_stays_bounded(self):
        rows, cols = 1200, 65536  # 300 MB each, sparse
        for name in ("a.npy", "b.npy"):
            with open(self.raw(name, npy_bytes("<f4", (rows, cols), b"")), "r+b") as f:
                f.truncate(os.path.getsize(self.path(name)) + 4 * rows * cols)
        report = self.json("compare", self.path("a.npy"), self.path("b.npy"))
        self.assertEqual(report["measures"]["kl"]["max"], 0)
        self.assert_close(report["measures"]["entropy_base"]["mean"], math.log(cols), 1e-6)
        self.assertLess(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, 300 * 1024)  # of the largest child

    def test_interrupted_run_leaves_nothing(self):
        rows, cols = 60000, 65536  # 15 GB, sparse: long enough to be interrupted anywhere
        with open(self.raw("a.npy", npy_bytes("<f4", (rows, cols), b"")), "r+b") as f:
            f.truncate(os.path.getsize(self.path("a.npy")) + 4 * rows * cols)
        for sent in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen([cli_support.tool(), "compare", self.path("a.npy"), self.path("a.npy"), "--out",
                                        self.path("out.npy")], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                deadline = time.monotonic() + 60
                while not any(name.startswith("out.npy.") for name in os.listdir(self.scratch.name)):
                    self.assertIsNone(process.poll(), "ended before it could be interrupted")
                    self.assertLess(time.monotonic(), deadline, "no temporary output was seen")
                    time.sleep(0.01)
                process.send_signal(sent)
                process.communicate(timeout=60)
            finally:
                process.kill()
            self.assertEqual(process.returncode, -sent)
            self.assertEqual([n for n in os.listdir(self.scratch.name) if n.startswith("out.npy")], [])


class MutualInformation(ToolTest):
    OUTLOOK = "sunny sunny overcast rain rain rain overcast sunny sunny rain sunny overcast overcast rain".split()
    HUMIDITY = "high high high high normal normal normal high normal normal normal high normal high".split()
    WIND = "weak strong weak weak weak strong strong weak weak weak strong strong weak strong".split()
    PLAY = "no no yes yes yes no yes no yes yes yes yes yes no".split()

    @staticmethod
    def codes(words, numbers):
        names = sorted(set(words))
        return [numbers[names.index(word)] for word in words]

    def test_play_tennis(self):
        # Information gains of Quinlan's table: 0.247, 0.152, 0.048 bits. The codes are sparse and negative on purpose.
        columns = [self.codes(self.OUTLOOK, [-7, 0, 10 ** 12]), self.codes(self.HUMIDITY, [5, 9]),
                   self.codes(self.WIND, [1, 0])]
        table = self.npy("table.npy", [list(row) for row in zip(*columns)], "<i8")
        target = self.npy("play.npy", self.codes(self.PLAY, [0, 1]), "|u1")
        report = self.json("mi", table, "--target", target, "--unit", "bits")
        self.assertEqual(list(report), ["command", "measure", "unit", "samples", "value"])
        self.assertEqual([report[k] for k in ("command", "measure", "unit", "samples")], ["mi", "mi", "bits", 14])
        gains = [0.24674981977443933, 0.15183550136234159, 0.04812703040826949]
        self.assert_all_close(report["value"], gains, 1e-13)
        values, shape = self.values("mi", table, "--target", target, "--unit", "bits")
        self.assertEqual(shape, (3,))
        self.assert_all_close(values, gains, 1e-13)
        for column, gain in zip(columns, gains):
            report = self.json("mi", self.npy("x.npy", column, "<i8"), target, "--unit", "bits")
            self.assert_close(report["value"], gain, 1e-13)
        lines = self.run_tool("mi", table, "--target", target, "--format", "csv").stdout.split()
        self.assertEqual(lines[0], "feature,mi")
        self.assertEqual([line.split(",")[0] for line in lines[1:]], ["0", "1", "2"])

    def test_pairs_batch_and_joint(self):
        x, y = [[0, 0, 1, 1], [0, 1, 0, 1]], [[3, 3, 8, 8], [5, 5, 6, 6]]
        fx, fy = self.npy("x.npy", x, "<i4"), self.npy("y.npy", y, "<i2")
        values, shape = self.values("mi", fx, fy, "--unit", "bits")
        self.assertEqual((values, shape), ([1.0, 0.0], (2,)))
        self.assertEqual(self.json("mi", fx, fy, "--unit", "bits")["value"], [1.0, 0.0])
        table = self.npy("t.npy", [[0, 0, 0], [0, 1, 0], [1, 0, 1], [1, 1, 1]], "|u1")
        values, shape = self.values("mi", table, "--pairs", "--unit", "bits")
        self.assertEqual(shape, (3, 3))
        self.assert_all_close(values, [1, 0, 1, 0, 1, 0, 1, 0, 1])
        self.assertEqual(self.json("mi", table, "--pairs")["value"][0][1], 0)
        joint = [[0.4, 0.1], [0.05, 0.45]]  # weather and umbrella
        expected = math.fsum(v * math.log(v / (sum(row) * (joint[0][j] + joint[1][j])))
                             for row in joint for j, v in enumerate(row))
        values, shape = self.values("mi", self.npy("j.npy", joint), "--joint")
        self.assertEqual(shape, (1,))
        self.assert_close(values[0], expected, 1e-12)
        report = self.json("mi", self.npy("c.npy", [[8, 2], [1, 9]], "<i8"), "--joint")
        self.assertEqual(report["samples"], 20)
        self.assert_close(report["value"], expected, 1e-12)

    def test_verify(self):
        x = self.npy("x.npy", [0, 0, 1, 2, 1], "<i4")
        for arguments in (["mi", x, x], ["mi", self.npy("j.npy", [[3, 1], [2, 2]], "<i4"), "--joint"],
                          ["mi", self.npy("t.npy", [[0, 1], [1, 1], [2, 0]], "|u1"), "--pairs"],
                          ["mi", self.path("t.npy"), "--target", self.npy("l.npy", [0, 1, 1], "<i8")]):
            result = self.run_tool(*arguments, "--verify")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("all within the contract", result.stderr)


class Doctor(ToolTest):
    def test_says_what_there_is(self):
        report = self.json("doctor")
        self.assertEqual(report["command"], "doctor")
        self.assertTrue(report["backends"]["cpu"]["available"])
        self.assertIn("available", self.run_tool("doctor").stdout)

    def test_help(self):
        for command in ([], ["rows"], ["compare"], ["mi"], ["doctor"]):
            result = self.run_tool(*command, "--help")
            self.assertEqual((result.returncode, result.stderr), (0, ""))
            self.assertIn("Usage:", result.stdout)


if __name__ == "__main__":
    cli_support.main()
