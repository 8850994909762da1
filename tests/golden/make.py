#!/usr/bin/env python3
"""Writes cases.csv: exact values of every function the reference computes, to 50 digits, straight from the definitions.

Needs mpmath; the tests only read the file. Inputs are what a program sees: numbers of the stated dtype, nearest to the
decimals below, and mpmath computes with those exact numbers. `textbook` repeats a printed, rounded value from the
literature, an anchor that does not come from this script.
Columns: name,function,dtype,input_p,input_q,options,label,p,q,expected,textbook; lists are separated by spaces, rows of a
joint table by '/'. 16-bit floats are given as their bits.
"""
import csv
import random
import struct
import sys

from mpmath import cosh, exp, inf, isinf, log, mp, mpf, nstr, sqrt, tanh

mp.dps = 2500  # the widest row spans 5000 nats, and its entropy hangs on the smallest weight
ROWS = []
UNITS = {"nats": mpf(1), "bits": 1 / log(2), "bans": 1 / log(10)}


def stored(x, dtype):
    """(text, exact value) of the number of this dtype nearest to x; bfloat16 truncates."""
    if dtype == "f64":
        return repr(float(x)), float(x)
    if dtype == "f32":
        y = struct.unpack("<f", struct.pack("<f", x))[0]
        return repr(y), y
    if dtype == "f16":
        bits = struct.pack("<e", x)
        return "0x%04x" % struct.unpack("<H", bits)[0], struct.unpack("<e", bits)[0]
    if dtype == "bf16":
        bits = struct.pack("<f", x)[2:]
        return "0x%04x" % struct.unpack("<H", bits)[0], struct.unpack("<f", b"\0\0" + bits)[0]
    return str(int(x)), int(x)


def store(values, dtype):
    texts, numbers = zip(*(stored(x, dtype) for x in values)) if values else ((), ())
    return " ".join(texts), [mpf(x) for x in numbers]


def text(value):
    if abs(value) < mpf(10) ** -2400:  # what rounding leaves of an exact 0
        value = mpf(0)
    return "inf" if isinf(value) else nstr(value, 50, strip_zeros=False)


def emit(name, function, dtype, input_p, input_q, options, label, p, q, expected, textbook):
    settings = " ".join(f"{k}={v}" for k, v in options.items())
    answers = " ".join(text(x) for x in expected)
    ROWS.append([name, function, dtype, input_p, input_q, settings, label, p, q, answers, textbook])


# --- rows ---------------------------------------------------------------------------------------------------------


def softmax(x, temperature=1):
    """(probabilities, their logarithms)"""
    weights = [exp(v / temperature) if v != -inf else mpf(0) for v in x]
    total = sum(weights)
    logs = [v / temperature - log(total) if v != -inf else -inf for v in x]
    return [w / total for w in weights], logs


def distribution(x, kind, options):
    if kind == "logits":
        return softmax(x, mpf(options.get("temperature", 1)))
    if kind == "log_probs":
        if options.get("normalize") == "always":
            return softmax(x)
        return [exp(v) if v != -inf else mpf(0) for v in x], x
    if kind == "counts" or options.get("normalize") == "always":
        x = [v / sum(x) for v in x]
    return x, [log(v) if v > 0 else -inf for v in x]


def plogq(p, log_q):
    return mpf(0) if p == 0 else p * log_q


def entropy(p, log_p):
    return -sum((plogq(a, la) for a, la in zip(p, log_p)), mpf(0))


def cross_entropy(p, log_q):
    return -sum((plogq(a, lb) for a, lb in zip(p, log_q)), mpf(0))


def generalised_kl(p, log_p, q, log_q):
    total = mpf(0)
    for a, la, b, lb in zip(p, log_p, q, log_q):
        if la != -inf and lb == -inf:
            return inf
        total += (a * (la - lb) if la != -inf else 0) - a + b
    return total


def jensen_shannon(p, log_p, q, log_q, beta):
    m = [beta * a + (1 - beta) * b for a, b in zip(p, q)]
    log_m = [log(x) if x > 0 else -inf for x in m]
    return beta * generalised_kl(p, log_p, m, log_m) + (1 - beta) * generalised_kl(q, log_q, m, log_m)


