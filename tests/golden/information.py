#!/usr/bin/env python3
"""Writes information.csv: measures of joint tables of counts, to 50 digits by mpmath from their definitions, and beside
them what scikit-learn and SciPy return.

Needs mpmath, NumPy, SciPy and scikit-learn; the tests only read the file. `peer` is empty where they have no such
function. Where they differ from the exact value by more than 10^-9, the line says why in `difference`, and the script
stops if a difference is not explained.
Columns: name,table,measure,normalizer,expected,peer,difference; rows of a table are separated by '/'.
"""
import csv
import random
import sys

import numpy
from mpmath import binomial, gammainc, log, mp, mpf, nstr, sqrt
from scipy import stats
from sklearn import metrics

mp.dps = 120
NORMALIZERS = ["arithmetic", "geometric", "min", "max"]
ROWS = []


def entropy(weights):
    n = sum(weights)
    return sum((-mpf(w) / n * log(mpf(w) / n) for w in weights if w), mpf(0))


def expected_information(a, b, n):
    total = mpf(0)
    for ai in a:
        for bj in b:
            for k in range(max(1, ai + bj - n), min(ai, bj) + 1):
                chance = binomial(ai, k) * binomial(n - ai, bj - k) / binomial(n, bj)
                total += mpf(k) / n * log(mpf(k) * n / (ai * bj)) * chance
    return total


def exact(table):
    """measure -> value, (measure, normalizer) -> value"""
    n = sum(map(sum, table))
    a, b = [sum(r) for r in table if sum(r)], [sum(c) for c in zip(*table) if sum(c)]
    cells = [w for r in table for w in r if w]
    hx, hy, hxy = entropy(a), entropy(b), entropy(cells)
    independent = all(w * n == sum(r) * sum(c) for r in table for w, c in zip(r, zip(*table)))
    information = mpf(0) if independent else hx + hy - hxy
    df = (len(a) - 1) * (len(b) - 1)
    result = {"mi": information, "entropy_x": hx, "entropy_y": hy, "joint_entropy": hxy,
              "conditional_entropy_x": hx - information, "conditional_entropy_y": hy - information,
              "homogeneity": information / hx if len(a) > 1 else mpf(1),
              "completeness": information / hy if len(b) > 1 else mpf(1),
              "g": 2 * n * information, "samples": mpf(n),
              "g_pvalue": gammainc(mpf(df) / 2, n * information, regularized=True) if df and information else mpf(1),
              "miller_madow": information - mpf(len(cells) - len(a) - len(b) + 1) / (2 * n)}
    result["v_measure"] = 2 * information / (hx + hy) if hx + hy else mpf(1)
    mean = expected_information(a, b, n)
    for name, by in zip(NORMALIZERS, [(hx + hy) / 2, sqrt(hx * hy), min(hx, hy), max(hx, hy)]):
        one_class = len(a) == 1 or len(b) == 1
        result["nmi", name] = mpf(int(len(a) == len(b) == 1)) if one_class else information / by
        if one_class:
            result["ami", name] = result["nmi", name]
        elif abs(by - mean) < mpf(10) ** -60:  # the mean is the maximum
            result["ami", name] = mpf(1)
        else:
            value = (information - mean) / (by - mean)
            result["ami", name] = value if abs(value) > mpf(10) ** -60 else mpf(0)
    return {k: v if abs(v) > mpf(10) ** -60 or k == "g_pvalue" else mpf(0) for k, v in result.items()}


def peers(table):
    counts = numpy.array(table)
    x, y = (numpy.repeat(i.ravel(), counts.ravel()) for i in numpy.indices(counts.shape))
    result = {"mi": metrics.mutual_info_score(x, y), "entropy_x": stats.entropy(counts.sum(1)),
              "entropy_y": stats.entropy(counts.sum(0)), "joint_entropy": stats.entropy(counts.ravel())}
    result.update(zip(("homogeneity", "completeness", "v_measure"), metrics.homogeneity_completeness_v_measure(x, y)))
    for name in NORMALIZERS:
        result["nmi", name] = metrics.normalized_mutual_info_score(x, y, average_method=name)
        result["ami", name] = metrics.adjusted_mutual_info_score(x, y, average_method=name)
    kept = counts[counts.sum(1) > 0][:, counts.sum(0) > 0]
    g = stats.chi2_contingency(kept, correction=False, lambda_="log-likelihood")
    result["g"], result["g_pvalue"] = g.statistic, g.pvalue
    return result


def why(measure, value, peer):
    """'' where peer agrees."""
    if abs(peer - value) <= 1e-9 * abs(value) + 1e-14:
        return ""
    if measure == "ami" and value == 1:
        return "0 / 0 of rounded numbers: the peer's answer is noise"
    sys.exit("unexplained: %s is %s, peer says %s" % (measure, value, peer))


def table(name, cells):
    values, other = exact(cells), peers(cells)
    for key, value in values.items():
        measure, normalizer = key if isinstance(key, tuple) else (key, "")
        peer = other.get(key)
        reason = why(measure, float(value), float(peer)) if peer is not None else ""
        ROWS.append([name, "/".join(" ".join(map(str, r)) for r in cells), measure, normalizer,
                     nstr(value, 50, strip_zeros=False), "" if peer is None else repr(float(peer)), reason])


def counted(x, y):
    cells = [[0] * (max(y) + 1) for _ in range(max(x) + 1)]
    for i, j in zip(x, y):
        cells[i][j] += 1
    return cells


rng = random.Random(20260311)
table("identical halves", [[2, 0], [0, 2]])
table("two samples", [[1, 0], [0, 1]])
table("one sample", [[1]])
table("one class each", [[7]])
table("one class of two", [[2, 5]])
table("one class of one side", [[3], [4], [1]])
table("independent", [[1, 1], [1, 1]])
table("independent, uneven", [[2, 4, 6], [3, 6, 9]])
table("all different", [[int(i == j) for j in range(6)] for i in range(6)])
table("all different in one", [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
table("refinement", [[3, 4, 0, 0], [0, 0, 5, 6]])
table("weather and umbrella", [[40, 10], [5, 45]])
table("scikit-learn's example", counted([0, 0, 1, 1, 2, 2], [0, 0, 1, 2, 2, 2]))
table("three noisy groups", counted([0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2],
                                     [0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 0]))
table("empty rows and columns", [[0, 0, 0], [5, 0, 2], [1, 0, 9]])
table("nearly independent", [[101, 99], [100, 100]])
table("a strong effect", [[300, 10], [20, 400]])
for rows, cols, n in ((2, 2, 30), (3, 5, 200), (6, 4, 60), (10, 10, 1000), (12, 3, 25)):
    x = [rng.randrange(rows) for _ in range(n)]
    table("noisy copy, %d of %d x %d" % (n, rows, cols),
          counted(x, [v % cols if rng.random() < 0.6 else rng.randrange(cols) for v in x]))
    table("unrelated, %d of %d x %d" % (n, rows, cols), counted(x, [rng.randrange(cols) for _ in x]))
with open(sys.argv[1] if len(sys.argv) > 1 else "information.csv", "w", newline="") as file:
    writer = csv.writer(file, delimiter=";", lineterminator="\n")
    writer.writerow("name;table;measure;normalizer;expected;peer;difference".split(";"))
    writer.writerows(ROWS)
