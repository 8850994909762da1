"""`kullback mi`: what it says of its plan, draws, and reports of several labels. Usage: cli_mi_report_test.py TOOL"""
import collections
import json
import math
import os
import subprocess

import cli_support
from cli_support import ToolTest


def codes(samples, features, classes):
    """Each class occurs in each column."""
    return [[(s * (f + 1) + s // classes) % classes if s >= classes else s for f in range(features)]
            for s in range(samples)]


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


PROGRAM = """#!/bin/sh
cat > '%(input)s'
echo "$@" > '%(arguments)s'
%(body)s
"""


class Drawing(ToolTest):
    """With a program that stands in for gnuplot, and keeps what it was given."""

    def setUp(self):
        super().setUp()
        self.tools = self.path("tools")
        os.mkdir(self.tools)
        self.programs("echo '<svg>drawn</svg>'")

    def programs(self, body, name="gnuplot"):
        self.input, self.arguments = self.path("tools/input"), self.path("tools/arguments")
        path = os.path.join(self.tools, name)
        with open(path, "w") as f:
            f.write(PROGRAM % {"input": self.input, "arguments": self.arguments, "body": body})
        os.chmod(path, 0o755)

    def run_tool(self, *arguments):
        environment = dict(os.environ, PATH=self.tools + ":/bin:/usr/bin" if self.has_path else self.path("empty"))
        return subprocess.run([cli_support.tool(), *map(str, arguments)], capture_output=True, text=True, timeout=120,
                              env=environment)

    has_path = True

    def draw(self, *arguments):
        """What the program was given."""
        plot = self.path("plot.svg")
        result = self.run_tool(*arguments, "--plot", plot)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(plot) as f:
            self.assertEqual(f.read(), "<svg>drawn</svg>\n")
        os.remove(plot)
        self.assertEqual([name for name in os.listdir(self.scratch.name) if "tmp" in name], [])
        with open(self.input) as f:
            return f.read()

    def values(self, script):
        lines = script.split("$values << END\n")[1].split("END\n")[0].splitlines()
        return [[float(v) for v in line.split()] for line in lines]

    def test_heat_map(self):
        table = self.raw("t.csv", b"it's,\"a \"\"b\"\" `c`\",d\n0,0,1\n1,0,1\n0,1,0\n1,1,1\n")
        matrix = self.json("mi", table, "--pairs")["value"]
        script = self.draw("mi", table, "--pairs", "--unit", "bits")
        got = self.values(script)
        self.assertEqual([len(line) for line in got], [3, 3, 3])
        self.assertAlmostEqual(got[0][0], 1, delta=1e-12)  # a fair coin: one bit
        self.assertAlmostEqual(got[0][1], 0, delta=1e-12)
        self.assertAlmostEqual(got[2][2], matrix[2][2] / 0.6931471805599453, delta=1e-12)
        for part in ("linecolor palette", "set cblabel 'mi [bits]'", "'it''s' 0", "'a \"b\" `c`' 1", "'d' 2", "noenhanced"):
            self.assertIn(part, script)
        wide = self.npy("w.npy", codes(20, 41, 2), "|u1")  # too many to name
        script = self.draw("mi", wide, "--pairs")
        self.assertNotIn("set ytics", script)
        long = self.raw("long.csv", ("é" * 40 + ",b\n0,0\n1,1\n").encode())
        self.assertIn("'%s...%s' 0, 'b' 1" % ("é" * 6, "é" * 6), self.draw("mi", long, "--pairs"))
        self.assertEqual((len(self.values(script)), len(self.values(script)[0])), (41, 41))
        self.assertNotIn("with image", script)
        wider = self.npy("v.npy", codes(20, 101, 2), "|u1")  # an image
        self.assertIn("with image", self.draw("mi", wider, "--pairs"))
        # The diagonal is no test, and blank.
        script = self.draw("mi", table, "--pairs", "--measure", "g_qvalue")
        self.assertIn("NaN", script)
        self.assertIn("set cblabel '-log10 g_qvalue'", script)

    def test_bars(self):
        y = [0, 1, 0, 1, 1, 1, 0, 0]
        x = [[0, 0, v, (v + i) % 2 if i > 5 else v] for i, v in enumerate(y)]
        table, target = self.npy("t.npy", x, "|u1"), self.npy("y.npy", y, "|u1")
        script = self.draw("mi", table, "--target", target)
        got = [line[0] for line in self.values(script)]
        expected = self.json("mi", table, "--target", target)["value"]
        self.assertEqual(got, sorted(expected, reverse=True))
        self.assertAlmostEqual(got[0], 0.6931471805599453, delta=1e-12)
        for part in ("with boxxyerror", "set ytics  ('2' 0, '3' 1, '0' 2, '1' 3)", "set xlabel 'mi [nats]'"):
            self.assertIn(part, script)
        self.assertEqual(len(self.values(self.draw("mi", table, "--target", target, "--top", 2))), 2)
        script = self.draw("mi", table, "--target", target, "--select", "jmi", "--top", 3)
        self.assertIn("set xlabel 'jmi [nats]'", script)
        self.assertEqual(len(self.values(script)), 3)
        script = self.draw("mi", table, "--pairs", "--top", 2)
        self.assertIn("set ytics  ('2, 3' 0", script)
        batch = self.npy("b.npy", [y, x[3] * 2], "|u1")
        self.assertEqual(len(self.values(self.draw("mi", batch, batch))), 2)

    def test_several_labels(self):
        table = self.npy("t.npy", [[0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1]], "|u1")
        labels = self.npy("l.npy", [[0, 0], [1, 0], [0, 1], [1, 1]], "|u1")
        script = self.draw("mi", table, "--target", labels, "--unit", "bits")
        for got, expected in zip(self.values(script), ([1, 1, 0], [0, 0, 1])):
            for g, e in zip(got, expected):
                self.assertAlmostEqual(g, e, delta=1e-12)
        self.assertIn("linecolor palette", script)
        self.assertIn("set xtics rotate by 90 right ('0' 0, '1' 1, '2' 2)", script)
        rows = script.split("set ytics  (")[1].splitlines()[0]
        self.assertIn("l.npy[0]' 0, ", rows)
        self.assertIn("l.npy[1]' 1)", rows)

    def test_refusals(self):
        x, joint = self.npy("x.npy", [0, 1], "|u1"), self.npy("j.npy", [[1, 2]], "<i4")
        table = self.npy("t.npy", [[0, 1], [1, 0]], "|u1")
        plot = self.path("plot.svg")
        self.assert_refused(["mi", x, x, "--plot", plot], "--plot", "one number")
        self.assert_refused(["mi", joint, "--joint", "--plot", plot], "--plot", "one number")
        self.assert_refused(["mi", table, "--pairs", "--plot", ""], "--plot")
        self.assert_refused(["mi", table, "--pairs", "--plot", self.path("refused.npy")], "same file")
        self.assert_refused(["mi", table, "--pairs", "--plot", self.path("no/such.svg")], "No such file")
        many = self.npy("m.npy", [[0] * 1001], "|u1")
        self.assert_refused(["mi", many, "--pairs", "--plot", plot], many, "1001", "at most 1000", "--top")

    def test_a_program_that_fails(self):
        table, plot = self.npy("t.npy", [[0, 1], [1, 0]], "|u1"), self.path("plot.svg")
        self.programs("echo first >&2; echo '  it broke' >&2; echo; echo '<svg>'; exit 3")
        self.refused_when_drawn(table, plot, "gnuplot failed: it broke")
        self.programs("echo '<svg>'")
        self.refused_when_drawn(table, plot, "no complete SVG")
        self.programs("kill -9 $$")
        self.refused_when_drawn(table, plot, "gnuplot failed")

    def test_nothing_is_left(self):
        table, plot = self.npy("t.npy", [[0, 1], [1, 0]], "|u1"), self.path("plot.svg")
        self.assert_refused(["mi", table, "--pairs", "--threshold", 5, "--plot", plot], "no result is left")
        empty = self.npy("e.npy", [], "|u1", shape=(3, 0))
        self.assert_refused(["mi", empty, "--pairs", "--plot", plot], "no result is left")

    def refused_when_drawn(self, table, plot, part):
        with open(plot, "w") as f:
            f.write("older")
        before = sorted(name for name in os.listdir(self.scratch.name))
        out = self.path("out.npy")
        result = self.run_tool("mi", table, "--pairs", "--plot", plot, "--out", out)
        self.assertEqual((result.returncode, result.stdout, result.stderr.count("\n")), (2, "", 1), result.stderr)
        self.assertIn(part, result.stderr)
        self.assertEqual(sorted(os.listdir(self.scratch.name)), before)
        with open(plot) as f:
            self.assertEqual(f.read(), "older")

    def test_no_program(self):
        table = self.npy("t.npy", [[0, 1], [1, 0]], "|u1")
        self.has_path = False
        self.assert_refused(["mi", table, "--pairs", "--plot", self.path("p.svg")], "gnuplot", "matplotlib", "install")
        # Before the table is read.
        self.assert_refused(["mi", "/no/such.npy", "--pairs", "--plot", self.path("p.svg")], "gnuplot")

    def test_python_in_its_place(self):
        """A python3 that says it has matplotlib draws what it is given as JSON."""
        table = self.npy("t.npy", [[0, 1], [1, 0]], "|u1")
        os.remove(os.path.join(self.tools, "gnuplot"))
        self.programs("echo '<svg>drawn</svg>'", name="python3")
        with_cat = dict(os.environ, PATH=self.tools)
        for name in ("cat", "echo"):
            for directory in ("/bin", "/usr/bin"):
                if os.path.exists(os.path.join(directory, name)) and not os.path.exists(os.path.join(self.tools, name)):
                    os.symlink(os.path.join(directory, name), os.path.join(self.tools, name))
        plot = self.path("plot.svg")
        result = subprocess.run([cli_support.tool(), "mi", table, "--pairs", "--plot", plot], env=with_cat,
                                capture_output=True, text=True)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        with open(self.input) as f:
            given = json.load(f)
        self.assertEqual((given["width"], given["height"], given["rows"]), (2, 2, ["0", "1"]))
        self.assertEqual(given["value"], "mi [nats]")
        for v in given["values"]:  # both columns tell all about each other
            self.assertAlmostEqual(v, 0.6931471805599453, delta=1e-12)


if __name__ == "__main__":
    cli_support.main()
