"""Section 7 over ten seeds, with the lesson's own code: unpaired translation scored against the hidden pairing.

python benchmarks/cyclegan.py [--quick] [--seeds N] [--only digits|rings|strip|lap] [--resume] [--json PATH]

Rows are written as they come, seed by seed, so that a run that was stopped can go on with --resume.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from lesson import load
from report import options, show, write
from torch import nn

from dgm import games

SECTION = "07-cyclegan"
NAMES = (
    "train", "test", "objective", "train_translators", "translator", "train_on_pairs", "wide_translator",
    "identity_loss", "least_squares_loss", "cycle_loss", "score", "ways_home", "play_rings", "outcome", "centres",
    "of_a", "play_strip", "after_a_lap", "newest", "replay", "place",
)  # fmt: skip


def other_terms(g_ab: Callable, g_ba: Callable, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, ...]:
    fake_b = g_ab(a)
    a_cycled = g_ba(fake_b)
    fake_a = g_ba(b)
    return fake_a, fake_b, a_cycled, g_ab(fake_a)


def other_loss(
    on_a: torch.Tensor, on_b: torch.Tensor, a: torch.Tensor, a2: torch.Tensor, b: torch.Tensor, b2: torch.Tensor,
    weight: float,
) -> torch.Tensor:  # fmt: skip
    cycles = weight * F.l1_loss(b2, b) + weight * F.l1_loss(a2, a)
    return cycles - F.logsigmoid(on_b).mean() - F.logsigmoid(on_a).mean()


OTHERS: dict[str, Callable] = {
    "cycle_loss": lambda x, x_cycled: F.l1_loss(x_cycled, x),
    "cycle_terms": other_terms,
    "cyclegan_generator_loss": other_loss,
}
"""Right answers that round in another way than the lesson's own."""


@cache
def lesson(others: bool = False) -> Mapping[str, Any]:
    os.environ["DGM_STATIC"] = "1"  # no bars
    return load(SECTION, *NAMES, answers=OTHERS if others else None)


# --- digits: filled and outlined --------------------------------------------------------------------------------------


def digits(run: str, space: Mapping[str, Any], seed: int, **more: Any) -> tuple[nn.Module, nn.Module]:
    """Both translators of one run."""
    objective, cycle_loss = space["objective"], space["cycle_loss"]
    game: dict[str, Callable] = {
        "cycle weight 2": lambda: {"g_loss": objective(2)},
        "no cycle term": lambda: {"g_loss": objective(0)},
        "cycles only": lambda: {"g_loss": lambda on_a, on_b, a, a2, b, b2: cycle_loss(a, a2) + cycle_loss(b, b2)},
        "cycle of A only": lambda: {"g_loss": lambda on_a, on_b, a, a2, b, b2: objective(2)(on_a, on_b, a, a2, b, b)},
        "cycle of B only": lambda: {"g_loss": lambda on_a, on_b, a, a2, b, b2: objective(2)(on_a, on_b, a, a, b, b2)},
        "cycle weight 10": lambda: {"g_loss": objective(10)},
        "weight 2, no pool": lambda: {"g_loss": objective(2), "pool": 0},
        "weight 2, identity": lambda: {
            "g_loss": objective(2), "identity": space["identity_loss"], "identity_weight": 1.0,
        },
        "weight 2, least squares": lambda: {
            "g_loss": lambda *six: space["least_squares_loss"](*six, 2), "d_loss": games.LEAST_SQUARES.d_loss,
        },
        "weight 2, 8 channels, 300 turns": lambda: {
            "g_loss": objective(2), "make": lambda: space["translator"](8), "turns": 300,
        },
        "weight 2, sees everything": lambda: {"g_loss": objective(2), "make": space["wide_translator"]},
    }  # fmt: skip
    G_ab, G_ba, _ = space["train_translators"](seed=seed, **game[run]())
    return G_ab, G_ba


DIGITS = (
    "true pairs", "cycle weight 2", "no cycle term", "cycles only", "cycle of A only", "cycle of B only",
    "cycle weight 10", "weight 2, no pool", "weight 2, identity", "weight 2, least squares",
    "weight 2, 8 channels, 300 turns",
    "true pairs, sees everything", "weight 2, sees everything",
)  # fmt: skip


