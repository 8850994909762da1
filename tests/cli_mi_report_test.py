"""`kullback mi`: what it says of its plan, its rankings, and several labels. Usage: cli_mi_report_test.py TOOL"""
import collections
import json
import math
import os

import cli_support
from cli_support import ToolTest


def codes(samples, features, classes):
    """Each class occurs in each column."""
    return [[(s * (f + 1) + s // classes) % classes if s >= classes else s for f in range(features)]
            for s in range(samples)]


class Ranking(ToolTest):
    def test_many_pairs(self):
        """More pairs than are sorted at a time, many of them equal: by value, then in their order."""
        features = 400
        table = self.npy("t.npy", [[(s * s * (f + 1) + s * f * f) // 7 % 2 for f in range(features)]
                                   for s in range(12)], "|u1")
        matrix, _ = self.values("mi", table, "--pairs")
        pairs = [(i, j) for i in range(features) for j in range(i + 1, features)]
        pairs.sort(key=lambda pair: (-matrix[pair[0] * features + pair[1]], pair))
        for top in (1, 300):
            lines = self.run_tool("mi", table, "--pairs", "--top", top, "--format", "csv").stdout.splitlines()[1:]
            self.assertEqual([tuple(map(int, line.split(",")[:2])) for line in lines], pairs[:top])
        text = self.run_tool("mi", table, "--pairs").stdout.splitlines()
        self.assertEqual([tuple(int(v.strip(",")) for v in line.split()[:2]) for line in text[4:68]], pairs[:64])
        self.assertIn("the first 64 of 79800", text[68])


class Explain(ToolTest):
    def plan(self, *arguments):
        result = self.run_tool(*arguments, "--explain", "--format", "json")
        self.assertEqual(result.returncode, 0, result.stderr)
        plan = json.loads(result.stdout)["plan"]
        lines = result.stderr.splitlines()
        self.assertTrue(lines and all(line.startswith("plan: ") for line in lines), result.stderr)
        self.assertIn(plan["engine"] if plan["engine"] != "none" else "nothing to count", lines[0])
        return plan, result.stderr

    def table(self, samples, features, classes):
        return self.npy("t_%d_%d_%d.npy" % (samples, features, classes), codes(samples, features, classes), "|u1")

    def test_all_pairs(self):
        # The limits are those of PlanePolicy: 16 classes; 8 features, 4 of up to 4 classes.
        for features, classes, engine, value, limit in (
                (4, 4, "bit planes", 4, 16), (3, 4, "joint histograms", 3, 4), (8, 16, "bit planes", 16, 16),
                (7, 5, "joint histograms", 7, 8), (8, 17, "joint histograms", 17, 16)):
            plan, text = self.plan("mi", self.table(100, features, classes), "--pairs")
            self.assertEqual((plan["engine"], plan["decided_by"]), (engine, {"value": value, "limit": limit}))
            self.assertEqual((plan["pairs"], plan["samples"]), (features * (features + 1) // 2, 100))
            self.assertEqual((plan["lines"], plan["cells"]), ([classes, classes], classes * classes))
            self.assertIn(str(value), text)
            self.assertIn("%d joint tables of %d x %d = %d cells from 100 samples" %
                          (plan["pairs"], classes, classes, classes ** 2), text)
        plan, text = self.plan("mi", self.table(100, 8, 3), "--pairs", "--measure", "nmi,ami")
        self.assertEqual(plan["engine"], "bit planes")
        with open("/proc/cpuinfo") as f:
            counts_bits = "avx512_vpopcntdq" in f.read().split()
        engines = self.run_tool("doctor").stdout
        self.assertIn("AVX-512 VPOPCNTDQ" if "AVX-512 engines" in engines and counts_bits
                      else "AVX2" if "AVX2 engines" in engines or "AVX-512 engines" in engines else "no AVX2", text)

    def test_what_bit_planes_do_not_take(self):
        table, z = self.table(60, 8, 3), self.npy("z.npy", [s % 2 for s in range(60)], "|u1")
        for option, word, lines in ((["--given", z], "third variable", [9, 4]), (["--weights", z], "weights", [4, 4]),
                                    (["--permutations", 9], "permutation", [4, 4])):
            plan, text = self.plan("mi", table, "--pairs", *option)
            self.assertEqual(plan["engine"], "joint histograms")
            self.assertIn(word, plan["reason"])
            # A line more for missing codes; given Z, x's lines once for each of Z's, which has one more as well.
            self.assertEqual(plan["lines"], [12, 4] if lines == [9, 4] else lines)

    def test_pairs_and_labels(self):
        x, y = (self.npy(n, [v % k for v in range(5000)], "|u1") for n, k in (("x.npy", 5), ("y.npy", 7)))
        plan, text = self.plan("mi", x, y, "--threads", 1)
        # 35 cells are few enough for 4 copies, and 5000 samples enough.
        self.assertEqual((plan["engine"], plan["pairs"], plan["cells"], plan["copies"], plan["counter_bits"]),
                         ("joint histograms", 1, 35, 4, 32))
        self.assertEqual((plan["threads"], plan["threads_share_samples"]), (1, False))
        self.assertIn("1 joint table of 5 x 7 = 35 cells from 5000 samples", text)
        self.assertIn("all pairs", plan["reason"])
        weights = self.npy("w.npy", [2 ** 20] * 5000, "<i8")  # a sum beyond 32 bits
        self.assertEqual(self.plan("mi", x, y, "--weights", weights)[0]["counter_bits"], 64)
        data = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench", "data")
        digits = [os.path.join(data, "digits_pixels.npy"), "--target", os.path.join(data, "digits_labels.npy")]
        for more in ([], ["--select", "jmi"]):
            plan, text = self.plan("mi", *digits, *more)
            self.assertEqual((plan["pairs"], plan["lines"][0] - (more != []), plan["samples"]), (64, 17, 1797))
        self.assertGreater(plan["workspace_bytes"], 0)

    def test_nothing_to_count_and_quiet(self):
        joint = self.npy("j.npy", [[3, 1], [1, 3]], "<i4")
        self.assertEqual(self.plan("mi", joint, "--joint")[0]["engine"], "none")
        result = self.run_tool("mi", joint, "--joint", "--explain", "--quiet")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertNotIn("plan", self.json("mi", joint, "--joint"))


def entropy(*variables):
    counts = collections.Counter(zip(*variables))
    n = sum(counts.values())
    return -math.fsum(c / n * math.log(c / n) for c in counts.values())


def information(x, y):
    return entropy(x) + entropy(y) - entropy(x, y)


class Labels(ToolTest):
    """Several labels in one run, each against plain Python."""
    FEATURES = [[(7 * s + s * s // 3) % 3 for s in range(40)], [s % 2 for s in range(40)], [s // 8 for s in range(40)]]
    LABELS = [[(s * s) % 5 - 2 for s in range(40)], [s // 20 for s in range(40)]]

    def setUp(self):
        super().setUp()
        self.table = self.npy("t.npy", [list(row) for row in zip(*self.FEATURES)], "|u1")
        self.labels = self.npy("l.npy", [list(row) for row in zip(*self.LABELS)], "<i4")
        self.one = [self.npy("y%d.npy" % k, label, "<i4") for k, label in enumerate(self.LABELS)]
        self.expected = [[information(x, y) for x in self.FEATURES] for y in self.LABELS]

    def test_a_file_of_labels_or_a_list(self):
        for target, names in ((self.labels, [self.labels + "[0]", self.labels + "[1]"]),
                              (",".join(self.one), self.one)):
            report = self.json("mi", self.table, "--target", target)
            self.assertEqual((report["labels"], report["samples"], report["measure"]), (names, 40, "mi"))
            self.assertEqual(len(report["value"]), 2)
            for got, expected in zip(report["value"], self.expected):
                for g, e in zip(got, expected):
                    self.assertAlmostEqual(g, e, delta=1e-13)
            values, shape = self.values("mi", self.table, "--target", target)
            self.assertEqual((shape, values), ((2, 3), report["value"][0] + report["value"][1]))
        # The bits of one label at a time.
        for y, got in zip(self.one, report["value"]):
            self.assertEqual(self.json("mi", self.table, "--target", y)["value"], got)
        column = self.npy("c.npy", [[v] for v in self.LABELS[0]], "<i4")
        self.assertEqual(self.json("mi", self.table, "--target", column)["value"], report["value"][:1])

    def test_several_measures_and_verify(self):
        report = self.json("mi", self.table, "--target", self.labels, "--measure", "mi,entropy_y,g_qvalue,g_pvalue")
        for l, y in enumerate(self.LABELS):
            for f in range(3):
                self.assertAlmostEqual(report["value"]["entropy_y"][l][f], entropy(y), delta=1e-13)
            # Adjusted over the features of a label, not over all.
            p, q = report["value"]["g_pvalue"][l], report["value"]["g_qvalue"][l]
            order, least = sorted(range(3), key=lambda f: p[f]), 1
            for rank in (3, 2, 1):
                least = min(least, p[order[rank - 1]] * 3 / rank)
                self.assertEqual(q[order[rank - 1]], least)
        values, shape = self.values("mi", self.table, "--target", self.labels, "--measure", "mi,entropy_y")
        self.assertEqual(shape, (2, 3, 2))
        self.assertAlmostEqual(values[6], self.expected[1][0], delta=1e-13)
        self.assertAlmostEqual(values[7], entropy(self.LABELS[1]), delta=1e-13)
        for more in ((), ("--measure", "nmi")):
            result = self.run_tool("mi", self.table, "--target", self.labels, "--verify", *more)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn("verified 6 values", result.stderr)

    def test_formats(self):
        lines = self.run_tool("mi", self.table, "--target", ",".join(self.one), "--format", "csv").stdout.splitlines()
        self.assertEqual((lines[0], len(lines)), ("label,feature,mi", 7))
        for l in range(2):
            for f in range(3):
                label, feature, value = lines[1 + 3 * l + f].split(",")
                self.assertEqual((label, feature), (self.one[l], str(f)))
                self.assertAlmostEqual(float(value), self.expected[l][f], delta=1e-13)
        best = [max(range(3), key=lambda f: row[f]) for row in self.expected]
        top = self.json("mi", self.table, "--target", self.labels, "--top", 1)["top"]
        self.assertEqual([[entry["feature"] for entry in entries] for entries in top], [[b] for b in best])
        text = self.run_tool("mi", self.table, "--target", ",".join(self.one), "--top", 1).stdout
        parts = text.split("label: ")[1:]
        self.assertEqual([part.splitlines()[0] for part in parts], self.one)
        self.assertEqual([part.splitlines()[2].split()[0] for part in parts], [str(b) for b in best])
        lines = self.run_tool("mi", self.table, "--target", self.labels, "--top", 1, "--format", "csv").stdout
        self.assertEqual(len(lines.splitlines()), 3)

    def test_csv_columns(self):
        table = self.raw("t.csv", b'a,b,"c,d",z\n0,0,1,1\n1,0,1,0\n0,1,0,1\n1,1,1,1\n')
        report = self.json("mi", table, "--target", "b,a")
        self.assertEqual((report["names"], report["labels"]), (["c,d", "z"], ["b", "a"]))
        c, z, b, a = [1, 1, 0, 1], [1, 0, 1, 1], [0, 0, 1, 1], [0, 1, 0, 1]
        for got, y in zip(report["value"], (b, a)):
            for g, x in zip(got, (c, z)):
                self.assertAlmostEqual(g, information(x, y), delta=1e-13)
        # A name with a comma is one label.
        report = self.json("mi", table, "--target", "c,d")
        self.assertEqual((report["names"], "labels" in report), (["a", "b", "z"], False))
        both = self.raw("two.csv", b"u,v\n0,1\n0,0\n1,1\n1,\n")
        report = self.json("mi", table, "--target", both, "--measure", "samples")
        self.assertEqual((report["labels"], report["value"]), (["u", "v"], [[4] * 4, [3] * 4]))

    def test_plan_is_of_the_label_with_most_classes(self):
        result = self.run_tool("mi", self.table, "--target", self.labels, "--explain")
        self.assertIn("3 joint tables of 5 x 3 = 15 cells", result.stderr)

    def test_refusals(self):
        short = self.npy("s.npy", [[0, 1]] * 3, "<i4")
        self.assert_refused(["mi", self.table, "--target", short], short + " [3, 2]", self.table + " [40, 3]", "labels]")
        self.assert_refused(["mi", self.table, "--target", self.one[0] + "," + short], short)
        self.assert_refused(["mi", self.table, "--target", self.one[0] + ",none.npy"], "none.npy", "No such file")
        self.assert_refused(["mi", self.table, "--target", self.one[0] + ","], "no name")
        self.assert_refused(["mi", self.table, "--target", self.labels, "--select", "jmi"], "one label")
        empty = self.npy("e.npy", [[]] * 40, "<i4", shape=(40, 0))
        self.assert_refused(["mi", self.table, "--target", empty], "no label")
        csv = self.raw("t.csv", b"a,b,c\n0,0,1\n1,0,1\n")
        self.assert_refused(["mi", csv, "--target", "a,a"], "a")


if __name__ == "__main__":
    cli_support.main()
