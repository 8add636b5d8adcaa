"""Rebuild a submission from the released notebook: only the student's answers and scratch cells are the student's.

Of an answer cell nothing but its source is taken, and of the first copy only; of the student's own cells, the source.
Everything else (text, checks, points, tags, metadata, outputs, kernel) comes from the release. So deleting, editing,
retagging, reordering or duplicating cells changes nothing that counts, and costs nothing either.
"""

import copy
import json
from typing import Any

import nbformat
from nbformat import NotebookNode

from autograder.server.errors import Unreadable
from autograder.verdict import printable

_MAX_OWN = 1000  # cells that a student added
_MAX_SOURCE = 1 << 20  # characters of one notebook's cells together
_GONE = "# This cell was not in the submission."


def _parse(text: str, name: str = "The notebook") -> list[dict[str, Any]]:
    """The cells of an untrusted notebook: each has a type, a source and a metadata dictionary, whatever was written."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable(f"{name} is not a notebook: it is not valid JSON.") from None
    cells = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(cells, list) or not cells:
        raise Unreadable(f"{name} has no cells.")
    cells = [_plain(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell["source"]) for cell in cells) > _MAX_SOURCE:
        raise Unreadable(f"{name} holds more than {_MAX_SOURCE >> 20} million characters of source.")
    return cells


def _plain(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    lines = source if isinstance(source, list) else [source]
    metadata = cell.get("metadata")
    nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
    return {
        "type": cell.get("cell_type"),
        "source": printable("".join(line for line in lines if isinstance(line, str))),
        "locked": isinstance(nbgrader, dict) and nbgrader.get("locked") is True,
        "names": [name for name in (grade_id, cell.get("id")) if isinstance(name, str)],
    }


def rebuild(text: str, release: NotebookNode, name: str = "The notebook") -> tuple[NotebookNode, list[str]]:
    """The released notebook with the student's answers and own code cells in their places, and what was odd about it.

    Cells are recognised by their grade_id; by their cell id or text where an editor lost the metadata.
    """
    submitted = _parse(text, name)
    instructors = {key: cell for cell in release.cells for key in _names(cell)}
    texts = {cell.source: cell for cell in release.cells if not is_answer(cell)}
    answers: dict[str, str] = {}
    seen: set[str] = set()
    extra: dict[str | None, list[str]] = {}
    notes, last, own = [], None, 0
    for cell in submitted:
        known = next((instructors[key] for key in cell["names"] if key in instructors), texts.get(cell["source"]))
        if known is None:
            if cell["type"] == "code" and not cell["locked"] and cell["source"].strip():  # locked: an older release's
                own += 1
                if own <= _MAX_OWN:
                    extra.setdefault(last, []).append(cell["source"])
            continue
        last = known.id
        if known.id in seen:
            notes.append(f"The cell {title(known)} is there more than once; the first one counts.")
            continue
        seen.add(known.id)
        if is_answer(known):
            answers[known.id] = cell["source"]
        elif cell["source"].strip() != known.source.strip():
            if is_check(known):
                notes.append(f"The check cell {title(known)} was changed; the released one was used.")
            elif is_imports(known):  # an import added there by hand is kept
                extra.setdefault(last, []).append(cell["source"])
    for known in release.cells:
        if known.id not in seen and (is_answer(known) or is_check(known)):
            notes.append(f"The {'check ' if is_check(known) else ''}cell {title(known)} was deleted.")

    if own > _MAX_OWN:
        notes.append(f"Of {own} cells of the student's own only the first {_MAX_OWN} were run.")

    rebuilt = copy.deepcopy(release)
    rebuilt.cells = _own_cells(extra, None)
    for known in copy.deepcopy(release.cells):
        if is_answer(known):
            known.source = answers.get(known.id, _GONE if known.cell_type == "code" else "")
        if known.cell_type == "code":
            known.outputs, known.execution_count = [], None
        rebuilt.cells += [known, *_own_cells(extra, known.id)]
    return rebuilt, notes


def _own_cells(extra: dict[str | None, list[str]], after: str | None) -> list[NotebookNode]:
    return [
        nbformat.v4.new_code_cell(source, id=f"own-{after or 'top'}-{i}"[-64:])
        for i, source in enumerate(extra.get(after, []))
    ]


def runnable(rebuilt: NotebookNode) -> list[NotebookNode]:
    """The cells that grading runs: imports, answers, the student's own. Not the lesson's demonstrations."""
    return [c for c in rebuilt.cells if c.cell_type == "code" and (is_imports(c) or is_answer(c) or is_own(c))]


def _names(cell: NotebookNode) -> list[str]:
    return [name for name in (cell.metadata.get("nbgrader", {}).get("grade_id"), cell.id) if name]


def title(cell: NotebookNode) -> str:
    """The exercise that a cell answers or checks; another cell's id."""
    return _names(cell)[0].removeprefix("check-")


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write in it."""
    return bool(cell.metadata.get("nbgrader", {}).get("solution"))


def is_check(cell: NotebookNode) -> bool:
    """Whether points hang on it."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not is_answer(cell)


def is_imports(cell: NotebookNode) -> bool:
    """Whether it is the lesson's one cell of imports."""
    return cell.cell_type == "code" and "imports" in cell.metadata.get("tags", [])


def is_own(cell: NotebookNode) -> bool:
    """Whether the student added it."""
    return "nbgrader" not in cell.metadata
