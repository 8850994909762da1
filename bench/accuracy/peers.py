#!/usr/bin/env python3
"""The errors of SciPy and PyTorch on rows that kullback_accuracy wrote, in the same unit as its own.

Calls are those that users write, in the dtype of the input; SciPy has no bfloat16. A peer's function is compared with
the exact value of the same function: PyTorch's kl_div of probabilities is the plain sum, `rel_entr`, not `kl`. The
worst error is that of the rows where exact value and result are finite; rows where only one of them is, or where the
results differ though not finite, are counted beside it (+N).

Usage: peers.py SAMPLES ACCURACY_JSON [--json FILE]
"""
import argparse
import json
import pathlib
import warnings

import numpy as np
import scipy
import scipy.spatial.distance
import scipy.special

try:
    import torch
    import torch.nn.functional as F
except ImportError:
    torch = None

REAL = np.longdouble
NUMPY_TYPES = {"float32": np.float32, "float16": np.float16, "float64": np.float64}


class Batch:
    """A file as SampleWriter in sample_file.cpp writes it."""

    def __init__(self, folder, about):
        self.family, self.form, self.measures = about["family"], about["form"], about["measures"]
        self.input, self.dtype = self.form.split()
        rows, cols = about["rows"], about["cols"]
        raw = (folder / about["file"]).read_bytes()
        size = {"float64": 8, "float32": 4}.get(self.dtype, 2) * rows * cols
        bits = np.uint16 if self.dtype == "bfloat16" else NUMPY_TYPES[self.dtype]
        self.p, self.q = (np.frombuffer(raw[at:at + size], bits).reshape(rows, cols) for at in (0, size))
        self.labels = np.frombuffer(raw[2 * size:2 * size + 8 * rows], np.int64)
        values = np.frombuffer(raw[2 * size + 8 * rows:], np.float64).reshape(rows, len(self.measures), 6)
        self.high, self.low, self.scale, self.absolute, self.bound, self.own = np.moveaxis(values, 2, 0)

    def score(self, measure, got):
        """Each row's error in u, NaN where the result is not finite and infinite where it should not be."""
        k = self.measures.index(measure)
        got = np.asarray(got, dtype=REAL)
        high, low = self.high[:, k].astype(REAL), self.low[:, k].astype(REAL)
        finite = np.isfinite(high) & np.isfinite(got)
        excess = np.maximum(0, np.abs((got - high) - low) - self.absolute[:, k])
        units = np.where(excess == 0, 0, excess / self.scale[:, k].astype(REAL))
        same = (np.isnan(high) & np.isnan(got)) | (high == got)
        return np.where(finite, units, np.nan), int((~finite & ~same).sum())


def scipy_results(b):
    if b.dtype not in NUMPY_TYPES:
        return {}
    rows = np.arange(len(b.labels))
    if b.input == "logits":
        p, q = scipy.special.softmax(b.p, axis=1), scipy.special.softmax(b.q, axis=1)
        log_q = scipy.special.log_softmax(b.q, axis=1)
    elif b.input == "log-probs":
        p, q, log_q = np.exp(b.p), np.exp(b.q), b.q
    else:
        p, q, log_q = b.p, b.q, np.log(b.q)
    m = (p + q) / 2
    js = (scipy.special.rel_entr(p, m) + scipy.special.rel_entr(q, m)).sum(axis=1) / 2
    results = {
        "lse": np.log(q.sum(axis=1)) if b.input == "probs" else scipy.special.logsumexp(b.q, axis=1),
        "nll": -log_q[rows, b.labels],
        "entropy": scipy.special.entr(p).sum(axis=1),
        "cross_entropy": -(p * log_q).sum(axis=1),
        "kl": scipy.special.kl_div(p, q).sum(axis=1),
        "reverse_kl": scipy.special.kl_div(q, p).sum(axis=1),
        "rel_entr": scipy.special.rel_entr(p, q).sum(axis=1),
        "js": js,
        "tv": abs(p - q).sum(axis=1) / 2,
        "hellinger": np.sqrt(((np.sqrt(p) - np.sqrt(q)) ** 2).sum(axis=1) / 2),
    }
    if b.input == "logits":  # it divides rows by their sums, which makes another function of others
        results["js_distance"] = scipy.spatial.distance.jensenshannon(p, q, axis=1)
    return results


def tensor(bits, dtype):
    x = torch.from_numpy(bits.copy())
    return x.view(torch.bfloat16) if dtype == "bfloat16" else x


