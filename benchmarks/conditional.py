"""Section 5 over several seeds, with the lesson's own code: what labels buy, what AC-GAN costs, digits made to order.

python benchmarks/conditional.py [--quick] [--seeds N] [--only PART] [--json PATH]

The parts are ring, overlapping, digits, glyphs and rare. With --only the rows of the other parts that PATH already
holds are kept.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch
import torch.nn.functional as F
from lesson import load
from report import options, show, write
from torch import Tensor, nn, optim

from dgm import games, latents, nets, training

Row = dict[str, Any]
Space = dict[str, Any]
FEW = 60  # steps of a quick run


def played(turns: Iterable[Any]) -> None:
    for _turn in turns:
        pass


def ring(space: Space, seed: int, quick: bool) -> list[Row]:
    """Who is told the label, and what torn pairs do with either loss."""
    told, untold = space["told"], space["untold"]
    games = {"nobody told": (untold, untold), "both told": (told, told), **space["settings"]}
    rows = []
    for name, game in games.items():
        *_, G = space["play_by_hand"](*game, seed=seed, **({"steps": FEW} if quick else {}))
        found = space["ring_score"](G)
        rows.append({"game": name, **{key: value for key, value in found.items() if key != "x"}})
    return rows


def overlapping(space: Space, seed: int, quick: bool) -> list[Row]:
    rows = []
    for name, way in (("projection", space["projecting"]), ("AC-GAN", space["classifying"])):
        x = space["overlapping"](way, seed=seed, **({"steps": FEW} if quick else {}))
        agrees, width = space["agreement_and_width"](x)
        rows.append({"game": name, "agreement": agrees, "width": width / 0.7})
    return rows


def concatenate(space: Space, length: float, G: nn.Module, n: int, **rates: Any) -> list[training.Player]:
    """D gets pixels and the one-hot label, which is made longer or shorter."""

    def join(x: Tensor, y: Tensor) -> Tensor:
        return length * space["append_label"](x / length, y, 10)

    judge = nets.Conditional(space["unlabelled"](n + 10), join)
    return games.gan(G, judge, games.HINGE, latents.gaussian(16), **rates)


def ask_classifier(space: Space, G: nn.Module, n: int, **rates: Any) -> list[training.Player]:
    return space["classifying"](G, space["unlabelled"](n), 10, **rates)


def ask_both(
    space: Space, G: nn.Module, n: int, *, lr: float, g_lr: float, g_after: games.After
) -> list[training.Player]:
    """AC-GAN with a twin, a third head on the trunk that learns from fakes alone."""
    D = space["unlabelled"](n)
    C, twin = (nets.Head(D.trunk, nn.Linear(D.head.in_features, 10)) for _ in range(2))
    judges, maker = space["acgan"](G, D, C, lr, g_lr, g_after)
    all_three = nn.ModuleList([D, C, twin])

    def judges_loss(batch: training.Batch) -> Tensor:
        y = batch[1]
        fake = G(torch.randn(len(y), 16), y).detach()
        return judges.loss(batch) + F.cross_entropy(twin(fake), y)

    def maker_loss(batch: training.Batch) -> Tensor:
        y = batch[1]
        fake = G(torch.randn(len(y), 16), y)
        return games.HINGE.g_loss(D(fake)) + space["twin_class_loss"](C(fake), twin(fake), y)

    adam = optim.Adam(all_three.parameters(), lr=lr, betas=(0.0, 0.99))
    return [replace(judges, module=all_three, loss=judges_loss, optimizer=adam), replace(maker, loss=maker_loss)]


WAYS: dict[str, Callable[[Space], Callable[..., list[training.Player]]]] = {
    "projection": lambda space: space["project"],
    "embedding": lambda space: space["embed_label"],
    "concatenation, times 0.4": lambda space: partial(concatenate, space, 0.4),
    "concatenation": lambda space: partial(concatenate, space, 1.0),
    "concatenation, times 10": lambda space: partial(concatenate, space, 10.0),
    "AC-GAN": lambda space: partial(ask_classifier, space),
    "AC-GAN with a twin": lambda space: partial(ask_both, space),
}


def orders(pictures: str, judge: str, ways: Sequence[str], space: Space, seed: int, quick: bool) -> list[Row]:
    x, y = space[pictures], space[f"{pictures.removesuffix('s')}_y"]
    rows = []
    for way in ways:
        few = {"steps": FEW} if quick else {}
        G, turns = space["order_game"](x, y, WAYS[way](space), seed=seed, **few)
        played(turns)
        found = space["inspect"](G, space[judge], x, y)
        agreement, diversity = found.mean(0).tolist()
        rows.append({"game": way, "agreement": agreement, "diversity": diversity, "worst": found[:, 0].min().item()})
    return rows


def rare(space: Space, seed: int, quick: bool) -> list[Row]:
    """Five handwritten eights among the others: as they come, and every class equally often."""
    keys = ("agreement", "diversity", "others agree", "others vary")
    few = {"steps": FEW} if quick else {}
    return [
        {"game": name, **dict(zip(keys, space["eights_to_order"](diet, seed=seed, **few), strict=True))}
        for name, diet in space["diets"].items()
    ]


NAMES = ("order_game", "project", "embed_label", "unlabelled", "inspect", "append_label", "acgan", "classifying")
PARTS: dict[str, tuple[Callable[..., list[Row]], tuple[str, ...]]] = {
    "ring": (ring, ("play_by_hand", "ring_score", "told", "untold", "settings")),
    "overlapping": (overlapping, ("overlapping", "projecting", "classifying", "agreement_and_width")),
    "digits": (
        partial(orders, "small", "small_judge", tuple(WAYS)),
        (*NAMES, "twin_class_loss", "small", "small_y", "small_judge"),
    ),
    "glyphs": (
        partial(orders, "glyphs", "judge", ("projection", "concatenation")),
        (*NAMES, "glyphs", "glyph_y", "judge"),
    ),
    "rare": (rare, ("eights_to_order", "diets")),
}
PERCENT = ("good", "obeys", "agreement", "worst", "diversity", "others agree", "others vary", "width")


def table(title: str, rows: Sequence[Row]) -> None:
    """Mean (least to greatest) over seeds of each number, one line per game."""
    keys = [key for key in rows[0] if key not in ("part", "game", "seed")]
    lines = []
    for game in dict.fromkeys(row["game"] for row in rows):
        cells = []
        for key in keys:
            values = [row[key] for row in rows if row["game"] == game]
            form = "{:.1%}" if key in PERCENT else "{:.2f}"
            cells.append(f"{form} ({form} to {form})".format(mean(values), min(values), max(values)))
        lines.append([game, *cells])
    show(title, ["game", *keys], lines)


def kept(path: Path | None, parts: Sequence[str]) -> list[Row]:
    """Rows of other parts that a file already holds."""
    if path is None or not path.exists():
        return []
    return [row for row in json.loads(path.read_text(encoding="utf8"))["rows"] if row["part"] not in parts]


def main() -> None:
    parser = options((__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10, help="games of each kind")
    parser.add_argument("--only", choices=PARTS, help="one part")
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else list(PARTS)
    seeds = 1 if arguments.quick else arguments.seeds
    rows = kept(arguments.json, parts) if arguments.only else []
    for part in parts:
        run, names = PARTS[part]
        space = load("05-conditional-gan", *names)
        mine: list[Row] = []
        for seed in range(seeds):
            mine += [{"part": part, "seed": seed, **row} for row in run(space, seed, arguments.quick)]
            write(arguments.json, [*rows, *mine])
        table(f"{part}, {seeds} seeds", mine)
        rows += mine


if __name__ == "__main__":
    main()
