"""Section 8 over several seeds: what critics see of a distance, whether their loss follows it, and points without one.

    python benchmarks/critic_distance.py [--quick] [--json PATH] [--only WORD] [--seeds N]

Critics, games and flows are the lesson's own functions. The rows "other rounding" play the lesson's game with other
right answers in the place of the solution's, which round differently; "cross-entropy" plays it with the losses of
section 3, one step of each player per turn, and as many steps of the discriminator.

With --json, rows that are in the file already are kept, and only the others are run: seeds can be added.
"""

import json
from collections.abc import Callable
from itertools import islice
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from lesson import load
from report import options, show, write
from scipy.stats import pearsonr, spearmanr
from torch import Tensor

from dgm import data, metrics

NAMES = (
    *("WAYS", "penalise", "train_critic", "what_it_sees", "play_wgan", "claim_and_truth", "flow", "wasserstein"),
    *("seen_of_a_shift", "apart_by_chance", "unbounded_claim"),
)


def one_by_one(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, weights: Tensor) -> Tensor:
    """Another right `gradient_penalty`: a root of a sum of squares where the solution has a norm."""
    x = torch.lerp(fake, real, weights.expand_as(real)).detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return ((slope.square().flatten(1).sum(1) + 1e-12).sqrt() - 1).square().mean()


ROUNDING = {
    "gradient_penalty": one_by_one,
    "critic_loss": lambda real, fake: fake.sum() / fake.numel() - real.sum() / real.numel(),
}
SECTION_3 = {
    "critic_loss": lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    "wasserstein_generator_loss": lambda fake: F.softplus(-fake).mean(),
}
LESSON = load("08-wgan", *NAMES)
OTHER, PLAIN = load("08-wgan", *NAMES, answers=ROUNDING), load("08-wgan", *NAMES, answers=SECTION_3)

STILLS: dict[str, dict[str, Any]] = {
    **LESSON["WAYS"],
    "gradient penalty, weight 10": {"penalty": LESSON["penalise"](10.0)},
}
GAMES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "gradient penalty": (LESSON, LESSON["WAYS"]["gradient penalty"]),
    "gradient penalty, other rounding": (OTHER, OTHER["WAYS"]["gradient penalty"]),
    "clipped, c = 0.01": (LESSON, {"clip": 0.01}),
    "clipped, c = 0.1": (LESSON, {"clip": 0.1}),
    "spectral norm": (LESSON, {"spectral": True}),
    "cross-entropy (section 3)": (PLAIN, {"looks": 1, "turns": 4000}),
}


def still(way: str, seed: int, quick: bool) -> dict[str, Any]:
    critic = LESSON["train_critic"](seed, **STILLS[way], steps=50 if quick else 1000)
    claim, steepest, share = LESSON["what_it_sees"](critic)
    weights = torch.cat([w.detach().flatten() for w in critic.parameters()])
    bound = STILLS[way].get("clip", torch.inf)
    at_bound = (weights.abs() > 0.999 * bound).float().mean().item()
    return {"claim": claim, "steepest": steepest, "share": share, "at bound": at_bound}


def game(way: str, seed: int, quick: bool) -> dict[str, Any]:
    space, how = GAMES[way]
    claims, truths, G = [], [], None
    how = {"turns": 800} | how | ({"turns": 120} if quick else {})
    for turn, G, critic in space["play_wgan"](seed, **how):
        if turn % (how["turns"] // 40) == 0:
            claim, truth = space["claim_and_truth"](G, critic)
            claims.append(claim)
            truths.append(truth)
    assert G is not None, "no turn was played"
    found = metrics.mode_coverage(G(torch.randn(2500, 16)).detach(), data.ring_centres(), std=0.1)
    return {
        "pearson": pearsonr(claims, truths)[0], "spearman": spearmanr(claims, truths)[0], "final": truths[-1],
        "modes": found.modes, "high quality": found.high_quality,
        "claims": [round(x, 4) for x in claims], "truths": [round(x, 4) for x in truths],
    }  # fmt: skip


def flow(way: str, seed: int, quick: bool) -> dict[str, Any]:
    states = list(islice(LESSON["flow"](seed), 20 if quick else None))
    held = data.ring(800, std=0.1, seed=1000 + seed)[0]
    start, end, floor = (LESSON["wasserstein"](z, held[:400]) for z in (states[0], states[-1], held[400:]))
    return {"start": start, "end": end, "floor": floor}


def numbers(way: str, seed: int, quick: bool) -> dict[str, Any]:
    """What the short cells print."""
    same, moved = LESSON["apart_by_chance"](128, seed=seed)
    seen = {f"seen in {d}": LESSON["seen_of_a_shift"](d, seed=seed)[1] for d in (2, 8, 128)}
    return seen | {"same/moved in 128": same / moved, "unbounded": LESSON["unbounded_claim"](seed)}


STUDIES: dict[str, tuple[Callable[[str, int, bool], dict[str, Any]], list[str], str]] = {
    "still": (still, list(STILLS), "Critics against fakes that stand still"),
    "game": (game, list(GAMES), "Minus the critic's loss against the exact distance"),
    "flow": (flow, ["sliced"], "Points that go down the sliced distance"),
    "numbers": (numbers, ["numbers"], "What the short cells print"),
}


def table(study: str, title: str, rows: list[dict[str, Any]]) -> None:
    mine = [row for row in rows if row["study"] == study]
    keys = [k for k, v in (mine[0] if mine else {}).items() if isinstance(v, int | float) and k != "seed"]
    lines = []
    for way in dict.fromkeys(row["way"] for row in mine):
        of = [row for row in mine if row["way"] == way]
        spans = [[row[key] for row in of] for key in keys]
        lines.append([way, str(len(of)), *(f"{mean(v):.2g} ({min(v):.2g} to {max(v):.2g})" for v in spans)])
    if lines:
        show(f"{title}: mean (least to greatest)", [study, "seeds", *keys], lines)


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--only", default="", metavar="WORD", help="only rows whose study or name has this word")
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="seeds 0 to N - 1 (default 10)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    kept = arguments.json is not None and not arguments.quick and arguments.json.exists()
    rows = json.loads(arguments.json.read_text(encoding="utf8"))["rows"] if kept else []
    there = {(row["study"], row["way"], row["seed"]) for row in rows}
    for seed in range(1 if arguments.quick else arguments.seeds):
        for study, (run, ways, _) in STUDIES.items():
            for way in ways:
                if (study, way, seed) in there or arguments.only not in f"{study} {way}":
                    continue
                rows.append({"study": study, "way": way, "seed": seed, **run(way, seed, arguments.quick)})
                write(arguments.json, rows)
    for study, (_, _, title) in STUDIES.items():
        table(study, title, rows)


if __name__ == "__main__":
    main()
