"""Section 1 over many seeds: the regret of a chosen bandwidth, chains between two bumps, what folds share.

python benchmarks/density.py [--quick] [--json PATH]

Functions and data are the lesson's own.
"""

from statistics import median

import numpy as np
import report
from lesson import load
from sklearn.model_selection import KFold

SECTION = "01-density-estimation"


def regrets(seeds: range) -> list[dict]:
    """Nats per point that the bandwidth of the leave-one-out score loses against the best, of 80 points."""
    choose = load(SECTION, "choose")["choose"]
    found = [choose(seed) for seed in seeds]
    names = ("chosen bandwidth", "best bandwidth", "regret in nats")
    return [
        {"what": name, "values": list(map(float, column))}
        for name, column in zip(names, np.array(found).T, strict=True)
    ]


def chains(seeds: range) -> list[dict]:
    """Of chains of 3,000 steps between two bumps, from both starts."""
    crossings = load(SECTION, "crossings")["crossings"]
    rows = []
    for scale in (1.0, 3.0, 15.0, 60.0):
        found = [crossings(scale, start, seed) for seed in seeds for start in (-10.0, 10.0)]
        names = ("acceptance", "effective size", "share on the right", "crossings")
        for name, column in zip(names, np.array(found).T, strict=True):
            rows.append({"what": f"scale {scale:.0f}: {name}", "values": list(map(float, column))})
    return rows


def neighbours(seeds: range) -> list[dict]:
    """Best bandwidth and log-density of the digits when 180 neighbours on each side are left out."""
    space = load(SECTION, "gapped", "codes")
    gapped, n = space["gapped"], len(space["codes"])
    orders = {"file order": [None], "random order": [np.random.default_rng(seed).permutation(n) for seed in seeds]}
    rows, widths = [], np.arange(2.8, 3.95, 0.1)
    for name, tried in orders.items():
        scores = np.array([gapped(180, widths, order) for order in tried])
        rows.append({"what": f"{name}: best log-density", "values": scores.max(1).tolist()})
        rows.append({"what": f"{name}: best bandwidth", "values": widths[scores.argmax(1)].round(1).tolist()})
    return rows


def shuffles(seeds: range) -> list[dict]:
    """Best bandwidth of five-fold cross-validation on the digits, and its log-density."""
    space = load(SECTION, "kde_log_density", "codes")
    codes, log_density = space["codes"], space["kde_log_density"]
    splits = {"folds in file order": [KFold(5)]}
    splits["shuffled folds"] = [KFold(5, shuffle=True, random_state=seed) for seed in seeds]
    rows, widths = [], np.arange(2.8, 3.95, 0.1)
    for name, kinds in splits.items():
        scores = np.array(
            [
                [
                    sum(log_density(codes[new], codes[known], h).sum().item() for known, new in kind.split(codes))
                    for h in widths
                ]
                for kind in kinds
            ]
        )
        rows.append({"what": f"{name}: best log-density", "values": (scores.max(1) / len(codes)).tolist()})
        rows.append({"what": f"{name}: best bandwidth", "values": widths[scores.argmax(1)].round(1).tolist()})
    return rows


def main() -> None:
    options = report.options(__doc__.split("\n")[0]).parse_args()
    few, many = (range(1), range(2)) if options.quick else (range(10), range(40))
    rows = [*regrets(many), *chains(few), *neighbours(few), *shuffles(few)]
    table = [
        (r["what"], *(f"{v:.3f}" for v in (median(r["values"]), min(r["values"]), max(r["values"])))) for r in rows
    ]
    report.show("density estimation over many seeds", ("what", "median", "least", "greatest"), table)
    report.write(options.json, rows)


if __name__ == "__main__":
    main()
