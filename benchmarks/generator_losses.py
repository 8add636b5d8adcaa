"""The games of section 3 over several seeds: a linear discriminator, three losses on a ring, a discriminator ahead.

python benchmarks/generator_losses.py [--quick] [--seeds N] [--only PART ...] [--json PATH]

All code is the lesson's own. Parts: `first` (how the spread of the fakes drifts against a linear discriminator), `race`
(three generator losses on the ring of eight Gaussians), `lead` (the generator's gradient after 400 steps of D alone:
length, direction, noise) and `late` (2,500 ordinary turns after such a lead, with SGD and with Adam). Every second seed
plays with another right answer to the losses, which rounds differently.
"""

import json
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import report
import torch
import torch.nn.functional as F
from lesson import load

SECTION = "03-gan-minimax"
NAMES = "first_game", "openings", "covariance", "race", "lead", "mean_and_noise", "late_start", "steppers", "losses"

OTHERS = {
    "discriminator_loss": lambda real, fake: -F.logsigmoid(real).mean() - F.logsigmoid(-fake).mean(),
    "generator_loss_minimax": lambda fake: (F.logsigmoid(fake) - fake).mean(),
    "generator_loss_nonsaturating": lambda fake: F.binary_cross_entropy_with_logits(fake, torch.ones_like(fake)),
}

Rows = list[dict[str, Any]]


def opening_games(space: dict, seed: int, quick: bool) -> Rows:
    """The spread of the fakes before and after each opening, and how far the covariance is off."""
    rows = []
    for name, opening in space["openings"].items():
        G, spread = space["first_game"](*opening, seed=seed, steps=20 if quick else 1500)
        with torch.no_grad():
            off = (G.weight @ G.weight.T - space["covariance"]).norm() / space["covariance"].norm()
        rows.append({"game": name, "before": spread[0], "after": spread[-1], "off": off.item()})
    return rows


def race(space: dict, seed: int, quick: bool) -> Rows:
    """Coverage under each loss."""
    rows = []
    for name, loss in space["losses"].items():
        _, found = space["race"](loss, seed=seed, steps=20 if quick else 2500)
        rows.append({"game": name, "modes": found.modes, "good": found.high_quality})
    return rows


def lead(space: dict, seed: int, quick: bool) -> Rows:
    """The generator's gradient at the start and after D's lead."""
    seen = space["lead"](steps=10 if quick else 400, seed=seed, every=10 if quick else 400)
    steady, rows = space["mean_and_noise"](seen[-1]["non-saturating"])[0], []
    for name in space["losses"]:
        early, noise_before = space["mean_and_noise"](seen[0][name])
        late, noise = space["mean_and_noise"](seen[-1][name])
        cosine = F.cosine_similarity(late, steady, dim=0).item()
        row = {"game": name, "before": early.norm().item(), "after": late.norm().item(), "cosine": cosine}
        rows.append(row | {"noise before": noise_before, "noise": noise})
    return rows


def late(space: dict, seed: int, quick: bool) -> Rows:
    """What the generator makes in the end, after a lead of D."""
    rows = []
    for rule, make_optimizer in space["steppers"].items():
        for name in ("minimax", "non-saturating"):
            ahead, steps = (5, 10) if quick else (400, 2500)
            samples = space["late_start"](space["losses"][name], make_optimizer, seed=seed, ahead=ahead, steps=steps)
            found = space["metrics"].mode_coverage(samples, space["data"].ring_centres(), std=0.1)
            radius = samples.norm(dim=1).mean().item()
            row = {"game": f"{rule}, {name}", "modes": found.modes, "good": found.high_quality, "radius": radius}
            rows.append(row)
    return rows


PARTS: dict[str, Callable[[dict, int, bool], Rows]] = {"first": opening_games, "race": race, "lead": lead, "late": late}


def spread_of(values: Sequence[float]) -> str:
    return f"{median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def main() -> None:
    parser = report.options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="runs of each game (default 10)")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="parts to run; others keep rows")
    options = parser.parse_args()
    count = 2 if options.quick else options.seeds
    spaces = [load(SECTION, *NAMES, answers=answers) for answers in ({}, OTHERS)]
    rows = []
    if options.json and options.json.exists() and options.only != list(PARTS):
        kept = json.loads(options.json.read_text(encoding="utf8"))["rows"]
        rows = [row for row in kept if row["part"] not in options.only]
    for part in options.only:
        found = []
        for seed in range(count):
            found += [{"part": part, "seed": seed, **row} for row in PARTS[part](spaces[seed % 2], seed, options.quick)]
            report.write(options.json, rows + found)  # a run takes minutes: keep what there is
        rows += found
        columns = [name for name in found[0] if name not in ("part", "seed", "game")]
        table = []
        for game in dict.fromkeys(row["game"] for row in found):
            mine = [row for row in found if row["game"] == game]
            table.append((game, *(spread_of([row[name] for row in mine]) for name in columns)))
        report.show(f"{part}: median of {count} seeds (least to greatest)", ["game", *columns], table)


if __name__ == "__main__":
    main()
