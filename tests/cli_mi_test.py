"""`kullback mi`: measures, missing values, binning, tables in .csv, ranking. Expected values come from plain Python."""
import collections
import math
import os
import unittest

import cli_support
from cli_support import ToolTest


def entropy(*variables):
    counts = collections.Counter(zip(*variables))
    n = sum(counts.values())
    return -math.fsum(c / n * math.log(c / n) for c in counts.values())


def information(x, y, z=None):
    if z is None:
        return entropy(x) + entropy(y) - entropy(x, y)
    return entropy(x, z) + entropy(y, z) - entropy(x, y, z) - entropy(z)


def width_classes(values, bins):
    """Class = how many of the edges 1 .. bins - 1 a value is not below."""
    low, high = min(values), max(values)
    edges = [(low * (bins - k) + high * k) / bins for k in range(1, bins)]
    return [sum(v >= e for e in edges) if low < high else 0 for v in values]


def quantile_classes(values, bins):
    ordered = sorted(values)
    cuts = [ordered[k * len(ordered) // bins] for k in range(1, bins)]
    return [sum(v >= c for c in cuts) for v in values]


X = [0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 2, 1, 0, 0, 2, 1]
Y = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 1, 0]
Z = [1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
FLOATS = [0.3, -1.5, 2.25, 0.3, 9.0, 4.5, -1.5, 3.75, 3.0, 0.75, 8.9999, 6.375, 1.125, 4.4999, 0.3, 7.0]


class Measures(ToolTest):
    def test_each(self):
        x, y = self.npy("x.npy", X, "<i4"), self.npy("y.npy", Y, "<i8")
        hx, hy, mi = entropy(X), entropy(Y), information(X, Y)
        n = len(X)
        expected = {"mi": mi, "information_gain": mi, "entropy_x": hx, "entropy_y": hy, "joint_entropy": entropy(X, Y),
                    "conditional_entropy": hy - mi, "conditional_entropy_x": hx - mi, "conditional_entropy_y": hy - mi,
                    "nmi": 2 * mi / (hx + hy), "v_measure": 2 * mi / (hx + hy), "homogeneity": mi / hx,
                    "completeness": mi / hy, "g": 2 * n * mi, "g_pvalue": math.exp(-n * mi),  # 2 degrees of freedom
                    "miller_madow": mi - (6 - 3 - 2 + 1) / (2 * n), "samples": n}
        for measure, value in expected.items():
            report = self.json("mi", x, y, "--measure", measure)
            self.assertEqual((report["measure"], report["samples"]), (measure, n))
            self.assert_close(report["value"], value, 1e-12)
            result = self.run_tool("mi", x, y, "--measure", measure, "--verify")
            self.assertEqual(result.returncode, 0, result.stderr)
        for normalizer, by in (("min", min(hx, hy)), ("max", max(hx, hy)), ("geometric", math.sqrt(hx * hy)),
                               ("arithmetic", (hx + hy) / 2)):
            report = self.json("mi", x, y, "--measure", "nmi", "--normalizer", normalizer)
            self.assert_close(report["value"], mi / by, 1e-12)
        bits = self.json("mi", x, y, "--measure", "mi,nmi", "--unit", "bits")
        self.assertEqual(bits["measure"], ["mi", "nmi"])
        self.assert_close(bits["value"]["mi"], mi / math.log(2))
        self.assert_close(bits["value"]["nmi"], 2 * mi / (hx + hy))

    def test_ami_is_scikit_learns(self):
        # The example in scikit-learn's own tests: adjusted_mutual_info_score is 0.27821 there.
        x = self.npy("x.npy", [1] * 6 + [2] * 6 + [3] * 5, "|u1")
        y = self.npy("y.npy", [1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 3, 1, 3, 3, 3, 2, 2], "|u1")
        self.assert_close(self.json("mi", x, y, "--measure", "ami")["value"], 0.27821, 2e-5)

    def test_several_from_one_count(self):
        table = self.npy("t.npy", [list(row) for row in zip(X, Z, Y)], "|u1")
        target = self.npy("y.npy", Y, "|u1")
        report = self.json("mi", table, "--target", target, "--measure", "mi,samples")
        self.assertEqual(report["value"]["samples"], [16, 16, 16])
        self.assert_all_close(report["value"]["mi"], [information(v, Y) for v in (X, Z, Y)])
        values, shape = self.values("mi", table, "--target", target, "--measure", "mi,samples")
        self.assertEqual(shape, (3, 2))
        self.assert_all_close(values[::2], report["value"]["mi"])
        values, shape = self.values("mi", table, "--pairs", "--measure", "entropy_x,conditional_entropy_x")
        self.assertEqual(shape, (3, 3, 2))
        for i, x in enumerate((X, Z, Y)):
            for j, y in enumerate((X, Z, Y)):
                self.assert_close(values[2 * (3 * i + j)], entropy(x))
                expected = 0 if i == j else entropy(x, y) - entropy(y)
                self.assert_close(values[2 * (3 * i + j) + 1], expected)

    def test_given(self):
        x, y, z = (self.npy(n, v, "<i2") for n, v in (("x.npy", X), ("y.npy", Y), ("z.npy", Z)))
        expected = information(X, Y, Z)
        self.assert_close(self.json("mi", x, y, "--given", z)["value"], expected)
        self.assert_close(self.json("mi", x, y, "--given", z, "--measure", "cmi")["value"], expected)
        table = self.npy("t.npy", [list(row) for row in zip(X, Y)], "|u1")
        report = self.json("mi", table, "--target", y, "--given", z, "--measure", "cmi")
        self.assert_all_close(report["value"], [expected, entropy(Y, Z) - entropy(Z)])
        self.assert_close(self.json("mi", table, "--pairs", "--given", z)["value"][1][0], expected)
        batch = self.npy("b.npy", [X, Y], "<i2")
        self.assert_all_close(self.json("mi", batch, batch, "--given", z)["value"],
                              [entropy(v, Z) - entropy(Z) for v in (X, Y)])
        self.assert_all_close(self.json("mi", batch, batch, "--given", batch)["value"], [0, 0])

    def test_joint_tables(self):
        counts = self.npy("c.npy", [[8, 2], [1, 9]], "<i8")
        x, y = [0] * 10 + [1] * 10, [0] * 8 + [1] * 2 + [0] + [1] * 9
        report = self.json("mi", counts, "--joint", "--measure", "nmi,g,samples")
        mi = information(x, y)
        self.assert_close(report["value"]["nmi"], 2 * mi / (entropy(x) + entropy(y)))
        self.assert_close(report["value"]["g"], 40 * mi)
        self.assertEqual(report["value"]["samples"], 20)
        shares = self.npy("s.npy", [[0.4, 0.1], [0.05, 0.45]])
        self.assert_close(self.json("mi", shares, "--joint", "--measure", "homogeneity")["value"], mi / entropy(x))


class Missing(ToolTest):
    def test_pairs_use_what_both_have(self):
        x = [-9 if i % 5 == 0 else v for i, v in enumerate(X)]
        y = [-9 if i % 4 == 3 else v for i, v in enumerate(Y)]
        kept = [(a, b) for a, b in zip(x, y) if -9 not in (a, b)]
        fx, fy = self.npy("x.npy", x, "<i4"), self.npy("y.npy", y, "<i8")
        report = self.json("mi", fx, fy, "--missing", "-9", "--measure", "mi,samples")
        self.assertEqual((report["samples"], report["value"]["samples"]), (16, len(kept)))
        self.assert_close(report["value"]["mi"], information(*zip(*kept)))
        # Without --missing it is a code like any other.
        self.assert_close(self.json("mi", fx, fy)["value"], information(x, y))
        table = self.npy("t.npy", [list(row) for row in zip(x, X)], "<i4")
        report = self.json("mi", table, "--target", fy, "--missing", "-9", "--measure", "samples")
        self.assertEqual(report["value"], [len(kept), sum(v != -9 for v in y)])
        result = self.run_tool("mi", table, "--pairs", "--missing", "-9", "--measure", "ami", "--verify")
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_nan_is_missing(self):
        values = [math.nan if i % 3 == 0 else v for i, v in enumerate(X)]
        kept = [(a, b) for a, b in zip(values, Y) if a == a]
        x, y = self.npy("x.npy", values, "<f4"), self.npy("y.npy", Y, "|u1")
        report = self.json("mi", x, y, "--binning", "codes", "--measure", "mi,samples")
        self.assertEqual(report["value"]["samples"], len(kept))
        self.assert_close(report["value"]["mi"], information(*zip(*kept)))
        marked = self.npy("m.npy", [-1.0 if v != v else v for v in values], "<f8")
        report = self.json("mi", marked, y, "--binning", "codes", "--missing", "-1")
        self.assert_close(report["value"], information(*zip(*kept)))


class Bins(ToolTest):
    def check(self, values, bins, *arguments, descr="<f8"):
        y = self.npy("y.npy", Y[:len(values)], "|u1")
        x = self.npy("x.npy", values, descr)
        for binning, classes in (("width", width_classes), ("quantile", quantile_classes)):
            got = self.json("mi", x, y, "--binning", binning, "--bins", bins, "--measure", "mi,entropy_x", *arguments)
            expected = classes(values, bins)
            self.assert_close(got["value"]["entropy_x"], entropy(expected), 1e-12)
            self.assert_close(got["value"]["mi"], information(expected, Y[:len(values)]), 1e-9)

    def test_width_and_quantile(self):
        for bins in (1, 2, 3, 5, 16, 1000):
            self.check(FLOATS, bins)

    def test_edges_ties_and_constants(self):
        self.check([k / 10 for k in range(11)], 10)  # every value on an edge: 0.3 is edge 3, not below it
        self.check([1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0], 4)
        self.check([7.5] * 9, 4)
        self.check([-1.0, 1.0, 0.0, -0.0, 0.5, -0.5], 2)
        self.check([1e308, -1e308, 0.0, 1.7e308, -1.7e308], 2)
        self.check([5e-324, 0.0, 1e-323, 1.5e-323], 3)
        self.check([5, 1, 9, 3, 3, 8], 3, descr="<i4")

    def test_infinite_values_are_in_the_outer_bins(self):
        y = self.npy("y.npy", [0, 0, 1, 1], "|u1")
        x = self.npy("x.npy", [-math.inf, 0.0, 1.0, math.inf])
        self.assert_close(self.json("mi", x, y, "--bins", 2)["value"], math.log(2))
        only = self.npy("o.npy", [-math.inf, -math.inf, math.inf, math.inf])
        self.assert_close(self.json("mi", only, y, "--bins", 2)["value"], math.log(2))

    def test_defaults(self):
        x, y = self.npy("x.npy", FLOATS), self.npy("y.npy", Y, "|u1")
        self.assert_close(self.json("mi", x, y)["value"], information(width_classes(FLOATS, 16), Y))
        half = self.npy("h.npy", [float(v) for v in X], "<f2")
        self.assert_close(self.json("mi", half, y, "--bins", 3)["value"], information(X, Y))
        codes = self.npy("c.npy", [10 ** 12 * v - 5 for v in X], "<i8")
        self.assert_close(self.json("mi", codes, y)["value"], information(X, Y))


class Tables(ToolTest):
    CSV = ('size,"colour, of the eyes",weight,kind\r\n1,blue,1.5,a\r\n2,brown,2.5,a\r\n1,"blue",,b\r\n'
           '2,"gr""een",4,b\r\n1,,3.5,b\r\n')

    def test_csv(self):
        table = self.raw("t.csv", self.CSV.encode())
        size, kind = [1, 2, 1, 2, 1], [0, 0, 1, 1, 1]
        report = self.json("mi", table, "--target", "kind", "--measure", "mi,samples")
        self.assertEqual(report["names"], ["size", "colour, of the eyes", "weight"])
        self.assertEqual(report["value"]["samples"], [5, 4, 4])
        self.assert_close(report["value"]["mi"][0], information(size, kind))
        self.assert_close(report["value"]["mi"][1], information([0, 1, 0, 2], [0, 0, 1, 1]))
        self.assert_close(report["value"]["mi"][2], information([0, 1, 2, 3], [0, 0, 1, 1]))
        matrix = self.run_tool("mi", table, "--pairs", "--format", "csv").stdout.splitlines()
        self.assertEqual(matrix[0], 'feature,size,"colour, of the eyes",weight,kind')
        self.assertEqual([line.split(",")[0] for line in matrix[1:]], ["size", '"colour', "weight", "kind"])
        report = self.json("mi", table, "--target", "kind", "--given", "size", "--measure", "cmi")
        self.assertEqual(report["names"], ["colour, of the eyes", "weight"])
        labels = self.npy("l.npy", kind, "|u1")
        self.assert_close(self.json("mi", table, "--target", labels)["value"][3], entropy(kind))
        one = self.raw("one.csv", b"v\n3\n4\n3\n3\n-7\n")
        self.assert_close(self.json("mi", one, labels)["value"], information([3, 4, 3, 3, -7], kind))
        report = self.json("mi", one, labels, "--missing", "-7", "--measure", "samples")
        self.assertEqual(report["value"], 4)

    def test_weights(self):
        weights = [i % 4 for i in range(len(X))]
        again = [i for i, w in enumerate(weights) for _ in range(w)]
        for values, descr in ((X, "<i4"), (FLOATS, "<f8")):
            x, y, w = self.npy("x.npy", values, descr), self.npy("y.npy", Y, "|u1"), self.npy("w.npy", weights, "<i2")
            rx, ry = self.npy("rx.npy", [values[i] for i in again], descr), self.npy("ry.npy", [Y[i] for i in again], "|u1")
            for more in ((), ("--binning", "quantile", "--bins", 3), ("--binning", "width", "--bins", 4),
                         ("--measure", "ami,samples", "--permutations", 50), ("--missing", 0, "--binning", "codes")):
                got, expected = self.json("mi", x, y, "--weights", w, *more), self.json("mi", rx, ry, *more)
                self.assertEqual(got, expected)
        table = self.raw("w.csv", b"a,b,n\n0,1,3\n1,0,2\n1,1,0\n")
        report = self.json("mi", table, "--target", "b", "--weights", "n")
        self.assertEqual((report["names"], report["samples"]), (["a"], 5))
        self.assert_close(report["value"][0], entropy([0, 0, 0, 1, 1]))
        result = self.run_tool("mi", x, y, "--weights", w, "--verify")
        self.assertEqual(result.returncode, 0, result.stderr)
        for values, descr, part in (([1] * 15 + [-2], "<i8", "weight -2 at [15]"), ([2 ** 62] * 16, "<i8", "2^63 - 1"),
                                    ([1] * 15, "<i8", "one weight per sample"), ([1.0] * 16, "<f8", "whole numbers")):
            self.assert_refused(["mi", x, y, "--weights", self.npy("b.npy", values, descr)], "b.npy", part)
        self.assert_refused(["mi", self.npy("j.npy", [[1, 2]], "<i4"), "--joint", "--weights", w], "no samples to weigh")

    def test_select(self):
        columns = (Z, X, Y[:8] + X[8:], X, [x * y for x, y in zip(X, Y)])
        table, target = self.npy("t.npy", [list(row) for row in zip(*columns)], "|u1"), self.npy("y.npy", Y, "|u1")
        for name in ("mrmr", "jmi"):
            def score(f, taken):
                if not taken:
                    return information(columns[f], Y)
                if name == "jmi":
                    return sum(information(list(zip(columns[f], columns[z])), Y) for z in taken)
                return information(columns[f], Y) - sum(information(columns[f], columns[z]) for z in taken) / len(taken)
            taken, scores = [], []
            for _ in range(4):
                best = max((f for f in range(5) if f not in taken), key=lambda f: (round(score(f, taken), 9), -f))
                scores.append(score(best, taken))
                taken.append(best)
            top = self.json("mi", table, "--target", target, "--select", name, "--top", 4)["top"]
            self.assertEqual([entry["feature"] for entry in top], taken)
            for entry, expected in zip(top, scores):
                self.assertAlmostEqual(entry[name], expected, delta=1e-12)
            values, shape = self.values("mi", table, "--target", target, "--select", name, "--top", 4)
            self.assertEqual((shape, values[::2]), ((4, 2), taken))
            lines = self.run_tool("mi", table, "--target", target, "--select", name, "--format", "csv").stdout.split()
            self.assertEqual((lines[0], len(lines)), ("feature," + name, 6))  # no more than there are
        # Of the digits, from a brute force over tuples of pixels.
        data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "data")
        digits = [os.path.join(data, "digits_pixels.npy"), "--target", os.path.join(data, "digits_labels.npy")]
        for name, features, last in (("mrmr", [21, 33, 61, 43, 26], 0.3170845648475966),
                                     ("jmi", [21, 61, 26, 43, 34], 4.7695075393044535)):
            top = self.json("mi", *digits, "--select", name, "--top", 5)["top"]
            self.assertEqual([entry["feature"] for entry in top], features)
            self.assertAlmostEqual(top[-1][name], last, delta=1e-12)
        self.assert_refused(["mi", table, "--pairs", "--select", "jmi"], "--target")
        self.assert_refused(["mi", table, "--target", target, "--select", "jmi", "--measure", "nmi"], "--measure")
        self.assert_refused(["mi", table, "--target", target, "--select", "best"], "--select")

    def test_top(self):
        table = self.npy("t.npy", [list(row) for row in zip(Z, X, Y)], "|u1")
        target = self.npy("y.npy", Y, "|u1")
        top = self.json("mi", table, "--target", target, "--top", 2)["top"]
        self.assertEqual([entry["feature"] for entry in top], [2, 1])
        self.assert_close(top[0]["mi"], entropy(Y))
        top = self.json("mi", table, "--target", target, "--measure", "g_pvalue", "--top", 9)["top"]
        self.assertEqual([entry["feature"] for entry in top], [2, 1, 0])
        top = self.json("mi", table, "--pairs", "--top", 1)["top"]
        self.assertEqual(top[0]["features"], [1, 2])
        lines = self.run_tool("mi", table, "--pairs", "--top", 2, "--format", "csv").stdout.splitlines()
        self.assertEqual((lines[0], lines[1][:4], len(lines)), ("x,y,mi", "1,2,", 3))
        edges = self.run_tool("mi", table, "--pairs", "--threshold", 0.01, "--format", "csv").stdout.splitlines()
        expected = {(i, j): information(u, v) for i, u in enumerate((Z, X, Y)) for j, v in enumerate((Z, X, Y)) if i < j}
        kept = sorted((pair for pair, mi in expected.items() if mi >= 0.01), key=lambda pair: -expected[pair])
        self.assertEqual([tuple(map(int, line.split(",")[:2])) for line in edges[1:]], kept)
        self.assertTrue(0 < len(kept) < 3, kept)
        top = self.json("mi", table, "--target", target, "--measure", "g_pvalue", "--threshold", 1e-3)["top"]
        self.assertEqual([entry["feature"] for entry in top], [2])
        lines = self.run_tool("mi", table, "--target", target, "--top", 1).stdout.splitlines()
        self.assertIn("###", lines[-1])
        self.assertEqual(lines[-1].split()[0], "2")
        values, shape = self.values("mi", table, "--target", target, "--top", 1)
        self.assertEqual(shape, (3,))  # the file has them all

    def test_permutations(self):
        # Fisher's exact test: 2 of the 70 tables with these margins are as extreme as the diagonal.
        x, y = self.npy("x.npy", [0, 0, 0, 0, 1, 1, 1, 1], "|u1"), self.npy("y.npy", [5, 5, 5, 5, -2, -2, -2, -2], "<i4")
        ask = ("mi", x, y, "--permutations", 20000, "--seed", 3)
        report = self.json(*ask)
        self.assertEqual(report["measure"], ["mi", "permutation_pvalue"])
        p = report["value"]["permutation_pvalue"]
        self.assertAlmostEqual(p, 2 / 70, delta=5 * math.sqrt(2 / 70 / 20000))
        self.assertEqual(self.json(*ask, "--threads", 1)["value"]["permutation_pvalue"], p)
        self.assertEqual(self.json("mi", y, x, *ask[3:], "--measure", "permutation_pvalue")["value"], p)
        self.assertNotEqual(self.json(*ask[:5], "--seed", 4)["value"]["permutation_pvalue"], p)
        result = self.run_tool("mi", x, y, "--permutations", 99, "--verify")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_refused(["mi", x, y, "--measure", "permutation_pvalue"], "--permutations N")

    def test_benjamini_hochberg(self):
        table = self.npy("t.npy", [list(row) for row in zip(X, Z, Y, [0] * 16)], "|u1")
        target = self.npy("y.npy", Y, "|u1")
        report = self.json("mi", table, "--target", target, "--measure", "g_qvalue,g_pvalue")["value"]
        p, q = report["g_pvalue"], report["g_qvalue"]
        order = sorted(range(4), key=lambda i: p[i])
        expected, least = [0] * 4, 1
        for rank in (4, 3, 2, 1):
            least = min(least, p[order[rank - 1]] * 4 / rank)
            expected[order[rank - 1]] = least
        self.assertEqual(q, expected)
        self.assertEqual(p[3], 1)
        matrix = self.json("mi", table, "--pairs", "--measure", "g_qvalue")["value"]
        self.assertEqual([matrix[i][i] for i in range(4)], ["nan"] * 4)
        self.assertEqual(matrix[1][0], "nan")  # each pair is one test


if __name__ == "__main__":
    cli_support.main()