def total(terms):
    return sum(terms, mpf(0))


def root(log_p):
    return exp(log_p / 2) if log_p != -inf else mpf(0)


def affinity(log_p, log_q):
    return total(root(a) * root(b) for a, b in zip(log_p, log_q))


def hellinger_sq(log_p, log_q):
    return total((root(a) - root(b)) ** 2 for a, b in zip(log_p, log_q)) / 2


def over(numerator, divisor):
    return numerator / divisor if divisor > 0 else inf if numerator > 0 else mpf(0)


def chi2(p, q):
    return total(over((a - b) ** 2, b) for a, b in zip(p, q))


def jeffreys(p, log_p, q, log_q):
    return generalised_kl(p, log_p, q, log_q) + generalised_kl(q, log_q, p, log_p)


def powers(log_p, log_q, alpha):
    terms = []
    for a, b in zip(log_p, log_q):
        if a != -inf and b == -inf and alpha > 1:
            return inf
        terms.append(exp(alpha * a + (1 - alpha) * b) if a != -inf and b != -inf else mpf(0))
    return total(terms)


def tsallis(p, log_p, q, log_q, alpha):
    if alpha == 1:
        return generalised_kl(p, log_p, q, log_q)
    power = powers(log_p, log_q, alpha)
    return inf if isinf(power) else (power - alpha * total(p) - (1 - alpha) * total(q)) / (alpha - 1)


def renyi(p, log_p, q, log_q, alpha):
    if alpha == 1:
        return generalised_kl(p, log_p, q, log_q) / total(p)
    power = powers(log_p, log_q, alpha)
    return inf if isinf(power) else log(power / (alpha * total(p) + (1 - alpha) * total(q))) / (alpha - 1)


def log_mass(x, kind, options):
    if kind in ("probs", "counts"):
        return log(total(x))
    temperature = mpf(options.get("temperature", 1)) if kind == "logits" else 1
    return log(total(exp(v / temperature) for v in x if v != -inf))


def nll(log_q, label, smoothing):
    n = len(log_q)
    target = [smoothing / n + (1 - smoothing if j == label else 0) for j in range(n)]
    return cross_entropy(target, log_q)


def top(x):
    return max(range(len(x)), key=lambda i: (x[i], -i))


def measure(name, p, log_p, q, log_q, label, options, lse):
    smoothing = mpf(options.get("label_smoothing", 0))
    unit = UNITS[options.get("unit", "nats")]
    value = {
        "entropy": lambda: entropy(p, log_p),
        "entropy_q": lambda: entropy(q, log_q),
        "cross_entropy": lambda: cross_entropy(p, log_q),
        "nll": lambda: nll(log_q, label, smoothing),
        "nll_p": lambda: nll(log_p, label, smoothing),
        "kl": lambda: generalised_kl(p, log_p, q, log_q),
        "reverse_kl": lambda: generalised_kl(q, log_q, p, log_p),
        "js": lambda: jensen_shannon(p, log_p, q, log_q, mpf(options.get("beta", 0.5))),
        "tv": lambda: sum((abs(a - b) for a, b in zip(p, q)), mpf(0)) / 2,
        "top1_agree": lambda: mpf(int(top(log_p) == top(log_q))),
        "rel_entr": lambda: inf if isinf(cross_entropy(p, log_q)) else cross_entropy(p, log_q) - entropy(p, log_p),
        "jeffreys": lambda: jeffreys(p, log_p, q, log_q),
        "js_distance": lambda: sqrt(jensen_shannon(p, log_p, q, log_q, mpf(options.get("beta", 0.5))) * unit),
        "hellinger_sq": lambda: hellinger_sq(log_p, log_q),
        "hellinger": lambda: sqrt(hellinger_sq(log_p, log_q)),
        "bhattacharyya": lambda: -log(affinity(log_p, log_q)) if affinity(log_p, log_q) > 0 else inf,
        "chi2": lambda: chi2(p, q),
        "chi2_reverse": lambda: chi2(q, p),
        "triangular": lambda: total(over((a - b) ** 2, a + b) for a, b in zip(p, q)),
        "renyi": lambda: renyi(p, log_p, q, log_q, mpf(options["alpha"])),
        "tsallis": lambda: tsallis(p, log_p, q, log_q, mpf(options["alpha"])),
        "lse": lambda: lse,
        "max_prob": lambda: max(q),
        "top1": lambda: mpf(top(log_q)),
        "perplexity": lambda: exp(nll(log_q, label, smoothing)),
    }[name]()
    return value * unit if name in SCALED else value