def glyphs(run: str, seed: int, others: bool) -> list[dict[str, Any]]:
    """One training on the digits, marked both ways."""
    space = lesson(others)
    train, test, score = space["train"], space["test"], space["score"]
    if run.startswith("true pairs"):
        make = {"make": space["wide_translator"]} if "everything" in run else {}
        G_ab = space["train_on_pairs"](train.a, train.a_as_b, seed=seed, **make)
        G_ba = space["train_on_pairs"](train.b, train.b_as_a, seed=seed, **make)
    else:
        G_ab, G_ba = digits(run, space, seed)
    rows = []
    for way, G, back, x, partner in (
        ("filled to outline", G_ab, G_ba, test.a, test.a_as_b),
        ("outline to filled", G_ba, G_ab, test.b, test.b_as_a),
    ):
        error, found, cycle = score(G, back, x, partner)
        row = {"run": run, "seed": seed, "others": others, "way": way}
        rows.append(row | {"error": error, "retrieval": found, "cycle": cycle})
    if run == "cycle weight 2":
        torch.manual_seed(seed)
        for sigma in (0.0, 0.1, 0.2):
            rows[0][f"home_{sigma}"], rows[0][f"home_from_true_{sigma}"] = space["ways_home"](G_ab, G_ba, sigma)
    return rows


# --- games in the plane -----------------------------------------------------------------------------------------------


RINGS: dict[str, tuple[int, bool]] = {
    "weight 0": (0, False),
    "weight 10": (10, False),
    "weight 10, identity": (10, True),
}


def rings(run: str, seed: int, others: bool) -> dict[str, Any]:
    """Four clusters on a ring, and the same ring turned by 20 degrees: where does each cluster go?"""
    space = lesson(others)
    weight, pinned = RINGS[run]
    more = {"identity": space["identity_loss"], "identity_weight": 5.0} if pinned else {}
    there, cycled = space["play_rings"](seed, weight, **more)[600]
    error, right = space["outcome"](there, cycled)
    nearest = torch.cdist(there, space["centres"]).argmin(dim=1)
    reached = [int(nearest[space["of_a"] == k].mode().values) for k in range(4)]
    steps = {(reached[k] - reached[k - 1]) % 4 for k in range(4)}
    return {
        "run": run, "seed": seed, "others": others, "cycle": error, "right": right, "reached": reached,
        "one each": len(set(reached)) == 4, "turn or flip": steps in ({1}, {3}),
    }  # fmt: skip


def strip(seed: int, others: bool) -> dict[str, Any]:
    """A square and a thin strip: what the dust looks like, and what noise does to the way back."""
    square, fake, errors = lesson(others)["play_strip"](seed)
    dust = (fake[:, 1] - fake[:, 1].mean()) / fake[:, 1].std()
    correlation = torch.corrcoef(torch.cat([square, fake], dim=1).T)[:2, 3].norm().item()
    return {
        "run": "strip", "seed": seed, "others": others, "width": fake[:, 1].std().item(), "correlation": correlation,
        "kurtosis": dust.pow(4).mean().item() - 3, "widest": dust.abs().max().item(),
        **{f"noise {sigma:g}": error for sigma, error in errors.items()},
    }  # fmt: skip


def lap(seed: int) -> dict[str, Any]:
    """What a discriminator says of the places where the fakes have been, with and without a pool."""
    space, row = lesson(), {"run": "lap", "seed": seed, "others": False}
    path = space["place"](torch.arange(400))
    for name, pool in (("newest", space["newest"]), ("pool", space["replay"](3200))):
        D = space["after_a_lap"](pool, seed=seed)
        with torch.no_grad():
            belief = torch.sigmoid(D(path)).flatten()
        row |= {f"{name} now": belief[399].item(), f"{name} then": belief[200].item()}
        row[f"{name} most"] = belief.max().item()
    return row


