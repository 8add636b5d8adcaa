"""Every lesson survives being used: after *Run All* its widgets move, and its cells can be run again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from book.tools import lessons

ROOT = Path(__file__).parents[1]


def rerun(path: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-m", "tests.rerun", path], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("section", lessons.sections(ROOT))
def test_a_lesson_survives_its_reader(section):
    assert rerun(ROOT / "solutions" / section / f"{section}.ipynb") == []


IMPORTS = "import matplotlib.pyplot as plt\nfrom dgm import widgets\ncount = 0"
WIDGET = """
def draw(k):
    figure, ax = plt.subplots()
    ax.plot(mean(k), 0, "o")
    return figure


widgets.explore(draw, alt="A dot.", k=[1, 2])
"""


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([IMPORTS, "mean = float", WIDGET, "assert not 'what was learnt'"], []),
        # As section 2 had it: the figure's function is a number by the time the reader moves its slider.
        ([IMPORTS, "mean = float", WIDGET, "mean = 3.0"], ["after all cells, slider k", "cell 2, run alone"]),
        ([IMPORTS, "def modes():\n    return 1", "one = modes()", "modes = 8"], ["cell 2, run alone"]),
        ([IMPORTS, "pool = [1]", "first, *_ = pool.pop(), pool", "pool = 3"], ["cell 2, run alone"]),
        ([IMPORTS, "if 'seen' in globals():\n    raise SystemError('again')", "seen = 1"], ["cell 1, run again", ""]),
        ([IMPORTS, "1 / 0"], ["cell 1, run: ZeroDivisionError: division by zero"]),
    ],
)
def test_what_would_not_survive_is_found(tmp_path, cells, said):
    path = tmp_path / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    found = rerun(path)
    assert len(found) >= len(said) and bool(found) == bool(said), found
    for line, start in zip(found, said, strict=False):
        assert line.startswith(start), found


def test_trainings_are_short_and_assertions_left_out(tmp_path):
    """Ten thousand turns of a player, then what it would have reached, end at once and without a word."""
    cells = [
        "import torch\nfrom torch import nn\nfrom dgm import training",
        "net = nn.Linear(1, 1)\nplayer = training.Player('D', net, lambda b: (net(b[0]) - 5).square().mean(), "
        "torch.optim.SGD(net.parameters(), 0.1))",
        "moves = []\nhook = net.register_forward_hook(lambda *_: moves.append(1))",
        "for turn in training.play([player], iter(lambda: (torch.ones(4, 1),), 0), 10_000):\n    pass",
        "if len(moves) > 3:\n    raise SystemError(len(moves))\nassert turn.losses['D'] < 1e-9",
        "hook.remove()",
    ]
    path = tmp_path / "lesson.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)
    assert rerun(path) == []
