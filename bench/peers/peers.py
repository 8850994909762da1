#!/usr/bin/env python3
"""Kullback beside NumPy, SciPy, scikit-learn and PyTorch: the same files, the same machine, in turns.

Each line is the median time of one call (all cores for Kullback and PyTorch; NumPy, SciPy and scikit-learn use one),
its ratio to Kullback's, and the worst error of the results on a sample of rows against 80-bit arithmetic, in units of
u = 2^-24 (float32, bfloat16) or 2^-53 (mutual information), relative to the exact value; of a gradient relative to the
sum of the absolute terms of its entry. Calls are those that users write: what a library lacks is composed from what it
has, in the dtype of the input.

Usage: peers.py KULLBACK_PEER [--quick] [--only WORD] [--json FILE] [--seconds N]
"""
import argparse
import json
import os
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # those who wait for their turn do not spin

import numpy as np
import scipy
import scipy.spatial.distance
import scipy.special
import sklearn
import sklearn.metrics

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None

SEED = 20240607
REAL = np.longdouble
SAMPLE = 64  # rows that are checked


class Kullback:
    """The library in a process of its own, see kullback_peer.cpp."""

    def __init__(self, binary, folder):
        self.folder = folder
        self.process = subprocess.Popen([binary], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"kullback_peer ended at: {line}")
        return answer.strip()

    def result(self, task, dtype, shape):
        path = self.folder / "result"
        self.ask(f"write {task} {path}")
        return np.fromfile(path, dtype).reshape(shape)


# ---- exact values, from the entries as they are in the files ----

def exact_log_softmax(x):
    x = x.astype(REAL)
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def exact_logs(x, form):
    return exact_log_softmax(x) if form == "logits" else np.log(x.astype(REAL))


def exact_kl(log_p, log_q):
    """sum p log(p/q) - p + q, whose terms do not cancel: p (expm1(-d) + d) with d = log(p/q)"""
    d = log_p - log_q
    return (np.exp(log_p) * (np.expm1(-d) + d)).sum(axis=1)


def exact_js(log_p, log_q):
    p, q = np.exp(log_p), np.exp(log_q)
    log_m = np.log((p + q) / 2)
    return (exact_kl(log_p, log_m) + exact_kl(log_q, log_m)) / 2


def exact_measures(names, p, q, form):
    log_p, log_q = exact_logs(p, form), exact_logs(q, form)
    p, q = np.exp(log_p), np.exp(log_q)
    values = {"entropy": lambda: -(p * log_p).sum(axis=1), "cross_entropy": lambda: -(p * log_q).sum(axis=1),
              "kl": lambda: exact_kl(log_p, log_q), "reverse_kl": lambda: exact_kl(log_q, log_p),
              "js": lambda: exact_js(log_p, log_q), "tv": lambda: abs(p - q).sum(axis=1) / 2}
    return np.stack([values[name]() for name in names.split(",")], axis=1)


def exact_mi(x, y, classes):
    n = len(x)
    counts = np.bincount(x.astype(np.int64) * classes + y, minlength=classes * classes).reshape(classes, classes)
    a, b = counts.sum(axis=1, keepdims=True), counts.sum(axis=0, keepdims=True)
    d = np.log(counts.astype(REAL) * n, where=counts > 0, out=np.zeros(counts.shape, REAL)) - np.where(
        counts > 0, np.log((np.maximum(a, 1) * np.maximum(b, 1)).astype(REAL)), 0)
    return (counts * d).sum() / n


# ---- the same in the peers, as their users write it ----

def numpy_log_softmax(x):
    x = x - x.max(axis=1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=1, keepdims=True))


def scipy_nll(x, labels):
    return scipy.special.logsumexp(x, axis=1) - x[np.arange(len(x)), labels]


def scipy_kl(p, q, form):
    if form == "logits":
        p, q = scipy.special.softmax(p, axis=1), scipy.special.softmax(q, axis=1)
    return scipy.special.kl_div(p, q).sum(axis=1)


def scipy_js(p, q, form):
    if form == "logits":
        p, q = scipy.special.softmax(p, axis=1), scipy.special.softmax(q, axis=1)
    return scipy.spatial.distance.jensenshannon(p, q, axis=1) ** 2


