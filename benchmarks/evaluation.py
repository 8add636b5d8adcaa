"""Section 10's table over several seeds: a GAN and four simple models of the digits under every metric.

python benchmarks/evaluation.py [--quick] [--seeds N] [--json PATH] [--markdown PATH]

The models, the judge and the metrics are the lesson's own. A seed means another split of the digits, another judge and
another training. Beside it: how often a Parzen estimate prefers averages to real digits.
"""

from pathlib import Path
from statistics import mean

import report
import torch
from lesson import load
from torch import Tensor

from dgm import data

SPACE = load("10-evaluation", "train_judge", "train_gan", "contestants", "all_metrics", "COLUMNS", "parzen_scores")
COLUMNS = [column.strip() for column in SPACE["COLUMNS"]]


def run(seed: int, quick: bool) -> tuple[dict[str, list[float]], tuple[float, float]]:
    """One split of the digits, one judge, one training: the metrics of every model, and the two Parzen estimates."""
    torch.manual_seed(seed)
    x, y = data.digits()
    order = torch.randperm(len(x))
    train, held = x[order[:800]], x[order[800:1600]]
    judge = SPACE["train_judge"](x[order[:1600]], y[order[:1600]], **({"steps": 50} if quick else {}))
    train_gan = SPACE["train_gan"]
    if quick:
        SPACE["contestants"].__globals__["train_gan"] = lambda pictures: train_gan(pictures, steps=50)

    def look(pictures: Tensor) -> Tensor:
        return judge[:-1](pictures).detach()

    t, h = look(train), look(held)
    rows = {name: SPACE["all_metrics"](t, h, look(fakes)) for name, fakes in SPACE["contestants"](train).items()}
    return rows, SPACE["parzen_scores"](train, held)


def main() -> None:
    parser = report.options("Put a GAN and four simple models of the digits under every metric.")
    parser.add_argument("--seeds", type=int, default=10, help="splits, judges and trainings (default 10)")
    parser.add_argument("--markdown", type=Path, help="write the lesson's table to this file")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(1 if arguments.quick else arguments.seeds)
    runs, parzen = zip(*(run(seed, arguments.quick) for seed in seeds), strict=True)
    table, rows = [], []
    for name in runs[0]:
        values = [list(column) for column in zip(*(found[name] for found in runs), strict=True)]
        table.append([name, *(f"{mean(v):.2f} ({min(v):.2f} to {max(v):.2f})" for v in values)])
        rows.append({"model": name, "seeds": list(seeds), **dict(zip(COLUMNS, values, strict=True))})
    gaps = [averages - real for real, averages in parzen]
    note = f"{len(seeds)} seeds. Averages beat real digits by {min(gaps):.1f} to {max(gaps):.1f} nats (Parzen)."
    rows.append({"model": "Parzen estimates", "seeds": list(seeds), "real": [r for r, _ in parzen], "gap": gaps})
    report.show("Digits: mean (least to greatest)", ("", *COLUMNS), table, note)
    report.write(arguments.json, rows)
    if arguments.markdown:
        lines = ["| | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
        lines += ["| " + " | ".join(row) + " |" for row in table]
        arguments.markdown.write_text("\n".join(lines) + "\n", encoding="utf8")


if __name__ == "__main__":
    main()
