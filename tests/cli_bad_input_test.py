"""What the command-line tool refuses: exit code, one sentence that names the fault, nothing left behind.
Usage: cli_bad_input_test.py TOOL"""
import math
import os
import pathlib
import signal
import struct
import subprocess

import cli_support
from cli_support import ToolTest, npy_bytes, safetensors_bytes


class Files(ToolTest):
    """Each malformed file in each place a file can stand."""

    def setUp(self):
        super().setUp()
        self.good = self.npy("good.npy", [[0.5, 0.5], [0.25, 0.75]])

    def refuse(self, name, content, *parts):
        bad = self.raw(name, content)
        for arguments in (["rows", "kl", bad, self.good], ["rows", "kl", self.good, bad], ["compare", self.good, bad],
                          ["rows", "nll", self.good, "--labels", bad], ["mi", bad, "--joint"], ["mi", self.good, bad],
                          ["mi", self.good, "--target", bad]):
            self.assert_refused(arguments, bad, *parts)

    def test_malformed(self):
        data = struct.pack("<4d", *[0.5] * 4)
        good = npy_bytes("<f8", (2, 2), data)
        self.refuse("empty.npy", b"", "empty")
        self.refuse("text.npy", b"a,b\n1,2\n", "not a .npy file")
        self.refuse("short.npy", good[:7], "truncated")
        self.refuse("header.npy", good[:40], "header")
        self.refuse("data.npy", good[:-1], "truncated")
        self.refuse("more.npy", good + b"\0", "1 extra bytes")
        self.refuse("version.npy", b"\x93NUMPY\x09\x00" + good[8:], "version 9")
        self.refuse("length.npy", good[:8] + b"\xff\xff" + good[10:], "65535")
        self.refuse("bytes.npy", good.replace(b"'descr'", b"'d\xffscr'"), "plain text")
        self.refuse("dict.npy", good.replace(b"{", b"["), "header is malformed")
        self.refuse("code.npy", good.replace(b"(2, 2)", b"exit()"), "header is malformed")
        self.refuse("fortran.npy", npy_bytes("<f8", (2, 2), data, order="True"), "Fortran order")
        self.refuse("big.npy", npy_bytes(">f8", (2, 2), data), "big endian")
        self.refuse("object.npy", npy_bytes("|O", (2, 2), data), "Python objects")
        self.refuse("complex.npy", npy_bytes("<c16", (2,), data), "'<c16' is not supported")
        self.refuse("string.npy", npy_bytes("<U2", (4,), data), "'<U2' is not supported")
        self.refuse("struct.npy", good.replace(b"'<f8'", b"[('a', '<f8')]"), "structured")
        self.refuse("negative.npy", npy_bytes("<f8", (-2, 2), data), "negative")
        self.refuse("huge.npy", npy_bytes("<f8", (1 << 62, 2), data), "64 bits")
        self.refuse("wraps.npy", npy_bytes("<f8", (1 << 32, 1 << 32), b""), "64 bits")
        self.refuse("lies.npy", npy_bytes("<f8", (1 << 40, 1), data), "truncated")

    def test_malformed_safetensors(self):
        data = struct.pack("<4d", *[0.5] * 4)
        good = safetensors_bytes({"a": ("F64", (2, 2), data), "b": ("F64", (1, 4), data)})
        self.refuse("short.safetensors", b"1234", "shorter")
        self.refuse("long.safetensors", struct.pack("<Q", 1 << 62) + b"{}", "header")
        self.refuse("cut.safetensors", safetensors_bytes({"a": ("F64", (2, 2), data)})[:-1], "truncated")
        self.refuse("many.safetensors", good, "2 tensors", "FILE:TENSOR", "a, b")
        path = self.raw("named.safetensors", good)
        self.assert_refused(["rows", "kl", path + ":c", path + ":a"], path, "no tensor 'c'", "a, b")
        self.assert_refused(["rows", "kl", path + ":__metadata__", path + ":a"], path, "no tensor")
        for name, header in (("json", b"{"), ("array", b"[]"), ("deep", b"[" * 100000), ("type", b'{"a":1}'),
                             ("dtype", b'{"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}'),
                             ("shape", b'{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}'),
                             ("huge", b'{"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,1]}}'),
                             ("offsets", b'{"a":{"dtype":"F64","shape":[1],"data_offsets":[8,0]}}'),
                             ("size", b'{"a":{"dtype":"F64","shape":[3],"data_offsets":[0,16]}}'),
                             ("missing", b'{"a":{"dtype":"F64","shape":[1]}}')):
            self.refuse(name + ".safetensors", struct.pack("<Q", len(header)) + header + data)

    def test_not_a_readable_file(self):
        missing = self.path("missing.npy")
        self.assert_refused(["rows", "kl", self.good, missing], missing, "No such file")
        self.assert_refused(["rows", "kl", self.scratch.name, self.good], self.scratch.name, "directory")
        self.assert_refused(["rows", "kl", "/dev/null", self.good], "/dev/null", "not a regular file")
        pipe = self.path("pipe.npy")
        os.mkfifo(pipe)
        self.assert_refused(["compare", pipe, self.good], pipe, "not a regular file")
        if os.geteuid() != 0:  # root reads everything
            os.chmod(self.good, 0)
            self.assert_refused(["rows", "entropy", self.good], self.good, "Permission denied")

    def test_absurd_but_valid(self):
        """A file of 128 bytes may announce 2^55 rows of nothing."""
        rows = self.raw("rows.npy", npy_bytes("<f8", (1 << 55, 0), b""))
        self.assert_refused(["rows", "entropy", rows], rows, "memory")

    def test_scalars_and_shapes(self):
        scalar = self.npy("scalar.npy", 0.5)
        self.assert_refused(["rows", "entropy", scalar], scalar, "single number")
        wide = self.npy("wide.npy", [[0.2, 0.3, 0.5]] * 2)
        self.assert_refused(["rows", "kl", self.good, wide], self.good + " [2, 2]", wide + " [2, 3]", "width")
        tall = self.npy("tall.npy", [[0.5, 0.5]] * 3)
        for command in (["rows", "kl"], ["compare"]):
            self.assert_refused([*command, self.good, tall], self.good + " [2, 2]", tall + " [3, 2]", "number of rows")

    def test_dtypes_in_the_wrong_place(self):
        integers = self.npy("integers.npy", [[1, 2], [3, 4]], "<i4")
        for form in ("logits", "probs", "log-probs"):
            self.assert_refused(["rows", "entropy", integers, "--input", form], integers, "int32")
        self.assert_refused(["compare", self.good, integers], integers, "int32")
        self.assert_refused(["rows", "entropy", self.good, "--input", "counts"], self.good, "float64", "integers")
        bf16 = self.npy("u16.npy", [[1, 2]], "<u2")
        self.assert_refused(["rows", "entropy", bf16], bf16, "uint16", "--bf16")