def torch_results(b):
    if torch is None:
        return {}
    p, q, labels = tensor(b.p, b.dtype), tensor(b.q, b.dtype), torch.from_numpy(b.labels.copy())
    at_label = (torch.arange(len(labels)), labels)
    if b.input == "logits":
        x, log_p, log_q = q, F.log_softmax(p, 1), F.log_softmax(q, 1)
        p, q = log_p.exp(), log_q.exp()
        results = {"nll": F.cross_entropy(x, labels, reduction="none"), "lse": torch.logsumexp(x, 1),
                   "cross_entropy": F.cross_entropy(x, p, reduction="none")}
    elif b.input == "log-probs":
        log_p, log_q, p, q = p, q, p.exp(), q.exp()
        results = {"nll": F.nll_loss(log_q, labels, reduction="none"), "lse": torch.logsumexp(log_q, 1),
                   "cross_entropy": -(p * log_q).sum(1)}
    else:
        log_p, log_q = p.log(), q.log()
        results = {"nll": -log_q[at_label], "lse": q.sum(1).log(), "cross_entropy": -(p * log_q).sum(1)}
    results["entropy"] = torch.special.entr(p).sum(1)
    results["tv"] = (p - q).abs().sum(1) / 2
    results["hellinger"] = ((p.sqrt() - q.sqrt()) ** 2).sum(1).div(2).sqrt()
    if b.input == "probs":
        m = ((p + q) / 2).log()
        results["rel_entr"] = F.kl_div(log_q, p, reduction="none").sum(1)
        results["js"] = (F.kl_div(m, p, reduction="none") + F.kl_div(m, q, reduction="none")).sum(1) / 2
    else:
        m = torch.logaddexp(log_p, log_q) - np.log(2)
        kl = F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(1)
        # Of rows that sum to 1 kl and rel_entr are the same function in two units.
        results.update({"kl": kl, "rel_entr": kl} if b.input == "logits" else {"rel_entr": kl})
        results["js"] = (F.kl_div(m, log_p, reduction="none", log_target=True) +
                         F.kl_div(m, log_q, reduction="none", log_target=True)).sum(1) / 2
    return {name: x.double().numpy() for name, x in results.items()}


class Score:
    def __init__(self):
        self.rows, self.worst, self.family, self.not_finite = 0, 0.0, "", 0

    def add(self, batch, measure, got):
        units, wrong = batch.score(measure, got)
        self.rows += len(units)
        self.not_finite += wrong
        if not np.isnan(units).all() and np.nanmax(units) > self.worst:
            self.worst, self.family = float(np.nanmax(units)), batch.family

    def text(self):
        return f"{self.worst:.3g}" + (f" +{self.not_finite}" if self.not_finite else "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("samples", type=pathlib.Path)
    parser.add_argument("accuracy_json", type=pathlib.Path, help="what kullback_accuracy --json wrote")
    parser.add_argument("--json", type=pathlib.Path, help="write the scores to this file")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    np.seterr(all="ignore")
    if torch:
        torch.set_num_threads(1)

    scores, bounds = {}, {}
    for line in sorted((options.samples / "index.jsonl").read_text().splitlines()):
        batch = Batch(options.samples, json.loads(line))
        theirs = {"SciPy": scipy_results(batch), "PyTorch": torch_results(batch)}
        for measure in {name for results in theirs.values() for name in results}:
            k = batch.measures.index(measure)
            bounds[batch.form, measure] = batch.bound[0, k]
            everyone = {"Kullback": {measure: batch.own[:, k]}, **theirs}
            for who, results in everyone.items():
                if measure in results:
                    scores.setdefault((batch.form, measure, who), Score()).add(batch, measure, results[measure])

    everywhere = {}
    for cell in json.loads(options.accuracy_json.read_text())["cells"]:
        key = cell["form"], cell["measure"]
        worst = float(cell["worst_u"])
        everywhere[key] = max(worst, everywhere.get(key, 0))

    versions = {"NumPy": np.__version__, "SciPy": scipy.__version__, "PyTorch": torch.__version__ if torch else "-"}
    print("worst error in u (+ rows wrongly NaN or infinite); " + ", ".join(" ".join(v) for v in versions.items()))
    print(f"{'form':20} {'measure':14} {'bound':>6} {'Kullback, all rows':>19} {'rows':>6} {'Kullback':>9} "
          f"{'SciPy':>16} {'PyTorch':>16}")
    record = []
    for form, measure in sorted(bounds):
        per = {who: scores.get((form, measure, who)) for who in ("Kullback", "SciPy", "PyTorch")}
        cells = [per[who].text() if per[who] else "-" for who in per]
        print(f"{form:20} {measure:14} {bounds[form, measure]:6g} {everywhere.get((form, measure), np.nan):19.3g} "
              f"{per['Kullback'].rows:6} {cells[0]:>9} {cells[1]:>16} {cells[2]:>16}")
        record.append({"form": form, "measure": measure, "bound_u": bounds[form, measure],
                       **{who: {"rows": s.rows, "worst_u": s.worst, "family": s.family, "wrongly_not_finite": s.not_finite}
                          for who, s in per.items() if s}})
    if options.json:
        head = json.dumps({"versions": versions, "accuracy": options.accuracy_json.name})
        lines = ",\n  ".join(json.dumps(entry) for entry in record)
        options.json.write_text(head[:-1] + ',\n "scores": [\n  ' + lines + "\n ]\n}\n")


if __name__ == "__main__":
    main()
