"""What the CUDA kernels do to memory, counted by the PTX executor, printed as a table and held to what it should be.

Usage: counters_test.py COUNTED_CASE LIBRARY_PATH PREDICT
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

PREDICT, LIBRARY_PATH, PROGRAM = sys.argv.pop(), sys.argv.pop(), sys.argv.pop()
BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}
SECTOR = 32
ON_CHIP = 219 << 10  # shared memory that a block's rows may take

# call, dtype, rows, cols: lengths on both sides of what a warp, a small block and a large one do; an odd vocabulary,
# whose rows begin at every alignment; pairs of rows that fit a multiprocessor and pairs that do not.
CASES = [
    ("nll", "float32", 512, 10),
    ("nll", "bfloat16", 256, 128),
    ("nll", "float32", 32, 1000),
    ("nll", "float16", 16, 4096),
    ("nll", "bfloat16", 8, 32000),
    ("nll", "float32", 4, 50257),
    ("nll", "float64", 4, 20000),
    ("nll", "bfloat16", 2, 128256),
    ("loss+gradient", "float32", 256, 10),
    ("loss+gradient", "bfloat16", 8, 32000),
    ("loss+gradient", "bfloat16", 4, 50257),
    ("loss+gradient", "float32", 8, 4099),
    ("kl", "float32", 256, 10),
    ("kl", "bfloat16", 8, 4096),
    ("kl", "bfloat16", 4, 32000),
    ("kl", "bfloat16", 3, 50257),
    ("kl", "float32", 4, 10001),
    ("js", "bfloat16", 4, 32000),
    ("all", "bfloat16", 4, 32000),
    ("all", "float32", 64, 100),
    ("kl", "bfloat16", 2, 128256),
]

# Mutual information of 16 x 16 classes: pairs x samples, or samples x features, as many as one block counts together.
CODE_CASES = [
    ("mi pairs", 8, 100_000),
    ("mi pairs", 3, 50_001),
    ("mi label", 20_000, 24),
    ("mi label", 9_001, 21),
    ("mi all pairs", 9_000, 8),
]


def count(case):
    """The launches of one call, as the executor counted them."""
    with tempfile.TemporaryDirectory() as folder:
        counters = pathlib.Path(folder) / "counters.jsonl"
        environment = {**os.environ, "LD_LIBRARY_PATH": LIBRARY_PATH, "KULLBACK_TEST_BACKEND": "cuda",
                       "PTXSIM_CHECK": "0", "PTXSIM_COUNTERS": str(counters)}
        result = subprocess.run([PROGRAM, *map(str, case)], env=environment, capture_output=True, text=True)
        if result.returncode != 0:
            raise AssertionError(f"{case} exited {result.returncode}: {result.stderr}")
        bounds = subprocess.run([sys.executable, PREDICT, str(counters), "--json"], capture_output=True, text=True,
                                check=True)
        launches = [json.loads(line) for line in counters.read_text().splitlines()]
        return launches, json.loads(bounds.stdout)


def total(launches, *path):
    def at(launch):
        for key in path:
            launch = launch[key]
        return launch
    return sum(at(launch) for launch in launches)


class Counters(unittest.TestCase):
    def test_table(self):
        print(f"{'call':14} {'dtype':9} {'shape':>12} {'sectors read':>13} {'written':>8} {'16-byte':>8} "
              f"{'per request':>11} {'special':>8} {'issued':>7} {'conflicts':>9}  bound at H200 rates, not measured")
        for case in CASES:
            with self.subTest(case=case):
                self.check(case)

    def check(self, case):
        call, dtype, rows, cols = case
        launches, bounds = count(case)
        sides = 1 if call in ("nll", "loss+gradient") else 2
        elements = rows * cols
        row_bytes = cols * BYTES[dtype]
        compulsory = sides * elements * BYTES[dtype] / SECTOR
        read = total(launches, "global", "load", "sectors") / compulsory
        # The others zero a counter, or look whether rows were put off to be done in double.
        main = max(zip(bounds, launches), key=lambda pair: pair[0]["bound"])
        load, store, shared = main[1]["global"]["load"], main[1]["global"]["store"], main[1]["shared"]["load"]
        wide = load["bytes_in_16byte_accesses"] / load["bytes"]
        per_request = load["sectors"] / load["requests"]
        written = gradient_wide = None
        if call == "loss+gradient":
            written = total(launches, "global", "store", "sectors") / (elements * BYTES[dtype] / SECTOR)
            gradient_wide = store["bytes_in_16byte_accesses"] / store["bytes"]
        conflicts = shared["wavefronts"] / shared["ideal_wavefronts"]
        special = sum(sum(launch["mufu_ops"].values()) for launch in launches) / elements
        issued = total(launches, "sass_est", "issue_warp") * 32 / elements
        print(f"{call:14} {dtype:9} {f'{rows} x {cols}':>12} {read:>13.3f} {written or 0:>8.3f} {wide:>8.3f} "
              f"{per_request:>11.1f} {special:>8.2f} {issued:>7.1f} {conflicts:>9.3f}  "
              f"{main[0]['bound'] * 1e6:.2f} us by {main[0]['binding']}", flush=True)

        on_chip = sides * (row_bytes + 32) <= ON_CHIP or cols <= 1024
        sweeps = 1 if on_chip or call == "nll" else 2
        if row_bytes >= 1024:
            # Each logit once (twice where the row does not fit), beside labels, counts and words that rows share.
            self.assertLess(read, 1.05 * sweeps)
            self.assertGreaterEqual(wide, 0.95)
            if gradient_wide is not None:
                self.assertLess(written, 1.05)
                self.assertGreaterEqual(gradient_wide, 0.95)
            self.assertLess(conflicts, 1.1)
        else:
            # Labels and results weigh in, neighbouring tiles share sectors, and rows of one warp lie where they lie:
            # their lanes may meet in a bank.
            self.assertLess(read, 1.4)

    def test_codes(self):
        print(f"{'call':14} {'shape':>12} {'of which hot':>12} {'sectors read':>13} {'16-byte':>8} {'per request':>11} "
              f"{'issued':>7} {'conflicts':>9} {'one by one':>10}  bound at H200 rates, not measured")
        for call, rows, cols in CODE_CASES:
            with self.subTest(case=(call, rows, cols)):
                uniform, hot = (self.count_codes(call, rows, cols, share) for share in (0, 0.9))
                # Copies of the table keep a cell that nearly all samples meet from being served one by one.
                self.assertLess(hot, 2 * uniform)

    def count_codes(self, call, rows, cols, hot):
        """Passes of the counting kernel's shared atomics if the hardware serves lanes of one address one by one."""
        launches, bounds = count((call, "uint8", rows, cols, hot))
        bound, main = max(zip(bounds, launches), key=lambda pair: pair[1]["shared"]["atomic"]["requests"])
        load, shared = main["global"]["load"], main["shared"]
        codes = rows * cols * (2 if call == "mi pairs" else 1) + (rows if call == "mi label" else 0)
        cells = rows * cols * (cols + 1) / 2 if call == "mi all pairs" else rows * cols
        read = load["sectors"] * SECTOR / codes
        wide = load["bytes_in_16byte_accesses"] / load["bytes"]
        atomic = shared["atomic"]
        conflicts = atomic["wavefronts"] / atomic["ideal_wavefronts"]
        serial = max(shared["atomic_bank_passes"], atomic["wavefronts"]) / atomic["ideal_wavefronts"]
        issued = main["sass_est"]["issue_warp"] * 32 / cells
        print(f"{call:14} {f'{rows} x {cols}':>12} {hot:>12.0%} {read:>13.3f} {wide:>8.3f} "
              f"{load['sectors'] / load['requests']:>11.1f} {issued:>7.1f} {conflicts:>9.3f} {serial:>10.3f}  "
              f"{bound['bound'] * 1e6:.2f} us by {bound['binding']}", flush=True)
        self.assertLess(read, 1.1)  # blocks share the sectors where their samples meet
        self.assertGreaterEqual(wide, 0.95)
        return serial


unittest.main(argv=sys.argv)