PAIRWISE = ["entropy", "entropy_q", "cross_entropy", "kl", "reverse_kl", "js", "tv", "top1_agree"]
FURTHER = ["rel_entr", "jeffreys", "js_distance", "hellinger_sq", "hellinger", "bhattacharyya", "chi2", "chi2_reverse",
           "triangular", "lse", "max_prob", "top1"]
ORDERED = ["renyi", "tsallis"]
SCALED = ["entropy", "entropy_q", "cross_entropy", "nll", "nll_p", "kl", "reverse_kl", "js", "rel_entr", "jeffreys",
          "bhattacharyya", "renyi"]


def rows(name, p, q, kind="probs", kind_q=None, dtype="f64", measures=None, label="", textbook=None, **options):
    """One line per measure. `textbook`: measure -> printed value."""
    kind_q = kind_q or kind
    p_text, p = store(p, dtype)
    q_text, q = store(q, dtype)
    p, log_p = distribution(p, kind, options)
    lse = log_mass(q, kind_q, options)
    q, log_q = distribution(q, kind_q, options)
    for m in measures or PAIRWISE + (["nll", "nll_p"] if label != "" else []):
        value = measure(m, p, log_p, q, log_q, label, options, lse)
        emit(name, m, dtype, kind, kind_q, options, label, p_text, q_text, [value], (textbook or {}).get(m, ""))


def gradient(name, x, label, dtype="f64", loss=False, **options):
    """And the loss of a hard label itself, where it is not just nll's. `class_weights`: separated by commas."""
    x_text, x = store(x, dtype)
    temperature, e = mpf(options.get("temperature", 1)), mpf(options.get("label_smoothing", 0))
    cap, z = mpf(options.get("softcap", 0)), mpf(options.get("z_loss", 0))
    weights = [mpf(float(w)) for w in options["class_weights"].split(",")] if "class_weights" in options else [1] * len(x)
    y = [cap * tanh(v / cap) if cap and v != -inf else v for v in x]
    q, log_q = softmax(y, temperature)
    lse = log(total(exp(v / temperature) for v in y if v != -inf))
    target = [w * (e / len(x) + (1 - e if j == label else 0)) for j, w in enumerate(weights)]
    scale = mpf(options.get("gradient_scale", 1)) / temperature
    entries = []
    for xj, qj, tj in zip(x, q, target):
        slope = 1 / cosh(xj / cap) ** 2 if cap and xj != -inf else 1
        entries.append(scale * slope * (total(target) * qj - tj + 2 * z * lse * qj) if xj != -inf else mpf(0))
    emit(name, "gradient", dtype, "logits", "logits", options, label, "", x_text, entries, "")
    if loss:
        value = cross_entropy(target, log_q) + z * lse ** 2
        emit(name, "loss", dtype, "logits", "logits", options, label, "", x_text, [value], "")


# --- Gaussians and mutual information -----------------------------------------------------------------------------


def gaussian(name, p, q, textbook=""):
    p_text, p = store(p, "f64")
    q_text, q = store(q, "f64")
    n = len(p) // 2
    q = q or [mpf(0)] * len(p)
    total = mpf(0)
    for m, v, mq, vq in zip(p[:n], p[n:], q[:n], q[n:]):
        total += (vq - v + (exp(v) + (m - mq) ** 2) / exp(vq) - 1) / 2
    emit(name, "gaussian_kl", "f64", "", "", {}, "", p_text, q_text, [total], textbook)


def information(table, unit):
    n = sum(map(sum, table))
    row_sums, col_sums = [sum(r) for r in table], [sum(c) for c in zip(*table)]
    total = mpf(0)
    for i, r in enumerate(table):
        for j, w in enumerate(r):
            if w > 0:
                total += w / n * log(w * n / (row_sums[i] * col_sums[j]))
    independent = all(w * n == row_sums[i] * col_sums[j] for i, r in enumerate(table) for j, w in enumerate(r))
    return mpf(0) if independent else total * UNITS[unit]


