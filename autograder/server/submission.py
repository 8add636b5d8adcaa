"""Rebuild a submission from the released notebook: only the student's answers and scratch cells are the student's.

Of an answer cell nothing but its source is taken, of a written answer its pictures as well; of the student's own cells,
the source. Everything else (text, checks, points, tags, metadata, outputs, kernel) comes from the release. So deleting,
editing, retagging, reordering or duplicating cells changes nothing that counts, and costs nothing either. An answer in
several pieces is what a kernel would have made of them.
"""

import copy
import json
import re
from typing import Any
from urllib.parse import unquote

import nbformat
from nbformat import NotebookNode

from autograder.server.errors import Unreadable
from autograder.server.gradebook.harmless import real_pictures
from autograder.server.gradebook.settings import CODE_STUB, TEXT_STUB
from autograder.verdict import printable

_MAX_OWN = 1000  # cells that a student added
_MAX_SOURCE = 1 << 20  # characters of one notebook's cells together
_ATTACHED = re.compile(r"attachment:([^\s)\"'<>]+)")
_GONE = "# This cell was not in the submission."


def _parse(text: str, name: str = "The notebook") -> list[dict[str, Any]]:
    """The cells of an untrusted notebook: each has a type, a source and a metadata dictionary, whatever was written."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))  # some editors put a byte order mark first
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
        "pictures": _pictures(cell.get("attachments")),
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
    question = {after.id: before.id for before, after in zip(release.cells, release.cells[1:], strict=False)}
    written = {cell.id for cell in release.cells if is_answer(cell) and cell.cell_type == "markdown"}
    places: dict[str, list[int]] = {}
    extra: dict[str | None, list[str]] = {}
    loose: dict[str | None, list[int]] = {}  # texts of the student's own, by what they follow
    notes, last, own = [], None, 0
    for at, cell in enumerate(submitted):
        known = next((instructors[key] for key in cell["names"] if key in instructors), texts.get(cell["source"]))
        if known is None:
            if cell["locked"] or not cell["source"].strip():  # locked: an older release's
                continue
            if cell["type"] == "code":
                own += 1
                if own <= _MAX_OWN:
                    extra.setdefault(last, []).append(cell["source"])
            elif cell["type"] == "markdown":
                loose.setdefault(last, []).append(at)
            continue
        last = known.id
        places.setdefault(known.id, []).append(at)
        if len(places[known.id]) > 1:
            if is_answer(known):
                notes.append(f"The cell {title(known)} is there more than once; what stands before its check counts.")
            elif is_check(known):
                notes.append(f"The check cell {title(known)} is there more than once; the released one was used.")
        elif is_check(known) and cell["source"].strip() != known.source.strip():
            notes.append(f"The check cell {title(known)} was changed; the released one was used.")
        elif is_imports(known) and cell["source"].strip() != known.source.strip():
            extra.setdefault(last, []).append(cell["source"])  # an import added there by hand is kept
    if own > _MAX_OWN:
        notes.append(f"Of {own} cells of the student's own only the first {_MAX_OWN} were run.")

    answers: dict[str, str] = {}
    pictures: dict[str, dict[str, dict[str, str]]] = {}
    for known in filter(is_answer, release.cells):
        found = places.get(known.id, [])
        if known.id in written:
            found = sorted([*found, *loose.pop(known.id, []), *loose.pop(question.get(known.id), [])])
            answers[known.id], pictures[known.id] = _written([submitted[at] for at in found], known)
        else:
            check = next((c.id for c in release.cells if is_check(c) and title(c) == title(known)), "")
            end = places.get(check, [len(submitted)])[0]
            before = [submitted[at]["source"] for at in found if at < end]
            after = [submitted[at]["source"] for at in found if at >= end]
            answers[known.id] = _together(before if _defines(before, known) else [*before, *after], known)
    if loose and any(TEXT_STUB == answers[key].strip() or not answers[key].strip() for key in written):
        notes.append(
            "A written answer is empty, and there are texts in cells elsewhere; only what stands below its "
            "question is read."
        )
    sources = [source for cells in extra.values() for source in cells]
    for known in release.cells:
        if known.id in places or not (is_answer(known) or is_check(known)):
            continue
        if is_check(known):
            notes.append(f"The check cell {title(known)} is missing; the released one was used.")
        elif known.id not in written and _defines(sources, known):
            notes.append(
                f"The cell {title(known)} was not recognised; {title(known)} comes from a cell of the student's own."
            )
        elif not answers[known.id].strip() or known.id not in written:
            notes.append(f"The cell {title(known)} is missing.")

    rebuilt = copy.deepcopy(release)
    rebuilt.cells = _own_cells(extra, None)
    for known in copy.deepcopy(release.cells):
        if is_answer(known):
            known.source = answers[known.id]
            if pictures.get(known.id):
                known.attachments = pictures[known.id]
        if known.cell_type == "code":
            known.outputs, known.execution_count = [], None
        rebuilt.cells += [known, *_own_cells(extra, known.id)]
    return rebuilt, notes


def _defines(sources: list[str], answer: NotebookNode) -> bool:
    """Whether one of these sources defines what the answer is asked to, and is not the stub as it was handed out."""
    name = re.escape(title(answer))
    wanted = re.compile(rf"^(?:(?:async\s+)?def|class)\s+{name}\b|^{name}\s*[:=]", re.MULTILINE)
    return any(wanted.search(source) and source.strip() != answer.source.strip() for source in sources)


def _together(parts: list[str], answer: NotebookNode) -> str:
    """The pieces of an answer in their order, as a kernel runs them one after the other.

    An untouched copy stands for nothing beside another one, and so does a piece that is no Python by itself, unless it
    is the rest of the one above.
    """
    touched = [part for part in dict.fromkeys(parts) if part.strip() and part.strip() != answer.source.strip()]
    whole = "\n\n".join(touched)
    if len(touched) > 1 and not _compiles(whole):
        whole = "\n\n".join(filter(_compiles, touched)) or whole
    return whole or (parts[0] if parts else _GONE)


def _compiles(source: str) -> bool:
    """Whether Python could read it; what only IPython understands is left out."""
    lines = ["" if line.startswith(("%", "!", "?")) else line for line in source.split("\n")]
    try:
        compile("\n".join(lines), "answer", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _written(cells: list[dict[str, Any]], answer: NotebookNode) -> tuple[str, dict[str, dict[str, str]]]:
    """A written answer, whose text may stand in several cells, and its pictures by name.

    nbgrader refuses a whole class over one picture that is missing, so the answer then says that it is.
    """
    texts = [cell["source"] for cell in cells]
    texts = [text for text in texts if text.strip() not in ("", answer.source.strip())] or texts[:1]
    pictures: dict[str, dict[str, str]] = {}
    for cell in cells:
        pictures |= cell["pictures"]

    def shown(found: re.Match) -> str:
        name = _file_name(found[1])
        return f"attachment:{name}" if name in pictures else "#this-picture-is-missing"

    return _ATTACHED.sub(shown, "\n\n".join(texts)), pictures


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """What is a picture among a cell's attachments, whatever was written there, by a name that needs no escaping."""
    named = {}
    for name, kinds in attachments.items() if isinstance(attachments, dict) else ():
        if isinstance(kinds, dict):
            whole = {kind: "".join(map(str, data)) if isinstance(data, list) else data for kind, data in kinds.items()}
            named[_file_name(str(name))] = whole
    return real_pictures(named)


def _file_name(attachment: str) -> str:
    return re.sub(r"[^\w.-]", "-", unquote(attachment))[:200]


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


def is_attempted(cell: NotebookNode) -> bool:
    """Whether an answer in code is more than what was handed out."""
    return is_answer(cell) and cell.source != _GONE and CODE_STUB not in cell.source


def is_check(cell: NotebookNode) -> bool:
    """Whether points hang on it."""
    return bool(cell.metadata.get("nbgrader", {}).get("grade")) and not is_answer(cell)


def is_imports(cell: NotebookNode) -> bool:
    """Whether it is the lesson's one cell of imports."""
    return cell.cell_type == "code" and "imports" in cell.metadata.get("tags", [])


def is_own(cell: NotebookNode) -> bool:
    """Whether the student added it."""
    return "nbgrader" not in cell.metadata
