"""The benchmark runs, measures what it says it measures, and tells a simulated device from a real one.

Usage: bench_test.py KULLBACK_BENCH [LIBRARY_DIR PTXSIM_DIR]
With the two folders, on a CUDA device that the PTX executor simulates: the library on the shared CUDA runtime, and the
executor's stand-in for that runtime.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BENCH = sys.argv[1]
SIMULATOR = sys.argv[2:4]
BACKEND = "cuda" if SIMULATOR else "cpu"


class BenchCase(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="bench_test_")
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)

    def bench(self, *arguments, expected=0, **variables):
        environment = {**os.environ, **variables}
        if SIMULATOR:
            environment["LD_LIBRARY_PATH"] = ":".join(SIMULATOR)
        result = subprocess.run([BENCH, "--smoke", "--backend", BACKEND, *arguments], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual(result.returncode, expected, result.stdout)
        return result.stdout

    def measured(self, *words, **variables):
        """What is printed for the cases with these words, and the JSON of it."""
        file = self.scratch / "results.json"
        arguments = [argument for word in words for argument in ("--only", word)]
        text = self.bench(*arguments, "--json", str(file), **variables)
        return text, json.loads(file.read_text())

    def check_case(self, case):
        with self.subTest(measure=case["measure"], shape=case["shape"], dtype=case["dtype"]):
            self.assertEqual(case["backend"], BACKEND)
            self.assertEqual(case["simulated"], BACKEND == "cuda")
            self.assertEqual((case["rows_wrong"], case["wrong"]), (0, []))
            self.assertGreater(case["rows_checked"], 0)
            self.assertGreater(case["median_seconds"], 0)
            self.assertEqual(len(case["repetition_seconds"]), 2)
            self.assertGreaterEqual(case["calls_per_repetition"], 1)
            for worst in case["worst"]:
                self.assertLessEqual(worst["error_u"], worst["bound_u"])


class AnyBackend(BenchCase):
    def test_cases_of_one_width(self):
        width = "1024" if BACKEND == "cuda" else "4096"
        text, results = self.measured(width, "float32")
        for key in ("machine", "version", "commit", "date", "command"):
            self.assertTrue(results[key], key)
        [backend] = results["backends"]
        self.assertEqual((backend["unavailable"], backend["failures"]), ([], []))
        cases = {case["measure"]: case for case in results["cases"]
                 if case["shape"].endswith("logits") and not case["replayed_from_graph"]}
        for case in results["cases"]:
            self.check_case(case)
        self.assertLessEqual({"nll", "kl", "js", "set of 6 from one read", "cross-entropy loss",
                              "cross-entropy loss + gradient"}, set(cases))

        rows, columns = (int(n) for n in re.match(r"(\d+) x (\d+)", cases["kl"]["shape"]).groups())
        side, labels, result = 4 * rows * columns, 8 * rows, 4 * rows
        expected = {"nll": side + labels + result, "kl": 2 * side + result, "set of 6 from one read": 2 * side + 6 * result,
                    "cross-entropy loss": side + labels + 4, "cross-entropy loss + gradient": 2 * side + labels + 4}
        self.assertEqual({name: cases[name]["compulsory_bytes"] for name in expected}, expected)
        self.assertEqual({name for name, case in cases.items() if case["peak"] == "copy"}, {"cross-entropy loss + gradient"})
        for name in ("read", "copy"):
            self.assertGreaterEqual(backend[name]["bytes"], 1 << 20)
            self.assertGreater(len(backend[name]["sample_bytes_per_second"]), 0)
        self.assertRegex(text, rf"(?m)^kl +\| {rows} x {columns} logits")

    def test_words_choose_the_cases(self):
        _, results = self.measured("cross-entropy", "gradient", "4096", "bfloat16")
        self.assertEqual({case["measure"] for case in results["cases"]}, {"cross-entropy loss + gradient"})
        self.assertIn("no case has these words", self.bench("--only", "nonsense", expected=2))

    def test_mutual_information_is_measured_or_said_to_be_missing(self):
        text, results = self.measured("mi")
        [backend] = results["backends"]
        for case in results["cases"]:
            self.check_case(case)
        found = {case["measure"] for case in results["cases"]}
        for line in backend["unavailable"]:
            found.add(re.match("not available: ([^,]*),", line)[1])
            self.assertIn(line, text)
        self.assertEqual(found, {"mi of pairs", "mi with the label", "mi of all pairs", "mi of a joint table"})


@unittest.skipUnless(SIMULATOR, "needs the PTX executor")
class SimulatedDevice(BenchCase):
    def test_nothing_is_called_a_measurement(self):
        text, results = self.measured("1024", "nll")
        [backend] = results["backends"]
        self.assertTrue(backend["simulated"])
        self.assertIn("ptxsim", backend["device"]["name"])
        self.assertIn("Synthetic batches, cuda, simulated", text)
        self.assertNotRegex(text, r"\d GB/s(?! by these)")  # which are the device's own claims
        for case in results["cases"]:
            self.assertEqual((case["gb_per_second"], case["percent_of_peak"]), (None, None))
        for line in re.findall("(?m)^nll.*$", text):
            self.assertEqual([cell.strip() for cell in line.split("|")][4:6], ["-", "-"])
        self.assertIn("in turn", text)
        self.assertEqual({case["copies"] > 1 for case in results["cases"]}, {True})

    def test_wide_rows_are_replayed_from_graphs(self):
        """Their kernels ask for different amounts of shared memory from call to call."""
        _, results = self.measured("32000", "float32")
        self.assertEqual(results["backends"][0]["unavailable"], [])
        for case in results["cases"]:
            self.check_case(case)
        self.assertEqual({case["measure"] for case in results["cases"] if case["replayed_from_graph"]},
                         {case["measure"] for case in results["cases"]})

    def test_yardsticks_move_what_they_are_said_to_move(self):
        counters = self.scratch / "counters"
        _, results = self.measured("1024", "nll", PTXSIM_COUNTERS=str(counters))
        [backend] = results["backends"]
        launches = [json.loads(line) for line in counters.read_text().splitlines()]
        loads, stores = ({(kernel, launch["global"][way]["bytes"])
                          for kernel in ("read_kernel", "copy_kernel")
                          for launch in launches if kernel in launch["kernel"]} for way in ("load", "store"))
        read, half = backend["read"]["bytes"], backend["copy"]["bytes"] // 2
        self.assertIn(("read_kernel", read), loads)
        self.assertIn(("copy_kernel", half), loads)
        self.assertEqual({pair for pair in stores if pair[0] == "copy_kernel"}, {("copy_kernel", half)})
        for launch in launches:
            if "read_kernel" in launch["kernel"]:  # nothing twice, every sector whole
                self.assertEqual(32 * launch["global"]["distinct_read_sectors"], launch["global"]["load"]["bytes"])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