def joint(name, table, dtype="i64", unit="nats", textbook=""):
    parts = [store(r, dtype) for r in table]
    value = information([numbers for _, numbers in parts], unit)
    emit(name, "mi_joint", dtype, "", "", {"unit": unit}, "", "/".join(t for t, _ in parts), "", [value], textbook)


def codes(name, x, y, dtype="i32", unit="nats", textbook=""):
    table = [[mpf(sum(a == i and b == j for a, b in zip(x, y))) for j in range(max(y) + 1)] for i in range(max(x) + 1)]
    emit(name, "mi_codes", dtype, "", "", {"unit": unit}, "", store(x, dtype)[0], store(y, dtype)[0],
         [information(table, unit)], textbook)


def textbook_cases():
    rows("fair coin", [0.5, 0.5], [0.5, 0.5], unit="bits", textbook={"entropy": "1.0000", "kl": "0.0000"})
    rows("biased coin", [0.9, 0.1], [0.5, 0.5], unit="bits", textbook={"entropy": "0.469", "entropy_q": "1.000"})
    rows("good forecast", [1, 0], [0.8, 0.2], unit="bits", label=0,
         textbook={"cross_entropy": "0.322", "kl": "0.322", "js": "0.108", "nll": "0.322"})
    rows("bad forecast", [1, 0], [0.2, 0.8], unit="bits", label=0,
         textbook={"cross_entropy": "2.322", "kl": "2.322", "nll": "2.322"})
    rows("three classes", [1, 0, 0], [0.7, 0.2, 0.1], label=0,
         textbook={"cross_entropy": "0.35667", "kl": "0.35667", "nll": "0.35667"})
    rows("against uniform", [0.4, 0.3, 0.2, 0.1], [0.25] * 4, textbook={"entropy": "1.2799", "kl": "0.1064"})
    rows("against uniform, bits", [0.4, 0.3, 0.2, 0.1], [0.25] * 4, unit="bits",
         textbook={"entropy": "1.8464", "kl": "0.1536"})
    rows("three against three", [0.5, 0.3, 0.2], [0.2, 0.4, 0.4])
    rows("three against three, bits", [0.5, 0.3, 0.2], [0.2, 0.4, 0.4], unit="bits")
    joint("weather and umbrella", [[0.4, 0.1], [0.05, 0.45]], dtype="f64", unit="bits")
    joint("weather and umbrella, counts", [[40, 10], [5, 45]], unit="bits")
    play = [0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 1, 0]
    outlook = [0, 0, 1, 2, 2, 2, 1, 0, 0, 2, 0, 1, 1, 2]
    humidity = [0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0]
    wind = [0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1]
    for name, column, gain in (("outlook", outlook, "0.247"), ("humidity", humidity, "0.152"), ("wind", wind, "0.048")):
        codes("play tennis: " + name, column, play, unit="bits", textbook=gain)
    codes("play tennis: itself", play, play, unit="bits", textbook="0.940")
    x = [2.0, 1.0, 0.5, 0.1, -0.5]
    for e in (0.0, 0.1):
        rows(f"label smoothing {e}", x, x, "logits", measures=["nll", "nll_p"], label=0, label_smoothing=e)
        gradient(f"label smoothing {e}", x, 0, label_smoothing=e)
    for t in (0.5, 1, 2, 5, 10):
        rows(f"temperature {t}", x, x[::-1], "logits", label=1, temperature=t)
        rows(f"temperature 1 against {t}", x, [v / t for v in x], "logits", measures=["kl", "reverse_kl", "js"])
        gradient(f"temperature {t}", x, 1, temperature=t)
    for label, changed in enumerate((
            {"class_weights": "0.5,2.0,1.0,3.0,0.0"}, {"class_weights": "0.5,2.0,1.0,3.0,0.25", "label_smoothing": 0.1},
            {"z_loss": 0.0001}, {"softcap": 2.0}, {"softcap": 30.0, "temperature": 0.7},
            {"class_weights": "0.5,2.0,1.0,3.0,0.25", "label_smoothing": 0.3, "z_loss": 0.5, "softcap": 1.5,
             "temperature": 2.0, "gradient_scale": -3.0})):
        for kind, y in (("plain", x), ("peaked", [40.0, -1.0, 0.0, 2.0, 1.0]), ("masked", [-inf, 0.5, 3.0, -2.0, 1.0])):
            if kind == "masked" and label in (0, 1, 5):
                continue
            gradient(f"{kind} with options {label}", y, label % 5, loss=True, **changed)
    gaussian("standard normal", [0.0, 0.0], [], textbook="0.0000")
    gaussian("shifted by one", [1.0, 0.0], [], textbook="0.5000")
    gaussian("half variance", [0.0, -0.6931471805599453], [], textbook="0.0966")
    gaussian("two dimensions", [0.5, -1.0, 0.2, -0.3], [])
    gaussian("against another", [0.5, -1.0, 0.2, -0.3], [0.1, 0.4, -0.2, 1.5])
    gaussian("nearly the same", [0.5, -1.0, 0.2, -0.3], [0.5 + 1e-9, -1.0, 0.2, -0.3 - 1e-9])
    gaussian("wide variances", [3.0, 0.0, 20.0, -40.0], [0.0, 0.0, -10.0, 5.0])