def torch_kl(p, q, form):
    if form == "logits":
        return F.kl_div(F.log_softmax(q, 1), F.log_softmax(p, 1), reduction="none", log_target=True).sum(1)
    return F.kl_div(q.log(), p, reduction="none").sum(1)


def torch_js(p, q, form):
    if form == "logits":
        log_p, log_q = F.log_softmax(p, 1), F.log_softmax(q, 1)
        log_m = torch.logaddexp(log_p, log_q) - np.log(2)
        return 0.5 * (F.kl_div(log_m, log_p, reduction="none", log_target=True).sum(1) +
                      F.kl_div(log_m, log_q, reduction="none", log_target=True).sum(1))
    log_m = ((p + q) / 2).log()
    return 0.5 * (F.kl_div(log_m, p, reduction="none").sum(1) + F.kl_div(log_m, q, reduction="none").sum(1))


def torch_six(p, q):
    log_p, log_q = F.log_softmax(p, 1), F.log_softmax(q, 1)
    p, q = log_p.exp(), log_q.exp()
    log_m = torch.logaddexp(log_p, log_q) - np.log(2)
    d = log_p - log_q
    return torch.stack([-(p * log_p).sum(1), -(p * log_q).sum(1), (p * d).sum(1), -(q * d).sum(1),
                        0.5 * ((p * (log_p - log_m)).sum(1) + (q * (log_q - log_m)).sum(1)),
                        0.5 * (p - q).abs().sum(1)], 1)


def torch_gradient(loss_of, x):
    x = x.detach().requires_grad_()
    loss_of(x).backward()
    return x.grad


# ---- the cases ----

class Case:
    """prepare: Kullback's line. dtype, shape: of its result. exact(rows): the truth for these rows, and the sizes that
    errors are relative to. peers: {name: call}, each returning an array of that shape."""

    def __init__(self, name, size, prepare, dtype, shape, exact, peers, u=2.0 ** -24):
        self.name, self.size, self.prepare, self.dtype, self.shape = name, size, prepare, dtype, shape
        self.exact, self.peers, self.u = exact, peers, u


class Inputs:
    def __init__(self, folder, quick):
        self.folder, self.quick = folder, quick

    def save(self, name, array):
        path = self.folder / f"{name}.npy"
        if not path.exists():
            np.save(path, array)
        return path

    def logits(self, rows, cols, disturbance):
        rng = np.random.default_rng([SEED, rows, cols])
        p = 3 * rng.standard_normal((rows, cols), dtype=np.float32)
        q = p + np.float32(disturbance) * rng.standard_normal((rows, cols), dtype=np.float32)
        return p, q, rng.integers(0, cols, rows)


def both_torch(call):
    """{name: call} eager and compiled"""
    if torch is None:
        return {}
    compiled = torch.compile(call)
    return {"PyTorch": call, "PyTorch compiled": compiled}


def pair_cases(inputs, rows, cols, form, disturbance, label):
    p, q, _ = inputs.logits(rows, cols, disturbance)
    if form == "probs":
        p, q = scipy.special.softmax(p, axis=1), scipy.special.softmax(q, axis=1)
    key = f"{rows}x{cols}{form}{disturbance}"
    path_p, path_q = inputs.save("p" + key, p), inputs.save("q" + key, q)
    tensors = (torch.from_numpy(p), torch.from_numpy(q)) if torch else None
    scipy_of, torch_of = {"kl": scipy_kl, "js": scipy_js}, {"kl": torch_kl, "js": torch_js}
    for name in ("kl", "js"):
        peers = {"SciPy": lambda f=scipy_of[name]: f(p, q, form)}
        for who, f in both_torch(torch_of[name]).items():
            peers[who] = lambda f=f: f(*tensors, form).numpy()
        yield Case(f"{name} from {form}{label}", f"{rows} x {cols}", f"rows {name} {form} {path_p} {path_q}", np.float32,
                   (rows,), lambda i, name=name: 2 * (exact_measures(name, p[i], q[i], form)[:, 0],), peers)
    if form == "logits" and not label:
        six = "entropy,cross_entropy,kl,reverse_kl,js,tv"
        peers = {who: lambda f=f: f(*tensors).numpy() for who, f in both_torch(torch_six).items()}
        yield Case("six measures from logits", f"{rows} x {cols}", f"rows {six} {form} {path_p} {path_q}", np.float32,
                   (rows, 6), lambda i: 2 * (exact_measures(six, p[i], q[i], form),), peers)

        def exact_gradient(i):
            log_p, log_q = exact_log_softmax(p[i]), exact_log_softmax(q[i])
            return (np.exp(log_q) - np.exp(log_p)) / rows, (np.exp(log_q) + np.exp(log_p)) / rows
        loss = both_torch(lambda x, target: F.kl_div(F.log_softmax(x, 1), F.log_softmax(target, 1), log_target=True,
                                                     reduction="batchmean"))
        peers = {who: lambda f=f: torch_gradient(lambda x: f(x, tensors[0]), tensors[1]).numpy()
                 for who, f in loss.items()}
        yield Case("kl loss + gradient", f"{rows} x {cols}", f"divergence_loss kl {path_p} {path_q}", np.float32,
                   (rows, cols), exact_gradient, peers)


