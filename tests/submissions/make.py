"""Make a submission from the released notebook: right answers filled in, then whatever a test wants to spoil."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path

from autograder import exercise
from autograder.server import course

SECTION = "03-gan-minimax"
POINTS = {name: e.points for name, e in exercise.exercises(SECTION).items()}
FULL = sum(POINTS.values())

Notebook = dict
Cell = dict


@cache
def _read(kind: str) -> str:
    return (course.root() / kind / SECTION / f"{SECTION}.ipynb").read_text(encoding="utf-8")


def released() -> Notebook:
    """The student's notebook as it is handed out."""
    return json.loads(_read("notebooks"))


def answers() -> dict[str, str]:
    """The solution's source of each answer cell."""
    cells = json.loads(_read("solutions"))["cells"]
    return {grade_id(cell): text(cell) for cell in cells if nbgrader(cell).get("solution")}


def solved(**changed: str) -> Notebook:
    """The student's notebook with right answers, but for those given here."""
    notebook = released()
    for name, source in (answers() | changed).items():
        find(notebook, name)["source"] = source
    return notebook


def with_cell(source: str, at: int = 0, **changed: str) -> Notebook:
    """A solved notebook with one more code cell of the student's own."""
    notebook = solved(**changed)
    cell = {"cell_type": "code", "id": "mine", "metadata": {}, "outputs": [], "execution_count": None, "source": source}
    notebook["cells"].insert(at if at >= 0 else len(notebook["cells"]), cell)
    return notebook


def nbgrader(cell: Cell) -> dict:
    return cell["metadata"].get("nbgrader", {})


def grade_id(cell: Cell) -> str:
    return nbgrader(cell).get("grade_id", "")


def text(cell: Cell) -> str:
    return "".join(cell["source"])


def find(notebook: Notebook, name: str) -> Cell:
    return next(cell for cell in notebook["cells"] if grade_id(cell) == name)


def checks(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook["cells"] if grade_id(cell).startswith("check-")]


def copied(cell: Cell, **changed) -> Cell:
    return {**copy.deepcopy(cell), **changed}


def hand_in(directory: Path, student: str, notebook: Notebook | str | bytes, section: str = SECTION) -> Path:
    """Write a submission in nbgrader's layout."""
    path = directory / student / section / f"{section}.ipynb"
    path.parent.mkdir(parents=True)
    content = json.dumps(notebook) if isinstance(notebook, dict) else notebook
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