def hard_cases():
    rng = random.Random(20240229)
    masked = -float("inf")
    for k in (3, 6, 9, 10.5):
        d = 10.0 ** -k
        rows(f"near-equal probabilities, {d}", [0.25, 0.35, 0.4], [0.25 + d / 2, 0.35 - d, 0.4 + d / 2])
        rows(f"near-equal logits, {d}", [1.0, 0.0, -2.0], [1.0 + d, 0.0, -2.0 - d], "logits", label=2)
        rows(f"near-equal log-probabilities, {d}", [-1.0, -0.5, -3.0], [-1.0 - d, -0.5 + d, -3.0], "log_probs", label=0)
    rows("near-equal float32", [0.1, 0.2, 0.7], [0.10000001, 0.19999999, 0.7000001], dtype="f32")
    for gap in (1.0, 20.0, 40.0, 66.0):
        rows(f"peaked by {gap}", [gap, 0.0, -1.0], [gap - 1, 0.5, 0.0], "logits", label=0)
        gradient(f"peaked by {gap}", [gap, 0.0, -1.0], 0)
        gradient(f"peaked by {gap}, wrong label", [gap, 0.0, -1.0], 2, gradient_scale=1024)
    rows("peaked far from zero", [10000.0, 9960.0, 9950.0], [-10000.0, -10030.0, -10040.0], "logits", label=0)
    rows("wide", [88.0, 0.0, -88.0, 40.0], [-88.0, 3.0, 88.0, 41.0], "logits", label=0)
    rows("very wide", [2000.0, 0.0, -3000.0], [-1000.0, 500.0, 600.0], "logits", label=2)
    rows("masked in both", [1.0, masked, 0.5], [0.2, masked, 0.7], "logits", label=0)
    rows("masked in q", [1.0, 0.0, 0.5], [0.2, masked, 0.7], "logits", label=1)
    rows("masked in p", [1.0, masked, 0.5], [0.2, 0.1, 0.7], "logits", label=1)
    rows("masked, smoothed", [1.0, masked], [0.2, masked], "logits", label=0, label_smoothing=0.1,
         measures=["nll", "nll_p"])
    gradient("masked", [1.0, masked, 0.5], 0)
    gradient("masked label", [1.0, masked, 0.5], 1)
    gradient("masked, smoothed", [1.0, masked, 0.5, 0.0], 2, label_smoothing=0.25)
    rows("disjoint", [1, 0], [0, 1], textbook={"js": "0.6931", "tv": "1.0000"})
    rows("some zeros", [0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], label=1)
    rows("tiny and huge", [1e-300, 1e-10, 1.0], [1e-290, 1e-30, 1.0], label=0)
    rows("subnormal", [5e-324, 1e-310, 1.0], [1e-310, 1e-320, 1.0], label=1)
    rows("large masses", [1e200, 3e200], [2e200, 1e200], label=0)
    rows("unnormalised", [2.0, 3.0, 0.5], [0.1, 0.2, 0.3], label=0)
    rows("normalised on the way", [2.0, 3.0, 0.5], [0.1, 0.2, 0.3], label=0, normalize="always")
    rows("log-probabilities, not normalised", [0.5, -1.0, -2.0], [-3.0, 0.25, -0.5], "log_probs", label=1)
    rows("log-probabilities, normalised", [0.5, -1.0, -2.0], [-3.0, 0.25, -0.5], "log_probs", label=1,
         normalize="always")
    rows("checked", [0.25, 0.75], [0.5, 0.5], normalize="check", label=0)
    rows("weight of p 0.3", [0.5, 0.3, 0.2], [0.2, 0.4, 0.4], beta=0.3, measures=["js"])
    rows("weight of p 0.3, unnormalised", [2.0, 3.0, 0.5, 0.0], [0.1, 0.2, 0.0, 0.7], beta=0.3, measures=["js"])
    rows("weight of p 0.9, logits", [3.0, 0.0, -2.0], [-1.0, 0.5, 1.0], "logits", beta=0.9, measures=["js"])
    rows("weight of p 0.3, near-equal", [0.25, 0.75], [0.25 + 1e-9, 0.75 - 1e-9], beta=0.3, measures=["js"])
    rows("counts", [3, 0, 7, 90], [1, 2, 4, 100], "counts", dtype="i64", label=2, unit="bans")
    rows("large counts", [3 * 10**9, 1, 5], [2 * 10**9, 7, 1], "counts", dtype="i64", label=1)
    rows("small counts", [200, 55, 1], [3, 250, 9], "counts", dtype="u8", label=0)
    rows("16-bit counts", [60000, 5, 1], [3, 250, 9], "counts", dtype="u16", label=0)
    rows("32-bit counts", [60000, 5, 1], [3, 250, 9], "counts", dtype="i32", label=0)
    rows("logits against probabilities", [1.0, 0.5, 0.25], [0.5, 0.25, 0.25], "logits", "probs", label=0)
    rows("temperature on one side", [1.0, 0.5, 0.25], [-0.5, -1.5, -2.0], "logits", "log_probs", label=0, temperature=2.5)
    for dtype in ("f16", "bf16", "f32"):
        rows(f"{dtype} logits", [3.14159, -2.71828, 0.001, 1e-7], [3.0, -2.5, 0.1, 0.0], "logits", dtype=dtype, label=1)
        rows(f"{dtype} masked", [0.3, masked, 1.0], [0.2, masked, -1.0], "logits", dtype=dtype, label=0)
        gradient(f"{dtype} gradient", [3.14159, -2.71828, 0.001, -7.5], 3, dtype=dtype, gradient_scale=2)
    rows("one column", [3.0], [-4.0], "logits", label=0)
    rows("ties", [1.0, 2.0, 2.0], [0.5, 1.5, 1.5], "logits", label=1)
    for n in (17, 60):
        x = [rng.gauss(0, 3) for _ in range(n)]
        y = [v + rng.gauss(0, 0.3) for v in x]
        rows(f"{n} random logits", x, y, "logits", label=5, label_smoothing=0.1)
        w, v = [rng.expovariate(1) for _ in range(n)], [rng.expovariate(1) for _ in range(n)]
        rows(f"{n} random weights", w, v, label=3, normalize="always", unit="bits")
    gradient("cold", [1.0, 0.5, -0.25], 1, temperature=0.05, gradient_scale=0.125)
    joint("independent", [[2, 4, 6], [3, 6, 9]])
    joint("all but independent", [[10**6, 10**6], [10**6, 10**6 + 1]])
    joint("all but independent, large", [[10**9, 10**9 + 1], [10**9 - 1, 10**9]])
    joint("identity", [[7, 0, 0], [0, 11, 0], [0, 0, 13]], unit="bans")
    joint("empty rows and columns", [[0, 0, 0], [5, 0, 2], [1, 0, 9]], dtype="u8")
    joint("one cell", [[42]])
    joint("probabilities that sum to 3", [[1.5, 0.25], [0.25, 1.0]], dtype="f32")
    joint("half precision", [[0.1, 0.2], [0.3, 0.4]], dtype="f16", unit="bits")
    x = [rng.randrange(5) for _ in range(200)]
    codes("noisy copy", x, [(v + (rng.random() < 0.2)) % 6 for v in x], dtype="u8")
    codes("unrelated", x, [rng.randrange(3) for _ in x], dtype="i64", unit="bits")
    codes("constant", x, [2] * len(x), dtype="u16")
    codes("one sample", [3], [1])


