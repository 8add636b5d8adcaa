"""What a trained discriminator of section 4 knows, over ten seeds: a bound on the JSD, and the log-ratio.

python benchmarks/density_ratio.py [--quick] [--seeds N] [--json PATH]

The training, the bound and the errors are the lesson's own. The bound is given on the samples that D was trained on, on
fresh ones, and with exact expectations; the true JSD stands beside it.
"""

import math
from statistics import median

import report
from lesson import load

SECTION = "04-jsd-proof"


def measure(lesson: dict, n: int, seed: int, steps: int) -> dict[str, float]:
    """Train on n samples of each kind; compare with the truth."""
    D, _, fresh, path = lesson["train"](n, seed=seed, steps=steps)
    everywhere = D(lesson["grid"].float()[:, None])[:, 0].double().sigmoid()
    middle, rms, mean_ratio = lesson["errors"](D, fresh)
    return {
        "bound_on_own_samples": float(path[-1, 1]),
        "bound_on_fresh_samples": float(path[-1, 2]),
        "bound_with_exact_expectations": math.log(2) + lesson["game_value"](*lesson["fine"], everywhere).item() / 2,
        "greatest_bound_on_fresh_samples": float(path[:, 2].max()),
        "median_error": middle,
        "rms_error": rms,
        "mean_ratio_under_p_g": mean_ratio,
    }


def main() -> None:
    parser = report.options(__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    options = parser.parse_args()
    lesson = load(SECTION, "train", "errors", "game_value", "fine", "grid", "js_divergence")
    seeds, steps = (range(1), 50) if options.quick else (range(options.seeds), 1500)
    true_jsd = lesson["js_divergence"](*lesson["fine"]).item()
    rows, table = [], []
    for n in (100, 1000, 10_000):
        found = [measure(lesson, n, seed, steps) for seed in seeds]
        for name in found[0]:
            column = [f[name] for f in found]
            rows.append({"n": n, "quantity": name, "values": column})
            table.append((f"{n:,}", name, *(f"{v:.3f}" for v in (median(column), min(column), max(column)))))
    rows.append({"n": None, "quantity": "true_jsd", "values": [true_jsd]})
    title = f"a discriminator that climbs the bound on a JSD of {true_jsd:.3f}, {len(seeds)} seeds"
    report.show(title, ("samples of each", "quantity", "median", "least", "greatest"), table)
    report.write(options.json, rows)


if __name__ == "__main__":
    main()