def label_cases(inputs, rows, cols, dtype):
    x, _, labels = inputs.logits(rows, cols, 0.0)
    key, tensor = f"x{rows}x{cols}{dtype}", None
    if dtype == "bfloat16":
        bits = x.view(np.uint32)
        bits = ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
        path, x = inputs.save(key, bits), (bits.astype(np.uint32) << 16).view(np.float32)
        if torch:
            tensor = torch.from_numpy(bits.view(np.int16)).view(torch.bfloat16)
    else:
        path = inputs.save(key, x)
        tensor = torch.from_numpy(x) if torch else None
    label_path = inputs.save(f"labels{rows}x{cols}", labels)
    targets = torch.from_numpy(labels) if torch else None

    def exact_nll(i):
        return 2 * (-exact_log_softmax(x[i])[np.arange(len(i)), labels[i]],)
    peers = {} if dtype == "bfloat16" else {"SciPy": lambda: scipy_nll(x, labels)}
    for who, f in both_torch(lambda x, t: F.cross_entropy(x, t, reduction="none")).items():
        peers[who] = lambda f=f: f(tensor, targets).float().numpy()
    yield Case(f"nll, {dtype}", f"{rows} x {cols}", f"nll {path} {label_path}", np.float32, (rows,), exact_nll, peers)

    if dtype == "bfloat16":
        return

    def exact_gradient(i):
        q = np.exp(exact_log_softmax(x[i]))
        target = np.zeros_like(q)
        target[np.arange(len(i)), labels[i]] = 1
        return (q - target) / rows, (q + target) / rows
    peers = {who: lambda f=f: torch_gradient(lambda x: f(x, targets), tensor).numpy()
             for who, f in both_torch(lambda x, t: F.cross_entropy(x, t)).items()}
    yield Case(f"cross-entropy loss + gradient, {dtype}", f"{rows} x {cols}", f"cross_entropy {path} {label_path}",
               np.float32, (rows, cols), exact_gradient, peers)


def information_cases(inputs):
    rng = np.random.default_rng(SEED)
    pairs, samples, classes = (4, 100_000, 16) if inputs.quick else (8, 1_000_000, 16)
    x = rng.integers(0, classes, (pairs, samples), dtype=np.uint8)
    y = np.where(rng.random((pairs, samples)) < 0.5, x, rng.integers(0, classes, (pairs, samples), dtype=np.uint8))
    paths = inputs.save("codes_x", x), inputs.save("codes_y", y)
    yield Case("mutual information of pairs", f"{pairs} x {samples}, 16 x 16 codes", f"mi_pairs {paths[0]} {paths[1]} 16",
               np.float64, (pairs,), lambda i: 2 * (np.array([exact_mi(x[k], y[k], classes) for k in i]),),
               {"scikit-learn": lambda: np.array([sklearn.metrics.mutual_info_score(a, b) for a, b in zip(x, y)])},
               2.0 ** -53)
    features, samples = (20, 1000) if inputs.quick else (60, 1000)
    table = rng.integers(0, 3, (samples, features), dtype=np.uint8)
    path = inputs.save("table", table)

    def every_pair():
        return np.array([[sklearn.metrics.mutual_info_score(table[:, i], table[:, j]) for j in range(features)]
                         for i in range(features)])
    yield Case("mutual information, all pairs", f"{samples} x {features}, 3 x 3 codes", f"mi_all_pairs {path} 3",
               np.float64, (features, features),
               lambda i: 2 * (np.array([[exact_mi(table[:, k], table[:, j], 3) for j in range(features)] for k in i]),),
               {"scikit-learn": every_pair}, 2.0 ** -53)