def tasks(seeds: int, quick: bool) -> Iterator[tuple[str, str, int, bool]]:
    """(kind, run, seed, whether other right answers play), seed by seed."""
    for seed in range(2 * seeds):
        for others in (False,) if quick else (False, True):
            yield from (("rings", run, seed, others) for run in RINGS)
    for seed in range(seeds):
        yield "lap", "lap", seed, False
        yield from (("strip", "strip", seed, others) for others in ((False,) if quick else (False, True)))
        yield from (("digits", run, seed, False) for run in (DIGITS[:1] if quick else DIGITS))
        if not quick:
            yield "digits", "cycle weight 2", seed, True


def work(kind: str, run: str, seed: int, others: bool) -> list[dict[str, Any]]:
    if kind == "digits":
        return glyphs(run, seed, others)
    if kind == "rings":
        return [rings(run, seed, others)]
    return [strip(seed, others) if kind == "strip" else lap(seed)]


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="how many, and twice as many for the rings (default: 10)")
    parser.add_argument("--only", choices=("digits", "rings", "strip", "lap"), help="the others keep their rows")
    parser.add_argument("--resume", action="store_true", help="leave out what PATH has already")
    arguments = parser.parse_args()
    rows = []
    if arguments.json and arguments.json.exists() and (arguments.resume or arguments.only):
        rows = json.loads(arguments.json.read_text(encoding="utf8"))["rows"]
    kinds = {run: "rings" for run in RINGS} | {run: "digits" for run in DIGITS} | {"strip": "strip", "lap": "lap"}
    if not arguments.resume:
        rows = [row for row in rows if kinds[row["run"]] != arguments.only]
    done = {(row["run"], row["seed"], row["others"]) for row in rows}
    for kind, run, seed, others in tasks(1 if arguments.quick else arguments.seeds, arguments.quick):
        if (run, seed, others) not in done and arguments.only in (None, kind):
            rows += work(kind, run, seed, others)
            write(arguments.json, rows)
    report(rows)


def report(rows: list[dict[str, Any]]) -> None:
    def spread(values: list[float], form: str) -> str:
        return f"{mean(values):{form}} ({min(values):{form}} to {max(values):{form}})"

    def named(run: str, others: bool = False) -> list[dict[str, Any]]:
        return [row for row in rows if row["run"] == run and row["others"] == others]

    for way in ("filled to outline", "outline to filled"):
        keys, table = (("error", ".3f"), ("retrieval", ".0%"), ("cycle", ".3f")), []
        for run, others in [*((run, False) for run in DIGITS), ("cycle weight 2", True)]:
            found = [row for row in named(run, others) if row["way"] == way]
            if found:
                cells = [spread([row[key] for row in found], form) for key, form in keys]
                table.append([run + (", other answers" if others else ""), str(len(found)), *cells])
        columns = ["run", "seeds", "error", "retrieval of 500", "cycle error"]
        show(f"Digits, {way}: mean (least to greatest)", columns, table)
    for others in (False, True):
        table = []
        for run in RINGS:
            if found := named(run, others):
                whole = [row for row in found if row["one each"]]
                counts = [sum(row["right"] > 0.95 for row in found), sum(row["turn or flip"] for row in whole)]
                table.append([run, str(len(found)), str(len(whole)), *map(str, counts)])
        if table:
            columns = ["four clusters", "runs", "one each", "right", "turn or flip"]
            show("The rings" + (", other right answers" if others else ""), columns, table)
    for run in ("strip", "lap"):
        if found := named(run) + named(run, True):
            keys = [key for key in found[0] if key not in ("run", "seed", "others")]
            table = [[key, spread([row[key] for row in found], ".3f")] for key in keys]
            show(f"The {run}: {len(found)} runs", ["", "mean (least to greatest)"], table)
    if not any("home_0.0" in row for row in rows):
        return
    home = [row for row in rows if "home_0.0" in row]
    keys = [key for key in home[0] if key.startswith("home")]
    table = [[key, spread([row[key] for row in home], ".3f")] for key in keys]
    show("The way home with noise, from own outlines and true ones", ["", "cycle error"], table)


if __name__ == "__main__":
    main()
