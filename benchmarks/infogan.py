"""Section 6 over ten seeds, with the lesson's own code: do the codes find the class, the rotation and the width?

python benchmarks/infogan.py [--quick] [--seeds N] [--only VARIANT] [--resume] [--json PATH]

Rows are written as they come, seed by seed, so that a run that was stopped can go on with --resume.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from functools import cache
from statistics import median
from typing import Any

import numpy as np
from lesson import load
from report import options, show, write
from torch import Tensor
from torch.distributions import Normal

SECTION = "06-infogan"
NAMES = ("play", "score", "paired", "reach")
TURNS = 3000


def other_categorical(q_logits: Tensor, c: Tensor) -> Tensor:
    return (q_logits.logsumexp(1) - q_logits.gather(1, c.unsqueeze(1)).squeeze(1)).mean()


def other_continuous(q_mean: Tensor, q_log_var: Tensor, c: Tensor) -> Tensor:
    return -Normal(q_mean, (q_log_var / 2).exp()).log_prob(c).mean()


OTHERS: dict[str, Callable] = {"categorical_info_loss": other_categorical, "continuous_info_loss": other_continuous}
"""Right answers that round in another way than the lesson's own."""

VARIANTS: dict[str, dict[str, Any]] = {
    "as in the lesson": {},
    "other right answers": {},
    "no information term": {"info_weight": 0.0},
    "no instance noise": {"blur": 0.0},
    "numbers not faded in": {"fade": 0.0},
}
"""What differs from the lesson's game."""


@cache
def lesson(others: bool) -> Mapping[str, Any]:
    os.environ["DGM_STATIC"] = "1"  # no bars
    return load(SECTION, *NAMES, answers=OTHERS if others else None)


def run(variant: str, seed: int, quick: bool) -> dict[str, Any]:
    """Train once; the scores of its last networks, and the mean bound of its last 50 turns."""
    space = lesson(variant == "other right answers")
    how = {"info_weight": 1.0, "turns": TURNS} | VARIANTS[variant]
    if quick:
        how["turns"] = 60
    begin = time.process_time()
    turns = list(space["play"](seed, **how))
    seconds = time.process_time() - begin
    G, Q, _ = turns[-1]
    accuracy, ranks = space["score"](Q)
    _, matched = space["paired"](ranks)
    bound = float(np.mean([found for _, _, found in turns[-50:]]))
    found = {"accuracy": accuracy, "rotation": float(matched[0]), "width": float(matched[1]), "bound": bound}
    found |= {f"reach of {name}": much for name, much in space["reach"](G).items()}
    row = {"variant": variant, "seed": seed, "turns": how["turns"]} | {k: round(v, 4) for k, v in found.items()}
    return row | {"ranks": np.round(ranks, 3).tolist(), "cpu_seconds": round(seconds, 1)}


def spread(values: list[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="seeds 0 to N - 1 of each variant")
    parser.add_argument("--only", choices=list(VARIANTS), help="one variant")
    parser.add_argument("--resume", action="store_true", help="keep the rows that the file of --json has")
    arguments = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if arguments.resume and arguments.json and arguments.json.exists():
        rows = json.loads(arguments.json.read_text())["rows"]
    known = {(row["variant"], row["seed"]) for row in rows}
    for seed in range(1 if arguments.quick else arguments.seeds):
        for variant in [arguments.only] if arguments.only else VARIANTS:
            if (variant, seed) not in known:
                rows.append(run(variant, seed, arguments.quick))
                write(arguments.json, rows)
    lines = []
    for variant in VARIANTS:
        mine = [row for row in rows if row["variant"] == variant]
        if mine:
            found = [spread([row[key] for row in mine], ".2f") for key in ("accuracy", "rotation", "width", "bound")]
            dropped = sum(row["accuracy"] < 0.97 for row in mine)
            reach = "/".join(
                f"{median(row[f'reach of {what}'] for row in mine):.3f}" for what in ("category", "numbers", "noise")
            )
            lines.append([variant, str(len(mine)), *found, str(dropped), reach])
    columns = ["game", "seeds", "accuracy", "|rank| rotation", "|rank| width", "bound", "< 97 %", "reach c/u/z"]
    note = f"Median (least to greatest). On 2,000 held-out glyphs; the bound is of {math.log(10):.2f} nats."
    show("InfoGAN on glyphs", columns, lines, note)


if __name__ == "__main__":
    main()