class Labels(ToolTest):
    def setUp(self):
        super().setUp()
        self.logits = self.npy("x.npy", [[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])

    def refuse(self, labels, descr, *parts):
        path = self.npy("l.npy", labels, descr)
        for command in (["rows", "nll", self.logits], ["compare", self.logits, self.logits]):
            self.assert_refused([*command, "--labels", path], path, *parts)

    def test_labels(self):
        self.refuse([0, 2, 5], "<i8", "label 2 at index 1", "[0, 2)")
        self.refuse([0, 1, -100], "<i4", "label -100 at index 2")
        self.refuse([0, 1, 200], "|u1", "label 200 at index 2")
        self.refuse([0, 1, 2 ** 63], "<u8", "does not fit")
        self.refuse([0, 1], "<i8", "[2]", self.logits + " [3, 2]", "3 rows")
        self.refuse([0, 1, 1, 0], "<i8", "[4]")
        self.refuse([0.0, 1.0, 1.0], "<f8", "float64", "integers")
        labels = self.npy("l.npy", [0, 1, -1], "<i8")
        self.assert_refused(["rows", "nll", self.logits, "--labels", labels, "--ignore-index", "-100"], labels, "-1")
        self.assert_refused(["rows", "nll", self.logits], "'nll'", "--labels")

    def test_shift(self):
        labels = self.npy("l.npy", [0, 1, 1], "<i8")
        self.assert_refused(["compare", self.logits, self.logits, "--shift"], "--labels")
        flat = self.npy("flat.npy", [0.0, 1.0])
        one = self.npy("one.npy", [1], "<i8")
        self.assert_refused(["compare", flat, flat, "--shift", "--labels", one], flat, "--shift")
        batch = self.npy("b.npy", [[[0.0, 1.0]] * 3] * 2)
        labels = self.npy("l.npy", [0, 1, 1, 0, 0, 0], "<i8")
        self.assert_refused(["compare", batch, batch, "--shift", "--labels", labels], labels, batch)


class Usage(ToolTest):
    def setUp(self):
        super().setUp()
        self.p = self.npy("p.npy", [[0.5, 0.5]])

    def test_measures(self):
        self.assert_refused(["rows", "reny", self.p, self.p], "unknown measure 'reny'", "known: entropy,", "js")
        self.assert_refused(["rows", "kl,", self.p, self.p], "unknown measure ''")
        self.assert_refused(["rows", "kl,js,kl", self.p, self.p], "'kl'", "twice")
        for measure in ("kl", "reverse_kl", "js", "tv", "cross_entropy", "top1_agree"):
            self.assert_refused(["rows", measure, self.p], "'%s'" % measure, self.p)
        self.assert_refused(["mi", self.p, self.p, "--measure", "kl"], "unknown measure 'kl'", "known: mi, nmi")
        self.assert_refused(["mi", self.p, self.p, "--measure", "mi,"], "unknown measure ''")
        self.assert_refused(["mi", self.p, self.p, "--measure", "mi,nmi,mi"], "'mi'", "twice")

    def test_options(self):
        for option in ("--no-such", "--smoothing"):
            self.assert_refused(["rows", "kl", self.p, self.p, option, "1"], "unknown option '%s'" % option)
        for option, value in (("--binning", "kmeans"), ("--bins", 0), ("--bins", 65537), ("--bins", "many"),
                              ("--top", 0), ("--top", -1), ("--permutations", 0), ("--permutations", 2 ** 31),
                              ("--seed", -1), ("--threshold", "nan"), ("--missing", 0.5), ("--missing", "nan"),
                              ("--normalizer", "harmonic"), ("--given", "")):
            self.assert_refused(["mi", self.p, self.p, option, value], option)
        self.assert_refused(["rows", "kl", self.p, self.p, self.p], "unexpected argument")
        self.assert_refused(["rows", "entropy"], "P is required")
        for measure in ("renyi", "tsallis"):
            self.assert_refused(["rows", "kl," + measure, self.p, self.p], measure, "needs its order, --alpha")
        self.assert_refused(["rows", "perplexity", self.p], "needs --labels")
        for option, value in (("--temperature", 0), ("--temperature", -1), ("--temperature", math.nan),
                              ("--temperature", math.inf), ("--temperature", "warm"), ("--beta", 0), ("--beta", 1),
                              ("--beta", math.nan), ("--alpha", 0), ("--alpha", math.inf),
                              ("--alpha", "two"), ("--label-smoothing", 1.5), ("--label-smoothing", -0.1),
                              ("--label-smoothing", math.nan), ("--threads", -1), ("--threads", "many"),
                              ("--input", "odds"), ("--unit", "dits"), ("--mode", "slow"), ("--backend", "tpu"),
                              ("--format", "xml"), ("--normalize", "maybe"), ("--ignore-index", 0.5),
                              ("--ignore-index", ""), ("--ignore-index", 2 ** 63), ("--ignore-index", "7x"),
                              ("--label-smoothing", ""), ("--temperature", ""), ("--threads", ""), ("--beta", ""),
                              ("--labels", ""), ("--smooth", -1), ("--smooth", math.inf), ("--softcap", -1), ("--softcap", math.inf), ("--z-loss", -1),
                              ("--z-loss", math.nan), ("--class-weights", "")):
            self.assert_refused(["rows", "kl", self.p, self.p, option, value], option)
        result = self.run_tool("rows", "kl", self.p, self.p, "--out", "")
        self.assertEqual((result.returncode, result.stdout), (2, ""))
        self.assertIn("--out", result.stderr)

    def test_smoothing_of_logits(self):
        rows = self.npy("logits.npy", [[0.0, 1.0]])
        self.assert_refused(["rows", "kl", rows, rows, "--smooth", 1], rows, "probabilities or counts")

    def test_measures_of_columns(self):
        odd = self.npy("odd.npy", [[0.0, 1.0, 2.0]])
        self.assert_refused(["rows", "gaussian_kl", odd], odd, "log variances")
        self.assert_refused(["rows", "bce", odd], "compares two files")
        self.assert_refused(["rows", "bce", odd, odd, "--input", "log-probs"], "logits or probabilities")
        self.assert_refused(["rows", "kl,bce", odd, odd], "stands alone")

    def test_class_weights(self):
        labels, good = self.npy("labels.npy", [0, 1], "<i4"), self.npy("weights.npy", [1.0] * 2)
        rows = self.npy("logits.npy", [[0.0, 1.0], [1.0, 0.5]])
        for measure, files in (("kl", [rows, rows]), ("nll,lse", [rows]), ("nll", [rows, rows])):
            self.assert_refused(["rows", measure, *files, "--labels", labels, "--class-weights", good], "'nll' alone")
        self.assert_refused(["rows", "nll", rows, "--labels", labels, "--softcap", 2, "--input", "probs"], "of logits")
        for weights, part in ((self.npy("w.npy", [1.0, 2.0, 3.0]), "3 class weights"), (labels, "float32 or float64"),
                              (self.npy("below.npy", [1.0, -2.0]), "class 1 has weight -2"),
                              (self.npy("nan.npy", [math.nan, 1.0]), "class 0 has weight nan")):
            self.assert_refused(["rows", "nll", rows, "--labels", labels, "--class-weights", weights], weights, part)

    def test_commands(self):
        for arguments, part in (([], "subcommand"), (["rowz"], "unknown command 'rowz'"), (["--verbose"], "--verbose")):
            result = self.run_tool(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertEqual(result.stderr.count("\n"), 1)
            self.assertIn(part, result.stderr)

    def test_mutual_information(self):
        floats = self.npy("f.npy", [0.5, 1.5])
        x, y = self.npy("x.npy", [0, 1], "<i4"), self.npy("y.npy", [0, 1, 1], "<i4")
        table = self.npy("t.npy", [[0, 1], [1, 0], [1, 1]], "<i4")
        self.assert_refused(["mi", x, y], x + " [2]", y + " [3]")
        self.assert_refused(["mi", table, "--target", x], x + " [2]", table + " [3, 2]")
        self.assert_refused(["mi", x, "--target", x], x, "2-D")
        self.assert_refused(["mi", x, "--pairs"], x, "2-D")
        self.assert_refused(["mi", x, "--joint"], x, "2-D")
        self.assert_refused(["mi", floats, y], floats, y)
        self.assert_refused(["mi", x, x, "--given", y], x, y)
        self.assert_refused(["mi", table, "--pairs", "--given", x], x + " [2]", table + " [3, 2]")
        self.assert_refused(["mi", x, x, "--measure", "cmi"], "cmi", "--given")
        for measure in ("nmi", "ami", "miller_madow", "v_measure"):
            self.assert_refused(["mi", x, x, "--given", x, "--measure", measure], x, measure, "third variable")
        for option in (["--given", x], ["--missing", "1"], ["--binning", "width"]):
            self.assert_refused(["mi", table, "--joint", *option], "--joint")
        shares = self.npy("shares.npy", [[0.5, 0.5]])
        for measure in ("ami", "g_pvalue", "samples"):
            self.assert_refused(["mi", shares, "--joint", "--measure", measure], shares, measure, "counts")
        self.assert_refused(["mi", x], "exactly one of")
        self.assert_refused(["mi", x, x, "--pairs"], "exactly one of")
        csv = self.raw("t.csv", b"a,b\n1,2\n3,4\n")
        self.assert_refused(["mi", csv, "--joint"], csv)
        self.assert_refused(["mi", csv, "--target", "c"], csv, "column 'c'", "no file")
        self.assert_refused(["mi", csv, "--target", "b", "--given", "b"], csv, "further column 'b'")
        twice = self.raw("twice.csv", b"a,b,a\n1,2,3\n3,4,5\n")
        self.assert_refused(["mi", twice, "--target", "a"], twice, "more than one column is called 'a'")
        self.assert_refused(["mi", csv, "--target", y], y + " [3]", csv + " [2, 2]")
        for name, content, parts in (("empty.csv", b"", ["is empty"]), ("short.csv", b"a,b\n1,2\n3\n", ["line 3", "1 fields"]),
                                     ("long.csv", b"a\n1\n2,3\n", ["line 3", "2 fields"]),
                                     ("open.csv", b'a\n"1\n2', ["does not end"]),
                                     ("after.csv", b'a\n"1"2\n', ["line 2", "quoted"]),
                                     ("blank.csv", b"a,b\n\n1,2\n", ["line 2", "1 fields"])):
            self.assert_refused(["mi", self.raw(name, content), "--pairs"], self.path(name), *parts)
        self.assert_refused(["mi", self.path("none.csv"), "--pairs"], "none.csv", "cannot be read")
        many = 1 << 21  # distinct codes on both sides: a joint table of 4 Ti cells
        ids = self.raw("ids.npy", npy_bytes("<i4", (many,), struct.pack("<%di" % many, *range(many))))
        self.assert_refused(["mi", ids, ids], ids, "joint table")

    def test_backend_that_is_not_there(self):
        if "cuda       available" in self.run_tool("doctor").stdout:
            return self.assertIn('"available":true', self.run_tool("doctor", "--format", "json").stdout)
        for arguments in (["rows", "entropy", self.p], ["compare", self.p, self.p], ["mi", self.p, "--joint"]):
            self.assert_refused([*arguments, "--backend", "cuda"], "cuda", code=4)


class Outputs(ToolTest):
    """The directory is checked before anything is read or computed; what was there stays."""

    def test_unwritable(self):
        p = self.npy("p.npy", [[0.5, 0.5]])
        blocked = os.path.join(self.scratch.name, "no", "such", "out.npy")
        for out, part in ((blocked, "No such file"), (self.scratch.name, "not a regular file"),
                          (os.path.join(p, "out.npy"), "Not a directory"), ("/dev/full", "not a regular file")):
            for command in (["rows", "entropy", p], ["compare", p, p], ["mi", p, "--joint"]):
                result = self.run_tool(*command, "--out", out)
                self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                self.assertEqual(result.stderr.count("\n"), 1)
                self.assertIn(out, result.stderr)
                self.assertIn(part, result.stderr)
        self.assertEqual(os.listdir(self.scratch.name), ["p.npy"])

    def test_failure_keeps_an_older_output(self):
        p, old = self.npy("p.npy", [[0.5, 0.5]]), self.raw("old.npy", b"old")
        self.assertEqual(self.run_tool("rows", "nope", p, "--out", old).returncode, 2)
        with open(old, "rb") as f:
            self.assertEqual(f.read(), b"old")
        self.assertEqual(self.run_tool("rows", "entropy", p, "--out", old).returncode, 0)
        self.assertEqual(cli_support.read_npy_f64(old)[0], (1, 1))

    def test_an_input_is_not_overwritten(self):
        p, labels = self.npy("p.npy", [[0.5, 0.5]]), self.npy("l.npy", [0], "<i4")
        link, table = self.path("link.npy"), self.raw("t.csv", b"a,b\n1,2\n3,4\n")
        os.symlink("p.npy", link)
        before = {path: pathlib.Path(path).read_bytes() for path in (p, labels, table)}
        for command, out in ((["rows", "entropy", p], p), (["rows", "entropy", p], link), (["rows", "entropy", link], p),
                             (["rows", "nll", p, "--labels", labels], labels), (["compare", p, p], p),
                             (["rows", "bce", p, p], p), (["mi", table, "--target", "b"], table), (["mi", p, "--joint"], p)):
            result = self.run_tool(*command, "--out", out)
            self.assertEqual((result.returncode, result.stdout, result.stderr.count("\n")), (2, "", 1), result.stderr)
            self.assertIn(out + ": cannot write the output: the same file is an input", result.stderr)
        self.assertEqual({path: pathlib.Path(path).read_bytes() for path in before}, before)

    def test_signals_leave_nothing_behind(self):
        p, out = self.npy("p.npy", [[0.5, 0.5]] * 1000), self.path("out.npy")
        result = subprocess.run(["bash", "-c", 'ulimit -f 1; exec "$@"', "bash", cli_support.tool(), "rows", "entropy", p,
                                 "--out", out, "--quiet"], capture_output=True)  # 1 KiB, the result takes 8
        self.assertEqual(result.returncode, -signal.SIGXFSZ)
        self.assertEqual(os.listdir(self.scratch.name), ["p.npy"])

    def test_a_link_to_the_output_stays_a_link(self):
        p, target, link = self.npy("p.npy", [[0.5, 0.5]]), self.path("target.npy"), self.path("link.npy")
        os.symlink("target.npy", link)
        for _ in range(2):  # a link to nothing, then to a file
            self.assertEqual(self.run_tool("rows", "entropy", p, "--out", link).returncode, 0)
            self.assertTrue(os.path.islink(link))
            self.assertEqual(cli_support.read_npy_f64(target)[0], (1, 1))

    def test_full_standard_output(self):
        p = self.npy("p.npy", [[0.5, 0.5]])
        with open("/dev/full", "w") as full:
            result = subprocess.run([cli_support.tool(), "rows", "entropy", p], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"standard output", result.stderr)


if __name__ == "__main__":
    cli_support.main()
