"""`kullback mi --plot`: what the program that draws is given, and when there is none. Usage: cli_mi_plot_test.py TOOL"""
import json
import os
import subprocess

import cli_support
from cli_support import ToolTest


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
        wide = self.npy("w.npy", [[s * f % 2 for f in range(41)] for s in range(20)], "|u1")  # too many to name
        script = self.draw("mi", wide, "--pairs")
        self.assertNotIn("set ytics", script)
        long = self.raw("long.csv", ("é" * 40 + ",b\n0,0\n1,1\n").encode())
        self.assertIn("'%s...%s' 0, 'b' 1" % ("é" * 6, "é" * 6), self.draw("mi", long, "--pairs"))
        self.assertEqual((len(self.values(script)), len(self.values(script)[0])), (41, 41))
        self.assertNotIn("with image", script)
        wider = self.npy("v.npy", [[s * f % 2 for f in range(101)] for s in range(20)], "|u1")  # an image
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
