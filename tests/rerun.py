"""A lesson as its reader uses it after *Run All*: widgets are moved, cells are run again, in order and one by one.

    python -m tests.rerun solutions/NN-name/NN-name.ipynb

prints a line for each cell that does not survive it. Training is what takes a lesson's time and is seen elsewhere, so
players move a few times only and assertions about what they reach are left out: what is looked for here are names that
mean something else by now, and state that a second run stumbles over.
"""

import ast
import contextlib
import os
import re
import sys
import time
import warnings
from collections import Counter
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import torch

MOVES = 3  # of each player
LONG = 1.0  # seconds of a cell that is not run a third time
SHOWN: list[Any] = []


class Quiet(ast.NodeTransformer):
    """Without assertions."""

    def visit_Assert(self, node: ast.Assert) -> ast.Pass:
        return ast.copy_location(ast.Pass(), node)


def shorten() -> None:
    """Let players move `MOVES` times and stand still afterwards."""
    from dgm.players import Player

    moved: Counter[int] = Counter()
    last: dict[int, tuple[Player, torch.Tensor]] = {}
    move = Player.move

    def few(player: Player, batch: Any) -> torch.Tensor:
        key = id(player)
        moved[key] += 1
        if moved[key] <= MOVES or key not in last:
            last[key] = (player, move(player, batch))  # the player itself too: nobody else gets its id
        return last[key][1]

    Player.move = few  # type: ignore[method-assign]


def run(source: str, space: dict[str, Any]) -> str:
    """One cell; what it raised, or nothing. Its last line may be an expression, which is not shown."""
    try:
        exec(compile(Quiet().visit(ast.parse(source)), "cell", "exec"), space)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        plt.close("all")
    return ""


def move_widgets() -> list[str]:
    """Every slider to its ends and its middle; what the figures raised."""
    import ipywidgets

    told = []
    for box in SHOWN:
        sliders = [w for w in box.children[1].children if isinstance(w, ipywidgets.SelectionSlider)]
        for slider in sliders:
            for index in (0, len(slider.options) // 2, len(slider.options) - 1):
                try:
                    slider.index = index
                except Exception as error:
                    told.append(f"slider {slider.description}: {type(error).__name__}: {error}")
    SHOWN.clear()
    return list(dict.fromkeys(told))


def faults(path: str) -> list[str]:
    """What does not survive, a line for each cell."""
    notebook = nbformat.read(path, as_version=4)
    sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    space: dict[str, Any] = {"__name__": "__main__", "display": lambda *_, **__: None}
    told, seconds = [], [0.0] * len(sources)
    for turn in ("run", "run again in order"):
        for k, source in enumerate(sources):
            begin = time.process_time()
            if said := run(source, space):
                told.append(f"cell {k}, {turn}: {said}")
            seconds[k] = time.process_time() - begin
        if turn == "run" and told:
            return told  # the rest would follow from it
        told += [f"after all cells, {said}" for said in move_widgets()]
    for k, source in enumerate(sources[1:], 1):  # without the imports
        if seconds[k] > LONG or re.search(r"^check\(", source, re.M):
            continue
        if said := run(source, dict(space)):
            told.append(f"cell {k}, run alone after all: {said}")
        told += [f"cell {k}, run alone after all, {said}" for said in move_widgets()]
    return list(dict.fromkeys(told))


def main() -> None:
    warnings.simplefilter("ignore")
    os.environ.pop("DGM_STATIC", None)
    os.environ["DGM_GRADING"] = "1"  # no progress bars
    from dgm import widgets

    live = widgets._live

    def remembered(*arguments: Any, **options: Any) -> None:
        """The live widget as it is shown, kept."""
        import ipywidgets

        made: list[Any] = []
        vbox = ipywidgets.VBox
        ipywidgets.VBox = lambda *a, **k: made.append(vbox(*a, **k)) or made[-1]  # type: ignore[misc, assignment]
        try:
            live(*arguments, **options)
        finally:
            ipywidgets.VBox = vbox  # type: ignore[misc]
        SHOWN.extend(made)

    widgets._live = remembered
    shorten()
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        told = faults(sys.argv[1])
    for line in told:
        print(line)


if __name__ == "__main__":
    main()