def cases(inputs):
    wide, middle = ((128, 32000), (1024, 4096)) if inputs.quick else ((2048, 32000), (8192, 4096))
    yield from label_cases(inputs, *wide, "float32")
    yield from label_cases(inputs, *middle, "bfloat16")
    yield from pair_cases(inputs, *wide, "logits", 0.3, "")
    yield from pair_cases(inputs, *middle, "probs", 0.3, "")
    yield from pair_cases(inputs, *middle, "logits", 1e-5, ", nearly equal")
    yield from information_cases(inputs)


# ---- measuring ----

def read_bandwidth(seconds=0.5):
    """GB/s of one core's sum over 512 MiB: how busy the machine is."""
    data = np.ones(1 << 26, np.float64)
    best, end = 0.0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        data.sum()
        best = max(best, data.nbytes / (time.perf_counter() - start) / 1e9)
    return best


def worst_error(case, got):
    rows = np.unique(np.linspace(0, case.shape[0] - 1, min(SAMPLE, case.shape[0])).astype(int))
    truth, size = case.exact(rows)
    error = abs(np.asarray(got)[rows].astype(REAL) - truth)
    with np.errstate(divide="ignore", invalid="ignore"):
        units = np.where(error == 0, 0, error / (abs(size) * case.u))
    return float(units.max())


def measure(case, kullback, seconds):
    """{who: (times, worst error)}"""
    task = kullback.ask("prepare " + case.prepare)
    kullback.ask(f"run {task}")
    results = {"Kullback": ([], worst_error(case, kullback.result(task, case.dtype, case.shape)))}
    for who, call in list(case.peers.items()):
        try:
            results[who] = ([], worst_error(case, call()))
        except Exception as error:  # a compiler that is missing, say
            print(f"{who}: {case.name}: {error}", file=sys.stderr)
            del case.peers[who]

    def turn(who):
        if who == "Kullback":
            return float(kullback.ask(f"run {task}"))
        start = time.perf_counter()
        case.peers[who]()
        return time.perf_counter() - start

    order = random.Random(SEED)
    start = time.monotonic()
    while len(results["Kullback"][0]) < 3 or (time.monotonic() - start < seconds and len(results["Kullback"][0]) < 25):
        for who in order.sample(list(results), len(results)):
            results[who][0].append(turn(who))
    return results


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kullback_peer", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true", help="small shapes")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--json", type=pathlib.Path, help="write everything measured to this file")
    parser.add_argument("--seconds", type=float, default=20, help="for each case, in which all take turns")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    cores = len(os.sched_getaffinity(0))
    if torch:
        torch.set_num_threads(cores)
    versions = {"NumPy": np.__version__, "SciPy": scipy.__version__, "scikit-learn": sklearn.__version__,
                "PyTorch": torch.__version__ if torch else "not installed"}
    print(f"{platform.processor() or platform.machine()}, {cores} cores; " +
          ", ".join(f"{name} {version}" for name, version in versions.items()) + f"; seed {SEED}")
    record = {"versions": versions, "cores": cores, "command": " ".join(["peers.py", *sys.argv[2:]]), "cases": []}
    print(f"{'what':42} {'shape':30} {'who':18} {'time':>10} {'ratio':>7} {'worst error':>12}")
    with tempfile.TemporaryDirectory() as folder:
        kullback = Kullback(options.kullback_peer, pathlib.Path(folder))
        for case in cases(Inputs(pathlib.Path(folder), options.quick)):
            if options.only not in case.name:
                continue
            bandwidth = read_bandwidth()
            results = measure(case, kullback, options.seconds)
            own = statistics.median(results["Kullback"][0])
            for who, (times, error) in results.items():
                median = statistics.median(times)
                print(f"{case.name:42} {case.size:30} {who:18} {median * 1e3:7.4g} ms {median / own:7.3g} {error:10.3g} u",
                      flush=True)
            record["cases"].append({"name": case.name, "shape": case.size, "one_core_read_gb_per_s": bandwidth,
                                    "results": {who: {"seconds": times, "worst_error_u": error}
                                                for who, (times, error) in results.items()}})
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