def further_cases():
    """The measures beside the first ten."""
    rng = random.Random(20240301)
    masked = -float("inf")
    rows("against uniform", [0.4, 0.3, 0.2, 0.1], [0.25] * 4, measures=FURTHER,
         textbook={"chi2": "0.200", "rel_entr": "0.1064"})
    rows("halves and quarters", [0.5, 0.5], [0.25, 0.75], measures=FURTHER + ["perplexity"], label=0,
         textbook={"chi2": "0.3333", "chi2_reverse": "0.2500", "triangular": "0.1333", "hellinger_sq": "0.0341",
                   "bhattacharyya": "0.0347", "perplexity": "4.0000", "max_prob": "0.7500", "jeffreys": "0.2747"})
    pairs = {
        "three against three": ([0.5, 0.3, 0.2], [0.2, 0.4, 0.4], {}),
        "disjoint": ([1, 0], [0, 1], {}),
        "some zeros": ([0.5, 0.5, 0, 0], [0.5, 0, 0.5, 0], {}),
        "p within q": ([0.5, 0.5, 0], [0.25, 0.5, 0.25], {"unit": "bits"}),
        "near-equal probabilities": ([0.25, 0.35, 0.4], [0.25 + 5e-10, 0.35 - 1e-9, 0.4 + 5e-10], {}),
        "unnormalised": ([2.0, 3.0, 0.5], [0.1, 0.2, 0.3], {}),
        "normalised on the way": ([2.0, 3.0, 0.5], [0.1, 0.2, 0.3], {"normalize": "always", "unit": "bans"}),
        "tiny and huge": ([1e-300, 1e-10, 1.0], [1e-290, 1e-30, 1.0], {}),
        "gaussian logits": ([rng.gauss(0, 3) for _ in range(12)], [rng.gauss(0, 3) for _ in range(12)], {"kind": "logits"}),
        "near-equal logits": ([1.0, 0.0, -2.0], [1.0 + 1e-6, 0.0, -2.0 - 1e-6], {"kind": "logits"}),
        "warm logits": ([3.0, 0.0, -2.0], [-1.0, 0.5, 1.0], {"kind": "logits", "temperature": 2.5}),
        "wide logits": ([88.0, 0.0, -88.0, 40.0], [-88.0, 3.0, 88.0, 41.0], {"kind": "logits"}),
        "masked in p": ([1.0, masked, 0.5], [0.2, 0.1, 0.7], {"kind": "logits"}),
        "log-probabilities": ([-1.0, -0.5, -3.0], [-0.75, -1.5, -2.0], {"kind": "log_probs"}),
        "counts": ([3, 0, 7, 90], [1, 2, 4, 100], {"kind": "counts", "dtype": "i64"}),
        "bfloat16": ([0.3, -1.0, 1.0], [0.2, 0.5, -1.0], {"kind": "logits", "dtype": "bf16"}),
    }
    for name, (p, q, options) in pairs.items():
        rows(name, p, q, measures=FURTHER + ["perplexity"], label=1, **options)
        for alpha in (0.25, 0.5, 1, 1.5, 3):
            rows(f"{name}, order {alpha}", p, q, measures=ORDERED, alpha=alpha, **options)
    rows("weight of p 0.3", [0.5, 0.3, 0.2], [0.2, 0.4, 0.4], beta=0.3, unit="bits", measures=["js_distance"])
    rows("smoothed", [0.5, 0.1, 0.2], [0.2, 0.4, 0.3], "logits", label=2, label_smoothing=0.1, measures=["perplexity"])


textbook_cases()
hard_cases()
further_cases()
with open(sys.argv[1] if len(sys.argv) > 1 else "cases.csv", "w", newline="") as file:
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow("name;function;dtype;input_p;input_q;options;label;p;q;expected;textbook".split(";"))
    writer.writerows(ROWS)
